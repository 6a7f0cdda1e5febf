--- Spark's functions, as far as the embedded workspace knows them, translated for SQLite.
--
-- `M.plain` are functions that both have. `M.renamed` have another name in SQLite. `M.written`
-- take the translated arguments and return an expression. `M.define` adds the functions that
-- SQLite lacks to a database. A function that is in none of these tables does not exist.

local clock = require "sandbox.clock"
local letters = require "native.text"
local words = require "sandbox.sql.words"

local M = {}

local set = words.set

M.plain = set [[
abs avg ceil coalesce count cume_dist dense_rank exp first_value floor ifnull instr lag last_value
lead length ln ltrim max min mod nth_value ntile nullif percent_rank pow power rank replace
round row_number rtrim sign sqrt sum trim
]]

M.renamed = {
  lower = "spark_lower", upper = "spark_upper", lcase = "spark_lower", ucase = "spark_upper",
  translate = "spark_translate", nvl = "ifnull", char_length = "length", len = "length",
  character_length = "length", substring = "substr", substr = "substr", ceiling = "ceil",
  first = "min", any_value = "min", mean = "avg", string_agg = "group_concat",
  listagg = "group_concat", size = "json_array_length", cardinality = "json_array_length",
  array_size = "json_array_length", date_format = "spark_date_format",
  date_trunc = "spark_date_trunc", datediff = "spark_datediff", date_diff = "spark_datediff",
  date_add = "spark_date_add", date_sub = "spark_date_sub", to_date = "spark_date",
  date = "spark_date", to_timestamp = "spark_timestamp", timestamp = "spark_timestamp",
  timestampadd = "spark_ts_add", dateadd = "spark_ts_add", timestampdiff = "spark_ts_diff",
  unix_timestamp = "spark_unix", unix_millis = "spark_millis",
  timestamp_millis = "spark_from_millis", startswith = "spark_startswith",
  endswith = "spark_endswith", contains = "spark_contains", split_part = "spark_split_part",
  try_to_timestamp = "spark_try_timestamp",
}

-- Functions that take a unit as a bare word: date_add(DAY, 1, x).
M.with_unit = set "timestampadd dateadd timestampdiff date_add date_diff datediff"

M.written = {
  ["if"] = function(a) return ("iif(%s)"):format(table.concat(a, ", ")) end,
  iff = function(a) return ("iif(%s)"):format(table.concat(a, ", ")) end,
  isnull = function(a) return ("(%s IS NULL)"):format(a[1]) end,
  isnotnull = function(a) return ("(%s IS NOT NULL)"):format(a[1]) end,
  nvl2 = function(a) return ("iif(%s IS NOT NULL, %s, %s)"):format(a[1], a[2], a[3]) end,
  concat = function(a) return "(" .. table.concat(a, " || ") .. ")" end,
  count_if = function(a) return ("count(CASE WHEN %s THEN 1 END)"):format(a[1]) end,
  approx_count_distinct = function(a) return ("count(DISTINCT %s)"):format(a[1]) end,
  greatest = function(a) return ("max(%s)"):format(table.concat(a, ", ")) end,
  least = function(a) return ("min(%s)"):format(table.concat(a, ", ")) end,
  try_divide = function(a) return ("(%s * 1.0 / nullif(%s, 0))"):format(a[1], a[2]) end,
  collect_list = function(a) return ("json_group_array(%s)"):format(a[1]) end,
  array_agg = function(a) return ("json_group_array(%s)"):format(a[1]) end,
  collect_set = function(a) return ("json_group_array(DISTINCT %s)"):format(a[1]) end,
  array_contains = function(a)
    return ("EXISTS (SELECT 1 FROM json_each(%s) WHERE value = %s)"):format(a[1], a[2])
  end,
  from_json = function(a) return a[1] end,
  to_json = function(a) return a[1] end,
  parse_json = function(a) return a[1] end,
  get_json_object = function(a) return ("json_extract(%s, %s)"):format(a[1], a[2]) end,
  variant_get = function(a) return ("json_extract(%s, %s)"):format(a[1], a[2]) end,
  try_variant_get = function(a) return ("json_extract(%s, %s)"):format(a[1], a[2]) end,
  array = function(a) return ("json_array(%s)"):format(table.concat(a, ", ")) end,
  string = function(a) return ("CAST(%s AS TEXT)"):format(a[1]) end,
  bigint = function(a) return ("spark_long(%s)"):format(a[1]) end,
  int = function(a) return ("spark_long(%s)"):format(a[1]) end,
  double = function(a) return ("spark_double(%s)"):format(a[1]) end,
  boolean = function(a) return ("spark_boolean(%s)"):format(a[1]) end,
}

