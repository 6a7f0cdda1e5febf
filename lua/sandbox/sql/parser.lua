--- The tokens of a statement and the names that it uses: methods that every part of the
--- translation needs (sandbox.sql.dialect, from, expression, operand).

local operand = require "sandbox.sql.operand"
local sqlerror = require "sandbox.sql.error"

local M = {}

function M:peek()
  return self.tokens[self.i]
end

function M:take()
  local token = self.tokens[self.i] or self:fail(nil)
  self.i = self.i + 1
  return token
end

--- The word `n` tokens ahead (default 0), in capitals; nil if that token is not a word.
function M:word(n)
  local token = self.tokens[self.i + (n or 0)]
  return token and token.upper
end

function M:at(what)
  local token = self:peek()
  return token and (token.upper == what or token.kind == "op" and token.text == what) or false
end

function M:accept(what)
  if self:at(what) then
    self.i = self.i + 1
    return true
  end
  return false
end

function M:expect(what)
  if not self:accept(what) then
    self:fail(self:peek())
  end
end

function M:fail(token)
  sqlerror.syntax(self.text, token)
end

M.quote = operand.identifier

--- Take a name; any other token is a syntax error.
function M:name()
  local token = self:take()
  if token.kind ~= "word" and token.kind ~= "quoted" then
    self:fail(token)
  end
  return token.text
end

--- The parts of a dotted name whose first token was taken. Of `t.*`, dot and star are left.
function M:chain(token)
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

--- A parameter as SQLite's parameter.
function M:param(token)
  local bound = self.env.params[token.text]
  if not bound then
    sqlerror.unbound(self.text, token.text, token.from)
  end
  self.last_type = bound.type
  if bound.value == nil then
    return "NULL"
  end
  self.used["u_" .. token.text] = bound.value -- "u_": not a name that sandbox.sql.relations uses
  return ":u_" .. token.text
end

--- The value of a parameter that the translation itself needs; nil for any other token.
function M:constant(token)
  if token.kind ~= "param" then
    return nil
  end
  local bound = self.env.params[token.text]
  if not bound then
    sqlerror.unbound(self.text, token.text, token.from)
  end
  return bound.value
end

--- IDENTIFIER(:name) or IDENTIFIER('a.b'), after its opening parenthesis: the name.
function M:identifier_clause()
  local token = self:take()
  local text = token.kind == "string" and token.text or self:constant(token)
  if type(text) ~= "string" then
    self:fail(token)
  end
  self:expect ")"
  return text, token.from
end

-- The table that the first of `parts` name: an alias, or the full name of a table in FROM.
function M:find_alias(parts)
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

-- The expression for a column that LATERAL VIEW names, or nil.
function M:find_lateral(name)
  local scope = self.scope
  while scope do
    local head = scope.laterals[name:lower()]
    if head then
      return head
    end
    scope = scope.outer
  end
end

--- Note where a column is named, for the error if SQLite does not find it.
function M:remember(parts, k, from)
  local name = parts[k]:lower()
  self.positions[name] = self.positions[name] or { name = table.concat(parts, "."), from = from }
end

--- The type of a column with that name in the tables that FROM has named.
function M:find_type(name)
  return self.types[name:lower()]
end

--- Make a table of FROM known to the rest of its SELECT.
function M:add_table(one)
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

return M
