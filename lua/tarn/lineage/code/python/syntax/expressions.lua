--- The operators, conditions and functions without a name of Python. Pure.

local atoms = require "tarn.lineage.code.python.syntax.atoms"
local collections = require "base.collections"
local parser = require "tarn.lineage.code.python.syntax.parser"

local Parser, node = parser.Parser, parser.node
local M = {}

local set = collections.word_set

-- ---- operators, from the loosest to the tightest ----

local LEVELS <const> = { set "|", set "^", set "&", set "<< >>", set "+ -", set "* / // % @" }

function Parser:unary()
  local token = self:peek()
  if self:take "await" then
    return self:deeper(self.unary)
  elseif token.kind == "op" and (token.text == "-" or token.text == "+" or token.text == "~") then
    self:next()
    return node("unary", token.line, { op = token.text, of = self:deeper(self.unary) })
  end
  local value = self:postfix()
  if self:take "**" then
    value = node("binary", token.line, { op = "**", a = value, b = self:deeper(self.unary) })
  end
  return value
end

function Parser:operand(level)
  if level > #LEVELS then
    return self:unary()
  end
  local value = self:operand(level + 1)
  while self:peek().kind == "op" and LEVELS[level][self:peek().text] do
    local token = self:next()
    value = node("binary", token.line, { op = token.text, a = value, b = self:operand(level + 1) })
  end
  return value
end

local COMPARISONS <const> = set "== != < > <= >="

function Parser:comparison_operator()
  local token = self:peek()
  if token.kind == "op" and COMPARISONS[token.text] or self:is "in" then
    return self:next().text
  elseif self:is "not" and self:is("in", 1) then
    self.at = self.at + 2
    return "not in"
  elseif self:take "is" then
    return self:take "not" and "is not" or "is"
  end
end

function Parser:comparison()
  local line = self:peek().line
  if self:take "not" then
    return node("unary", line, { op = "not", of = self:deeper(self.comparison) })
  end
  local value = self:operand(1)
  local op = self:comparison_operator()
  local result
  while op do
    local right = self:operand(1)
    local one = node("compare", line, { op = op, a = value, b = right })
    result = result and node("boolean", line, { op = "and", a = result, b = one }) or one
    value, op = right, self:comparison_operator()
  end
  return result or value
end

function Parser:conjunction()
  local value = self:comparison()
  while self:is "and" do
    value = node("boolean", self:next().line, { op = "and", a = value, b = self:comparison() })
  end
  return value
end

--- An expression without `if`, `lambda` and `:=`.
---@return table node
function Parser:operation()
  local value = self:conjunction()
  while self:is "or" do
    value = node("boolean", self:next().line, { op = "or", a = value, b = self:conjunction() })
  end
  return value
end

function Parser:yield()
  local line = self:expect("yield").line
  self:take "from"
  local value
  if not self:is ")" and self:peek().kind ~= "newline" and not self:is ";" then
    value = self:expressions()
  end
  return node("yield", line, { of = value })
end

--- An expression.
---@return table node
function Parser:expression()
  local line = self:peek().line
  if self:is "lambda" then
    self:next()
    local params = self:parameters ":"
    self:expect ":"
    return node("lambda", line, { params = params, value = self:deeper(self.expression) })
  end
  local value = self:operation()
  if self:take "if" then
    local test = self:operation()
    self:expect "else"
    value = node("either", line, { test = test, a = value, b = self:deeper(self.expression) })
  end
  return value
end

function Parser:named()
  local value = self:expression()
  if value.t == "name" and self:take ":=" then
    return node("assigned", value.line, { target = value, value = self:expression() })
  end
  return value
end

--- One expression, or a tuple without parentheses.
---@param one? fun(self: tarn.PythonParser): table
---@return table node
function Parser:expressions(one)
  one = one or self.item
  local first = one(self)
  if not self:is "," then
    return first
  end
  local items = { first }
  while self:take "," do
    local token = self:peek()
    if token.kind == "newline" or token.kind == "op" and not token.text:find "[%(%[{*+~-]"
      or self:is "in" then
      break
    end
    items[#items + 1] = one(self)
  end
  return node("list", first.line, { items = items, kind = "tuple" })
end

-- The targets of `for`: no comparison, since `in` follows.
function Parser:targets()
  return self:expressions(function()
    local line = self:peek().line
    if self:take "*" then
      return node("star", line, { of = self:postfix() })
    end
    return self:postfix()
  end)
end

-- One parameter; nil and the sign for a sign between parameters.
function Parser:parameter()
  local sign = self:take "**" or self:take "*" or self:take "/"
  sign = sign and sign.text
  if sign == "/" or sign == "*" and self:peek().kind ~= "name" then
    return nil, sign
  end
  return { name = self:name(), kind = sign == "**" and "named" or sign and "rest" or nil }
end

--- The parameters of a function up to a closing sign. In those of a lambda there are no types.
---@param close ")"|":"
---@return table[] params name, kind, type, default
function Parser:parameters(close)
  local params, only_named = {}, false
  while not self:is(close) do
    local param, sign = self:parameter()
    if not param then
      only_named = only_named or sign == "*"
    else
      if close == ")" and self:take ":" then
        param.type = self:item()
      end
      param.default = self:take "=" and self:expression() or nil
      param.only_named = only_named
      only_named = only_named or param.kind == "rest"
      params[#params + 1] = param
    end
    if not self:take "," then
      break
    end
  end
  return params
end

M.parse = atoms.parse

return M
