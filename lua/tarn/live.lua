--- The state of a running update, from its events: phases, flows, errors.
--
--     local live = require "tarn.live"
--     local found = require("tarn.pipelines").find(ws, "sales_orders_etl")
--     local state = live.new()
--     for event in require("tarn.events").list(ws, found.pipeline_id, { max = 200 }) do
--       state:take(event)
--     end
--     print(state:snapshot().state, #state:snapshot().flows)
--
-- Pure: no clock, no requests. Events of a pipeline may come in any order, repeatedly, of several
-- updates and of unknown types; the result is the same. Memory is bounded: only the newest updates
-- are kept, with a limited number of flows, phases and errors each. The view on the terminal, the
-- server's stream and the web page show the same snapshot.

local collections = require "base.collections"
local json = require "native.json"
local order = require "tarn.live.order"
local updates = require "tarn.live.update"

local M = {}

local UPDATES <const> = 3 -- an update and its retries

---@class tarn.LiveSnapshot
---@field update_id string|json.null   null: there is no update yet
---@field pipeline_id string|json.null
---@field pipeline_name string|json.null
---@field request_id string|json.null  the same for an update and its retries
---@field state string|json.null       as in the API
---@field cause string|json.null
---@field start_time integer|json.null ms; the first event's if the creation time is not known
---@field end_time integer|json.null
---@field duration_ms integer|json.null
---@field last_event integer|json.null ms
---@field phases tarn.Phase[]          as in the run history
---@field flows table[]                in the order of names; fields: tarn.live.flow
---@field flow_states table<string, integer> state -> number of flows
---@field totals table<string, number> rows_written ... dropped, summed over all flows
---@field errors tarn.Cause[]          the first error of each flow
---@field flows_left_out boolean       true: there are more flows than are kept

---@class tarn.Live
local Live = {}
Live.__index = Live

--- A state without any event.
---@return tarn.Live
function M.new()
  return setmetatable({ updates = {}, changes = 0 }, Live)
end

-- The update that began last or first, as `is_better` says.
local function extreme(self, is_better)
  local best
  for _, update in pairs(self.updates) do
    if not best or is_better(update:began(), best:began())
      or update:began() == best:began() and is_better(update.id, best.id) then
      best = update
    end
  end
  return best
end

local function newest(self)
  return extreme(self, function(a, b) return a > b end)
end

-- Forget the oldest updates, but never the pinned one.
local function forget(self)
  while collections.size(self.updates) > UPDATES do
    local pinned = self.pinned and self.updates[self.pinned]
    if pinned then
      self.updates[self.pinned] = nil
    end
    local oldest = extreme(self, function(a, b) return a < b end)
    self.updates[oldest.id] = nil
    if pinned then
      self.updates[self.pinned] = pinned
    end
  end
end

local function update_of(self, id)
  local update = self.updates[id]
  if not update then
    update = updates.new(id)
    self.updates[id] = update
  end
  return update
end

--- Take an event of the API. Returns true if it belongs to an update; `changes` counts these.
---@param event table
---@return boolean
function Live:take(event)
  local id = order.part(event, "origin").update_id
  local when = type(id) == "string" and order.of(event)
  if not when then
    return false
  end
  update_of(self, id):take(event, when)
  forget(self)
  self.changes = self.changes + 1
  return true
end

--- Take the API's answer about an update, whose state may be newer than the events.
---@param update table UpdateInfo
function Live:know(update)
  update_of(self, update.update_id):know(update)
  forget(self)
  self.changes = self.changes + 1
end

--- Show this update instead of the newest one; nil: show the newest one again.
---@param update_id? string
function Live:pin(update_id)
  self.pinned = update_id
end

local NULLS <const> = { "update_id", "pipeline_id", "pipeline_name", "request_id", "state",
  "cause", "start_time", "end_time", "duration_ms", "last_event" }

--- The state as data, which later events do not change.
---@return tarn.LiveSnapshot
function Live:snapshot()
  local update = self.pinned and update_of(self, self.pinned) or not self.pinned and newest(self)
  local snapshot = update and update:snapshot() or { phases = json.array {},
    flows = json.array {}, flow_states = {}, totals = {}, errors = json.array {},
    flows_left_out = false }
  for _, name in ipairs(NULLS) do
    if snapshot[name] == nil then
      snapshot[name] = json.null
    end
  end
  return snapshot
end

-- Parts that other subjects use.
return require("base.lazy").fields(M, {
  follow = "tarn.live.feed:start",
  open = "tarn.live.wait:open",
})
