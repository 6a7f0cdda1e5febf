--- A memo of answers that several plans share, each asked for once.

local task = require "native.task"

local M = {}

---@class tarn.Memo
local Memo = {}
Memo.__index = Memo

--- A memo for one command, to be passed to all plans and copies.
---@return tarn.Memo
function M.new()
  return setmetatable({ known = {} }, Memo)
end

--- The result of `f(...)`, which is called once for each key. Other callers wait for its result; if
-- it fails, the next caller tries again.
---@param key string
---@param f function
---@return any
function Memo:once(key, f, ...)
  local entry = self.known[key]
  while entry and not entry.over do
    entry.waiting[#entry.waiting + 1] = task.current()
    task.park()
    entry = self.known[key]
  end
  if entry then
    return entry.value
  end
  entry = { waiting = {} }
  self.known[key] = entry
  local function wake()
    if not entry.over then
      self.known[key] = nil -- `f` failed, or its task was cancelled
    end
    for _, one in ipairs(entry.waiting) do
      task.wake(one)
    end
  end
  local _ <close> = setmetatable({}, { __close = wake })
  entry.value = f(...)
  entry.over = true
  return entry.value
end

--- Set a value, unless a call for the key is under way.
---@param key string
---@param value any
function Memo:put(key, value)
  local entry = self.known[key]
  if not entry or entry.over then
    self.known[key] = { over = true, value = value }
  end
end

--- The value of a key, or nil.
---@param key string
---@return any
function Memo:find(key)
  local entry = self.known[key]
  return entry and entry.over and entry.value
end

return M
