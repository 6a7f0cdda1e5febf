--- Tokens of Python, with the indentation and the ends of logical lines. Pure.

local strings = require "tarn.lineage.code.python.syntax.strings"

local M = {}

---@class tarn.PythonToken
---@field kind "name"|"number"|"string"|"op"|"newline"|"indent"|"dedent"|"end"
---@field text string
---@field line integer
---@field parts? tarn.PythonParts of a string

local OPERATORS <const> = { "**=", "//=", ">>=", "<<=", "...", "**", "//", ">>", "<<", "<=", ">=",
  "==", "!=", "->", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "@=", ":=" }

local function operator_at(source, at)
  for _, text in ipairs(OPERATORS) do
    if source:sub(at, at + #text - 1) == text then
      return text
    end
  end
  return source:sub(at, at)
end

---@class tarn.PythonLexer
local Lexer = {}
Lexer.__index = Lexer

function Lexer:add(kind, text, parts)
  self.list[#self.list + 1] = { kind = kind, text = text, line = self.line, parts = parts }
end

function Lexer:problem(text, line)
  self.problems[#self.problems + 1] = { line = line or self.line, text = text }
end

-- Count the lines of what lies between two positions.
function Lexer:pass(from, to)
  for _ in self.source:sub(from, to):gmatch "\n" do
    self.line = self.line + 1
  end
end

-- The columns of blanks; a tab goes to the next multiple of eight.
local function width_of(blanks)
  local width = 0
  for c in blanks:gmatch "." do
    width = c == "\t" and (width // 8 + 1) * 8 or width + 1
  end
  return width
end

function Lexer:indent(width)
  if width > self.levels[#self.levels] then
    self.levels[#self.levels + 1] = width
    self:add("indent", "")
    return
  end
  while width < self.levels[#self.levels] do
    self.levels[#self.levels] = nil
    self:add("dedent", "")
  end
  if width > self.levels[#self.levels] then
    self.levels[#self.levels + 1] = width -- a level that was never opened: taken as it stands
    self:add("indent", "")
  end
end

-- Read the beginning of a line. Returns the position of its first token, or of the next line.
function Lexer:line_start(at)
  local blanks, first = self.source:match("^([ \t\f]*)(.?)", at)
  local from = at + #blanks
  if first == "#" or first == "\n" or first == "\r" or first == "" then
    return from
  elseif first == "%" or first == "!" then -- a command of a notebook
    return self.source:find("\n", from, true) or #self.source + 1
  end
  self:indent(width_of(blanks))
  self.fresh = false
  return from
end

-- A bracket that is never closed would hide the rest of the file. These words cannot stand at the
-- beginning of a line inside of brackets.
function Lexer:is_new_statement(at)
  local word = self.source:match("^%l+%f[%s]", at)
  return word == "def" or word == "class" or word == "import"
    or self.source:find("^@[%a_]", at) ~= nil
end

function Lexer:newline(at)
  if self.depth > 0 and self:is_new_statement(at + 1) then
    self:problem("a bracket is not closed", self.opened)
    self.depth = 0
  end
  if self.depth == 0 then
    local last = self.list[#self.list]
    if last and last.kind ~= "newline" and last.kind ~= "indent" and last.kind ~= "dedent" then
      self:add("newline", "")
    end
    self.fresh = true
  end
  self.line = self.line + 1
  return at + 1
end

function Lexer:literal(at)
  local after, parts, closed = strings.read(self.source, at, self.line)
  self:add("string", "", parts)
  if not closed then
    self:problem "a string is not closed"
  end
  self:pass(at, after - 1)
  return after
end

function Lexer:operator(at)
  local text = operator_at(self.source, at)
  if text == "(" or text == "[" or text == "{" then
    self.opened = self.depth == 0 and self.line or self.opened
    self.depth = self.depth + 1
  elseif text == ")" or text == "]" or text == "}" then
    self.depth = math.max(self.depth - 1, 0)
  end
  self:add("op", text)
  return at + #text
end

function Lexer:token(at)
  local source = self.source
  local c = source:sub(at, at)
  if c == "\n" then
    return self:newline(at)
  elseif c:find "[ \t\r\f]" then
    return at + 1
  elseif c == "#" then
    return source:find("\n", at, true) or #source + 1
  elseif c == "\\" and source:find("^\r?\n", at + 1) then
    self.line = self.line + 1
    return (source:find("\n", at, true)) + 1
  elseif strings.opening(source, at) then
    return self:literal(at)
  end
  local word = source:match("^[%a_\x80-\xff][%w_\x80-\xff]*", at)
  local number = not word and (source:match("^0[xXoObB][%x_]+", at)
    or source:match("^%d[%d_]*%.?[%d_]*[eE][+-]?%d+[jJ]?", at)
    or source:match("^%d[%d_]*%.?[%d_]*[jJ]?", at) or source:match("^%.%d[%d_]*", at))
  if word or number then
    self:add(word and "name" or "number", word or number)
    return at + #(word or number)
  end
  return self:operator(at)
end

--- The tokens of Python.
---@param source string
---@param line? integer of the first line
---@return tarn.PythonToken[]
---@return { line: integer, text: string }[] problems
function M.tokens(source, line)
  local self = setmetatable({ source = source, list = {}, problems = {}, line = line or 1,
    levels = { 0 }, depth = 0, fresh = true }, Lexer)
  local at = 1
  while at <= #source do
    if self.fresh then
      at = self:line_start(at)
    end
    at = at <= #source and self:token(at) or at
  end
  self.depth = 0
  self:newline(#source + 1)
  self.line = self.line - 1
  self:indent(0)
  self:add("end", "")
  return self.list, self.problems
end

return M
