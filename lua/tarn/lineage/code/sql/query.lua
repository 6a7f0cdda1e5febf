--- Find the tables and paths that a query reads. Pure.
--
-- A query is read clause by clause: common table expressions with their scopes, relations behind
-- FROM, JOIN and commas, and queries in parentheses anywhere. Other expressions are skipped, since
-- only a query in them can read a table.

local constant = require "tarn.lineage.code.sql.constant"
local functions = require "tarn.lineage.code.sql.functions"
local names = require "tarn.lineage.code.sql.name"
local tokens = require "tarn.lineage.code.sql.tokens"

local is = tokens.is

local M = {}

---@class tarn.SqlQuery
---@field list tarn.SqlToken[]
---@field context tarn.LineageContext
---@field inputs string[]
---@field bare table<string, string> inputs that USE has qualified -> their bare names
---@field note fun(line: integer, what: string) tells what is not known
local Query = {}
Query.__index = Query

local SET_OPERATIONS <const> = { UNION = true, EXCEPT = true, INTERSECT = true, MINUS = true }
local QUANTIFIERS <const> = { ALL = true, DISTINCT = true, BY = true, NAME = true }
local STARTS <const> = { SELECT = true, VALUES = true, WITH = true, FROM = true }
-- Words behind which a comma is not between relations; those with true only before BY.
local ENDS <const> = { WHERE = false, HAVING = false, LIMIT = false, OFFSET = false,
  QUALIFY = false, SELECT = false, GROUP = true, ORDER = true, SORT = true, DISTRIBUTE = true,
  CLUSTER = true }
-- Functions with FROM in their arguments.
local WITH_FROM <const> = { TRIM = true, EXTRACT = true, SUBSTRING = true, SUBSTR = true,
  OVERLAY = true }
-- Words that follow STREAM where it is a table's name.
local AFTER_NAME <const> = { WHERE = true, GROUP = true, ORDER = true, JOIN = true, LEFT = true,
  RIGHT = true, INNER = true, FULL = true, CROSS = true, ON = true, AS = true, UNION = true,
  LIMIT = true, HAVING = true, EXCEPT = true, KEYS = true }

-- ---- helpers ----

-- True if a query begins at `i`. Parentheses around a query are part of it if they end, or go on
-- with what only a query has.
local function begins_query(list, i, to)
  local token = list[i]
  if not token or i > to then
    return false
  elseif is(token, "(") then
    local stop = tokens.closing(list, i, to)
    local after = list[stop + 1]
    return begins_query(list, i + 1, stop - 1)
      and (stop >= to or is(after, "|>") or SET_OPERATIONS[after.upper or ""]
        or ENDS[after.upper or ""] ~= nil)
  end
  local following = list[i + 1]
  return STARTS[token.upper or ""]
    or is(token, "TABLE") and i < to and (following.kind == "word" or following.kind == "parameter")
    or false
end

M.begins = begins_query

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
    self:body(i + 1, stop - 1, scope, not begins_query(list, i + 1, stop - 1))
    return self:behind(stop + 1, to)
  end
  return self:named(i, to, scope)
end

-- ---- queries ----

-- Common table expressions behind WITH: the index behind them and their scope.
function Query:common(i, to, up)
  local list, scope = self.list, { names = {}, up = up }
  local recursive = is(list[i], "RECURSIVE") and list[i + 1] and list[i + 1].kind == "word"
  i = recursive and i + 1 or i
  while i <= to and list[i].kind == "word" do
    local name, from = list[i].text:lower(), i + 1
    if is(list[from], "(") and not begins_query(list, from + 1, to) then
      from = tokens.closing(list, from, to) + 1
    end
    while from <= to and not is(list[from], "(") do
      from = from + 1
    end
    local stop = tokens.closing(list, from, to)
    scope.names[name] = recursive
    self:body(from + 1, stop - 1, scope)
    scope.names[name] = true
    i = stop + 1
    if not is(list[i], ",") then
      break
    end
    i = i + 1
  end
  return i, scope
end

-- Parentheses anywhere in an expression.
function Query:group(i, stop, scope)
  local list = self.list
  local of = list[i - 1] and list[i - 1].upper or ""
  if begins_query(list, i + 1, stop - 1)
    and not (is(list[i + 1], "FROM") and WITH_FROM[of]) then
    self:body(i + 1, stop - 1, scope)
  else
    self:expression(i + 1, stop - 1, scope)
  end
end

--- Find the queries in an expression. `with_tables`: TABLE(x) in it is a table.
function Query:expression(from, to, scope, with_tables)
  local i, list = from, self.list
  while i <= to do
    if with_tables and is(list[i], "TABLE") and not is(list[i + 1], "=>") then
      i = self:relation(i, to, scope)
    elseif is(list[i], "(") then
      local stop = tokens.closing(list, i, to)
      self:group(i, stop, scope)
      i = stop + 1
    else
      if list[i].kind == "parameter" then
        self.note(list[i].line, constant.unset(list[i].text))
      end
      i = i + 1
    end
  end
end

-- True if FROM at `i` begins a clause. It does not in IS DISTINCT FROM and as an alias.
local function is_clause(list, i, from)
  if i == from then
    return true
  elseif is(list[i - 1], "DISTINCT") then
    return not (is(list[i - 2], "IS") or is(list[i - 2], "NOT"))
  end
  return not is(list[i - 1], "AS")
end

local function ends_relations(list, i)
  local upper = list[i].upper or ""
  local before_by = ENDS[upper]
  return SET_OPERATIONS[upper] or is(list[i], "|>") or before_by == false
    or before_by and is(list[i + 1], "BY")
    or upper == "WINDOW" and is(list[i + 2], "AS")
    or upper == "LATERAL" and is(list[i + 1], "VIEW") or false
end

--- Read a query. `in_relations`: it is a list of relations, as in parentheses behind FROM.
function Query:body(from, to, scope, in_relations)
  local list, i, starts = self.list, from, true
  if is(list[i], "WITH") and i <= to then
    i, scope = self:common(i + 1, to, scope)
    from = i
  elseif in_relations then
    i, starts = self:relation(i, to, scope), false
  end
  while i <= to do
    local token, is_word = list[i], not is(list[i - 1], ".")
    local next_start = is_word and starts and QUANTIFIERS[token.upper or ""]
      or SET_OPERATIONS[token.upper or ""]
    if is(token, "(") then
      local stop = tokens.closing(list, i, to)
      self:group(i, stop, scope)
      i = stop + 1
    elseif is_word and is(token, "FROM") and is_clause(list, i, from)
      or is_word and is(token, "JOIN") or in_relations and is(token, ",") then
      in_relations = in_relations or not is(token, "JOIN")
      i = self:relation(i + 1, to, scope)
    elseif starts and begins_query(list, i, to) and is(token, "TABLE") then
      i = self:relation(i + 1, to, scope)
    else
      if is_word and ends_relations(list, i) then
        in_relations = false
      end
      if token.kind == "parameter" then
        self.note(token.line, constant.unset(token.text))
      end
      i = i + 1
    end
    starts = next_start
  end
end

--- A reader of queries in these tokens.
---@param list tarn.SqlToken[]
---@param context tarn.LineageContext
---@param note fun(line: integer, what: string)
---@return tarn.SqlQuery
function M.new(list, context, note)
  return setmetatable({ list = list, context = context, note = note, inputs = {}, bare = {},
    seen = {} }, Query)
end

return M
