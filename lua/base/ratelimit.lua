--- Keeping to a published rate: at most so many calls in any second.
--
-- A workspace refuses what goes beyond (429), for all its callers; who keeps to the rate never
-- makes the others wait. Calls begin in the order in which they asked.

local task = require "native.task"

local M = {}

---@class tarn.Pace
local Pace = {}
Pace.__index = Pace

--- At most `rate` calls in any `seconds`. `clock` replaces the time, for tests.
---@param rate integer
---@param opts? { seconds?: number, now?: (fun(): number), sleep?: fun(seconds: number) }
---@return tarn.Pace
function M.new(rate, opts)
  if math.type(rate) ~= "integer" or rate < 1 then
    error("rate is not a positive integer", 2)
  end
  opts = opts or {}
  return setmetatable({ rate = rate, seconds = opts.seconds or 1, now = opts.now or task.now,
    sleep = opts.sleep or task.sleep, starts = {}, at = 0 }, Pace)
end

--- Wait until the next call may begin.
function Pace:take()
  local now = self.now()
  self.at = self.at % self.rate + 1
  -- The call that began `rate` calls ago must be a whole window away.
  local before = self.starts[self.at]
  local start = math.max(now, before and before + self.seconds or now)
  self.starts[self.at] = start
  if start > now then
    self.sleep(start - now)
  end
end

return M
