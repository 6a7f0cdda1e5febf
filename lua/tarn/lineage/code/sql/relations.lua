--- Relations behind FROM, JOIN and commas: tables, paths, table functions, rows, parentheses. Pure.
--
-- Methods of the reader of queries (tarn.lineage.code.sql.query).

local constant = require "tarn.lineage.code.sql.constant"
local functions = require "tarn.lineage.code.sql.functions"
local names = require "tarn.lineage.code.sql.name"
local tokens = require "tarn.lineage.code.sql.tokens"

local is = tokens.is

---@class tarn.SqlQuery
local Query = {}

-- Words that follow STREAM where it is a table's name.
local AFTER_NAME <const> = { WHERE = true, GROUP = true, ORDER = true, JOIN = true, LEFT = true,
  RIGHT = true, INNER = true, FULL = true, CROSS = true, ON = true, AS = true, UNION = true,
  LIMIT = true, HAVING = true, EXCEPT = true, KEYS = true }

local function is_known(scope, name)
  while scope do
    if scope.names[name] then
      return true
    end
    scope = scope.up
  end
  return false
end

function Query:add(name)
  local key = name.is_path and name.text or name.text:lower()
  if not self.seen[key] then
    self.seen[key] = true
    self.inputs[#self.inputs + 1] = name.text
    self.bare[name.text] = name.bare
  end
end

-- Add the table with these parts, unless it is a common table expression.
function Query:take(parts, scope, line)
  if #parts == 1 and is_known(scope, parts[1]:lower()) then
    return
  end
  local name, problem = names.resolve(parts, self.context)
  if name then
    self:add(name)
  else
    self.note(line, problem)
  end
end

-- ---- table functions ----

-- The value of the argument of this name, or of the first one.
function Query:argument(i, stop, key)
  local from = i + 1
  for k = from, stop - 2 do
    if is(self.list[k], key) and is(self.list[k + 1], "=>") then
      from = k + 2
    end
  end
  local to, depth = from, 0
  while to < stop and not (depth == 0 and is(self.list[to], ",")) do
    depth = depth + (is(self.list[to], "(") and 1 or is(self.list[to], ")") and -1 or 0)
    to = to + 1
  end
  return constant.of(self.list, from, to - 1, self.context)
end

-- A function in place of a table, whose parenthesis is at `i`.
function Query:call(parts, i, stop, scope)
  local line, name = self.list[i].line, parts[#parts]
  local upper = #parts == 1 and name:upper() or ""
  self:expression(i + 1, stop - 1, scope, true)
  if functions.PATHS[upper] or functions.NAMES[upper] then
    local value, problem = self:argument(i, stop, functions.PATHS[upper] and "PATH" or "TABLE")
    local found = value and functions.NAMES[upper] and names.split(value)
    if found then
      self:take(found, nil, line)
    elseif value and names.is_path(value) then
      self:add { text = value, is_path = true }
    elseif not is(self.list[i + 1], "TABLE") then
      self.note(line, ("what %s reads is not known: %s"):format(name,
        problem or "'" .. value .. "' is no full path"))
    end
  elseif not functions.HARMLESS[upper] then
    self.note(line, ("what the table function %s reads is not known"):format(
      table.concat(parts, ".")))
  end
end

-- ---- relations ----

-- Rows behind VALUES, up to their alias.
function Query:values(i, to, scope)
  local ended = false
  while i <= to do
    local token = self.list[i]
    if is(token, "(") then
      local stop = tokens.closing(self.list, i, to)
      self:group(i, stop, scope)
      i, ended = stop, true
    elseif is(token, ",") then
      ended = false
    elseif token.kind == "word" and (ended or is(token, "AS")) then
      return i
    elseif token.kind ~= "sign" then
      ended = not (token.kind == "word" and is(self.list[i + 1], "("))
    end
    i = i + 1
  end
  return i
end

-- What may stand behind a table: a version, options, a point in time, an alias.
function Query:behind(i, to)
  local list = self.list
  if is(list[i], "@") and i < to then
    i = i + 2
  end
  if is(list[i], "WITH") and is(list[i + 1], "(") then
    i = tokens.closing(list, i + 1, to) + 1
  end
  local k = is(list[i], "FOR") and i + 1 or i
  if is(list[k + 1], "AS") and is(list[k + 2], "OF") then
    i = k + 3
  end
  if is(list[i], "AS") and i < to then
    i = i + 2
  end
  return i
end

function Query:named(i, to, scope)
  local parts, after, problem = names.parts(self.list, i, to, self.context)
  local line = self.list[math.min(i, #self.list)].line
  if not parts then
    self.note(line, "the name of a table is not understood")
    return i
  elseif problem then
    self.note(line, problem)
  elseif after <= to and is(self.list[after], "(") then
    local stop = tokens.closing(self.list, after, to)
    self:call(parts, after, stop, scope)
    return self:behind(stop + 1, to)
  else
    self:take(parts, scope, line)
  end
  return self:behind(after, to)
end

-- The keywords STREAM and TABLE before a name or a parenthesis. They may be names themselves.
function Query:is_prefix(i, to)
  local token, following = self.list[i], self.list[i + 1]
  if i >= to then
    return false
  elseif is(token, "STREAM") then
    return is(following, "(") or following.kind == "parameter"
      or following.kind == "word" and not AFTER_NAME[following.upper or ""]
  end
  return is(token, "TABLE") and not is(following, ".") and not is(following, ",")
end

--- A relation at `i`; returns the index behind it.
function Query:relation(i, to, scope)
  local list = self.list
  while is(list[i], "LATERAL") and i < to do
    i = i + 1
  end
  if i > to then
    self.note(list[#list].line, "the name of a table is missing")
    return i
  elseif self:is_prefix(i, to) then
    return self:relation(i + 1, to, scope)
  elseif is(list[i], "VALUES") and i < to and list[i + 1].kind ~= "sign"
    or is(list[i], "VALUES") and is(list[i + 1], "(") then
    return self:behind(self:values(i + 1, to, scope), to)
  elseif is(list[i], "(") then
    local stop = tokens.closing(list, i, to)
    self:body(i + 1, stop - 1, scope, not self.begins(list, i + 1, stop - 1))
    return self:behind(stop + 1, to)
  end
  return self:named(i, to, scope)
end

return Query
