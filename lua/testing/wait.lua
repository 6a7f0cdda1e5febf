--- Waits in tests: for an event, never for a time.

local real = require("testing.clock").real

local M = {}

local PAUSE <const> = 0.01 -- seconds between two calls of the condition

--- Seconds after which a wait is an error: less than the time that the test may take, so that the
-- test shows what it waited for. The runner sets it.
M.seconds = 50

--- Wait until `condition()` is true, and return its value. The wait takes real time, even if the
-- test has moved the clock.
---@generic T
---@param condition fun(): T?
---@param what string|fun(): string what the test waits for, for the error's message

---@return T
function M.until_true(condition, what)
  local due = real.now() + M.seconds
  while true do
    local value = condition()
    if value then
      return value
    elseif real.now() > due then
      error(("waited %d seconds for %s"):format(M.seconds,
        type(what) == "function" and what() or what), 2)
    end
    real.sleep(PAUSE)
  end
end

return M
