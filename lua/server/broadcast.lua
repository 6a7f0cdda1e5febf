--- One source for many listeners: whoever asks for the same stream shares one task that asks
-- the workspace.
--
-- A topic begins with its first listener and ends with its last. It keeps its newest items: one
-- for what is told as a whole each time, many for what must not be missed. A listener that is
-- too slow for those has lost some, and is told so.

local fault = require "base.fault"
local task = require "native.task"

local M = {}

---@class tarn.Topic
---@field ready boolean the source has looked once: what comes from now on is not missed
local Topic = {}
Topic.__index = Topic

local Broadcast = {}
Broadcast.__index = Broadcast

---@return table broadcast
function M.new()
  return setmetatable({ topics = {}, listeners = 0, closing = false }, Broadcast)
end

function Topic:wake()
  for listener in pairs(self.waiting) do
    task.wake(listener)
  end
end

--- Give an item to all who listen.
---@param item any
function Topic:publish(item)
  self.last = self.last + 1
  self.items[self.last] = item
  self.items[self.last - self.keep] = nil
  self.first = math.max(self.first, self.last - self.keep + 1)
  self.ready = true
  self:wake()
end

--- The source has looked: there is nothing to give yet.
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

-- A listener of a topic: `next` gives one item after the other.
local Listener = {}
Listener.__index = Listener

--- Listen to the topic of that key; `produce(topic)` is its source, if there is none yet. Close
-- the listener.
---@param key string
---@param keep integer items that a slow listener may be behind
---@param produce fun(topic: tarn.Topic)
---@return table listener
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

-- Wait until `is_true()`; false after `seconds`.
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

--- Wait until nothing that comes from now on is missed.
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

--- The next item, or the newest where only that is kept. Nil and why, if there is none:
-- "idle" after `seconds`, "over", "lost" (items went by), "closing" (the program ends).
---@param seconds number
---@return any item, string? why
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

--- Have all listeners end.
function Broadcast:close()
  self.closing = true
  for _, topic in pairs(self.topics) do
    topic:wake()
  end
end

return M