--- A cast to a type as a format of SQLite's expression; nil for an unknown type.
---@param type_name string in capitals, without precision
---@return string?
function M.find_cast(type_name)
  local casts = {
    STRING = "CAST(%s AS TEXT)", VARCHAR = "CAST(%s AS TEXT)", CHAR = "CAST(%s AS TEXT)",
    BIGINT = "spark_long(%s)", LONG = "spark_long(%s)", INT = "spark_long(%s)",
    INTEGER = "spark_long(%s)", SMALLINT = "spark_long(%s)", TINYINT = "spark_long(%s)",
    DOUBLE = "spark_double(%s)", FLOAT = "spark_double(%s)", REAL = "spark_double(%s)",
    DECIMAL = "spark_double(%s)", NUMERIC = "spark_double(%s)", DEC = "spark_double(%s)",
    BOOLEAN = "spark_boolean(%s)", DATE = "spark_date(%s)",
    TIMESTAMP = "spark_timestamp(%s)", TIMESTAMP_NTZ = "spark_timestamp(%s)",
    VARIANT = "%s",
  }
  return casts[type_name]
end

-- Raised through SQLite; sandbox.sql.error finds the value and the type in SQLite's message.
local function bad_cast(value, type_text)
  error(("cast-invalid-input\1%s\1%s\1"):format(tostring(value), type_text), 0)
end

local function ms_of(value)
  if value == nil then
    return nil
  end
  return clock.find_ms(tostring(value)) or bad_cast(value, "TIMESTAMP")
end

local UNIT_MS <const> = {
  MILLISECOND = 1, SECOND = 1000, MINUTE = 60000, HOUR = 3600000, DAY = 86400000,
  WEEK = 7 * 86400000,
}

local MONTHS <const> = { MONTH = 1, QUARTER = 3, YEAR = 12 }

local function singular(unit)
  return (tostring(unit):upper():gsub("S$", ""))
end

