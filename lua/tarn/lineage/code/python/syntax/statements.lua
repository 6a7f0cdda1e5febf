--- The statements of Python. Pure.
--
-- A statement that is not understood becomes a node "invalid"; the next one is read as usual.

local lexer = require "tarn.lineage.code.python.syntax.lexer"
local parser = require "tarn.lineage.code.python.syntax.parser"
require "tarn.lineage.code.python.syntax.simple"

local Parser, node = parser.Parser, parser.node
local M = {}

-- ---- blocks ----

-- Python itself allows a hundred levels.
local DEEPEST <const> = 60

-- The statements behind a colon: in the same line, or indented.
function Parser:block()
  self:expect ":"
  self.blocks = (self.blocks or 0) + 1
  if self.blocks > DEEPEST then
    self:fail()
  end
  local list = self:statements_of_block()
  self.blocks = self.blocks - 1
  return list
end

function Parser:statements_of_block()
  local list = {}
  if self:peek().kind ~= "newline" then
    self:simple_line(list)
    return list
  end
  self:next()
  if self:peek().kind ~= "indent" then
    return list -- the code ends here, as while it is being written
  end
  self:next()
  while self:peek().kind ~= "dedent" and self:peek().kind ~= "end" do
    self:statement(list)
  end
  if self:peek().kind == "dedent" then
    self:next()
  end
  return list
end

-- Skip the rest of a statement that is not understood, and the block that belongs to it.
function Parser:skip()
  while self:peek().kind ~= "newline" and self:peek().kind ~= "end" do
    if self:peek().kind == "indent" or self:peek().kind == "dedent" then
      return
    end
    self:next()
  end
  if self:peek().kind == "newline" then
    self:next()
  end
  local depth = 0
  while self:peek().kind == "indent" or depth > 0 and self:peek().kind ~= "end" do
    local kind = self:next().kind
    depth = depth + (kind == "indent" and 1 or kind == "dedent" and -1 or 0)
    if depth == 0 then
      return
    end
  end
end

-- ---- compound statements ----

local COMPOUND = {}

-- `elif` is the `if` in an `else`.
function COMPOUND:branch()
  local line = self:next().line
  local test = self:named()
  local body, orelse = self:block(), {}
  if self:is "elif" then
    orelse = { COMPOUND.branch(self) }
  elseif self:take "else" then
    orelse = self:block()
  end
  return node("if", line, { test = test, body = body, orelse = orelse })
end

COMPOUND["if"] = COMPOUND.branch

COMPOUND["for"] = function(self)
  local line = self:next().line
  local target = self:targets()
  self:expect "in"
  local over = self:expressions()
  local body = self:block()
  return node("for", line, { target = target, over = over, body = body,
    orelse = self:take "else" and self:block() or {} })
end

COMPOUND["while"] = function(self)
  local line = self:next().line
  local test = self:named()
  local body = self:block()
  return node("while", line, { test = test, body = body,
    orelse = self:take "else" and self:block() or {} })
end

