--- The content of a new workspace: `demo`, `empty`, `large:N`, `large:N,M,E`.
--
-- Ids are the same every time; times are relative to the time at which the workspace is filled.

local code = require "sandbox.scenarios.code"
local grants = require "sandbox.identity.grants"
local graph = require "sandbox.pipelines.graph"
local history = require "sandbox.scenarios.history"
local ids = require "sandbox.ids"
local jobs = require "sandbox.jobs"
local runs = require "sandbox.jobs.runs"
local json = require "native.json"
local people = require "sandbox.identity.people"
local pipelines = require "sandbox.pipelines"
local policies = require "sandbox.compute.policies"
local pools = require "sandbox.compute.pools"
local secrets = require "sandbox.secrets"
local story = require "sandbox.pipelines.story"
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

-- Create the tables that pipelines read and no pipeline publishes.
local function add_sources(w, data)
  local made = {}
  for _, entry in ipairs(data.pipelines) do
    for _, dataset in ipairs(code.datasets(entry.graph or entry.explicit or {})) do
      made[("%s.%s.%s"):format(graph.resolve(dataset.name, entry.spec))] = true
    end
  end
  for _, entry in ipairs(data.pipelines) do
    for _, dataset in ipairs(code.datasets(entry.graph or entry.explicit or {})) do
      for _, input in ipairs(dataset.inputs) do
        local name = ("%s.%s.%s"):format(graph.resolve(input, entry.spec))
        if not made[name] and not name:find "^hive_metastore%." and not name:find "^system%." then
          made[name] = true
          unity.add_table(w, name, { "id BIGINT", "name STRING", "updated_at TIMESTAMP" }, {
            { 1, "first", "2026-01-05T08:00:00.000Z" }, { 2, "second", "2026-01-06T08:00:00.000Z" },
          }, { created = w.clock:now() - 380 * DAY })
        end
      end
    end
  end
end

-- A run of a job from long ago: each of its tasks has run an update of its pipeline. Nil if one of
-- the pipelines has too few updates.
local function past_run(w, tasks, back)
  local list, first, last, failed = {}, math.maxinteger, 0, nil
  for i, spec in ipairs(tasks) do
    local update = w.db:query("SELECT * FROM updates WHERE pipeline_id = ? AND ended <= ? "
      .. "ORDER BY created DESC LIMIT 1 OFFSET ?",
      { spec.pipeline_task.pipeline_id, w.clock:now(), back })[1]
    if not update then
      return nil
    end
    local result = update.result == "COMPLETED" and "SUCCESS" or "FAILED"
    failed = failed or result == "FAILED" and spec.task_key
    list[i] = { spec = spec, started = update.created, ended = update.ended, result = result,
      update_id = update.id }
    first, last = math.min(first, update.created), math.max(last, update.ended)
  end
  return list, first, last, failed
end

-- Store a job, with the runs of the last nights.
local function add_job(w, job)
  local id, tasks = jobs.add(w, job)
  for back = 2, 0, -1 do
    local list, first, last, failed = past_run(w, tasks, back)
    if list then
      runs.insert(w, { job_id = id, name = job.name, creator = w.principal.user_name,
        created = first, settings = { name = job.name, tasks = tasks }, kind = "PERIODIC",
        ended = last, result = failed and "FAILED" or "SUCCESS",
        message = failed and ("Task %s failed with message: Workload failed, see run output for "
          .. "details."):format(failed) or nil }, list)
    end
  end
end

local function fill_demo(w, data, side)
  for _, name in ipairs(data.catalogs) do
    unity.add_catalog(w, name, { created = w.clock:now() - 390 * DAY })
  end
  for _, secret in ipairs(data.secrets) do
    secrets.add(w, secret[1], secret[2])
  end
  for _, policy in ipairs(data.policies or {}) do
    policies.add(w, policy, w.clock:now() - 300 * DAY)
  end
  for _, pool in ipairs(data.pools or {}) do
    pools.add(w, pool, w.clock:now() - 290 * DAY)
  end
  for _, person in ipairs(w.people) do
    if not person.application_id then
      tree.mkdirs(w, "/Users/" .. person.user_name)
    end
  end
  add_sources(w, data)
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
  for _, job in ipairs(data.jobs or {}) do
    add_job(w, job)
  end
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
