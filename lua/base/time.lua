--- Timestamps: milliseconds since 1970 in UTC, from and to text.
--
--     local time = tarn.time
--     local since = time.find_past("2h", time.now())
--     print(time.iso(since), time.find_iso "2026-08-19T10:11:12+02:00")
--     print(time.age(time.now() - since))

local M = {}

local MONTHS = { Jan = 1, Feb = 2, Mar = 3, Apr = 4, May = 5, Jun = 6,
  Jul = 7, Aug = 8, Sep = 9, Oct = 10, Nov = 11, Dec = 12 }

--- The timestamp of a date and time in UTC.
---@param year integer
---@param month integer 1 to 12
---@param day integer 1 to 31
---@param hour integer
---@param min integer
---@param sec number may have a fraction
---@return integer ms
function M.epoch_ms(year, month, day, hour, min, sec)
  -- counted in years that begin in March, so that the leap day is the last day of its year
  local y = month <= 2 and year - 1 or year
  local era = y // 400
  local year_of_era = y - era * 400
  local day_of_era = year_of_era * 365 + year_of_era // 4 - year_of_era // 100
    + (153 * ((month + 9) % 12) + 2) // 5 + day - 1
  local days = era * 146097 + day_of_era - 719468
  return ((days * 24 + hour) * 60 + min) * 60000 + math.tointeger((sec * 1000 + 0.5) // 1)
end

--- The current time.
---@return integer ms
function M.now()
  return require("native.task").time()
end

--- The text of a timestamp: "2026-08-19T10:11:12.345Z".
---@param ms integer
---@return string
function M.iso(ms)
  return os.date("!%Y-%m-%dT%H:%M:%S", ms // 1000) .. (".%03dZ"):format(ms % 1000)
end

--- The timestamp of an RFC 3339 text with "Z" or an offset and any number of decimals; nil if the
-- text is not RFC 3339.
---@param text string
---@return integer? ms
function M.find_iso(text)
  local year, month, day, hour, min, sec, fraction, zone =
    text:match "^(%d%d%d%d)-(%d%d)-(%d%d)[Tt ](%d%d):(%d%d):(%d%d)(%.?%d*)([Zz+-]?[%d:]*)$"
  if not year or fraction ~= "" and not fraction:find "^%.%d" then
    return nil
  end
  local ms = M.epoch_ms(math.tointeger(year), math.tointeger(month), math.tointeger(day),
    math.tointeger(hour), math.tointeger(min), tonumber(sec .. fraction))
  local sign, h, m = zone:match "^([+-])(%d%d):?(%d%d)$"
  if sign then
    local offset = (math.tointeger(h) * 60 + math.tointeger(m)) * 60000
    return sign == "+" and ms - offset or ms + offset
  end
  return (zone == "" or zone:lower() == "z") and ms or nil
end

local UNITS <const> = { ms = 1, s = 1000, sec = 1000, m = 60000, min = 60000, h = 3600000,
  d = 86400000, w = 604800000 }

--- The timestamp that a person means: "2h", "30min", "7d" (before now), a date, or a date and
-- time, which is UTC unless it has an offset. Nil if the text is none of these.
---@param text string
---@param now integer
---@return integer? ms
function M.find_past(text, now)
  local n, unit = text:match "^(%d+%.?%d*)%s*(%a+)$"
  if n and UNITS[unit] then
    return now - math.tointeger(tonumber(n) * UNITS[unit] // 1)
  end
  return M.find_iso(text)
    or text:find "^%d%d%d%d%-%d%d%-%d%d$" and M.find_iso(text .. "T00:00:00Z")
    or text:find "^%d%d%d%d%-%d%d%-%d%d[T ]%d%d:%d%d$" and M.find_iso(text .. ":00Z")
    or nil
end

--- The timestamp that the value of an option such as --since means. Raises a fault of kind `usage`
-- if the text is no time.
---@param op string
---@param option string its name, for the message
---@param text string its value
---@param now? integer ms
---@return integer ms
function M.since(op, option, text, now)
  return M.find_past(text, now or M.now()) or require("base.fault").usage(op,
    ("%s: '%s' is not a time"):format(option, text),
    "write 30min, 2h, 7d (ago), 2026-08-19, or 2026-08-19T10:00:00Z")
end

--- The timestamp of an HTTP Date header ("Sun, 06 Nov 1994 08:49:37 GMT"), or nil.
---@param text? string
---@return integer? ms
function M.find_http_date(text)
  local day, month, year, hour, min, sec =
    (text or ""):match "(%d+) (%a+) (%d+) (%d+):(%d+):(%d+)"
  if not day or not MONTHS[month] then
    return nil
  end
  return M.epoch_ms(math.tointeger(year), MONTHS[month], math.tointeger(day),
    math.tointeger(hour), math.tointeger(min), math.tointeger(sec))
end

--- A duration in one unit: "5 s", "12 min", "3 h", "8 d".
---@param ms integer
---@return string
function M.age(ms)
  local s = ms // 1000
  if s < 60 then
    return s .. " s"
  elseif s < 3600 then
    return s // 60 .. " min"
  elseif s < 48 * 3600 then
    return s // 3600 .. " h"
  end
  return s // 86400 .. " d"
end

return M
