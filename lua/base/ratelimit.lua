--- Rate limit: at most N calls in any second.
--
-- A workspace refuses calls beyond its published rate with 429, for all of its clients; a client
-- that keeps to the rate does not slow down the others. Calls begin in the order in which they
-- asked.

local task = require "native.task"

local M = {}

---@class tarn.RateLimit
local RateLimit = {}
RateLimit.__index = RateLimit

--- A limit of `rate` calls in any `seconds`.
---@param rate integer
---@param opts? { seconds?: number, now?: (fun(): number), sleep?: fun(seconds: number) }
--- `seconds`: default 1; `now` and `sleep` replace the clock in tests
---@return tarn.RateLimit
function M.new(rate, opts)
  if math.type(rate) ~= "integer" or rate < 1 then
    error("rate is not a positive integer", 2)
  end
  opts = opts or {}
  return setmetatable({ rate = rate, seconds = opts.seconds or 1, now = opts.now or task.now,
    sleep = opts.sleep or task.sleep, starts = {}, at = 0 }, RateLimit)
end

--- Wait until the next call may begin.
function RateLimit:take()
  local now = self.now()
  self.at = self.at % self.rate + 1
  -- The call that began `rate` calls ago must be `seconds` away.
  local before = self.starts[self.at]
  local start = math.max(now, before and before + self.seconds or now)
  self.starts[self.at] = start
  if start > now then
    self.sleep(start - now)
  end
end

return M
