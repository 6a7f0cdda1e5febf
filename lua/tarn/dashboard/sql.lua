--- The dashboard of one workspace over system tables: all pipelines in one statement, the
-- newest events in another, however many pipelines there are.
--
-- The tables are up to an hour late, and `as_of` is the moment until which they tell. They know
-- no health, and no state but what the newest update tells: each row's `state` is UNKNOWN, its
-- `health` null, and its `status` what the update came to. One that has no end is "running" if the
-- table told of it in its newest hours, and "other" if it fell silent before that.

local json = require "native.json"
local pool = require "base.pool"
local statements = require "tarn.statements"
local summaries = require "tarn.dashboard.summary"
local systemtables = require("tarn.sql").systemtables
local time = require "base.time"
local warehouses = require("tarn.sql").warehouses

local M = {}

local SILENT_MS <const> = 2 * 3600000 -- a row comes for each hour of an update
local BACK_MS <const> = 7 * 86400000  -- events that are older are no news

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

--- Look at every pipeline.
---@param ws tarn.WorkspaceClient
---@param opts? { warehouse?: string, keep?: boolean, seen?: fun(row: table) }
---@return table { summary, pipelines, recent_events, as_of, problems, source, unknown }
function M.read(ws, opts)
  local asked = { keep = opts and opts.keep, seen = opts and opts.seen,
    warehouse = opts and opts.warehouse or warehouses.chosen(ws) }
  ws:org_id() -- once, before both ask
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
