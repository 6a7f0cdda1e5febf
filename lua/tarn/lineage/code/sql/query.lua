--- Find the tables and paths that a query reads. Pure.
--
-- A query is read clause by clause: common table expressions with their scopes, relations behind
-- FROM, JOIN and commas, and queries in parentheses anywhere. Other expressions are skipped, since
-- only a query in them can read a table.

local constant = require "tarn.lineage.code.sql.constant"
local relations = require "tarn.lineage.code.sql.relations"
local tokens = require "tarn.lineage.code.sql.tokens"

local is = tokens.is

local M = {}

---@class tarn.SqlQuery
---@field list tarn.SqlToken[]
---@field context tarn.LineageContext
---@field inputs string[]
---@field bare table<string, string> inputs that USE has qualified -> their bare names
---@field note fun(line: integer, what: string) tells what is not known
local Query = setmetatable({}, { __index = relations })
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

--- True if a query begins at `i`.
---@type fun(list: tarn.SqlToken[], i: integer, to: integer): boolean
M.begins = begins_query

-- Common table expressions behind WITH: the index behind them and their scope.
function Query:common(i, to, up)
  local list, scope = self.list, { names = {}, up = up }
  local recursive = is(list[i], "RECURSIVE") and list[i + 1] and list[i + 1].kind == "word"
    and not (is(list[i + 1], "AS") and is(list[i + 2], "("))
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
  return not is(list[i - 1], "AS") and not is(list[i - 1], ":")
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
      or is_word and is(token, "JOIN") and not is(list[i - 1], "AS")
      or in_relations and is(token, ",") then
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
    seen = {}, begins = begins_query }, Query)
end

return M
