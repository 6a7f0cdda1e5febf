--- A cursor over the tokens of Python, which both parts of the grammar share. Pure.

local M = {}

---@class tarn.PythonParser
---@field tokens tarn.PythonToken[]
---@field at integer
local Parser = {}
Parser.__index = Parser

-- An expression that is nested deeper is not understood.
local DEEPEST <const> = 150

--- A parser of tokens.
---@param tokens tarn.PythonToken[]
---@return tarn.PythonParser
function M.new(tokens)
  return setmetatable({ tokens = tokens, at = 1, depth = 0, strings = 0 }, Parser)
end

--- The token `ahead` tokens away.
---@param ahead? integer
---@return tarn.PythonToken
function Parser:peek(ahead)
  return self.tokens[self.at + (ahead or 0)] or self.tokens[#self.tokens]
end

--- True if the next token is this operator or word.
---@param text string
---@param ahead? integer
---@return boolean
function Parser:is(text, ahead)
  local token = self:peek(ahead)
  return token.text == text and (token.kind == "op" or token.kind == "name")
end

--- Take the next token if it is this operator or word.
---@param text string
---@return tarn.PythonToken?
function Parser:take(text)
  if self:is(text) then
    return self:next()
  end
end

--- Take the next token.
---@return tarn.PythonToken
function Parser:next()
  local token = self:peek()
  self.at = math.min(self.at + 1, #self.tokens)
  return token
end

--- Stop: the code is no valid Python. The statement is skipped.
function Parser:fail()
  error({ invalid_python = true, line = self:peek().line }, 0)
end

--- Take this operator or word, which must come next.
---@param text string
---@return tarn.PythonToken
function Parser:expect(text)
  return self:take(text) or self:fail()
end

--- Take a name, which must come next.
---@return string
function Parser:name()
  if self:peek().kind ~= "name" then
    self:fail()
  end
  return self:next().text
end

--- Call a method one level deeper.
---@param method fun(self: tarn.PythonParser): table
---@return table
function Parser:deeper(method)
  self.depth = self.depth + 1
  if self.depth > DEEPEST then
    self.depth = 0
    self:fail()
  end
  local node = method(self)
  self.depth = self.depth - 1
  return node
end

M.Parser = Parser

--- A node of the syntax tree.
---@param t string its kind
---@param line integer
---@param fields? table
---@return table
function M.node(t, line, fields)
  fields = fields or {}
  fields.t, fields.line = t, line
  return fields
end

return M
