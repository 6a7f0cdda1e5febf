--- Spark's queries, translated for SQLite.
--
-- Understands SELECT, WITH, set operations, VALUES, joins, QUALIFY, explode, three-level names,
-- `event_log(...)`, IDENTIFIER and parameters. Everything else is a syntax error, even if it is
-- valid in Spark: the embedded workspace does not guess.
--
-- `env.table(parts, from)` resolves each table that a query names: to { sql, columns }, or nil.

local expression = require "sandbox.sql.expression"
local from_clause = require "sandbox.sql.from"
local lexer = require "sandbox.sql.lexer"
local operand = require "sandbox.sql.operand"
local parser = require "sandbox.sql.parser"
local sqlerror = require "sandbox.sql.error"

local M = {}

local Parser = {}
for _, methods in ipairs { parser, operand, expression, from_clause } do
  for name, method in pairs(methods) do
    Parser[name] = method
  end
end
Parser.__index = Parser

-- The name that Spark gives a column without an alias.
local function natural_name(text)
  return (text:gsub("%(%s*%*%s*%)", "(1)"):gsub("%s+", " "))
end

-- `t.*`, from the star on.
function Parser:star(parts, token)
  self:expect "*"
  local scope = self:find_alias(table.move({ "*" }, 1, 1, #parts + 1, { table.unpack(parts) }))
  if not scope or scope.parts ~= #parts then
    sqlerror.raise("42704", ("[CANNOT_RESOLVE_STAR_EXPAND] Cannot resolve `%s`.* given input "
      .. "columns. Please check that the specified table or struct exists and is accessible in the "
      .. "input columns. SQLSTATE: 42704; %s"):format(table.concat(parts, "`.`"),
        sqlerror.at(self.text, token.from)))
  end
  return self.quote(scope.alias) .. ".*"
end

function Parser:select_item(from)
  local token, start = self:peek() or self:fail(nil), self.i
  if token.text == "*" then
    self.i = self.i + 1
    return "*"
  elseif (token.upper == "EXPLODE" or token.upper == "VARIANT_EXPLODE")
    and self.tokens[start + 1] and self.tokens[start + 1].text == "(" then
    self.i = start + 2
    local list = self:arguments "explode"
    local alias = "__each" .. self.i
    from[#from + 1] = ("json_each(%s) AS %s"):format(list[1], self.quote(alias))
    local name = self:find_alias_name() or "col"
    return ("%s.value AS %s"):format(self.quote(alias), self.quote(name))
  end
  if token.kind == "word" and self.tokens[start + 1] and self.tokens[start + 1].text == "." then
    self.i = start + 1
    local parts = self:chain(token)
    if self:accept "." then
      return self:star(parts, token)
    end
    self.i = start
  end
  self.last_name = nil
  local text = self:expression()
  local kind, simple, name = self.last_type, self.simple, self.last_name
  local last = self.tokens[self.i - 1]
  local alias = self:find_alias_name()
  if not alias and simple and name and last.text == name then
    alias = name
  end
  alias = alias or natural_name(self.text:sub(token.from, last.to))
  if kind then
    self.types[alias:lower()] = kind
  end
  return ("%s AS %s"):format(text, self.quote(alias))
end

function Parser:skip_to_from()
  local depth = 0
  while true do
    local token = self:peek()
    if not token or depth == 0 and (token.text == ")" or token.text == ";"
      or token.upper == "UNION" or token.upper == "EXCEPT" or token.upper == "INTERSECT") then
      return false
    elseif depth == 0 and token.upper == "FROM" and self:word(-1) ~= "DISTINCT" then
      return true
    end
    if token.kind == "op" then
      depth = depth + (token.text == "(" and 1 or token.text == ")" and -1 or 0)
    end
    self.i = self.i + 1
  end
end


-- QUALIFY: SQLite has no such clause, so the condition becomes a hidden column of an inner query.
local function add_hidden_column(self, select, condition)
  self.hidden = self.hidden + 1
  local name = "__qualify" .. self.hidden
  select.items = ("%s, (%s) AS %s"):format(select.items, condition, name)
  return name
end

local function select_text(select)
  local out = { "SELECT ", select.distinct, select.items }
  for _, clause in ipairs { "from", "where", "group", "having" } do
    out[#out + 1] = select[clause] and select[clause] or ""
  end
  return table.concat(out)
end

function Parser:select()
  self:expect "SELECT"
  local select = { distinct = self:accept "DISTINCT" and "DISTINCT " or "" }
  self:accept "ALL"
  self.scope = { tables = {}, laterals = {}, outer = self.scope }
  local items_at, from = self.i, {}
  local has_from = self:skip_to_from()
  if has_from then
    self:expect "FROM"
    from[1] = self:from_list()
  end
  local after = self.i
  self.i = items_at
  local items = {}
  repeat
    items[#items + 1] = self:select_item(from)
  until not self:accept ","
  if has_from and not self:at "FROM" then
    self:fail(self:peek())
  elseif has_from then
    self.i = after
  end
  select.items = table.concat(items, ", ")
  select.from = from[1] and " FROM " .. table.concat(from, ", ")
  select.where = self:accept "WHERE" and " WHERE " .. self:expression()
  if self:accept "GROUP" then
    self:expect "BY"
    select.group = " GROUP BY " .. self:expressions()
  end
  select.having = self:accept "HAVING" and " HAVING " .. self:expression()
  local text
  if self:accept "QUALIFY" then
    local name = add_hidden_column(self, select, self:expression())
    for _, one in ipairs(self.scope.tables) do
      one.inside = true -- ORDER BY stands outside of the inner query
    end
    text = ("SELECT * FROM (%s) WHERE %s"):format(select_text(select), name)
  end
  return text or select_text(select)
end


function Parser:term()
  local head = self:word()
  if head == "VALUES" then
    self.i = self.i + 1
    local rows = {}
    repeat
      local one = self:expression()
      rows[#rows + 1] = one:sub(1, 1) == "(" and one or "(" .. one .. ")"
    until not self:accept ","
    return "VALUES " .. table.concat(rows, ", ")
  elseif self:accept "(" then
    local query = self:query()
    self:expect ")"
    return "SELECT * FROM (" .. query .. ")"
  elseif head ~= "SELECT" then
    self:fail(self:peek())
  end
  return self:select()
end

local function with(self)
  local list = {}
  self:accept "RECURSIVE"
  repeat
    local name = self:name()
    local columns = self:find_column_names()
    self:accept "AS"
    self:expect "("
    local query = self:query()
    self:expect ")"
    self.ctes[name:lower()] = true
    for i, column in ipairs(columns or {}) do
      columns[i] = self.quote(column)
    end
    local head = columns and ("%s(%s)"):format(self.quote(name), table.concat(columns, ", "))
      or self.quote(name)
    list[#list + 1] = ("%s AS (%s)"):format(head, query)
  until not self:accept ","
  return "WITH " .. table.concat(list, ", ") .. " "
end

--- A whole query, up to the first token that cannot belong to it.
---@return string
function Parser:query()
  local outer = self.scope
  local out = { self:accept "WITH" and with(self) or "", self:term() }
  while self:at "UNION" or self:at "EXCEPT" or self:at "INTERSECT" or self:at "MINUS" do
    local word = self:take().upper
    local all = self:accept "ALL" and " ALL " or " "
    self:accept "DISTINCT"
    self.scope = outer
    out[#out + 1] = (" %s%s"):format(word == "MINUS" and "EXCEPT" or word, all)
    out[#out + 1] = self:term()
  end
  if self:accept "ORDER" then
    self:expect "BY"
    out[#out + 1] = " ORDER BY " .. self:expressions()
  end
  if self:accept "LIMIT" then
    out[#out + 1] = self:accept "ALL" and "" or " LIMIT " .. self:expression()
  end
  if self:accept "OFFSET" then
    out[#out + 1] = " OFFSET " .. self:expression()
  end
  self.scope = outer
  return table.concat(out)
end

---@class sandbox.Query
---@field sql string               for SQLite
---@field params table             values by name
---@field types table<string,string>  Spark type by column name in lower case
---@field positions table          where each column is named in the text
---@field known string[]           the columns of all tables that the query names

--- Translate one statement.
---@param text string
---@param env table { params, table, event_log, now, user, catalog, schema }
---@return sandbox.Query
function M.translate(text, env)
  local self = setmetatable({
    text = text, tokens = lexer.tokens(text), i = 1, env = env, used = {}, types = {},
    positions = {}, known = {}, ctes = {}, hidden = 0, now = env.now, user = env.user,
    catalog = env.catalog, schema = env.schema,
  }, Parser)
  local sql = self:query()
  self:accept ";"
  if self:peek() then
    self:fail(self:peek())
  end
  return { sql = sql, params = self.used, types = self.types, positions = self.positions,
    known = self.known }
end

return M
