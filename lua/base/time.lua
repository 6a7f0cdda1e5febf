--- Timestamps: milliseconds since 1970 in UTC, from and to text.
--
--     local time = tarn.time
--     local since = time.find_past("2h", time.now()) -- also "yesterday", "2026-08-19 10:00"
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

local DAYS <const> = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 }

-- The days of a month.
local function days_of(year, month)
  local leap = month == 2 and year % 4 == 0 and (year % 100 ~= 0 or year % 400 == 0)
  return DAYS[month] + (leap and 1 or 0)
end

-- The date and the time of day in a text, and its zone; nil if the calendar or the clock does not
-- have them. A minute may have a leap second.
local function find_parts(text)
  local year, month, day, hour, min, sec, fraction, zone =
    text:match "^(%d%d%d%d)-(%d%d)-(%d%d)[Tt ](%d%d):(%d%d):(%d%d)(%.?%d*)([Zz+-]?[%d:]*)$"
  if not year or fraction ~= "" and not fraction:find "^%.%d" then
    return nil
  end
  local at = { year = math.tointeger(year), month = math.tointeger(month),
    day = math.tointeger(day), hour = math.tointeger(hour), min = math.tointeger(min),
    sec = tonumber(sec .. fraction) }
  if at.month < 1 or at.month > 12 or at.day < 1 or at.day > days_of(at.year, at.month)
    or at.hour > 23 or at.min > 59 or at.sec >= 61 then
    return nil
  end
  return at, zone
end

-- The milliseconds by which a zone is ahead of UTC; nil if there is no such zone.
local function find_offset(zone)
  if zone:lower() == "z" then
    return 0
  end
  local sign, hour, min = zone:match "^([+-])(%d%d):?(%d%d)$"
  hour, min = math.tointeger(hour), math.tointeger(min)
  if not hour or hour > 23 or min > 59 then
    return nil
  end
  return (sign == "+" and 1 or -1) * (hour * 60 + min) * 60000
end

local function utc_ms(at)
  return M.epoch_ms(at.year, at.month, at.day, at.hour, at.min, at.sec)
end

-- The timestamp of a date and time in this machine's time zone.
local function local_ms(at)
  local whole = at.sec // 1
  local s = os.time { year = at.year, month = at.month, day = at.day, hour = at.hour,
    min = at.min, sec = math.tointeger(whole) }
  return s * 1000 + math.tointeger(((at.sec - whole) * 1000 + 0.5) // 1)
end

--- The timestamp of an RFC 3339 text with "Z" or an offset and any number of decimals. A text
-- without a zone is UTC. Nil if the text is not RFC 3339, or no calendar has such a date.
---@param text string
---@return integer? ms
function M.find_iso(text)
  local at, zone = find_parts(text)
  local offset = at and (zone == "" and 0 or find_offset(zone))
  return offset and utc_ms(at) - offset or nil
end

local UNITS <const> = { ms = 1, s = 1000, sec = 1000, m = 60000, min = 60000, h = 3600000,
  d = 86400000, w = 604800000 }

local FIRST <const> = M.epoch_ms(1, 1, 1, 0, 0, 0) -- before it, years have no four digits

-- A duration before `now`; nil if the text is none, or goes back beyond the calendar.
local function find_ago(text, now)
  local n, unit = text:match "^(%d+%.?%d*)%s*(%a+)$"
  local ms = n and UNITS[unit] and math.tointeger((tonumber(n) + 0.0) * UNITS[unit] // 1)
  return ms and now - ms >= FIRST and now - ms or nil
end

-- Midnight of the day of `now`, so many days earlier, in this machine's time zone.
local function midnight(now, days)
  local at = os.date("*t", now // 1000)
  return os.time { year = at.year, month = at.month, day = at.day - days, hour = 0 } * 1000
end

--- The timestamp that a person means: "2h", "30min", "7d" (before now), "today", "yesterday", a
-- date, or a date and time. What has neither "Z" nor an offset is in this machine's time zone, as
-- are the times that a terminal shows. Nil if the text is none of these.
---@param text string
---@param now integer
---@return integer? ms
function M.find_past(text, now)
  if text == "now" then
    return now
  elseif text == "today" or text == "yesterday" then
    return midnight(now, text == "today" and 0 or 1)
  end
  local whole = text
  if text:find "^%d%d%d%d%-%d%d%-%d%d$" then
    whole = text .. "T00:00:00"
  elseif text:find "^%d%d%d%d%-%d%d%-%d%d[T ]%d%d:%d%d" and not text:find ":%d%d:%d%d" then
    whole = text:gsub("^(.-:%d%d)", "%1:00")
  end
  local at, zone = find_parts(whole)
  if at and zone == "" then
    return local_ms(at)
  end
  return M.find_iso(whole) or find_ago(text, now)
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
    ("%s: '%s' is not a time"):format(option, text), "write 30min, 2h or 7d (ago), today, "
      .. "yesterday, 2026-08-19, or 2026-08-19T10:00; with Z at the end it is UTC, else local time")
end

--- The timestamps that the values of --since and --until mean. Raises a fault of kind `usage` if a
-- text is no time, or if the range ends before it begins.
---@param op string
---@param since? string the value of --since
---@param last? string  the value of --until
---@return integer? since ms
---@return integer? last ms
function M.range(op, since, last)
  local now = M.now()
  local from, to = since and M.since(op, "--since", since, now),
    last and M.since(op, "--until", last, now)
  if from and to and to < from then
    require("base.fault").usage(op, "--until is before --since")
  end
  return from, to
end

--- The timestamp of an HTTP Date header ("Sun, 06 Nov 1994 08:49:37 GMT"), or nil.
---@param text? string
---@return integer? ms
function M.find_http_date(text)
  local day, month, year, clock = (text or ""):match
    "%f[%d](%d%d?) (%a+) (%d%d%d%d) (%d%d:%d%d:%d%d)%f[%D]"
  if not day or not MONTHS[month] then
    return nil
  end
  return M.find_iso(("%s-%02d-%02dT%sZ"):format(year, MONTHS[month], math.tointeger(day), clock))
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
