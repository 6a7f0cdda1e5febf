--- The state of one update, from its events: phases, flows, errors.

local flows = require "tarn.live.flow"
local json = require "native.json"
local order = require "tarn.live.order"
local updates = require "tarn.updates"
local wait = require "tarn.wait"

local M = {}

-- Limits of what is kept of an update. A pipeline has at most a thousand tables.
local FLOWS <const>, STEPS <const>, ERRORS <const>, MESSAGE <const> = 4000, 100, 200, 4000

local RANKS <const> = { CREATED = 1, QUEUED = 2, WAITING_FOR_RESOURCES = 3, INITIALIZING = 4,
  RESETTING = 5, SETTING_UP_TABLES = 6, RUNNING = 7, STOPPING = 8, COMPLETED = 9, FAILED = 9,
  CANCELED = 9 }

---@class tarn.LiveUpdate
local Update = {}
Update.__index = Update

--- An update without any event.
---@param id string
---@return tarn.LiveUpdate
function M.new(id)
  return setmetatable({ id = id, steps = {}, flows = {}, n = 0, errors = {}, n_errors = 0 },
    Update)
end

-- ---- phases ----

local function rank_of(step)
  return RANKS[step.state] or 0
end

-- Steps are kept newest first, each once.
local function take_step(self, event, when)
  local state = order.part(event.details, "update_progress").state
  if type(state) ~= "string" then
    return
  end
  local step = { state = state, when = when, event = { timestamp = event.timestamp,
    sequence = event.sequence, details = { update_progress = { state = state } } } }
  local at = 1
  for i, known in ipairs(self.steps) do
    if known.state == state and known.when.id == when.id and known.when.at == when.at then
      return
    elseif not order.is_later(known.when, when, rank_of(known), rank_of(step)) then
      break
    end
    at = i + 1
  end
  table.insert(self.steps, at, step)
  self.steps[STEPS + 1] = nil
end

local function phases_of(self)
  local list = {}
  for i, step in ipairs(self.steps) do
    list[i] = step.event
  end
  return updates.phases(list)
end

-- The newer one of the states that the API has reported and that events show.
local function state_of(self)
  local reported = self.reported and self.reported.state
  local seen = self.steps[1] and self.steps[1].state
  if not reported or not seen then
    return reported or seen
  elseif wait.ENDS[reported] or not RANKS[reported] and not wait.ENDS[seen] then
    return reported
  end
  return (RANKS[reported] or 0) > (RANKS[seen] or math.huge) and reported or seen
end

-- ---- flows and errors ----

local function name_of(event)
  local origin = order.part(event, "origin")
  local name = origin.flow_name or origin.dataset_name
  return type(name) == "string" and name or nil
end

local function take_flow(self, event, when)
  local name = name_of(event)
  local flow = name and self.flows[name]
  if name and not flow then
    if self.n >= FLOWS then
      self.more = true
      return
    end
    self.n = self.n + 1
    flow = flows.new(name)
    self.flows[name] = flow
  end
  if flow then
    flow:take(event, when)
  end
end

-- Keep the first error of each flow, since later ones are its consequences.
local function take_error(self, event, when)
  if not updates.has_cause(event) then
    return
  end
  local key = name_of(event) or ""
  local known = self.errors[key]
  if known and not order.is_later(known.when, when) then
    return
  elseif not known then
    if self.n_errors >= ERRORS then
      return
    end
    self.n_errors = self.n_errors + 1
  end
  local class, message = updates.cause(event)
  self.errors[key] = { when = when, class = class, message = message:sub(1, MESSAGE) }
end

-- The errors in the form of tarn.updates.failure: each message once, with all flows that have it.
local function causes_of(self)
  local list, causes, by_text = {}, json.array {}, {}
  for flow, e in pairs(self.errors) do
    list[#list + 1] = { flow = flow ~= "" and flow or nil, e = e }
  end
  table.sort(list, function(a, b) return order.is_later(b.e.when, a.e.when) end)
  for _, one in ipairs(list) do
    local text = (one.e.class or "") .. "\0" .. one.e.message
    local cause = by_text[text]
    if cause then
      cause.flows[#cause.flows + 1] = one.flow
    else
      cause = { flow = one.flow or json.null, flows = json.array { one.flow },
        class = one.e.class or json.null, message = one.e.message,
        timestamp = require("base.time").iso(one.e.when.at) }
      by_text[text] = cause
      causes[#causes + 1] = cause
    end
  end
  return causes
end

-- ---- the update ----

--- Take an event of this update.
---@param event table
---@param when tarn.EventOrder
function Update:take(event, when)
  self.first = math.min(self.first or when.at, when.at)
  self.last = math.max(self.last or when.at, when.at)
  local origin = order.part(event, "origin")
  for _, name in ipairs { "pipeline_id", "pipeline_name", "request_id" } do
    self[name] = self[name] or type(origin[name]) == "string" and origin[name] or nil
  end
  if event.event_type == "update_progress" then
    take_step(self, event, when)
  elseif event.event_type == "flow_progress" then
    take_flow(self, event, when)
  elseif event.event_type == "create_update" then
    local cause = order.part(event.details, "create_update").cause
    self.cause = type(cause) == "string" and cause or self.cause
  end
  if event.level == "ERROR" then
    take_error(self, event, when)
  end
end

--- Take the API's answer about this update.
---@param update table UpdateInfo
function Update:know(update)
  self.reported = { state = update.state, cause = update.cause,
    created = math.tointeger(tonumber(update.creation_time)) }
end

--- The time at which the update began, or the earliest known one.
---@return integer ms
function Update:began()
  return self.reported and self.reported.created or self.first or 0
end

local SUMS <const> = { "rows_written", "rows_upserted", "rows_deleted", "passed", "failed",
  "dropped" }

local function rows_of(self, snapshot)
  local rows, states = json.array {}, {}
  for _, flow in pairs(self.flows) do
    local row = flow:row()
    rows[#rows + 1] = row
    local state = row.state == json.null and "UNKNOWN" or row.state
    states[state] = (states[state] or 0) + 1
    for _, name in ipairs(SUMS) do
      if row[name] ~= json.null then
        snapshot.totals[name] = (snapshot.totals[name] or 0) + row[name]
      end
    end
  end
  table.sort(rows, function(a, b) return a.name < b.name end)
  snapshot.flows, snapshot.flow_states = rows, states
end

--- The state as data.
---@return table
function Update:snapshot()
  local phases, last = phases_of(self)
  local snapshot = { update_id = self.id, pipeline_id = self.pipeline_id,
    pipeline_name = self.pipeline_name, request_id = self.request_id, state = state_of(self),
    cause = self.reported and self.reported.cause or self.cause, start_time = self:began(),
    end_time = last and last.at or nil, last_event = self.last, phases = phases, totals = {},
    errors = causes_of(self), flows_left_out = self.more or false }
  snapshot.duration_ms = last and last.at - snapshot.start_time or nil
  rows_of(self, snapshot)
  return snapshot
end

return M
