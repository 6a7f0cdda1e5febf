--- Words of a command line to values, by the arguments that a script's header declares.

local fault = require "base.fault"
local header = require "engine.header"
local suggestion = require "base.suggestion"

local M = {}

--- As `split`, of a line that is still being typed.
---@param line string
---@return string[]
---@return integer? start where the last word begins, if the line ends inside of it
function M.split_open(line)
  local words, word, quote, start = {}, nil, nil, nil
  local i = 1
  while i <= #line do
    local c = line:sub(i, i)
    start = word and start or i
    if c == "\\" and quote ~= "'" and i < #line then
      i = i + 1
      word = (word or "") .. line:sub(i, i)
    elseif quote then
      if c == quote then
        quote = nil
      else
        word = word .. c
      end
    elseif c == "'" or c == '"' then
      quote, word = c, word or ""
    elseif c:find "%s" then
      words[#words + 1], word = word, nil
    else
      word = (word or "") .. c
    end
    i = i + 1
  end
  words[#words + 1] = word
  return words, word and start
end

--- The words of a line as a shell would split it: blanks, quotes, backslashes.
---@param line string
---@return string[]
function M.split(line)
  return (M.split_open(line))
end

local function option_name(name)
  return "--" .. name:gsub("_", "-")
end

--- How the argument is called in messages and help: PIPELINE, or --full-refresh.
---@param spec table
---@return string
function M.title(spec)
  return header.is_positional(spec) and spec[1]:upper() or option_name(spec[1])
end

-- ---- one value ----

local function in_range(spec, value)
  if spec.min and value < spec.min then
    return nil, ("is less than %s"):format(spec.min)
  elseif spec.max and value > spec.max then
    return nil, ("is more than %s"):format(spec.max)
  end
  return value
end

local convert = {}

function convert.integer(spec, text)
  local value = text:find "^[+-]?%d+$" and math.tointeger(tonumber((text:gsub("^%+", ""))))
  if not value then
    return nil, "is not an integer"
  end
  return in_range(spec, value)
end

function convert.number(spec, text)
  local decimal = text:find "^[+-]?[%d.]" and not text:find "[xX]"
  local value = decimal and tonumber((text:gsub("^%+", "")))
  if not value or value ~= value or value == math.huge or value == -math.huge then
    return nil, "is not a number"
  end
  return in_range(spec, value)
end

function convert.flag(_, text)
  if text == "true" or text == "yes" or text == "1" then
    return true
  elseif text == "false" or text == "no" or text == "0" then
    return false
  end
  return nil, "is neither true nor false"
end

function convert.choice(spec, text)
  for _, choice in ipairs(spec.choices) do
    if choice:lower() == text:lower() then
      return choice
    end
  end
  return nil, "is not one of " .. table.concat(spec.choices, ", "),
    suggestion.hint(text, spec.choices)
end

local function not_empty(_, text)
  if text == "" then
    return nil, "is empty"
  end
  return text
end
convert.path, convert.workspace, convert.catalog = not_empty, not_empty, not_empty
convert.pipeline = not_empty

--- The value of one argument, from text; or nil, what is wrong with that, and a hint.
---@param spec table
---@param text string
---@return any value, string? why, string? hint
function M.find_value(spec, text)
  local f = convert[spec[2]]
  if not f then
    return text
  end
  return f(spec, text)
end

-- ---- the whole line ----

local Parser = {}
Parser.__index = Parser

local function index_options(list, by_name, by_short, target)
  for _, spec in ipairs(list) do
    by_name[spec[1]] = { spec = spec, target = target }
    if spec.short then
      by_short[spec.short] = by_name[spec[1]]
    end
  end
end

local function new_parser(op, specs, global, values)
  local p = setmetatable({ op = op, specs = specs, values = values, global = global,
    by_name = {}, by_short = {}, positional = {}, next = 1 }, Parser)
  index_options(header.globals, p.by_name, p.by_short, global)
  index_options(specs or {}, p.by_name, p.by_short, values)
  for _, spec in ipairs(specs or {}) do
    if header.is_positional(spec) then
      p.positional[#p.positional + 1] = spec
    end
  end
  return p
end

function Parser:help_hint(hint)
  local command = self.op:match "^tarn (%S+)"
  local help = command and ("`tarn help %s` shows its arguments"):format(command)
    or "`tarn help` lists commands and options"
  return hint and hint .. " " .. help or help
end

function Parser:wrong(message, hint)
  fault.usage(self.op, message, self:help_hint(hint))
end

function Parser:unknown(name)
  local names = {}
  for known in pairs(self.by_name) do
    names[#names + 1] = (known:gsub("_", "-"))
  end
  table.sort(names)
  self:wrong(("unknown option '--%s'"):format(name), suggestion.hint(name, names, "--"))
end

-- As `unknown`, of a name that a caller in Lua or a route gave.
function Parser:unknown_name(name)
  local names = {}
  for i, spec in ipairs(self.specs) do
    names[i] = spec[1]
  end
  self:wrong(("unknown argument '%s'"):format(name), suggestion.hint(name, names))
end

-- Flags that count how often they are given.
local COUNTED <const> = { verbose = true }

function Parser:store(entry, text)
  local spec, target = entry.spec, entry.target
  local name = spec[1]
  if spec[2] == "list" then
    local list = target[name] or {}
    list[#list + 1] = text
    target[name] = list
  elseif COUNTED[name] and target == self.global then
    target[name] = (target[name] or 0) + 1
  elseif target[name] ~= nil and spec[2] ~= "flag" and target == self.values then
    self:wrong(("%s is given twice"):format(M.title(spec)))
  else
    local value, why, hint = M.find_value(spec, text)
    if value == nil then
      self:wrong(("%s: '%s' %s"):format(M.title(spec), text, why), hint)
    end
    target[name] = value
  end
end

-- The entry of an option, or nil. "--no-x" is the negation of the flag x.
function Parser:find_option(name)
  local plain = name:gsub("-", "_")
  local entry = self.by_name[plain]
  if entry then
    return entry, false
  end
  entry = self.by_name[plain:match "^no_(.+)$" or ""]
  if entry and entry.spec[2] == "flag" then
    return entry, true
  end
end

function Parser:value_for(words, i, shown)
  if words[i + 1] == nil then
    self:wrong(("%s needs a value"):format(shown))
  end
  return words[i + 1]
end

-- Handles words[i], an option with two dashes; returns the index of the last word used.
function Parser:long(words, i)
  local name, value = words[i]:match "^%-%-([^=]+)=(.*)$"
  name = name or words[i]:sub(3)
  local entry, negated = self:find_option(name)
  if not entry then
    self:unknown(name)
  elseif entry.spec[2] == "flag" then
    if negated and value then
      self:wrong(("--%s takes no value"):format(name))
    end
    self:store(entry, negated and "false" or value or "true")
    return i
  elseif value then
    self:store(entry, value)
    return i
  end
  self:store(entry, self:value_for(words, i, "--" .. name))
  return i + 1
end

-- "-v", "-vv", "-ojson", "-o json".
function Parser:short(words, i)
  local rest = words[i]:sub(2)
  while rest ~= "" do
    local letter = rest:sub(1, 1)
    local entry = self.by_short[letter]
    rest = rest:sub(2)
    if not entry then
      self:wrong(("unknown option '-%s'"):format(letter))
    elseif entry.spec[2] == "flag" then
      self:store(entry, "true")
    elseif rest ~= "" then
      self:store(entry, rest)
      return i
    else
      self:store(entry, self:value_for(words, i, "-" .. letter))
      return i + 1
    end
  end
  return i
end

function Parser:positional_value(text)
  local spec = self.positional[self.next]
  while spec and self.values[spec[1]] ~= nil and spec[2] ~= "list" do
    self.next = self.next + 1 -- given by its name already
    spec = self.positional[self.next]
  end
  if not spec then
    local n = #self.positional
    self:wrong(("'%s' is one argument too many: %s"):format(text, n == 0 and "none is taken"
      or n == 1 and "one is taken" or ("%d are taken"):format(n)))
  end
  self:store({ spec = spec, target = self.values }, text)
  if spec[2] ~= "list" then
    self.next = self.next + 1
  end
end

-- True if this word is for the list that takes all that follows as it is: anything but an
-- option that every command takes.
function Parser:is_raw(word)
  local spec = self.positional[self.next]
  if not spec or not spec.raw then
    return false
  end
  local name = word:match "^%-%-([^=]+)"
  local entry = name and self.by_name[(name:gsub("-", "_"))] or not name
    and self.by_short[word:sub(2, 2)]
  return not entry or entry.target ~= self.global or entry.spec[1] == "help"
    or entry.spec[1] == "version"
end

local function is_option(word)
  return word:find "^%-." ~= nil and not word:find "^%-[%d.]"
end

function Parser:parse(words, i)
  while i <= #words do
    local word = words[i]
    if word == "--" then
      for j = i + 1, #words do
        self:positional_value(words[j])
      end
      return
    elseif not is_option(word) or self:is_raw(word) then
      self:positional_value(word)
    elseif word:find "^%-%-" then
      i = self:long(words, i)
    else
      i = self:short(words, i)
    end
    i = i + 1
  end
end

function Parser:finish()
  for _, spec in ipairs(self.specs) do
    local name = spec[1]
    if self.values[name] == nil then
      if header.is_required(spec) then
        self:wrong(("%s is missing"):format(M.title(spec)), spec[3])
      elseif spec[2] == "flag" then
        self.values[name] = spec.default or false
      else
        self.values[name] = spec.default
      end
    end
  end
end

--- Parse the words of one command.
---@param op string "tarn list", for messages
---@param specs table[] the header's `args`
---@param words string[]
---@param global? table gets the options that every command takes
---@return table values by name; `global` too
function M.parse(op, specs, words, global)
  local values = {}
  local p = new_parser(op, specs, global or {}, values)
  p:parse(words, 1)
  if not p.global.help and not p.global.version then
    p:finish()
  end
  return values, p.global
end

--- True for `-e`, which says that code follows.
---@param word string
---@return boolean
function M.is_code(word)
  return word:find "^%-e" ~= nil or word:find "^%-%-execute" ~= nil
end

--- Parse what stands before the command: only options that every command takes. `-e CODE` in
-- its place is `repl -e CODE`: it counts as the command.
---@param words string[]
---@return table global
---@return integer index of the command's name, #words + 1 if there is none
function M.parse_global(words)
  local global = {}
  local p = new_parser("tarn", nil, global, {})
  local i = 1
  while i <= #words and is_option(words[i]) and words[i] ~= "--" and not M.is_code(words[i]) do
    i = words[i]:find "^%-%-" and p:long(words, i) or p:short(words, i)
    i = i + 1
  end
  if words[i] == "--" then
    i = i + 1
  end
  return global, i
end

--- Check values that did not come from a command line (a route, a call from Lua), and fill in
-- the defaults. Text is converted; other values must have the argument's type.
---@param op string
---@param specs table[]
---@param given table
---@return table values
function M.complete(op, specs, given)
  local p = new_parser(op, specs, {}, {})
  for name, value in pairs(given) do
    local entry = p.by_name[name]
    if not entry or entry.target ~= p.values then
      p:unknown_name(tostring(name))
    end
    if type(value) == "string" then
      p:store(entry, value)
    else
      p.values[name] = value
    end
  end
  p:finish()
  return p.values
end

return M