COMPOUND["try"] = function(self)
  local line = self:next().line
  local body, handlers, orelse, final = self:block(), {}, {}, {}
  while self:take "except" do
    self:take "*"
    local name
    if not self:is ":" then
      self:expressions()
      name = self:take "as" and self:name()
    end
    handlers[#handlers + 1] = { name = name, body = self:block() }
  end
  if self:take "else" then
    orelse = self:block()
  end
  if self:take "finally" then
    final = self:block()
  end
  return node("try", line, { body = body, handlers = handlers, orelse = orelse, final = final })
end

COMPOUND["with"] = function(self)
  local line = self:next().line
  local from = self.at
  local function items(close)
    local list = {}
    repeat
      if close and self:is(close) then
        break
      end
      local value = self:expression()
      list[#list + 1] = { value = value, target = self:take "as" and self:targets_of_one() }
    until not self:take ","
    if close then
      self:expect(close)
    end
    return list
  end
  if self:take "(" then -- several managers in parentheses, or an expression that begins with one
    local ok, list = pcall(items, ")")
    if ok and self:is ":" then
      return node("with", line, { items = list, body = self:block() })
    end
    self.at, self.depth = from, 0
  end
  return node("with", line, { items = items(), body = self:block() })
end

function Parser:targets_of_one()
  return self:postfix()
end

COMPOUND["def"] = function(self)
  local line = self:next().line
  local name = self:name()
  if self:take "[" then
    while not self:take "]" and self:peek().kind ~= "newline" do
      self:next()
    end
  end
  self:expect "("
  local params = self:parameters ")"
  self:expect ")"
  if self:take "->" then
    self:expressions()
  end
  return node("def", line, { name = name, params = params, body = self:block() })
end

COMPOUND["class"] = function(self)
  local line = self:next().line
  local name, bases = self:name(), {}
  if self:is "(" then
    bases = self:arguments().args
  end
  return node("class", line, { name = name, bases = bases, body = self:block() })
end

function COMPOUND:decorated()
  local decorators = {}
  while self:is "@" do
    local line = self:next().line
    decorators[#decorators + 1] = { line = line, value = self:named() }
    if self:peek().kind ~= "newline" then
      self:fail()
    end
    self:next()
  end
  self:take "async"
  if not self:is "def" and not self:is "class" then
    self:fail()
  end
  local inner = COMPOUND[self:peek().text](self)
  inner.decorators = decorators
  return inner
end

function Parser:skip_pattern()
  local depth = 0
  while self:peek().kind ~= "newline" and not (depth == 0 and self:is ":") do
    local token = self:next()
    if token.kind == "op" then
      depth = depth + (token.text:find "^[%(%[{]$" and 1 or token.text:find "^[%)%]}]$" and -1 or 0)
    end
  end
end

-- `match` is a word like others. Patterns are skipped: the bodies of all cases are read.
local function match(self)
  local line, from = self:next().line, self.at - 1
  local ok, subject = pcall(self.expressions, self)
  if not ok or not self:take ":" or self:peek().kind ~= "newline" then
    self.at, self.depth = from, 0
    return nil
  end
  self:next()
  if self:peek().kind ~= "indent" then
    return nil
  end
  self:next()
  local cases = {}
  while self:take "case" do
    self:skip_pattern()
    cases[#cases + 1] = { body = self:block() }
  end
  if self:peek().kind == "dedent" then
    self:next()
  end
  return node("match", line, { subject = subject, cases = cases })
end

local function compound(self)
  local token = self:peek()
  if token.kind == "name" and token.text == "async" then
    self:next()
    token = self:peek()
  end
  if token.kind == "name" and token.text == "match" then
    return match(self)
  elseif self:is "@" then
    return COMPOUND.decorated(self)
  end
  local read = token.kind == "name" and token.text ~= "branch" and token.text ~= "decorated"
    and COMPOUND[token.text]
  return read and read(self)
end

--- Read a statement, or several in one line, into a list.
---@param list table[]
function Parser:statement(list)
  local from, line, blocks = self.at, self:peek().line, self.blocks
  local ok, e = pcall(function()
    local one = compound(self)
    if one then
      list[#list + 1] = one
    else
      self:simple_line(list)
    end
  end)
  if ok then
    return
  elseif not (type(e) == "table" and e.invalid_python) then
    error(e, 0)
  end
  self.depth, self.blocks = 0, blocks
  list[#list + 1] = node("invalid", e.line or line)
  self:skip()
  if self.at == from then
    self:next()
  end
end

--- Parse Python.
---@param source string
---@param line? integer of the first line
---@return table[] statements
---@return { line: integer, text: string }[] problems
function M.parse(source, line)
  local tokens, problems = lexer.tokens(source, line)
  local self, list = parser.new(tokens), {}
  while self:peek().kind ~= "end" do
    self:statement(list)
  end
  return list, problems
end

return M
