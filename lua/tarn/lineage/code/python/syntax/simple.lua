--- The simple statements of Python: those without a block. Pure.

local collections = require "base.collections"
local parser = require "tarn.lineage.code.python.syntax.parser"
require "tarn.lineage.code.python.syntax.expressions"

local Parser, node = parser.Parser, parser.node

local SIMPLE = {}

function Parser:dotted()
  local parts = { self:name() }
  while self:take "." do
    parts[#parts + 1] = self:name()
  end
  return table.concat(parts, ".")
end

SIMPLE["import"] = function(self)
  local line, names = self:next().line, {}
  repeat
    local path = self:dotted()
    names[#names + 1] = { path = path, as = self:take "as" and self:name() or nil }
  until not self:take ","
  return node("import", line, { names = names })
end

SIMPLE["from"] = function(self)
  local line, dots, names = self:next().line, "", {}
  while self:is "." or self:is "..." do
    dots = dots .. self:next().text
  end
  local path = dots .. (self:is "import" and "" or self:dotted())
  self:expect "import"
  if self:take "*" then
    return node("from", line, { path = path, all = true, names = names })
  end
  local closes = self:take "("
  repeat
    if closes and self:is ")" then
      break
    end
    local name = self:name()
    names[#names + 1] = { name = name, as = self:take "as" and self:name() or nil }
  until not self:take ","
  if closes then
    self:expect ")"
  end
  return node("from", line, { path = path, names = names })
end

SIMPLE["return"] = function(self)
  local line = self:next().line
  local kind = self:peek().kind
  local ends = kind == "newline" or kind == "end" or self:is ";"
  local value = not ends and self:expressions() or nil
  return node("return", line, { value = value })
end

-- Statements whose words say all that matters.
for word, t in pairs { pass = "pass", ["break"] = "break", continue = "continue" } do
  SIMPLE[word] = function(self)
    return node(t, self:next().line)
  end
end

-- Statements whose expressions are evaluated.
for word, t in pairs { raise = "raise", del = "pass", assert = "pass" } do
  SIMPLE[word] = function(self)
    local line = self:next().line
    while self:peek().kind ~= "newline" and self:peek().kind ~= "end" and not self:is ";" do
      self:next()
    end
    return node(t, line)
  end
end

for _, word in ipairs { "global", "nonlocal" } do
  SIMPLE[word] = function(self)
    local line, names = self:next().line, {}
    repeat
      names[#names + 1] = self:name()
    until not self:take ","
    return node(word, line, { names = names })
  end
end

local AUGMENTED <const> = collections.word_set "+= -= *= /= //= %= **= >>= <<= &= ^= |= @="

local function right_side(self)
  return self:is "yield" and self:yield() or self:expressions()
end

local function assignment(self)
  local line = self:peek().line
  local value = right_side(self)
  local token = self:peek()
  if token.kind == "op" and AUGMENTED[token.text] then
    self:next()
    return node("augment", line, { target = value, op = token.text:sub(1, -2),
      value = right_side(self) })
  elseif self:take ":" then
    local type = self:expression()
    return node("annotate", line, { target = value, type = type,
      value = self:take "=" and right_side(self) or nil })
  elseif not self:is "=" then
    return node("expression", line, { value = value })
  end
  local targets = { value }
  while self:take "=" do
    targets[#targets + 1] = right_side(self)
  end
  return node("assign", line, { targets = targets, value = table.remove(targets) })
end

--- Read the simple statements of a line into a list.
---@param list table[]
function Parser:simple_line(list)
  repeat
    local kind = self:peek().kind
    if kind == "newline" or kind == "end" then
      break
    end
    local read = self:peek().kind == "name" and SIMPLE[self:peek().text] or assignment
    list[#list + 1] = read(self)
  until not self:take ";"
  if self:peek().kind ~= "end" and self:next().kind ~= "newline" then
    self.at = self.at - 1
    self:fail()
  end
end

return { parse_line = Parser.simple_line }
