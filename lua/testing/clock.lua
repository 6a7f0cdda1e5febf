--- A clock that a test can move: for the program, and for the embedded workspaces it started.
--
--     clock.advance(3600)    -- an hour later, for everybody
--     clock.skip_sleeps()    -- from now on nobody waits: the time jumps instead
--
-- The runner puts it back after each test.

local task = require "native.task"

local M = {}

local real = { now = task.now, time = task.time, sleep = task.sleep }
local offset = 0     -- seconds that the clock is ahead
local waiting = {}   -- when those who sleep want to be woken

--- Let the time jump.
---@param seconds number
function M.advance(seconds)
  offset = offset + seconds
  task.now = function() return real.now() + offset end
  task.time = function() return real.time() + math.floor(offset * 1000) end
end

-- Who is to be woken first moves the clock; the others go on sleeping.
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
    real.sleep(0.001) -- what is under way gets its turn
    local left = me.due - task.now()
    if left > 0 and is_first(me.due) then
      M.advance(left)
    end
  until left <= 0
  return awake and nil
end

--- From now on a sleep costs no time: the clock jumps to its end.
function M.skip_sleeps()
  task.sleep = sleep
end

--- The real time again.
function M.reset()
  offset, waiting = 0, {}
  task.now, task.time, task.sleep = real.now, real.time, real.sleep
end

return M
