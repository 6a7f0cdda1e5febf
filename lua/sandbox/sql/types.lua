--- Spark's types: the types of a result's columns, the text of its cells, values of parameters.
--
-- Pure. SQLite has no booleans and no timestamps. A column has the type that the translation knows
-- for it; otherwise its values decide.

local json = require "native.json"
local clock = require "sandbox.clock"
local sqlerror = require "sandbox.sql.error"

local M = {}

-- type_name of the API by the first word of a type.
local NAMES <const> = {
  BIGINT = "LONG", LONG = "LONG", INT = "INT", INTEGER = "INT", SMALLINT = "SHORT",
  TINYINT = "BYTE", DOUBLE = "DOUBLE", FLOAT = "FLOAT", REAL = "FLOAT", DECIMAL = "DECIMAL",
  NUMERIC = "DECIMAL", DEC = "DECIMAL", STRING = "STRING", VARCHAR = "STRING", CHAR = "CHAR",
  BOOLEAN = "BOOLEAN", DATE = "DATE", TIMESTAMP = "TIMESTAMP", TIMESTAMP_NTZ = "TIMESTAMP",
  ARRAY = "ARRAY", MAP = "MAP", STRUCT = "STRUCT", BINARY = "BINARY", VOID = "NULL",
  VARIANT = "VARIANT",
}

-- The type_text of types whose spelling differs from the name of the type.
local TEXTS <const> = {
  LONG = "BIGINT", INTEGER = "INT", MAP = "MAP<STRING, STRING>", ARRAY = "ARRAY<STRING>",
}

local function first_word(text)
  return text:upper():match "^%a[%w_]*" or ""
end

--- type_name and type_text of a type, and precision and scale of a DECIMAL.
---@param text string
---@return string name, string text, integer? precision, integer? scale
function M.describe(text)
  local name = NAMES[first_word(text)] or "STRING"
  if name == "DECIMAL" then
    local precision, scale = text:match "%((%d+)%s*,?%s*(%d*)%)"
    precision = math.tointeger(tonumber(precision or 10))
    scale = math.tointeger(tonumber(scale) or 0)
    return name, ("DECIMAL(%d,%d)"):format(precision, scale), precision, scale
  end
  return name, TEXTS[text:upper()] or text:upper()
end

local function type_of_value(value)
  if math.type(value) == "integer" then
    return "BIGINT"
  elseif math.type(value) == "float" then
    return "DOUBLE"
  elseif value:find "^%d%d%d%d%-%d%d%-%d%dT%d%d:%d%d:%d%d%.%d%d%dZ$" then
    return "TIMESTAMP"
  end
  return "STRING"
end

local NUMBERS <const> = { BIGINT = true, DOUBLE = true }

-- The type that all values of a column share.
local function infer(rows, i)
  local kind
  for _, row in ipairs(rows) do
    local value = row[i]
    local seen = value ~= nil and type_of_value(value) or kind
    if kind and seen ~= kind then
      local numbers = NUMBERS[kind] and NUMBERS[seen]
      seen = numbers and "DOUBLE" or "STRING"
    end
    kind = seen
  end
  return kind or "STRING"
end

local FITS <const> = {
  BOOLEAN = function(v) return v == 0 or v == 1 end,
  LONG = function(v) return math.type(v) == "integer" end,
  INT = function(v) return math.type(v) == "integer" and v >= -0x80000000 and v <= 0x7fffffff end,
  SHORT = function(v) return math.type(v) == "integer" end,
  BYTE = function(v) return math.type(v) == "integer" end,
  DOUBLE = function(v) return math.type(v) ~= nil end,
  TIMESTAMP = function(v) return type(v) == "string" end,
  DATE = function(v) return type(v) == "string" end,
  NULL = function() return false end,
  DECIMAL = function(v) return math.type(v) ~= nil end,
}

