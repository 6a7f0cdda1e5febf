--- A strict reader of the part of HCL that exports use. It refuses everything else, above all a
--- template where a text is meant.
--
-- A body is { attributes = { name -> value }, blocks = { { type =, labels =, body = } } }. A map
-- is { map = { key -> value } }, a reference { reference = "a.b" }, a template { template = text }.

local M = {}

local R = {}
R.__index = R

function R:fail(what)
  local line = select(2, self.text:sub(1, self.at):gsub("\n", "")) + 1
  error(("hcl, line %d: %s near %q"):format(line, what, self.text:sub(self.at, self.at + 20)), 0)
end

function R:skip(with_lines)
  while true do
    local space = self.text:match(with_lines and "^[ \t\n]+" or "^[ \t]+", self.at)
      or with_lines and self.text:match("^#[^\n]*\n", self.at)
    if not space then
      return
    end
    self.at = self.at + #space
  end
end

function R:take(pattern)
  local found = self.text:match("^" .. pattern, self.at)
  if found then
    self.at = self.at + #found
  end
  return found
end

function R:want(pattern, what)
  return self:take(pattern) or self:fail("expected " .. what)
end

local ESCAPES <const> = { n = "\n", r = "\r", t = "\t", ['"'] = '"', ["\\"] = "\\" }

function R:escape()
  local c = self:want("\\.", "an escape"):sub(2)
  if c == "u" or c == "U" then
    local digits = self:want(("%x"):rep(c == "u" and 4 or 8), "the digits of a character")
    return utf8.char(tonumber(digits, 16))
  end
  return ESCAPES[c] or self:fail "an unknown escape"
end

-- As in HCL's scanner: `$${` stands for `${`, and `${` alone begins a template; so with `%`.
function R:string()
  self:want('"', "a string")
  local parts, is_template = {}, false
  while true do
    local c = self.text:sub(self.at, self.at)
    local two, three = self.text:sub(self.at, self.at + 1), self.text:sub(self.at, self.at + 2)
    if c == '"' then
      self.at = self.at + 1
      return table.concat(parts), is_template
    elseif c == "" or c == "\n" or c:find "%c" then
      self:fail "a control character in a string"
    elseif three == "$${" or three == "%%{" then
      parts[#parts + 1], self.at = three:sub(2), self.at + 3
    elseif two == "${" or two == "%{" then
      is_template = true
      parts[#parts + 1] = self:want(".%b{}", "the end of a template")
    elseif two == "$$" or two == "%%" then
      -- both signs stay, whatever follows: exports must not depend on it
      parts[#parts + 1], self.at = two, self.at + 2
    elseif c == "\\" then
      parts[#parts + 1] = self:escape()
    else
      parts[#parts + 1], self.at = c, self.at + 1
    end
  end
end

function R:list()
  local items = {}
  self:want("%[", "a list")
  self:skip(true)
  while not self:take "%]" do
    items[#items + 1] = self:value()
    self:skip(true)
    if not self:take "," then
      self:skip(true)
      self:want("%]", "the end of a list")
      break
    end
    self:skip(true)
  end
  return items
end

function R:map()
  local map = {}
  self:want("{", "a map")
  self:skip(true)
  while not self:take "}" do
    local key, is_template = self:string()
    if is_template or map[key] ~= nil then
      self:fail "a key that is a template, or there twice"
    end
    self:skip()
    self:want("=", "'='")
    self:skip()
    map[key] = self:value()
    self:skip()
    self:want("\n", "the end of the line")
    self:skip(true)
  end
  return { map = map }
end

function R:value()
  local c = self.text:sub(self.at, self.at)
  if c == '"' then
    local text, is_template = self:string()
    return is_template and { template = text } or text
  elseif c == "[" then
    return self:list()
  elseif c == "{" then
    return self:map()
  end
  local number = self:take "%-?%d[%d.eE+-]*"
  if number then
    return math.tointeger(tonumber(number)) or tonumber(number) or self:fail "a wrong number"
  end
  local word = self:want("[%a_][%w_.-]*", "a value")
  if word == "true" or word == "false" then
    return word == "true"
  end
  return { reference = word }
end

function R:block(name)
  local block = { type = name, labels = {} }
  while self.text:sub(self.at, self.at) == '"' do
    block.labels[#block.labels + 1] = self:string()
    self:skip()
  end
  self:want("{", "'{'")
  self:skip()
  if self:take "}" then
    block.body = { attributes = {}, blocks = {} }
    return block
  end
  self:want("\n", "the end of the line")
  block.body = self:body "}"
  return block
end

function R:body(ending)
  local body = { attributes = {}, blocks = {} }
  self:skip(true)
  while not (ending and self:take(ending) or not ending and self.at > #self.text) do
    local name = self:want("[%a_][%w_-]*", "a name")
    self:skip()
    if self:take "=" then
      self:skip()
      if body.attributes[name] ~= nil then
        self:fail(name .. " is there twice")
      end
      body.attributes[name] = self:value()
    else
      body.blocks[#body.blocks + 1] = self:block(name)
    end
    self:skip()
    self:want("\n", "the end of the line")
    self:skip(true)
  end
  return body
end

--- Read a file's text.
---@param text string
---@return table body
function M.read(text)
  return setmetatable({ text = text, at = 1 }, R):body()
end

return M
