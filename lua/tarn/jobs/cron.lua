--- Quartz cron expressions: in words, and when they are due next.

local collections = require "base.collections"
local time = require "base.time"
local zones = require "tarn.jobs.zone"

local M = {}

local DAYS <const> = { "SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT" }
local DAY_NAMES <const> = { "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday",
  "Saturday" }
local MONTHS <const> = { "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT",
  "NOV", "DEC" }
local MONTH_NAMES <const> = { "January", "February", "March", "April", "May", "June", "July",
  "August", "September", "October", "November", "December" }
local DAY_S <const>, LATEST <const> = 86400, 366 * 5 -- days to look ahead

-- A value of a field as a number: "5", "MON".
local function number_of(text, names)
  for i, name in ipairs(names or {}) do
    if text:upper() == name then
      return i
    end
  end
  return math.tointeger(tonumber(text))
end

-- The values that a part of a field means: "5", "1-5", "*/15", "0/15", "1-9/2".
local function add_part(set, part, low, high, names)
  local range, step = part:match "^(.-)/(%d+)$"
  range, step = range or part, math.tointeger(step or 1)
  local from, to = range:match "^(%w+)%-(%w+)$"
  if range == "*" then
    from, to = low, high
  elseif from then
    from, to = number_of(from, names), number_of(to, names)
  else
    from = number_of(range, names)
    to = step > 1 and high or from
  end
  if not from or not to or step < 1 or from < low or from > high or to < low or to > high then
    return false
  end
  for value = from, to >= from and to or to + high - low + 1, step do
    set[(value - low) % (high - low + 1) + low] = true
  end
  return true
end

-- A field as a set of numbers; true for all; nil if this program does not know its form.
local function field(text, low, high, names)
  if text == "*" or text == "?" then
    return true
  end
  local set = {}
  for part in (text .. ","):gmatch "(.-)," do
    if not add_part(set, part, low, high, names) then
      return nil
    end
  end
  return set
end

---@class tarn.Cron
---@field text string
---@field fields? table nil: a form that this program does not know
local Cron = {}
Cron.__index = Cron

