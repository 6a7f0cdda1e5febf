--- A clock that a test can move: for the test, and for the embedded workspaces that it started.
--
--     clock.advance(3600)    -- an hour later
--     clock.skip_sleeps()    -- from now on a sleep moves the clock and takes no time
--
-- The runner resets it after each test.

local task = require "native.task"

local M = {}

local real = { now = task.now, time = task.time, sleep = task.sleep }
local offset = 0     -- seconds by which the clock is ahead
local waiting = {}   -- the sleeps under way, each with the time at which it ends

--- The functions of native.task that a test cannot move: now, time, sleep.
M.real = real

--- Move the clock ahead.
---@param seconds number
function M.advance(seconds)
  offset = offset + seconds
  task.now = function() return real.now() + offset end
  task.time = function() return real.time() + math.floor(offset * 1000) end
end

-- The sleep that ends first moves the clock; the others go on.
local function is_first(due)
  for other in pairs(waiting) do
    if other.due < due then
      return false
    end
  end
  return true
end

local function sleep(seconds)
  local me = { due = task.now() + seconds }
  waiting[me] = true
  local awake <close> = setmetatable({}, { __close = function() waiting[me] = nil end })
  repeat
    real.sleep(0.001) -- other tasks get their turn
    local left = me.due - task.now()
    if left > 0 and is_first(me.due) then
      M.advance(left)
    end
  until left <= 0
  return awake and nil
end

--- From now on a sleep takes no time: it moves the clock to its end.
function M.skip_sleeps()
  task.sleep = sleep
end

--- The real time again.
function M.reset()
  offset, waiting = 0, {}
  task.now, task.time, task.sleep = real.now, real.time, real.sleep
end

return M
