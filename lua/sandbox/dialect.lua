--- Spark's queries, translated for SQLite.
--
-- Understands SELECT, WITH, set operations, VALUES, joins, QUALIFY, explode, three-level names,
-- `event_log(...)`, IDENTIFIER, parameters. Anything else is a syntax error, as it would be for
-- a typing mistake: the embedded workspace does not guess.
--
-- Each table named is asked of `env.table(parts, from)`, which gives { sql, columns } or nil.

local expression = require "sandbox.expression"
local lexer = require "sandbox.lexer"
local sqlerror = require "sandbox.sqlerror"

local M = {}

local Parser = {}
for name, method in pairs(expression) do
  Parser[name] = method
end
Parser.__index = Parser

local literal = expression.literal

function Parser:peek()
  return self.tokens[self.i]
end

function Parser:take()
  local token = self.tokens[self.i] or self:fail(nil)
  self.i = self.i + 1
  return token
end

--- The token `n` further on, in capitals, if it is a word.
function Parser:word(n)
  local token = self.tokens[self.i + (n or 0)]
  return token and token.upper
end

function Parser:at(what)
  local token = self:peek()
  return token and (token.upper == what or token.kind == "op" and token.text == what) or false
end

function Parser:accept(what)
  if self:at(what) then
    self.i = self.i + 1
    return true
  end
  return false
end

function Parser:expect(what)
  if not self:accept(what) then
    self:fail(self:peek())
  end
end

function Parser:fail(token)
  sqlerror.syntax(self.text, token)
end

function Parser:quote(name)
  return expression.identifier(name)
end

--- A name that must be there.
function Parser:name()
  local token = self:take()
  if token.kind ~= "word" and token.kind ~= "quoted" then
    self:fail(token)
  end
  return token.text
end

