--- The operands of expressions, translated for SQLite: methods of the parser in
--- sandbox.sql.dialect.
--
-- Operands are columns and paths into JSON (`details:a.b`, `settings.serverless`, `tags['x']`),
-- literals, casts, intervals, calls, queries in parentheses.

local functions = require "sandbox.sql.functions"
local kinds = require "sandbox.sql.kinds"
local sqlerror = require "sandbox.sql.error"
local words = require "sandbox.sql.words"

local M = {}

local set = words.set

local UNITS <const> = set [[
MILLISECOND SECOND MINUTE HOUR DAY WEEK MONTH QUARTER YEAR MILLISECONDS SECONDS MINUTES HOURS DAYS
WEEKS MONTHS QUARTERS YEARS
]]

-- Functions without arguments: the time, and values of the session.
local SESSION <const> = {
  CURRENT_TIMESTAMP = "timestamp", NOW = "timestamp", CURRENT_DATE = "date",
  CURRENT_USER = "user", SESSION_USER = "user", USER = "user", CURRENT_CATALOG = "catalog",
  CURRENT_SCHEMA = "schema", CURRENT_DATABASE = "schema",
}

--- A text as an SQL literal.
function M.literal(text)
  return "'" .. text:gsub("'", "''") .. "'"
end

local literal = M.literal

--- A name in quotes.
function M.identifier(name)
  return "`" .. name:gsub("`", "``") .. "`" -- SQLite may take double quotes for a string
end

-- One step of a JSON path.
local function step(name)
  return '."' .. name:gsub('"', '\\"') .. '"'
end

-- The tokens of a type, BIGINT or DECIMAL(10,2): its name, and its text.
function M:type_name()
  local name = self:name()
  local text = name:upper()
  if self:at "(" then
    local depth = 0
    repeat
      local token = self:take()
      depth = depth + (token.text == "(" and 1 or token.text == ")" and -1 or 0)
      text = text .. token.text
    until depth == 0
  end
  return name:upper(), text
end

function M:cast(value)
  local name, text = self:type_name()
  local form = functions.find_cast(name)
  if not form then
    sqlerror.raise("0A000", ("[UNSUPPORTED_DATATYPE] Unsupported data type \"%s\". "
      .. "SQLSTATE: 0A000"):format(text))
  end
  self.last_type = text
  return form:format((value:gsub("%%", "%%%%")))
end

-- `[0]` or `['key']` as a step.
function M:subscript()
  self:expect "["
  local token = self:take()
  self:expect "]"
  if token.kind == "number" then
    return "[" .. token.text .. "]"
  elseif token.kind == "string" then
    return step(token.text)
  end
  self:fail(token)
end

-- The steps after `value:`: a.b['c'][0].
function M:json_path()
  local path = "$"
  repeat
    local token = self:peek()
    if token and token.text == "[" and token.kind == "op" then
      path = path .. self:subscript()
    else
      path = path .. step(self:name())
      self.last_name = self.tokens[self.i - 1].text
    end
    local after = self:peek()
    local dot = after and after.kind == "op" and after.text == "." and after.glued
    if dot then
      self.i = self.i + 1
    end
  until not dot and not (after and after.kind == "op" and after.text == "[" and after.glued)
  return path
end

-- What may follow an operand: a path, a subscript, a field, a cast, an interval.
function M:suffixes(value)
  while true do
    local token = self:peek()
    local op = token and token.kind == "op" and token.text
    if op == ":" and token.glued then
      self.i = self.i + 1
      local kind = self.last_type == "VARIANT" and "VARIANT" or "STRING"
      value = ("json_extract(%s, %s)"):format(value, literal(self:json_path()))
      self.last_type = kind
    elseif op == "[" then
      value = ("json_extract(%s, %s)"):format(value, literal("$" .. self:subscript()))
      self.last_type = nil
    elseif op == "." and token.glued then
      self.i = self.i + 1
      value = ("json_extract(%s, %s)"):format(value, literal("$" .. step(self:name())))
      self.last_name, self.last_type = self.tokens[self.i - 1].text, nil
    elseif op == "::" then
      self.i = self.i + 1
      value = self:cast(value)
    elseif (op == "-" or op == "+") and self:word(1) == "INTERVAL" then
      self.i = self.i + 2
      value = self:interval(value, op)
      self.last_type = "TIMESTAMP"
    elseif token and token.upper == "ILIKE" then
      self.i = self.i + 1
      value = ("spark_lower(%s) LIKE spark_lower(%s)"):format(value, self:operand())
      self.last_type = "BOOLEAN"
    else
      return value
    end
  end
end

function M:interval(value, sign)
  local n = self:take()
  local count, unit = n.text, self:word()
  if n.kind == "string" and not (unit and UNITS[unit]) then
    count, unit = n.text:match "^%s*(%-?%d+)%s+(%a+)%s*$"
    unit = unit and unit:upper()
  elseif n.kind == "param" then
    self.i = self.i + 1
    count = self:param(n)
  else
    self.i = self.i + 1
  end
  if not unit or not UNITS[unit] or not (n.kind == "param" or tonumber(count)) then
    self:fail(n)
  end
  return ("spark_ts_add('%s', %s(%s), %s)"):format(unit, sign == "-" and "-" or "", count, value)
