--- Waits in tests: for an event, never for a time.

local real = require("testing.clock").real

local M = {}

local SECONDS <const> = 55 -- less than the time that a test may take, so that the error is shown
local PAUSE <const> = 0.01 -- seconds between two calls of the condition

--- Wait until `condition()` is true, and return its value. The wait takes real time, even if the
-- test has moved the clock.
---@generic T
---@param condition fun(): T?
---@param what string|fun(): string what the test waits for, for the error's message
---@param seconds? number after which it is an error; default 55
---@return T
function M.until_true(condition, what, seconds)
  local due = real.now() + (seconds or SECONDS)
  while true do
    local value = condition()
    if value then
      return value
    elseif real.now() > due then
      error(("waited %d seconds for %s"):format(seconds or SECONDS,
        type(what) == "function" and what() or what), 2)
    end
    real.sleep(PAUSE)
  end
end

return M
