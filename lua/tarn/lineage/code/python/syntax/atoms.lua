--- The innermost expressions of Python: literals, names, brackets, calls. Pure.
--
-- A node is a table with its kind `t` and its `line`. That of an attribute or a call is the line of
-- the attribute's name, so that each call of a chain has its own.

local collections = require "base.collections"
local lexer = require "tarn.lineage.code.python.syntax.lexer"
local parser = require "tarn.lineage.code.python.syntax.parser"

local Parser = parser.Parser
local M = {}

local node, set = parser.node, collections.word_set

-- Words that no expression begins with, and that end one.
local RESERVED <const> = set [[and or not in is if else elif for while def class return import from
  as with try except finally raise pass break continue global nonlocal del assert lambda async]]

-- f-strings in f-strings.
local DEEPEST <const> = 8

local CONSTANTS <const> = { True = true, False = true, None = true }

-- ---- atoms ----

-- Expressions between here and a closing bracket. Returns them, and whether there was a comma.
function Parser:sequence(close)
  local items, comma = {}, false
  while not self:is(close) do
    items[#items + 1] = self:item()
    if #items == 1 and (self:is "for" or self:is "async") then
      local comp = self:comprehension("generator", { value = items[1] })
      return { comp }, false, true
    elseif not self:take "," then
      break
    end
    comma = true
  end
  return items, comma
end

function Parser:item()
  local line = self:peek().line
  if self:take "*" then
    return node("star", line, { of = self:operand(1) })
  elseif self:take "**" then
    return node("unpack", line, { of = self:operand(1) })
  end
  return self:named()
end

function Parser:comprehension(kind, fields)
  fields.clauses = {}
  local line = self:peek().line
  while self:is "for" or self:is "async" do
    self:take "async"
    self:expect "for"
    local clause = { target = self:targets(), conditions = {} }
    self:expect "in"
    clause.over = self:operation()
    while self:take "if" do
      clause.conditions[#clause.conditions + 1] = self:operation()
    end
    fields.clauses[#fields.clauses + 1] = clause
  end
  fields.kind = kind
  return node("comprehension", line, fields)
end

function Parser:parenthesis()
  local line = self:next().line
  if self:is "yield" then
    local inner = self:yield()
    self:expect ")"
    return inner
  end
  local items, comma, generator = self:sequence ")"
  self:expect ")"
  if generator or #items == 1 and not comma then
    return items[1]
  end
  return node("list", line, { items = items, kind = "tuple" })
end

function Parser:bracket()
  local line = self:next().line
  local items, _, generator = self:sequence "]"
  self:expect "]"
  if generator then
    items[1].kind = "list"
    return items[1]
  end
  return node("list", line, { items = items, kind = "list" })
end

function Parser:brace()
  local line, pairs_, items = self:next().line, {}, {}
  while not self:is "}" do
    local key = self:item()
    if self:take ":" then
      local value = self:expression()
      if #pairs_ == 0 and (self:is "for" or self:is "async") then
        local comp = self:comprehension("dict", { key = key, value = value })
        self:expect "}"
        return comp
      end
      pairs_[#pairs_ + 1] = { key, value }
    elseif key.t == "unpack" then
      pairs_[#pairs_ + 1] = { key }
    elseif #items == 0 and (self:is "for" or self:is "async") then
      local comp = self:comprehension("set", { value = key })
      self:expect "}"
      return comp
    else
      items[#items + 1] = key
    end
    if not self:take "," then
      break
    end
  end
  self:expect "}"
  if #items > 0 then
    return node("list", line, { items = items, kind = "set" })
  end
  return node("dict", line, { pairs = pairs_ })
end

-- The parts of neighbouring literals are joined; expressions in f-strings are parsed.
function Parser:literal()
  local line, parts = self:peek().line, {}
  while self:peek().kind == "string" do
    for _, part in ipairs(self:next().parts) do
      if type(part) == "table" then
        part = { value = M.parse(part.source, part.line, self.strings + 1), spec = part.spec }
      end
      parts[#parts + 1] = part
    end
  end
  return node("string", line, { parts = parts })
end

function Parser:atom()
  local token = self:peek()
  if token.kind == "string" then
    return self:literal()
  elseif token.kind == "number" then
    return node("number", token.line, { value = self:next().text })
  elseif token.kind == "name" then
    if RESERVED[token.text] then
      self:fail()
    elseif CONSTANTS[token.text] then
      return node("constant", token.line, { name = self:next().text })
    end
    return node("name", token.line, { id = self:next().text })
  elseif self:is "(" then
    return self:deeper(self.parenthesis)
  elseif self:is "[" then
    return self:deeper(self.bracket)
  elseif self:is "{" then
    return self:deeper(self.brace)
  elseif self:take "..." then
    return node("constant", token.line, { name = "..." })
  end
  return self:fail()
end

-- ---- calls, attributes, subscripts ----

function Parser:arguments()
  local line, args, named = self:expect("(").line, {}, {}
  while not self:is ")" do
    if self:peek().kind == "name" and self:is("=", 1) then
      local name = self:next().text
      self:next()
      named[#named + 1] = { name = name, value = self:expression() }
    else
      args[#args + 1] = self:item()
      if self:is "for" or self:is "async" then
        args[#args] = self:comprehension("generator", { value = args[#args] })
      end
    end
    if not self:take "," then
      break
    end
  end
  self:expect ")"
  return node("call", line, { args = args, named = named })
end

function Parser:subscript()
  local line, parts, is_slice = self:expect("[").line, {}, false
  while not self:is "]" do
    if self:take ":" then
      is_slice = true
      parts[#parts + 1] = false
    elseif not self:take "," then
      parts[#parts + 1] = self:item()
    end
  end
  self:expect "]"
  return node(is_slice and "slice" or "index", line, { parts = parts })
end

function Parser:postfix()
  local value = self:atom()
  while true do
    if self:take "." then
      local line = self:peek().line
      value = node("attribute", line, { of = value, name = self:name() })
    elseif self:is "(" or self:is "[" then
      local is_call = self:is "("
      local outer = self:deeper(is_call and self.arguments or self.subscript)
      outer.of = value
      outer.line = is_call and value.line or outer.line
      value = outer
    else
      return value
    end
  end
end

--- Parse one expression; nil if the text is none.
---@param source string
---@param line integer
---@param strings? integer how many f-strings the text is in
---@return table? node
function M.parse(source, line, strings)
  if strings and strings > DEEPEST then
    return nil
  end
  local self = parser.new((lexer.tokens("(" .. source .. "\n)", line)))
  self.strings = strings or 0
  local ok, value = pcall(self.expressions, self)
  if not ok and not (type(value) == "table" and value.invalid_python) then
    error(value, 0)
  end
  return ok and value or nil
end

return M
