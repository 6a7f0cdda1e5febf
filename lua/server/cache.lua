--- Answers that may be some seconds old. Each is asked for once, however many want it, and
-- goes on being asked for when the first of them has gone.

local fault = require "base.fault"
local task = require "native.task"

local M = {}

local MOST <const> = 256 -- answers that are kept

---@class tarn.Cache
local Cache = {}
Cache.__index = Cache

---@param seconds number so old may an answer be; 0: only those who ask at once share one
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

--- Forget everything: something was changed.
function Cache:clear()
  self.entries, self.count = {}, 0
end

-- Room for one more: what is too old goes, or else the oldest.
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

--- What is there and not too old, or nil.
---@param key string
---@return any value
---@return number? age seconds
function Cache:find(key)
  local entry = self.entries[key]
  local age = entry and entry.done and task.now() - entry.at
  if age and age <= self.seconds then
    return entry.value, age
  end
end

--- What `make` returns, or returned a while ago.
---@param key string
---@param make fun(): any
---@param fresh? boolean an answer from before this call will not do
---@return any value
---@return number age seconds
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
