--- The dashboard of one workspace from system tables.
--
-- All pipelines come from one statement and the newest events from another, however many pipelines
-- there are. System tables are up to an hour late; `as_of` is the time of their newest data. They
-- have neither health nor state: each row's `state` is UNKNOWN, its `health` null, and its `status`
-- follows from the newest update. An update without an end counts as "running" if the table has a
-- row of it from the newest hours, else as "other".

local json = require "native.json"
local pool = require "base.pool"
local statements = require "tarn.statements"
local summaries = require "tarn.dashboard.summary"
local systemtables = require("tarn.sql").systemtables
local time = require "base.time"
local warehouses = require("tarn.sql").warehouses

local M = {}

local SILENT_MS <const> = 2 * 3600000 -- the table gets a row for each hour of an update
local BACK_MS <const> = 7 * 86400000  -- older events are not shown

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

local function read_pipelines(ws, opts)
  local query, params = statements.fleet.health(ws:org_id())
  local rows <close> = ws:sql(query, params, { warehouse_id = opts.warehouse })
  local summary, list, known = summaries.new(), json.array {}, nil
  for cells in rows do
    known = known or time.find_iso(tostring(cells.known)) or time.now()
    local row = row_of(cells, known)
    summaries.count(summary, row)
    if opts.seen then
      opts.seen(row)
    end
    if opts.keep ~= false then
      list[#list + 1] = row
    end
  end
  return { summary = summary, pipelines = list, known = known or time.now() }
end

local function read_events(ws, opts)
  local found, tried = systemtables.first(statements.quality.EVENTS, function(from)
    local query, params = statements.fleet.newest_events(from, ws:org_id(),
      time.now() - BACK_MS, summaries.RECENT)
    local rows <close> = ws:sql(query, params, { warehouse_id = opts.warehouse })
    local list = json.array {}
    for cells in rows do
      list[#list + 1] = { id = cells.id, event_type = cells.event_type, level = cells.level,
        message = cells.message, timestamp = cells.at, maturity_level = cells.maturity_level,
        pipeline_id = cells.pipeline_id, pipeline_name = cells.name }
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
  ws:org_id() -- asks the workspace once, before both statements need it
  local answers = pool.map({ read_pipelines, read_events }, function(read)
    return read(ws, asked)
  end)
  local health, events = answers[1], answers[2]
  local problems = json.array {}
  if not events.list then
    problems[1] = { part = "recent_events", message = events.tried.reason,
      kind = events.tried.kind, pipeline_id = json.null, pipeline_name = json.null }
  end
  return { summary = health.summary, pipelines = health.pipelines,
    recent_events = events.list or json.array {}, as_of = time.iso(health.known),
    problems = problems, source = "sql", age_ms = math.max(0, time.now() - health.known),
    unknown = json.array { "health", "state" } }
end

return M
