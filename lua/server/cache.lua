--- A cache of answers. Requests for the same answer share one call to the workspace, and the call
-- goes on when the request that started it is gone.

local fault = require "base.fault"
local task = require "native.task"

local M = {}

local MOST <const> = 256 -- answers in the cache

---@class tarn.Cache
local Cache = {}
Cache.__index = Cache

--- Make an empty cache.
---@param seconds number the greatest age of an answer; 0: only requests at the same time share one
---@return tarn.Cache
function M.new(seconds)
  return setmetatable({ seconds = seconds, entries = {}, count = 0 }, Cache)
end

function Cache:drop(key)
  if self.entries[key] then
    self.entries[key] = nil
    self.count = self.count - 1
  end
end

--- Drop all answers, because something was changed.
function Cache:clear()
  self.entries, self.count = {}, 0
end

-- Drop all answers that are too old; if there are none, the oldest one.
local function make_room(self)
  local now, oldest = task.now(), nil
  for key, entry in pairs(self.entries) do
    if entry.done and now - entry.at > self.seconds then
      self:drop(key)
    elseif not oldest or entry.at < self.entries[oldest].at then
      oldest = key
    end
  end
  if self.count >= MOST then
    self:drop(oldest)
  end
end

local function start(self, key, make)
  if self.count >= MOST then
    make_room(self)
  end
  local entry = { at = task.now(), waiting = {} }
  self:drop(key)
  self.entries[key], self.count = entry, self.count + 1
  task.spawn(function()
    local ok, value = fault.call(make)
    entry.done, entry.at = true, task.now()
    entry.value, entry.failed = ok and value or nil, not ok and value or nil
    if not ok and self.entries[key] == entry then
      self:drop(key)
    end
    for one in pairs(entry.waiting) do
      task.wake(one)
    end
  end)
  return entry
end

--- An answer that is ready and not too old, or nil.
---@param key string
---@return any value
---@return number? age in seconds
function Cache:find(key)
  local entry = self.entries[key]
  local age = entry and entry.done and task.now() - entry.at
  if age and age <= self.seconds then
    return entry.value, age
  end
end

--- The answer for a key; `make()` is called if the cache has none. Raises what `make` raises.
---@param key string
---@param make fun(): any
---@param fresh? boolean true: do not use an answer that was ready before this call
---@return any value
---@return number age in seconds
function Cache:get(key, make, fresh)
  local entry = self.entries[key]
  if not entry or entry.done and (fresh or task.now() - entry.at > self.seconds) then
    entry = start(self, key, make)
  end
  local me = task.current()
  while not entry.done do
    entry.waiting[me] = true
    task.park()
  end
  if entry.failed then
    fault.raise(entry.failed)
  end
  return entry.value, task.now() - entry.at
end

return M
