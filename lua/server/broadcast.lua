--- Broadcasts from one source to many listeners: clients of the same stream share one task that
-- polls the workspace.
--
-- A topic begins with its first listener and ends with its last one. It keeps its newest items:
-- one item if each item replaces the one before (a dashboard), many if none may be missed (an
-- event log). A listener that falls behind the kept items has lost some, and `next` says so.

local fault = require "base.fault"
local task = require "native.task"

local M = {}

---@class tarn.Topic
---@field ready boolean true when the source has polled once: no later item is missed
local Topic = {}
Topic.__index = Topic

local Broadcast = {}
Broadcast.__index = Broadcast

--- Make a broadcast without topics.
---@return table broadcast
function M.new()
  return setmetatable({ topics = {}, listeners = 0, closing = false }, Broadcast)
end

function Topic:wake()
  for listener in pairs(self.waiting) do
    task.wake(listener)
  end
end

--- Give an item to all listeners.
---@param item any
function Topic:publish(item)
  self.last = self.last + 1
  self.items[self.last] = item
  self.items[self.last - self.keep] = nil
  self.first = math.max(self.first, self.last - self.keep + 1)
  self.ready = true
  self:wake()
end

--- Say that the source has polled once and found no item.
function Topic:settle()
  if not self.ready then
    self.ready = true
    self:wake()
  end
end

local function start(topic, produce)
  topic.task = task.spawn(function()
    local ok, e = fault.call(produce, topic)
    topic.failed = not ok and e or nil
    topic.over = true
    topic:wake()
  end)
end

-- A listener of a topic. `next` returns one item after the other.
local Listener = {}
Listener.__index = Listener

--- Listen to the topic of that key. If there is no such topic, `produce(topic)` becomes its source,
-- in a task of its own.
---@param key string
---@param keep integer the items that the topic keeps
---@param produce fun(topic: tarn.Topic)
---@return table listener to be closed, as a <close> variable
function Broadcast:listen(key, keep, produce)
  local topic = self.topics[key]
  if not topic or topic.over then
    topic = setmetatable({ keep = keep, items = {}, first = 1, last = 0, waiting = {}, count = 0,
      ready = false }, Topic)
    self.topics[key] = topic
    start(topic, produce)
  end
  topic.count = topic.count + 1
  self.listeners = self.listeners + 1
  return setmetatable({ broadcast = self, key = key, topic = topic,
    at = math.max(0, topic.last - 1) }, Listener)
end

-- Wait at most `seconds` until `is_true()`. False if the topic ended or the time was over first.
local function wait(self, seconds, is_true)
  local topic, due = self.topic, task.now() + seconds
  local me = task.current()
  topic.waiting[me] = true
  while not (is_true() or topic.over or self.broadcast.closing) and task.now() < due do
    task.park(math.max(0.001, due - task.now()))
  end
  topic.waiting[me] = nil
  return is_true()
end

--- Wait until the source has polled once: no later item is missed. False if the time was over
-- first. Raises the fault with which the source ended.
---@param seconds number
---@return boolean
function Listener:wait_ready(seconds)
  local topic = self.topic
  wait(self, seconds, function() return topic.ready end)
  if topic.failed then
    fault.raise(topic.failed)
  end
  return topic.ready
end

--- Wait for the next item; for the newest one, if the topic keeps only one. Raises the fault with
-- which the source ended.
---@param seconds number
---@return any item nil if there is none
---@return string? why "idle": none came in time; "over": the source has ended; "lost": the listener
--- was too slow; "closing": the program is about to end
function Listener:next(seconds)
  local topic = self.topic
  if not wait(self, seconds, function() return topic.last > self.at end) then
    if topic.failed then
      fault.raise(topic.failed)
    end
    return nil, self.broadcast.closing and "closing" or topic.over and "over" or "idle"
  elseif topic.keep == 1 then
    self.at = topic.last
  elseif self.at + 1 < topic.first then
    return nil, "lost"
  else
    self.at = self.at + 1
  end
  return topic.items[self.at]
end

--- Stop listening. The last listener of a topic ends its source.
function Listener:close()
  if self.closed then
    return
  end
  self.closed = true
  local topic = self.topic
  topic.count = topic.count - 1
  self.broadcast.listeners = self.broadcast.listeners - 1
  if topic.count == 0 then
    task.cancel(topic.task)
    if self.broadcast.topics[self.key] == topic then
      self.broadcast.topics[self.key] = nil
    end
  end
end
Listener.__close = Listener.close

--- End all listeners.
function Broadcast:close()
  self.closing = true
  for _, topic in pairs(self.topics) do
    topic:wake()
  end
end

return M