--- Parse an expression: seconds, minutes, hours, day of the month, month, day of the week, year.
---@param text string
---@return tarn.Cron
function M.parse(text)
  local words = {}
  for word in text:gmatch "%S+" do
    words[#words + 1] = word
  end
  local cron = setmetatable({ text = text, words = words }, Cron)
  local fields = { second = field(words[1] or "", 0, 59), minute = field(words[2] or "", 0, 59),
    hour = field(words[3] or "", 0, 23), month = field(words[5] or "", 1, 12, MONTHS),
    weekday = field(words[6] or "", 1, 7, DAYS), year = field(words[7] or "*", 1970, 2099) }
  if words[4] == "L" then
    fields.day = "last"
  else
    fields.day = field(words[4] or "", 1, 31)
  end
  local complete = #words == 6 or #words == 7
  for _, name in ipairs { "second", "minute", "hour", "day", "month", "weekday", "year" } do
    complete = complete and fields[name] ~= nil
  end
  cron.fields = complete and fields or nil
  return cron
end

local function has(set, value)
  return set == true or set[value] == true
end

-- ---- words ----

local function only(set)
  local list = set ~= true and collections.keys(set) or {}
  return #list == 1 and list[1] or nil
end

-- The step of a field that has all values from 0 in equal steps: 15 for "0/15".
local function step_of(set, size)
  local list = set ~= true and collections.keys(set) or {}
  local step = #list > 1 and list[1] == 0 and list[2] or nil
  if not step or size % step ~= 0 or #list ~= size // step then
    return nil
  end
  for i, value in ipairs(list) do
    if value ~= (i - 1) * step then
      return nil
    end
  end
  return step
end

local function join(list)
  local last = table.remove(list)
  return #list > 0 and table.concat(list, ", ") .. " and " .. last or last
end

local function names_of(set, names)
  local list = {}
  for _, value in ipairs(collections.keys(set)) do
    list[#list + 1] = names[value]
  end
  return list
end

-- The time of a day; the second result says that it is more than one.
local function time_words(f)
  local second, minute, hour = only(f.second), only(f.minute), only(f.hour)
  local minutes, hours = step_of(f.minute, 60), step_of(f.hour, 24)
  if second ~= 0 then
    return nil
  elseif minute and hour then
    return ("at %02d:%02d"):format(hour, minute)
  elseif minute and f.hour == true then
    return minute == 0 and "every hour" or ("every hour at :%02d"):format(minute), true
  elseif minute and hours then
    return ("every %d hours at :%02d"):format(hours, minute), true
  elseif minute and f.hour ~= true then
    local list = {}
    for i, value in ipairs(collections.keys(f.hour)) do
      list[i] = ("%02d:%02d"):format(value, minute)
    end
    return "at " .. join(list)
  elseif f.hour == true and (f.minute == true or minutes) then
    return minutes and ("every %d minutes"):format(minutes) or "every minute", true
  end
end

local function day_words(f)
  local words = {}
  if f.weekday ~= true then
    local list = collections.keys(f.weekday)
    words[1] = #list == 5 and list[1] == 2 and list[5] == 6 and "Monday to Friday"
      or join(names_of(f.weekday, DAY_NAMES))
  end
  if f.day == "last" then
    words[#words + 1] = "on the last day"
  elseif f.day ~= true then
    words[#words + 1] = "on day " .. join(collections.keys(f.day))
  end
  if f.month ~= true then
    words[#words + 1] = "in " .. join(names_of(f.month, MONTH_NAMES))
  elseif f.day ~= true then
    words[#words + 1] = "of each month"
  end
  return table.concat(words, " ")
end

--- The expression in words: "every day at 06:00"; the expression itself for unusual forms.
---@return string
function Cron:words_of()
  local f = self.fields
  local at, often = nil, nil
  if f and f.year == true then
    at, often = time_words(f)
  end
  if not at then
    return "cron " .. self.text
  end
  local days = day_words(f)
  if days == "" then
    return often and at or "every day " .. at
  end
  return at .. (f.weekday ~= true and ", " or " ") .. days
end

-- ---- the next time ----

local function is_due_day(f, date)
  local by_day
  if f.day == "last" then
    by_day = date.is_last
  else
    by_day = has(f.day, date.day)
  end
  return by_day and has(f.month, date.month) and has(f.weekday, date.wday)
    and has(f.year, date.year)
end

-- The first second of a day, from `after`, that is due; nil if there is none.
local function find_second(f, after)
  for hour = after // 3600, 23 do
    if has(f.hour, hour) then
      for minute = 0, 59 do
        if has(f.minute, minute) and (hour * 60 + minute) * 60 + 59 >= after then
          for second = 0, 59 do
            local at = (hour * 60 + minute) * 60 + second
            if at >= after and has(f.second, second) then
              return at
            end
          end
        end
      end
    end
  end
end

-- The time of a zone's clock as UTC.
local function to_utc(zone, wall)
  local utc = wall - zones.find_offset(zone, wall)
  return wall - zones.find_offset(zone, utc)
end

--- When the expression is due next; nil if it never is, or the zone or the form is not known.
---@param zone string
---@param now integer ms
---@return integer? ms
---@return string? wall the zone's clock then: "2026-12-01 06:00"
function Cron:find_next(zone, now)
  local offset = zones.find_offset(zone, now // 1000)
  if not self.fields or not offset then
    return nil
  end
  local wall = now // 1000 + offset + 1
  for day = 0, LATEST do
    local start = (wall // DAY_S + day) * DAY_S
    local date = os.date("!*t", start)
    date.is_last = os.date("!*t", start + DAY_S).month ~= date.month
    local second = is_due_day(self.fields, date)
      and find_second(self.fields, day == 0 and wall % DAY_S or 0)
    local due = second and to_utc(zone, start + second) * 1000
    if due and due > now then
      return due, (time.iso((start + second) * 1000):sub(1, 16):gsub("T", " "))
    end
  end
end

return M
