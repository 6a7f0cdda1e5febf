--- What a run is doing, as its events tell: phases, a row for each flow, errors.
--
-- Pure: no clock, no requests. Events of one pipeline are taken in whatever order they come,
-- twice, of several updates, of types that nobody knows; the outcome is the same. Memory is
-- bounded whatever comes: the newest updates are kept, and of each so many flows, phases and
-- errors. The terminal's view, the stream of the server and the page show the same snapshot.

local collections = require "base.collections"
local json = require "native.json"
local order = require "tarn.live.order"
local updates = require "tarn.live.update"

local M = {}

local UPDATES <const> = 3 -- an update and those that it retries

---@class tarn.LiveSnapshot
---@field update_id string|json.null   null: no event of an update yet
---@field pipeline_id string|json.null
---@field pipeline_name string|json.null
---@field request_id string|json.null  the same for an update and its retries
---@field state string|json.null       the API's word
---@field cause string|json.null
---@field start_time integer|json.null ms; of the first event if the creation is not known
---@field end_time integer|json.null
---@field duration_ms integer|json.null
---@field last_event integer|json.null ms
---@field phases tarn.Phase[]          as in the run history
---@field flows table[]                in the order of names; fields: tarn.live.flow
---@field flow_states table<string, integer> how many flows are in which state
---@field totals table<string, number> rows_written ... dropped, over all flows that report them
---@field errors tarn.Cause[]          the first of each flow
---@field flows_left_out boolean       true: there are more flows than are kept

---@class tarn.Live
local Live = {}
Live.__index = Live

--- A run of which nothing is known yet.
---@return tarn.Live
function M.new()
  return setmetatable({ updates = {}, changes = 0 }, Live)
end

-- The update that began last, or first.
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

-- The oldest goes, but never the one that is looked at.
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

--- Take an event as the API gives it. Returns true if it was of an update; `changes` counts them.
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

--- Take what the API says about an update: its state may be known before its event is.
---@param update table
function Live:know(update)
  update_of(self, update.update_id):know(update)
  forget(self)
  self.changes = self.changes + 1
end

--- Show this update, whichever is the newest; nil: the newest again.
---@param update_id? string
function Live:pin(update_id)
  self.pinned = update_id
end

local NULLS <const> = { "update_id", "pipeline_id", "pipeline_name", "request_id", "state",
  "cause", "start_time", "end_time", "duration_ms", "last_event" }

--- All that is known, as data of its own.
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

-- What other subjects use of the parts.
return require("base.lazy").fields(M, {
  follow = "tarn.live.feed:start",
  open = "tarn.live.wait:open",
})
