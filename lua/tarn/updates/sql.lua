--- Updates from system tables: of one pipeline, or of many with one statement.
--
-- The statement reads the rows since the time that is asked for, and those of two days before.
-- These tell what had begun by then, and the earlier attempts of requests. Of a request that may be
-- older still, another statement counts the attempts.
--
-- system.lakeflow.pipeline_update_timeline has all fields but phases and errors, which come from
-- the table of events if that can be read. Both tables are up to an hour late. An update whose last
-- row is missing has the state UNKNOWN and no end, since it may run or be over.

local ages = require("tarn.sql").age
local json = require "native.json"
local pipelines = require "tarn.pipelines"
local pool = require "base.pool"
local statements = require "tarn.statements"
local strings = require "base.strings"
local systemtables = require("tarn.sql").systemtables
local time = require "base.time"
local updates = require "tarn.updates"

local M = {}

local SLACK_MS <const> = 60000 -- an event may be this much older than its update
local DAY_MS <const> = 86400000
local BEFORE_MS <const> = 2 * DAY_MS -- of the rows that are read before the time asked for
local CUT_MS <const> = DAY_MS -- a request seen so soon after the first row may have begun before it
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
    local rows <close> = ws:sql(query, params, { text = true, warehouse_id = ask.warehouse })
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

-- Correct the numbers of attempts of requests that the rows since `from` may not show whole.
local function count_attempts(ws, ask, found, from)
  local ids, seen = {}, {}
  for _, cells in ipairs(found) do
    local id = cells.pipeline_id
    if not seen[id] and time.find_iso(cells.asked) < from + CUT_MS then
      seen[id], ids[#ids + 1] = true, id
    end
  end
  if #ids == 0 then
    return
  end
  local query, params = statements.fleet.attempts(ask.workspace, ids,
    statements.fleet.beginning(time.now()), ask.since)
  local rows <close> = ws:sql(query, params, { text = true, warehouse_id = ask.warehouse })
  local by_update = {}
  for cells in rows do
    by_update[cells.update_id] = cells
  end
  for _, cells in ipairs(found) do
    local whole = by_update[cells.update_id]
    if whole then
      cells.attempt, cells.attempts = whole.attempt, whole.attempts
    end
  end
end

local function read_history(ws, ask)
  local beginning = statements.fleet.beginning(time.now())
  local from = ask.since and math.max(beginning, ask.since - BEFORE_MS) or beginning
  ask.from = from
  local query, params = statements.fleet.history(ask)
  local rows <close> = ws:sql(query, params, { text = true, warehouse_id = ask.warehouse })
  local found = rows:all()
  if from > beginning then
    count_attempts(ws, ask, found, from)
  end
  return found
end

--- Updates, newest first.
---@param ws tarn.WorkspaceClient
---@param ask tarn.UpdatesAsk gets the fields `workspace` and `from`
---@return fun(): tarn.UpdateRow?
function M.history(ws, ask)
  ask.workspace = ws:org_id()
  local found, wanted = read_history(ws, ask), {}
  for _, cells in ipairs(found) do
    wanted[cells.update_id] = true
  end
  local events, tried = {}, {}
  if #found > 0 then
    pool.map({
      function() -- the last row is the oldest one
        events, tried = find_events(ws, ask, wanted, time.find_iso(found[#found].started))
      end,
      function()
        if ask.warn then
          ask.warn(require("tarn.backend").age_text(ages.known(ws, ask.warehouse)))
        end
      end,
    }, function(read) read() end)
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