local function add_months(ms, months)
  local t = os.date("!*t", ms // 1000)
  local total = t.year * 12 + t.month - 1 + months
  local year, month = total // 12, total % 12 + 1
  local first = clock.find_ms(("%04d-%02d-01"):format(year, month))
  local after = clock.find_ms(("%04d-%02d-01"):format((total + 1) // 12, (total + 1) % 12 + 1))
  local day = math.min(t.day, (after - first) // 86400000)
  return first + (day - 1) * 86400000 + ms % 86400000
end

local function ts_add(unit, n, value)
  local ms = ms_of(value)
  if not ms or not n then
    return nil
  end
  unit = singular(unit)
  if MONTHS[unit] then
    return clock.iso(add_months(ms, math.tointeger(tonumber(n)) * MONTHS[unit]))
  end
  return clock.iso(ms + math.floor(tonumber(n) * (UNIT_MS[unit] or 0)))
end

local function ts_diff(unit, from, to)
  local a, b = ms_of(from), ms_of(to)
  if not a or not b then
    return nil
  end
  local size = UNIT_MS[singular(unit)] or 86400000
  local n = math.abs(b - a) // size
  return b < a and -n or n
end

local function date(value)
  local ms = ms_of(value)
  return ms and clock.iso(ms):sub(1, 10)
end

-- date_add has two forms: (date, days) and (unit, n, timestamp).
local function date_add(sign)
  return function(...)
    local unit, n, value = ...
    if value ~= nil then
      return ts_add(unit, sign * n, value)
    end
    local ms = ms_of(unit)
    return ms and n and clock.iso(ms + sign * n * 86400000):sub(1, 10)
  end
end

local function datediff(...)
  local unit, from, to = ...
  if select("#", ...) == 3 then
    return ts_diff(unit, from, to)
  end
  local a, b = date(unit), date(from)
  return a and b and (clock.find_ms(a) - clock.find_ms(b)) // 86400000
end

local TRUNC <const> = {
  YEAR = { 4, "-01-01T00:00:00.000Z" }, MONTH = { 7, "-01T00:00:00.000Z" },
  DAY = { 10, "T00:00:00.000Z" }, HOUR = { 13, ":00:00.000Z" }, MINUTE = { 16, ":00.000Z" },
  SECOND = { 19, ".000Z" },
}

local function date_trunc(unit, value)
  local ms = ms_of(value)
  if not ms then
    return nil
  end
  local text = clock.iso(ms)
  if singular(unit) == "WEEK" then
    local monday = ms // 86400000 - (ms // 86400000 + 3) % 7
    return clock.iso(monday * 86400000)
  end
  local cut = TRUNC[singular(unit)]
  return cut and text:sub(1, cut[1]) .. cut[2]
end

local FIELDS <const> = {
  yyyy = "%Y", MM = "%m", dd = "%d", HH = "%H", mm = "%M", ss = "%S", D = "%j", E = "%a",
}

local function date_format(value, pattern)
  local ms = ms_of(value)
  return ms and os.date("!" .. pattern:gsub("%a+", FIELDS), ms // 1000)
end

local BOOLEANS <const> = {
  ["true"] = 1, t = 1, yes = 1, y = 1, ["1"] = 1, ["false"] = 0, f = 0, no = 0, n = 0, ["0"] = 0,
}

local defined = {
  spark_lower = function(v)
    return v ~= nil and letters.lower(tostring(v)) or nil
  end,
  spark_upper = function(v)
    return v ~= nil and letters.upper(tostring(v)) or nil
  end,
  spark_translate = function(v, from, to)
    if v == nil or from == nil or to == nil then
      return nil
    end
    local list, other = {}, {}
    for _, code in utf8.codes(to) do
      list[#list + 1] = utf8.char(code)
    end
    local n = 0
    for _, code in utf8.codes(from) do
      n = n + 1
      other[utf8.char(code)] = other[utf8.char(code)] or list[n] or ""
    end
    return (tostring(v):gsub(utf8.charpattern, other))
  end,
  spark_divisor = function(v)
    return v == 0 and error("divide-by-zero", 0) or v
  end,
  spark_long = function(v)
    if v == nil then
      return nil
    end
    local n = tonumber(v)
    return n and math.tointeger(n >= 0 and n // 1 or -(-n // 1)) or bad_cast(v, "BIGINT")
  end,
  spark_double = function(v)
    if v == nil then
      return nil
    end
    return (tonumber(v) or bad_cast(v, "DOUBLE")) + 0.0
  end,
  spark_boolean = function(v)
    if v == nil then
      return nil
    end
    return BOOLEANS[tostring(v):lower()] or bad_cast(v, "BOOLEAN")
  end,
  spark_date = function(v)
    return v ~= nil and (clock.find_ms(tostring(v)) and date(v) or bad_cast(v, "DATE")) or nil
  end,
  spark_timestamp = function(v)
    local ms = math.type(v) == "integer" and v * 1000 or ms_of(v)
    return ms and clock.iso(ms)
  end,
  spark_try_timestamp = function(v)
    local ms = v ~= nil and clock.find_ms(tostring(v))
    return ms and clock.iso(ms) or nil
  end,
  spark_ts_add = ts_add,
  spark_ts_diff = ts_diff,
  spark_date_add = date_add(1),
  spark_date_sub = date_add(-1),
  spark_datediff = datediff,
  spark_date_trunc = date_trunc,
  spark_date_format = date_format,
  spark_unix = function(v)
    local ms = ms_of(v)
    return ms and ms // 1000
  end,
  spark_millis = ms_of,
  spark_from_millis = function(v)
    return v and clock.iso(v)
  end,
  spark_iso = function(ms)
    return ms and clock.iso(ms)
  end,
  spark_startswith = function(a, b)
    return a and b and (a:sub(1, #b) == b and 1 or 0)
  end,
  spark_endswith = function(a, b)
    return a and b and ((b == "" or a:sub(-#b) == b) and 1 or 0)
  end,
  spark_contains = function(a, b)
    return a and b and (a:find(b, 1, true) and 1 or 0)
  end,
  spark_split_part = function(text, mark, n)
    if text == nil or mark == nil or n == nil then
      return nil
    end
    local parts = {}
    for part in (text .. mark):gmatch("(.-)" .. mark:gsub("%p", "%%%0")) do
      parts[#parts + 1] = part
    end
    return parts[n < 0 and #parts + 1 + n or n] or ""
  end,
}

--- Add the functions to a database.
---@param db tarn.Database
function M.define(db)
  for name, f in pairs(defined) do
    db:define(name, -1, f)
  end
end

return M
