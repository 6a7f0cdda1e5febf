--- Updates from system tables: of one pipeline, or of many with one statement.
--
-- system.lakeflow.pipeline_update_timeline has all fields but phases and errors, which come from
-- the table of events if that can be read. Both tables are up to an hour late. An update whose last
-- row is missing has the state UNKNOWN and no end, since it may run or be over.

local json = require "native.json"
local pipelines = require "tarn.pipelines"
local statements = require "tarn.statements"
local strings = require "base.strings"
local systemtables = require("tarn.sql").systemtables
local time = require "base.time"
local updates = require "tarn.updates"

local M = {}

local SLACK_MS <const> = 60000 -- an event may be this much older than its update
local text = systemtables.text

-- The update as the API would return it.
local function as_update(cells)
  local update = { update_id = cells.update_id, state = text(cells.result) or "UNKNOWN",
    cause = text(cells.cause), creation_time = time.find_iso(cells.started),
    full_refresh = cells.update_type == "FULL_REFRESH",
    validate_only = cells.update_type == "VALIDATE", cluster_id = text(cells.cluster_id) }
  for _, name in ipairs(pipelines.SELECTIONS) do
    local list = text(cells[name]) and json.decode(cells[name])
    update[name] = list and list ~= json.null and #list > 0 and list or nil
  end
  return update
end

-- The event as the API would return it; the table's `error` is a JSON text.
local function as_event(cells)
  local failed = text(cells.error) and json.decode(cells.error)
  return { id = cells.id, event_type = "update_progress", level = text(cells.level),
    timestamp = cells.at, message = text(cells.message), error = failed ~= json.null and failed
      or nil, origin = { update_id = cells.update_id, request_id = text(cells.request_id) },
    details = { update_progress = { state = text(cells.state),
      cancellation_cause = text(cells.cancellation_cause) } } }
end

-- The events of the updates in `wanted`, newest first, by the id of the update; nil if no table of
-- events can be read.
local function find_events(ws, ask, wanted, since)
  return systemtables.first(statements.quality.EVENTS, function(from)
    local query, params = statements.fleet.progress(from, { workspace = ask.workspace,
      pipeline = ask.pipeline, since = since - SLACK_MS })
    local rows <close> = ws:sql(query, params, { warehouse_id = ask.warehouse })
    local by_update = {}
    for cells in rows do
      if wanted[cells.update_id] then
        by_update[cells.update_id] = by_update[cells.update_id] or {}
        table.insert(by_update[cells.update_id], as_event(cells))
      end
    end
    return by_update
  end)
end

local function as_row(ask, cells, events)
  local row = updates.row(as_update(cells), events)
  if row.state == "UNKNOWN" and row.end_time ~= json.null then
    row.state = events[1].details.update_progress.state -- the events have the end
  elseif row.end_time == json.null and row.state ~= "UNKNOWN" then
    row.end_time = time.find_iso(cells.ended)
    row.duration_ms = row.end_time - row.creation_time
  end
  row.request_id = text(cells.request_id) or row.request_id
  row.attempt = math.tointeger(tonumber(cells.attempt))
  row.attempts = math.tointeger(tonumber(cells.attempts))
  if not ask.pipeline then
    row.pipeline_id, row.name = cells.pipeline_id, cells.name
  end
  row.source = "sql"
  return row
end

---@class tarn.UpdatesAsk: tarn.HistoryAsk
---@field warehouse? string
---@field warn? fun(text: string)

local function warn_of_age(ask, known)
  if ask.warn then
    ask.warn(require("tarn.backend").age_text(known))
  end
end

--- Updates, newest first.
---@param ws tarn.WorkspaceClient
---@param ask tarn.UpdatesAsk gets the field `workspace`
---@return fun(): tarn.UpdateRow?
function M.history(ws, ask)
  ask.workspace = ws:org_id()
  local query, params = statements.fleet.history(ask)
  local rows <close> = ws:sql(query, params, { warehouse_id = ask.warehouse })
  local found, wanted, oldest, known = {}, {}, math.maxinteger, 0
  for cells in rows do
    found[#found + 1] = cells
    wanted[cells.update_id] = true
    oldest = math.min(oldest, time.find_iso(cells.started))
    known = time.find_iso(cells.known)
  end
  local events, tried = {}, {}
  if #found > 0 then
    events, tried = find_events(ws, ask, wanted, oldest)
    warn_of_age(ask, known)
  end
  if not events and ask.warn then
    ask.warn("phases and errors are unknown: " .. strings.first_line(tried[#tried].reason))
  end
  local at = 0
  return function()
    at = at + 1
    return found[at] and as_row(ask, found[at], events and events[found[at].update_id] or {})
  end
end

return M
