--- The dashboard of one workspace from system tables.
--
-- All pipelines come from one statement, however many there are. It reads the rows of the last
-- days; a second statement finds the newest updates of those pipelines that have none in these
-- days, or one that may have begun before. A third one reads the newest events of what failed or
-- runs. System tables are up to an hour late; `as_of` is the time of their newest data. They have
-- neither health nor state: each row's `state` is UNKNOWN, its `health` null, and its `status`
-- follows from the newest update. An update without an end counts as "running" if the table has a
-- row of it from the newest hours, else as "other".

local ages = require("tarn.sql").age
local collections = require "base.collections"
local json = require "native.json"
local pool = require "base.pool"
local statements = require "tarn.statements"
local summaries = require "tarn.dashboard.summary"
local systemtables = require("tarn.sql").systemtables
local time = require "base.time"
local warehouses = require("tarn.sql").warehouses

local M = {}

local SILENT_MS <const> = 2 * 3600000 -- the table gets a row for each hour of an update
local DAY_MS <const> = 86400000
local BACK_MS <const> = 7 * DAY_MS    -- older events are not shown
local WINDOW_MS <const> = 9 * DAY_MS  -- of the rows that the first statement reads
local CUT_MS <const> = 2 * DAY_MS     -- what begins so early in the window may have begun before it

local function status_of(cells, known)
  if cells.update_id == json.null then
    return "idle"
  elseif cells.result == json.null then
    return time.find_iso(cells.ended) >= known - SILENT_MS and "running" or "other"
  end
  return cells.result == "FAILED" and "failed" or "idle"
end

local function update_of(cells)
  if cells.update_id == json.null then
    return json.null
  end
  return { update_id = cells.update_id, creation_time = cells.started,
    state = systemtables.text(cells.result) or "UNKNOWN",
    attempts = math.tointeger(tonumber(cells.attempts)) }
end

local function row_of(cells, known)
  return { pipeline_id = cells.pipeline_id, name = systemtables.text(cells.name) or "",
    state = "UNKNOWN", health = json.null, creator = cells.created_by, run_as = cells.run_as,
    cluster_id = json.null, latest_update = update_of(cells), status = status_of(cells, known) }
end

-- True if the newest update is not known from the rows of the window, or perhaps not whole.
local function is_open(cells, from)
  local asked = systemtables.text(cells.asked)
  return not asked or time.find_iso(asked) < from + CUT_MS
end

local function put_latest(ws, opts, open)
  local ids = collections.keys(open)
  local query, params = statements.fleet.latest(ws:org_id(), ids,
    statements.fleet.beginning(time.now()))
  local rows <close> = ws:sql(query, params, { text = true, warehouse_id = opts.warehouse })
  for found in rows do
    for _, name in ipairs { "update_id", "result", "attempts", "started", "ended" } do
      open[found.pipeline_id][name] = found[name]
    end
  end
end

-- Put the row of a pipeline into its place `n` of the board, and count it.
local function put(board, opts, n, cells, known)
  local row = row_of(cells, known)
  summaries.count(board.summary, row)
  if opts.seen then
    opts.seen(row)
  end
  board.rows[n] = opts.keep ~= false and row or nil
  if row.status ~= "idle" then
    board.notable[cells.pipeline_id] = cells.name
  end
end

-- The pipelines whose newest updates have ended. The others wait for older rows, or for the age of
-- the table, which tells whether they run.
local function read_pipelines(ws, opts)
  local from = time.now() - WINDOW_MS
  local query, params = statements.fleet.health(ws:org_id(), from)
  local rows <close> = ws:sql(query, params, { text = true, warehouse_id = opts.warehouse })
  local board = { summary = summaries.new(), rows = json.array {}, notable = {}, waiting = {} }
  local open, n = {}, 0
  for cells in rows do
    n = n + 1
    if is_open(cells, from) then
      open[cells.pipeline_id] = cells
    end
    if open[cells.pipeline_id] or cells.result == json.null then
      board.waiting[n] = cells
    else
      put(board, opts, n, cells)
    end
  end
  if next(open) then
    put_latest(ws, opts, open)
  end
  return board
end

local function read_age(ws, opts)
  return ages.known(ws, opts.warehouse)
end

local function read_events(ws, opts, names)
  local ids = collections.keys(names)
  if #ids == 0 then
    return { list = json.array {} }
  end
  local found, tried = systemtables.first(statements.quality.EVENTS, function(from)
    local query, params = statements.fleet.newest_events(from, { workspace = ws:org_id(),
      pipelines = ids, since = time.now() - BACK_MS, max = summaries.RECENT })
    local rows <close> = ws:sql(query, params, { text = true, warehouse_id = opts.warehouse })
    local list = json.array {}
    for cells in rows do
      list[#list + 1] = { id = cells.id, event_type = cells.event_type, level = cells.level,
        message = cells.message, timestamp = cells.at, maturity_level = cells.maturity_level,
        pipeline_id = cells.pipeline_id, pipeline_name = names[cells.pipeline_id] }
    end
    return list
  end)
  return { list = found, tried = tried[#tried] }
end

--- Read the health of every pipeline.
---@param ws tarn.WorkspaceClient
---@param opts? { warehouse?: string, keep?: boolean, seen?: fun(row: table) }
---@return table { summary, pipelines, recent_events, as_of, problems, source, unknown }
function M.read(ws, opts)
  local asked = { keep = opts and opts.keep, seen = opts and opts.seen,
    warehouse = opts and opts.warehouse or warehouses.chosen(ws) }
  ws:org_id() -- asks the workspace once, before several statements need it
  local answers = pool.map({ read_pipelines, read_age }, function(read)
    return read(ws, asked)
  end)
  local board, known = answers[1], answers[2]
  for n, cells in pairs(board.waiting) do
    put(board, asked, n, cells, known)
  end
  local events = read_events(ws, asked, board.notable)
  local problems = json.array {}
  if not events.list then
    problems[1] = { part = "recent_events", message = events.tried.reason,
      kind = events.tried.kind, pipeline_id = json.null, pipeline_name = json.null }
  end
  return { summary = board.summary, pipelines = board.rows,
    recent_events = events.list or json.array {}, as_of = time.iso(known),
    problems = problems, source = "sql", age_ms = math.max(0, time.now() - known),
    unknown = json.array { "health", "state" } }
end

return M