-- Do all values of a column fit the type that the translation found by the column's name? An outer
-- query may use the name for something else.
local function all_fit(rows, i, kind)
  local fits = FITS[M.describe(kind)]
  for _, row in ipairs(fits and rows or {}) do
    if row[i] ~= nil and not fits(row[i]) then
      return false
    end
  end
  return true
end

local function float_text(value)
  if value ~= value then
    return "NaN"
  elseif value == math.huge or value == -math.huge then
    return value > 0 and "Infinity" or "-Infinity"
  end
  local text = ("%.15g"):format(value)
  for digits = 16, 17 do
    text = tonumber(text) == value and text or ("%%.%dg"):format(digits):format(value)
  end
  local mantissa, exponent = text:match "^(.-)e([+-]?%d+)$"
  if mantissa then
    mantissa = mantissa:find("%.") and mantissa or mantissa .. ".0"
    return mantissa .. "E" .. tostring(math.tointeger(tonumber(exponent)))
  end
  return text:find "%." and text or text .. ".0"
end

local function cell(value, kind)
  local scale = type(value) == "number" and kind:match "^DECIMAL%(%d+,%s*(%d+)%)"
  if value == nil then
    return json.null
  elseif scale then
    return ("%%.%sf"):format(scale):format(value)
  elseif kind == "BOOLEAN" then
    return value ~= 0 and "true" or "false"
  elseif kind == "VARIANT" and type(value) == "string" and not value:find "^[%[{]" then
    return json.encode(value) -- a VARIANT is shown as JSON, a string with its quotes
  elseif math.type(value) == "integer" then
    return kind == "DOUBLE" and float_text(value + 0.0) or ("%d"):format(value)
  elseif math.type(value) == "float" then
    return float_text(value)
  end
  return value
end

--- A statement's result from SQLite's names and rows, without the hidden columns of QUALIFY.
---@param names string[]
---@param rows table[]
---@param known table<string,string> types by column name in lower case
---@return sandbox.Result
function M.result(names, rows, known)
  local columns, positions = {}, {}
  for i, name in ipairs(names) do
    if not name:find "^__qualify%d+$" then
      local kind = known[name:lower()]
      if not kind or not all_fit(rows, i, kind) then
        kind = infer(rows, i)
      end
      columns[#columns + 1] = { name = name, type = kind }
      positions[#positions + 1] = i
    end
  end
  local out = {}
  for n, row in ipairs(rows) do
    local cells = {}
    for c, i in ipairs(positions) do
      cells[c] = cell(row[i], columns[c].type)
    end
    out[n] = cells
  end
  return { columns = columns, rows = out }
end

local BOOLEANS <const> = { ["true"] = 1, ["false"] = 0 }

--- The value of a parameter of that type, as SQLite takes it. A text that does not fit fails as a
-- cast does.
---@param text string
---@param type_text string
---@return any
function M.value(text, type_text)
  local name = M.describe(type_text)
  local value = text
  if name == "LONG" or name == "INT" or name == "SHORT" or name == "BYTE" then
    value = math.tointeger(tonumber(text))
  elseif name == "DOUBLE" or name == "FLOAT" or name == "DECIMAL" then
    value = tonumber(text)
    value = value and value + 0.0
  elseif name == "BOOLEAN" then
    value = BOOLEANS[text:lower()]
  elseif name == "DATE" or name == "TIMESTAMP" then
    local ms = clock.find_ms(text)
    value = ms and (name == "DATE" and clock.iso(ms):sub(1, 10) or clock.iso(ms))
  end
  if value == nil then
    sqlerror.bad_cast(text, type_text)
  end
  return value
end

--- May a parameter have that type?
---@param type_text string
---@return boolean
function M.is_scalar(type_text)
  local name = NAMES[first_word(type_text)]
  return name ~= nil and name ~= "ARRAY" and name ~= "MAP" and name ~= "STRUCT"
    and name ~= "VARIANT"
end

return M
