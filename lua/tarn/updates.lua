--- The updates of pipelines, with their phases and errors.
--
--     local updates = require "tarn.updates"
--     local id = ws:pipeline("sales_orders_etl").pipeline_id
--     for row in updates.history(ws, id, { max = 10 }) do
--       print(row.update_id, row.state, updates.phase_text(row.phases), row.error)
--     end
--
-- The API's updates have a start and a state. Their end, phases and error come from the events of
-- type `update_progress`. Updates and events are both read newest first, side by side; a page of
-- events is enough for some thirty updates. The event log does not go back as far as the list of
-- updates: fields of an update whose events are missing are null.

local attempts = require "tarn.updates.attempts"
local event_log = require "tarn.events"
local failure = require "tarn.updates.failure"
local json = require "native.json"
local pipelines = require "tarn.pipelines"
local pool = require "base.pool"
local selection = require "tarn.updates.selection"
local time = require "base.time"
local wait = require "tarn.wait"

local M = {}

--- The states of an update.
M.STATES = { "CREATED", "QUEUED", "WAITING_FOR_RESOURCES", "INITIALIZING", "RESETTING",
  "SETTING_UP_TABLES", "RUNNING", "STOPPING", "COMPLETED", "FAILED", "CANCELED", "EXPIRED",
  "UNKNOWN" }

-- An event may be this much older than its update.
local SLACK_MS <const> = 60000
-- The last event of an update may be this much younger than the next update of the pipeline.
local LATE_MS <const> = 3600000

local TYPE <const> = "update_progress"
-- The events of so few updates are in a small page.
local FEW <const>, FEW_EVENTS <const> = 30, 250
local CONCURRENT <const> = 32 -- pipelines

---@class tarn.Phase
---@field state string
---@field start_time integer ms
---@field duration_ms integer|json.null

---@class tarn.UpdateRow
---@field update_id string
---@field state string             as in the API; "UNKNOWN" if system tables do not have it yet
---@field cause string
---@field creation_time integer    ms
---@field end_time integer|json.null
---@field duration_ms integer|json.null
---@field phases tarn.Phase[]
---@field error string|json.null   first line of the cause
---@field what string             what it refreshes: "all", or its selections
---@field full_refresh boolean
---@field validate_only boolean
---@field request_id string|json.null the same for an update and its retries
---@field attempt integer|json.null   number among the attempts of the request, from 1
---@field attempts integer|json.null  of the request; both are null if the list begins or ends in it
---@field source "rest"|"sql"
---@field [string] any            all other fields of the API, also those that Tarn does not know

local function milliseconds(value)
  return math.tointeger(tonumber(value))
end

local function seq_of(event)
  local sequence = type(event.sequence) == "table" and event.sequence or {}
  return milliseconds(sequence.control_plane_seq_no) or 0
end

local function state_of(event)
  local progress = (event.details or {}).update_progress or {}
  if type(progress.state) == "string" then
    return progress.state
  end
  -- events without `details` have it in the message only
  return (event.message or ""):match " is ([%u_]+)"
end