end

-- The arguments of a call, up to and including the closing parenthesis.
function M:arguments(name)
  local list = {}
  if self:accept ")" then
    return list
  end
  local unit = functions.with_unit[name] and self:word()
  local comma = self.tokens[self.i + 1]
  if unit and UNITS[unit] and comma and comma.text == "," then
    self.i = self.i + 1
    list[1] = literal(unit)
    self:expect ","
  end
  local types = {}
  repeat
    self.last_type = nil
    list[#list + 1] = self:accept "*" and "*" or self:expression()
    types[#types + 1] = self.last_type or false
  until not self:accept ","
  self:expect ")"
  return list, types
end

function M:call(token)
  local name = token.text:lower()
  self.i = self.i + 1 -- the parenthesis
  if name == "cast" or name == "try_cast" then
    local value = self:expression()
    self:expect "AS"
    value = self:cast(value)
    self:expect ")"
    return value
  elseif name == "extract" then
    self:fail(token)
  elseif SESSION[token.upper] then
    self:expect ")"
    return self:session(SESSION[token.upper])
  elseif name == "identifier" then
    return self.quote(self:identifier_clause())
  end
  self.last_type = nil
  local args, types = self:arguments(name)
  self.last_type = kinds.of_call(name, types or {})
  if functions.written[name] then
    return functions.written[name](args)
  elseif not functions.plain[name] and not functions.renamed[name] then
    sqlerror.no_function(self.text, token.text, token.from, self.catalog, self.schema)
  end
  return ("%s(%s)"):format(functions.renamed[name] or name, table.concat(args, ", "))
end

function M:session(what)
  if what == "timestamp" or what == "date" then
    self.last_type = what:upper()
    return literal(what == "date" and self.now:sub(1, 10) or self.now)
  end
  return literal(self[what])
end

-- A column: perhaps after the name of its table, perhaps followed by fields of a struct.
function M:column(parts, from)
  local scope = self:find_alias(parts)
  local head, k
  if scope then
    k = scope.parts + 1
    local name = parts[k]
    local real = scope.columns and scope.columns[name:lower()] or name
    head = (scope.alias and self.quote(scope.alias) .. "." or "") .. self.quote(real)
  else
    k = 1
    head = self:find_lateral(parts[1]) or self.quote(parts[1])
  end
  self:remember(parts, k, from)
  self.last_type = k == #parts and self:find_type(parts[k]) or nil
  self.last_name = parts[#parts]
  local path = "$"
  for i = k + 1, #parts do
    path = path .. step(parts[i])
  end
  if path == "$" then
    return head
  end
  self.last_type = self:find_type(table.concat(parts, ".", k))
  return ("json_extract(%s, %s)"):format(head, literal(path))
end

-- A text in the form in which timestamps are stored: they are compared as text.
local function as_timestamp(text)
  local date, time, rest = text:match "^(%d%d%d%d%-%d%d%-%d%d) (%d%d:%d%d:%d%d)(%.?%d*)Z?$"
  return date and ("%sT%s.%sZ"):format(date, time, ((rest:sub(2)) .. "000"):sub(1, 3))
end

function M:string_literal(token)
  local before = self.tokens[self.i - 2]
  local compared = before and (before.text:find "^[<>=!]=?$" or before.upper == "BETWEEN"
    or before.upper == "AND")
  self.last_type = "STRING"
  return literal(compared and as_timestamp(token.text) or token.text)
end

-- TIMESTAMP '...' and DATE '...'.
function M:typed_literal(token)
  local value = self:take()
  self.last_type = token.upper
  local f = token.upper == "DATE" and "spark_date(%s)" or "spark_timestamp(%s)"
  return f:format(literal(value.text))
end

function M:group()
  if self:accept ")" then
    return "()" -- OVER ()
  end
  local head = self:word()
  if head == "SELECT" or head == "WITH" or head == "VALUES" then
    local query = self:query()
    self:expect ")"
    self.last_type = nil
    return "(" .. query .. ")"
  end
  local list = self:expressions(true)
  self:expect ")"
  return "(" .. list .. ")"
end

--- One operand with its suffixes.
function M:operand()
  local token = self:take()
  local after = self:peek()
  local value
  if token.kind == "number" then
    value, self.last_type = token.text, kinds.of_number(token.text)
  elseif token.kind == "string" then
    value = self:string_literal(token)
  elseif token.kind == "param" then
    value = self:param(token)
  elseif token.text == "(" then
    value = self:group()
  elseif token.kind == "word" and after and after.text == "(" and after.kind == "op" then
    value = self:call(token)
  elseif token.kind == "word" and after and after.kind == "string"
    and (token.upper == "TIMESTAMP" or token.upper == "DATE") then
    value = self:typed_literal(token)
  elseif SESSION[token.upper] and not (after and after.text == ".") then
    value = self:session(SESSION[token.upper])
  elseif token.kind == "word" or token.kind == "quoted" then
    value = self:column(self:chain(token), token.from)
  else
    self:fail(token)
  end
  return self:suffixes(value)
end

return M