--- The parts of a dotted name whose first token is taken. `t.*` is left at the star.
function Parser:chain(token)
  local parts = { token.text }
  while self:at "." do
    local after = self.tokens[self.i + 1]
    if not after or after.text == "*" then
      break
    end
    self.i = self.i + 1
    parts[#parts + 1] = self:name()
  end
  return parts
end

--- The value of a parameter, as a parameter of SQLite.
function Parser:param(token)
  local bound = self.env.params[token.text]
  if not bound then
    sqlerror.unbound(self.text, token.text, token.from)
  end
  self.last_type = bound.type
  if bound.value == nil then
    return "NULL"
  end
  self.used[token.text] = bound.value
  return ":" .. token.text
end

--- IDENTIFIER(:name) or IDENTIFIER('a.b'), behind its parenthesis: the name.
function Parser:identifier_clause()
  local token = self:take()
  local text = token.kind == "string" and token.text
  if token.kind == "param" then
    self:param(token)
    text = self.env.params[token.text].value
  end
  if type(text) ~= "string" then
    self:fail(token)
  end
  self:expect ")"
  return text, token.from
end

-- The table that the first of `parts` name: an alias, or a whole name that stands in FROM.
function Parser:find_alias(parts)
  local scope = self.scope
  while scope do
    for _, one in ipairs(scope.tables) do
      if #parts > 1 and one.alias:lower() == parts[1]:lower() then
        return { alias = not one.inside and one.alias, columns = one.columns, parts = 1 }
      end
      local n = one.name and #one.name or 0
      local prefix = table.concat(parts, ".", 1, math.min(n, #parts)):lower()
      if n > 1 and #parts > n and prefix == table.concat(one.name, "."):lower() then
        return { alias = not one.inside and one.alias, columns = one.columns, parts = n }
      end
    end
    scope = scope.outer
  end
end

-- A column that LATERAL VIEW named: "t"."value" for its alias.
function Parser:find_lateral(name)
  local scope = self.scope
  while scope do
    local head = scope.laterals[name:lower()]
    if head then
      return head
    end
    scope = scope.outer
  end
end

--- Keep what a column was called, to say so if SQLite does not find it.
function Parser:remember(parts, k, from)
  local name = parts[k]:lower()
  self.places[name] = self.places[name] or { name = table.concat(parts, "."), from = from }
end

--- The type of a column of that name among the tables named so far.
function Parser:find_type(name)
  return self.types[name:lower()]
end

local function add_table(self, one)
  local tables = self.scope.tables
  tables[#tables + 1] = one
  for _, column in ipairs(one.fields or {}) do
    self.known[#self.known + 1] = column.name
    self.types[column.name:lower()] = self.types[column.name:lower()] or column.type
    for field, kind in pairs(column.fields or {}) do
      self.types[(column.name .. "." .. field):lower()] = kind
    end
  end
end

-- A word behind a table that is not a clause is its alias.
function Parser:find_alias_name()
  local explicit = self:accept "AS"
  local token = self:peek()
  local free = token and (token.kind == "quoted"
    or token.kind == "word" and not expression.ENDS[token.upper] and token.upper ~= "SEMI"
    and token.upper ~= "ANTI")
  if free then
    self.i = self.i + 1
    return token.text
  elseif explicit then
    self:fail(token)
  end
end

function Parser:name_list()
  local list = {}
  repeat
    list[#list + 1] = self:name()
  until not self:accept ","
  return list
end

function Parser:find_column_names()
  if self:accept "(" then
    local list = self:name_list()
    self:expect ")"
    return list
  end
end

-- explode(...) and variant_explode(...), behind the name: a row for each element.
function Parser:explode(view)
  self:expect "("
  local list = self:arguments "explode"
  local alias = self:find_alias_name() or "__each" .. #self.scope.tables
  local names = not view and self:find_column_names() or nil
  if view and self:accept "AS" then
    names = self:name_list()
  end
  local columns = { pos = "key", col = "value" }
  if names then
    columns[names[#names]:lower()] = "value"
    self.scope.laterals[names[#names]:lower()] = self:quote(alias) .. "." .. self:quote "value"
  end
  add_table(self, { alias = alias, columns = columns })
  return ("json_each(%s) AS %s"):format(list[1], self:quote(alias))
end

-- The argument of event_log: an id, or TABLE(name).
function Parser:event_log(from)
  self:expect "("
  local id, parts
  local token = self:take()
  if token.kind == "string" then
    id = token.text
  elseif token.kind == "param" then
    self:param(token)
    id = self.env.params[token.text].value
  elseif token.upper == "TABLE" then
    self:expect "("
    parts = self:chain(self:take())
    self:expect ")"
  else
    self:fail(token)
  end
  self:expect ")"
  return self.env.event_log(id, parts, from)
end

function Parser:relation()
  local token = self:take()
  local parts, from, found = nil, token.from, nil
  if token.upper == "IDENTIFIER" and self:at "(" then
    self.i = self.i + 1
    local name
    name, from = self:identifier_clause()
    parts = {}
    for part in name:gsub("`", ""):gmatch "[^.]+" do
      parts[#parts + 1] = part
    end
  elseif token.upper == "EVENT_LOG" and self:at "(" then
    found = self:event_log(from)
    parts = { "event_log" }
  elseif token.kind == "word" and self:at "(" then
    sqlerror.raise("42883", ("[UNRESOLVABLE_TABLE_VALUED_FUNCTION] Could not resolve `%s` to a "
      .. "table-valued function. SQLSTATE: 42883"):format(token.text))
  elseif token.kind == "word" or token.kind == "quoted" then
    parts = self:chain(token)
  else
    self:fail(token)
  end
  local alias = self:find_alias_name()
  if #parts == 1 and self.ctes[parts[1]:lower()] then
    add_table(self, { alias = alias or parts[1] })
    return self:quote(parts[1]) .. (alias and " AS " .. self:quote(alias) or "")
  end
  found = found or self.env.table(parts, from)
  if not found then
    sqlerror.no_table(self.text, parts, from)
  end
  add_table(self, { alias = alias or parts[#parts], name = parts, fields = found.columns })
  return ("(%s) AS %s"):format(found.sql, self:quote(alias or parts[#parts]))
end

function Parser:derived()
  local query = self:query()
  self:expect ")"
  local alias = self:find_alias_name() or "__derived" .. self.i
  local names = self:find_column_names()
  if names then
    for i, name in ipairs(names) do
      names[i] = self:quote(name)
    end
    local inner = self:quote(alias)
    query = ("WITH %s(%s) AS (%s) SELECT * FROM %s")
      :format(inner, table.concat(names, ", "), query, inner)
  end
  add_table(self, { alias = alias })
  return ("(%s) AS %s"):format(query, self:quote(alias))
end

function Parser:from_item()
  self:accept "LATERAL"
  local head, after = self:word(), self:word(1)
  if (head == "EXPLODE" or head == "VARIANT_EXPLODE" or head == "EXPLODE_OUTER"
    or head == "VARIANT_EXPLODE_OUTER") then
    self.i = self.i + 1
    return self:explode(false)
  elseif not self:accept "(" then
    return self:relation()
  elseif after == "SELECT" or after == "WITH" or after == "VALUES" or self:at "(" then
    return self:derived()
  end
  local inner = self:from_list()
  self:expect ")"
  return "(" .. inner .. ")"
end

local JOIN_WORDS <const> = { INNER = true, LEFT = true, RIGHT = true, FULL = true, CROSS = true,
  OUTER = true, NATURAL = true }

function Parser:find_join()
  local words, start = {}, self.i
  while JOIN_WORDS[self:word() or ""] do
    words[#words + 1] = self:take().upper
  end
  if self:accept "JOIN" then
    return table.concat(words, " ") .. " JOIN "
  elseif #words > 0 then
    self:fail(self:peek())
  end
  self.i = start
end

function Parser:from_list()
  local out = { self:from_item() }
  while true do
    local join = self:find_join()
    if join then
      out[#out + 1] = join .. self:from_item()
      if self:accept "ON" then
        out[#out + 1] = "ON " .. self:expression()
      elseif self:accept "USING" then
        local names = self:find_column_names() or self:fail(self:peek())
        for i, name in ipairs(names) do
          names[i] = self:quote(name)
        end
        out[#out + 1] = ("USING (%s)"):format(table.concat(names, ", "))
      end
    elseif self:accept "," then
      out[#out + 1] = ", " .. self:from_item()
    elseif self:at "LATERAL" then
      self:expect "LATERAL"
      self:expect "VIEW"
      self:accept "OUTER"
      self:take() -- explode, or what the next step refuses
      out[#out + 1] = ", " .. self:explode(true)
    else
      return table.concat(out, " ")
    end
  end
end

-- What Spark calls a column without an alias.
local function natural_name(text)
  return (text:gsub("%(%s*%*%s*%)", "(1)"):gsub("%s+", " "))
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
    from[#from + 1] = ("json_each(%s) AS %s"):format(list[1], self:quote(alias))
    local name = self:find_alias_name() or "col"
    return ("%s.value AS %s"):format(self:quote(alias), self:quote(name))
  end
  if token.kind == "word" and self.tokens[start + 1] and self.tokens[start + 1].text == "." then
    self.i = start + 1
    local parts = self:chain(token)
    if self:at "." then
      self.i = self.i + 2 -- the dot and the star
      local scope = self:find_alias { parts[1], "*" }
      return self:quote(scope and scope.alias or parts[#parts]) .. ".*"
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
  return ("%s AS %s"):format(text, self:quote(alias))
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

function Parser:expressions()
  local out = {}
  repeat
    out[#out + 1] = self:expression(true)
  until not self:accept ","
  return table.concat(out, ", ")
end

-- SELECT ... QUALIFY condition: the condition becomes a hidden column of an inner query.
local function qualified(self, select, condition)
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
  if self:skip_to_from() then
    self:expect "FROM"
    from[1] = self:from_list()
  end
  local after = self.i
  self.i = items_at
  local items = {}
  repeat
    items[#items + 1] = self:select_item(from)
  until not self:accept ","
  if from[1] and not self:at "FROM" then
    self:fail(self:peek())
  elseif self:at "FROM" then
    self.i = after
  end
  select.items = table.concat(items, ", ")
  select.from = from[1] and " FROM " .. table.concat(from, ", ")
  select.where = self:accept "WHERE" and " WHERE " .. self:expression()
  if self:accept "GROUP" then
    self:expect "BY"
    select.group = " GROUP BY " .. self:expressions_of_clause()
  end
  select.having = self:accept "HAVING" and " HAVING " .. self:expression()
  local text
  if self:accept "QUALIFY" then
    local name = qualified(self, select, self:expression())
    for _, one in ipairs(self.scope.tables) do
      one.inside = true -- ORDER BY stands outside of it
    end
    text = ("SELECT * FROM (%s) WHERE %s"):format(select_text(select), name)
  end
  return text or select_text(select)
end

function Parser:expressions_of_clause()
  local out = {}
  repeat
    out[#out + 1] = self:expression()
  until not self:accept ","
  return table.concat(out, ", ")
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
      columns[i] = self:quote(column)
    end
    local head = columns and ("%s(%s)"):format(self:quote(name), table.concat(columns, ", "))
      or self:quote(name)
    list[#list + 1] = ("%s AS (%s)"):format(head, query)
  until not self:accept ","
  return "WITH " .. table.concat(list, ", ") .. " "
end

--- A whole query, up to what cannot belong to it.
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
    out[#out + 1] = " ORDER BY " .. self:expressions_of_clause()
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
---@field places table             where each column was named
---@field known string[]           columns that there are

--- Translate one statement.
---@param text string
---@param env table { params, table, event_log, now, user, catalog, schema }
---@return sandbox.Query
function M.translate(text, env)
  local self = setmetatable({
    text = text, tokens = lexer.tokens(text), i = 1, env = env, used = {}, types = {},
    places = {}, known = {}, ctes = {}, hidden = 0, now = env.now, user = env.user,
    catalog = env.catalog, schema = env.schema,
  }, Parser)
  local sql = self:query()
  self:accept ";"
  if self:peek() then
    self:fail(self:peek())
  end
  return { sql = sql, params = self.used, types = self.types, places = self.places,
    known = self.known }
end

M.literal = literal

return M