-- The events of one update in the order in which they happened.
local function in_order(events)
  local list = {}
  for _, event in ipairs(events) do
    local at, state = time.find_iso(event.timestamp or ""), state_of(event)
    if at and state then
      list[#list + 1] = { at = at, seq = seq_of(event), state = state, event = event,
        n = #list }
    end
  end
  table.sort(list, function(a, b)
    if a.seq ~= b.seq and a.seq > 0 and b.seq > 0 then
      return a.seq < b.seq
    elseif a.at ~= b.at then
      return a.at < b.at
    end
    return a.n > b.n -- `events` is newest first
  end)
  return list
end

--- The phases of an update, and its end.
---@param events table[] its update_progress events, newest first
---@return tarn.Phase[] phases
---@return table? last { at, state, event }: the event with the final state
function M.phases(events)
  local phases = json.array {}
  for _, step in ipairs(in_order(events)) do
    local before = phases[#phases]
    local over = wait.ENDS[step.state]
    if before and before.state ~= step.state or over and before then
      before.duration_ms = step.at - before.start_time
    end
    if over then
      return phases, step
    elseif not before or before.state ~= step.state then
      phases[#phases + 1] = { state = step.state, start_time = step.at, duration_ms = json.null }
    end
  end
  return phases, nil
end

--- A row for an update.
---@param update table as the API gives it
---@param events table[] its update_progress events, newest first
---@return tarn.UpdateRow
function M.row(update, events)
  local phases, last = M.phases(events)
  local started = milliseconds(update.creation_time)
  local origin = events[1] and events[1].origin or {}
  local row = {
    update_id = update.update_id, state = update.state, cause = update.cause,
    creation_time = started or json.null, end_time = last and last.at or json.null,
    duration_ms = last and started and last.at - started or json.null, phases = phases,
    full_refresh = update.full_refresh or false, validate_only = update.validate_only or false,
    request_id = origin.request_id or json.null, error = json.null,
    attempt = json.null, attempts = json.null, source = "rest",
  }
  row.what = selection.text(update)
  for name, value in pairs(update) do
    if row[name] == nil and name ~= "config" then
      row[name] = value
    end
  end
  if last and last.state == "FAILED" then
    row.error = failure.line(last.event)
  elseif last then
    row.cancellation_cause = ((last.event.details or {}).update_progress or {}).cancellation_cause
  end
  return row
end

-- A function that returns the events of an update, newest first. It is called for one update after
-- another, newest first, and keeps only the events of older updates.
local function events_by_update(next_event)
  local by_update, waiting_event, over = {}, nil, false
  local function put(event)
    local id = (event.origin or {}).update_id
    if id then
      by_update[id] = by_update[id] or {}
      table.insert(by_update[id], event)
    end
  end
  return function(update)
    local from = (milliseconds(update.creation_time) or 0) - SLACK_MS
    while not over do
      local event = waiting_event or next_event()
      waiting_event = nil
      if not event then
        over = true
      elseif (time.find_iso(event.timestamp or "") or from) < from then
        waiting_event = event
        break
      else
        put(event)
      end
    end
    local events = by_update[update.update_id] or {}
    by_update[update.update_id] = nil
    return events
  end
end

--- The updates of a pipeline, newest first. Pages of updates and events are read as needed.
---@param ws tarn.WorkspaceClient
---@param id string
---@param opts? { since?: integer, until_ms?: integer, max?: integer, matches?: fun(update: table):
--- boolean } `since`, `until_ms`: ms, when updates began; `matches`: whether an update, as the API
--- gives it, is wanted
---@return fun(): tarn.UpdateRow?
function M.history(ws, id, opts)
  opts = opts or {}
  local since, last = opts.since or 0, opts.until_ms or math.maxinteger
  local matches = opts.matches or function() return true end
  -- few updates need a small page, unless most of a page may be left out
  local max = not opts.matches and not opts.until_ms and opts.max or nil
  local next_update = attempts.each(pipelines.updates(ws, id, { max = max }))
  -- The events begin with those of the first update that is wanted: a pipeline runs one update at a
  -- time, so these are hardly younger than the update before it, which is not wanted.
  local events_of, younger
  local function events(update)
    events_of = events_of or events_by_update(event_log.list(ws, id,
      { criteria = event_log.criteria("updates.history",
          { type = TYPE, ["until"] = younger and time.iso(younger + LATE_MS) }),
        page = opts.max and opts.max <= FEW and FEW_EVENTS or nil }))
    return events_of(update)
  end
  local given = 0
  return function()
    while given < (opts.max or math.maxinteger) do
      local update, attempt, of = next_update()
      local began = update and milliseconds(update.creation_time)
      if not update or began and began < since then
        return nil
      elseif began and began > last then
        younger = began
      elseif matches(update) then
        given = given + 1
        local row = M.row(update, events(update))
        row.attempt, row.attempts = attempt or json.null, of or json.null
        return row
      end
    end
  end
end

--- The updates of many pipelines, newest first; `history` reads those of each.
---@param ws tarn.WorkspaceClient
---@param next_pipeline fun(): { pipeline_id: string, name: string }?
---@param opts table as for `history`
---@return tarn.UpdateRow[]
function M.histories(ws, next_pipeline, opts)
  local rows = {}
  pool.each(next_pipeline, function(pipeline)
    for row in M.history(ws, pipeline.pipeline_id, opts) do
      row.pipeline_id, row.name = pipeline.pipeline_id, pipeline.name
      rows[#rows + 1] = row
    end
  end, { limit = CONCURRENT })
  table.sort(rows, function(a, b)
    local x, y = milliseconds(a.creation_time) or 0, milliseconds(b.creation_time) or 0
    if x ~= y then
      return x > y
    end
    return a.update_id > b.update_id
  end)
  return table.move(rows, 1, math.min(#rows, opts.max or #rows), 1, {})
end

--- One update.
---@param ws tarn.WorkspaceClient
---@param id string
---@param update_id string
---@return tarn.UpdateRow
function M.one(ws, id, update_id)
  local update = ws.native:update_get(id, update_id)
  local criteria = event_log.criteria("updates.one", { type = TYPE, update = update_id })
  local events = event_log.collect(event_log.list(ws, id, { criteria = criteria }))
  return M.row(update, events)
end

--- A duration as text, in its two largest units: "850 ms", "4.2 s", "3 min 20 s", "2 h 5 min".
---@param ms integer
---@return string
function M.span(ms)
  if ms < 1000 then
    return ms .. " ms"
  elseif ms < 60000 then
    return ("%.1f s"):format(ms / 1000)
  elseif ms < 3600000 then
    return ("%d min %d s"):format(ms // 60000, ms % 60000 // 1000)
  end
  return ("%d h %d min"):format(ms // 3600000, ms % 3600000 // 60000)
end

--- Phases as a line of text; "-" if there are none.
---@param phases tarn.Phase[]
---@return string
function M.phase_text(phases)
  local parts = {}
  for i, phase in ipairs(phases) do
    parts[i] = phase.state .. (phase.duration_ms ~= json.null
      and " " .. M.span(phase.duration_ms) or "")
  end
  return #parts > 0 and table.concat(parts, ", ") or "-"
end

-- Parts that other subjects use.
return require("base.lazy").fields(M, {
  cause = "tarn.updates.failure:cause",
  causes = "tarn.updates.failure:causes",
  read_causes = "tarn.updates.failure:read",
  has_cause = "tarn.updates.failure:has_cause",
  show_causes = "tarn.updates.failure:show",
})
