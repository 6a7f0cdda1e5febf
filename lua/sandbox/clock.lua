--- The time in the embedded workspace, in milliseconds since 1970; a test can move it.

local task = require "native.task"

local M = {}

local Clock = {}
Clock.__index = Clock

--- A clock that shows the real time until `advance` moves it.
function M.new()
  return setmetatable({ offset = 0 }, Clock)
end

--- Milliseconds since 1970-01-01T00:00:00Z.
---@return integer
function Clock:now()
  return task.time() + self.offset
end

--- Move the clock ahead.
---@param ms integer
function Clock:advance(ms)
  self.offset = self.offset + ms
end

--- RFC 3339 in UTC with milliseconds, as the API writes timestamps.
---@param ms integer
---@return string
function M.iso(ms)
  return ("%s.%03dZ"):format(os.date("!%Y-%m-%dT%H:%M:%S", ms // 1000), ms % 1000)
end

-- Days since 1970-01-01 in the proleptic Gregorian calendar. Years are counted from March, so that
-- a leap day is the last day of its year.
local function days_before(year, month, day)
  if month <= 2 then
    year, month = year - 1, month + 12
  end
  local era = year // 400
  local of_era = year - era * 400
  local of_year = (153 * (month - 3) + 2) // 5 + day - 1
  return era * 146097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719468
end

--- An ISO timestamp (date, optional time, fraction, zone) in milliseconds since 1970; nil for any
-- other text.
---@param text string
---@return integer?
function M.find_ms(text)
  local year, month, day, rest = text:match "^(%d%d%d%d)%-(%d%d)%-(%d%d)(.*)$"
  if not year then
    return nil
  end
  local ms = days_before(tonumber(year), tonumber(month), tonumber(day)) * 86400000
  if rest == "" then
    return ms
  end
  local hour, minute, tail = rest:match "^[T ](%d%d):(%d%d)(.*)$"
  if not hour then
    return nil
  end
  ms = ms + tonumber(hour) * 3600000 + tonumber(minute) * 60000
  local second, after = tail:match "^:(%d%d)(.*)$"
  if second then
    ms, tail = ms + tonumber(second) * 1000, after
  end
  local fraction, last = tail:match "^%.(%d+)(.*)$"
  if fraction then
    ms, tail = ms + tonumber((fraction .. "00"):sub(1, 3)), last
  end
  if tail == "" or tail == "Z" then
    return ms
  end
  local sign, hours, minutes = tail:match "^([+-])(%d%d):?(%d%d)$"
  if not sign then
    return nil
  end
  local zone = (tonumber(hours) * 60 + tonumber(minutes)) * 60000
  return sign == "+" and ms - zone or ms + zone
end

return M
