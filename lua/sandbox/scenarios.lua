--- The content of a new workspace: `demo`, `empty`, `large:N`, `large:N,M,E`.
--
-- Ids are the same every time; times are relative to the time at which the workspace is filled.

local code = require "sandbox.scenarios.code"
local grants = require "sandbox.identity.grants"
local graph = require "sandbox.pipelines.graph"
local history = require "sandbox.scenarios.history"
local ids = require "sandbox.ids"
local json = require "native.json"
local people = require "sandbox.identity.people"
local pipelines = require "sandbox.pipelines"
local story = require "sandbox.pipelines.story"
local surroundings = require "sandbox.scenarios.surroundings"
local tables = require "sandbox.tables"
local tree = require "sandbox.files.tree"
local unity = require "sandbox.unity"

local M = {}

local DAY <const> = 86400000

---@class sandbox.Scenario
---@field name "demo"|"empty"|"large"
---@field text string        the scenario as the options name it
---@field pipelines integer  `large`: how many pipelines there are
---@field active integer     `large`: how many of them run
---@field events integer     `large`: how many events each running one has

--- The scenario of that name, or nil if there is none.
---@param text string
---@return sandbox.Scenario?
function M.find(text)
  if text == "demo" or text == "empty" then
    return { name = text, text = text }
  end
  local n, rest = text:match "^large:(%d+)(.*)$"
  if not n then
    return nil
  end
  local active, events = rest:match "^,(%d+),(%d+)$"
  if not active and rest ~= "" then
    return nil
  end
  n = math.tointeger(tonumber(n))
  return {
    name = "large", text = text, pipelines = n,
    active = math.min(n, math.tointeger(tonumber(active)) or n // 20),
    events = math.tointeger(tonumber(events)) or 100,
  }
end

local function home_of(w, entry)
  local person = people.find(w.people, entry.by)
  local folder = entry[1]:gsub("[^%w_%-]+", "_"):gsub("^_", "")
  local base = person and not person.application_id and "/Users/" .. entry.by or "/Shared/deployed"
  return base .. "/" .. folder
end

local function plant(w, path, language, text, kind)
  tree.plant(w, {
    path = path, type = kind, language = kind == "NOTEBOOK" and language or nil,
    format = kind == "NOTEBOOK" and "SOURCE" or nil, content = text,
  })
end

local makers = {}

function makers.sql(w, home, datasets)
  plant(w, home .. "/pipeline", "SQL", code.source(datasets, "SQL", true), "NOTEBOOK")
  return { { notebook = { path = home .. "/pipeline" } } }
end

function makers.python(w, home, datasets)
  plant(w, home .. "/pipeline", "PYTHON", code.source(datasets, "PYTHON", true), "NOTEBOOK")
  return { { notebook = { path = "/Workspace" .. home .. "/pipeline" } } }
end

-- The first dataset in Python, the others in SQL.
function makers.files(w, home, datasets)
  plant(w, home .. "/ingest.py", nil, code.source({ datasets[1] }, "PYTHON", false), "FILE")
  local libraries = { { file = { path = "/Workspace" .. home .. "/ingest.py" } } }
  if datasets[2] then
    plant(w, home .. "/model.sql", nil,
      code.source({ table.unpack(datasets, 2) }, "SQL", false), "FILE")
    libraries[2] = { file = { path = "/Workspace" .. home .. "/model.sql" } }
  end
  return libraries
end

function makers.glob(w, home, datasets)
  for _, dataset in ipairs(datasets) do
    plant(w, ("%s/transformations/%s.sql"):format(home, dataset.name), nil,
      code.source({ dataset }, "SQL", false), "FILE")
  end
  plant(w, home .. "/utilities/helpers.py", nil, "def clean(text):\n    return text.strip()\n",
    "FILE")
  return { { glob = { include = "/Workspace" .. home .. "/transformations/**" } } },
    "/Workspace" .. home
end

local function settings_of(w, entry, id, id_of)
  local spec = tables.merged(entry.spec, { id = id, name = entry[1] })
  if entry.code then
    local libraries, root = makers[entry.code](w, home_of(w, entry), code.datasets(entry.graph))
    spec.libraries, spec.root_path = json.array(libraries), root
  end
  if entry.gateway then
    spec.ingestion_definition = tables.merged(spec.ingestion_definition,
      { ingestion_gateway_id = id_of[entry.gateway] })
  end
  if not spec.catalog and not spec.storage then
    spec.storage = "dbfs:/pipelines/" .. id
  end
  return spec
end

local function add_pipeline(w, entry, id, id_of, number)
  local now = w.clock:now()
  local spec = settings_of(w, entry, id, id_of)
  local run_as = entry.run_as and { service_principal_name = entry.run_as }
  local created = now - (30 + ids.pick(number, 300)) * DAY
  local row = {
    id = id, name = entry[1], kind = entry.kind or pipelines.kind_of(spec), creator = entry.by,
    run_as = run_as and json.encode(run_as), run_as_name = entry.run_as or entry.by,
    parameters = entry.parameters and json.encode(entry.parameters), spec = json.encode(spec),
    created = created, modified = created + ids.pick(number + 500, 20) * DAY,
    state = entry.state, state_at = entry.state and now, cause = entry.cause,
    health = entry.health,
  }
  pipelines.insert(w, row)
  if entry.explicit then
    graph.set(w, id, code.datasets(entry.explicit))
  end
  story.new(w, row):action(created, "CREATE", people.find(w.people, entry.by) or w.principal)
  return row
end

local function add_grants(w, entry, id)
  local list = {}
  for i, text in ipairs(entry.grants or {}) do
    local kind, principal, level = text:match "^(%S+) (%S+) (%S+)$"
    list[i] = { principal_kind = kind, principal = principal, level = level }
  end
  if #list > 0 then
    grants.grant(w, "pipelines", id, list)
  end
end

local function fill_demo(w, data, side)
  for _, name in ipairs(data.catalogs) do
    unity.add_catalog(w, name, { created = w.clock:now() - 390 * DAY })
  end
  for _, person in ipairs(w.people) do
    if not person.application_id then
      tree.mkdirs(w, "/Users/" .. person.user_name)
    end
  end
  surroundings.add(w, data)
  local id_of, rows = {}, {}
  for i, entry in ipairs(data.pipelines) do
    id_of[entry[1]] = ids.fixed(side, i)
  end
  for i, entry in ipairs(data.pipelines) do
    local id = ids.fixed(side, i)
    rows[i] = add_pipeline(w, entry, id, id_of, side * 1000 + i)
    add_grants(w, entry, id)
  end
  for i, entry in ipairs(data.pipelines) do
    if entry.runs then
      history.add(w, rows[i], entry.runs, side * 1000 + i)
    end
  end
  surroundings.add_jobs(w, data)
  -- One update has a result that the client does not know.
  w.db:exec("UPDATE updates SET result = 'EXPIRED' WHERE seq = (SELECT max(u.seq) FROM updates "
    .. "AS u JOIN pipelines AS p ON p.id = u.pipeline_id WHERE p.state = 'HIBERNATED')")
end

--- Fill a workspace unless it is filled; inside of a transaction, so that only one of two
-- processes fills it.
---@param w table
---@param side integer the number of the workspace
---@param scenario sandbox.Scenario
---@param parts table[]
function M.fill(w, side, scenario, parts)
  if w.store:find_meta "scenario" then
    return
  end
  w.store:set_meta("scenario", scenario.text)
  for _, part in ipairs(parts) do
    if part.seed then
      part.seed(w, scenario)
    end
  end
  if scenario.name == "demo" then
    local data = side == 1 and "sandbox.scenarios.demo" or "sandbox.scenarios.demo_dr"
    fill_demo(w, require(data), side)
  elseif scenario.name == "large" and side == 1 then
    require("sandbox.scenarios.large").fill(w, scenario)
  end
end

return M
