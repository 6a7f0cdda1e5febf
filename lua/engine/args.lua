--- Parses the words of a command line into the arguments that a script's header declares.

local argspec = require "engine.header.argspec"
local collections = require "base.collections"
local convert = require "engine.args.convert"
local fault = require "base.fault"
local globals = require "engine.header.globals"
local suggestion = require "base.suggestion"

local M = {}

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
  index_options(globals.list, p.by_name, p.by_short, global)
  index_options(specs or {}, p.by_name, p.by_short, values)
  for _, spec in ipairs(specs or {}) do
    if argspec.is_positional(spec) then
      p.positional[#p.positional + 1] = spec
    end
  end
  return p
end

-- The hint, with where to look further.
function Parser:help_hint(hint)
  local command = self.op:match "^tarn (%S+)"
  local help = command and ("`tarn help %s` shows its arguments"):format(command)
    or "`tarn help` lists commands and options"
  return hint and hint .. " " .. help or help
end

function Parser:wrong(message, hint)
  fault.usage(self.op, message, self:help_hint(hint))
end

function Parser:unknown_option(name)
  local names = {}
  for _, known in ipairs(collections.keys(self.by_name)) do
    names[#names + 1] = (known:gsub("_", "-"))
  end
  local meant = require("engine.words").find_option(name, function(option)
    return self.by_name[option] ~= nil
  end)
  self:wrong(("unknown option '--%s'"):format(name),
    meant and ("it is called %s here."):format(argspec.option(meant))
      or suggestion.hint(name, names, "--"))
end

function Parser:unknown_argument(name)
  self:wrong(("unknown argument '%s'"):format(name),
    suggestion.hint(name, collections.column(self.specs, 1)))
end

-- The command that is meant by another tool's word in place of a choice: `tarn auth login`.
function Parser:hint_for_action(spec, text)
  local command = self.op:match "^tarn (%S+)"
  if spec[2] ~= "choice" or not argspec.is_positional(spec) or not command then
    return nil
  end
  local answer = require("engine.words").commands[command .. " " .. text:lower()]
  return answer and ("`tarn %s` %s."):format(answer[1][1], answer[1][2])
end

-- Flags whose value is how often they are given: -vv.
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
    self:wrong(("%s is given twice"):format(argspec.title(spec)))
  else
    local value, why, hint = convert.find(spec, text)
    if value == nil then
      hint = hint or self:hint_for_action(spec, text)
      self:wrong(("%s: '%s' %s"):format(argspec.title(spec), text, why), hint)
    end
    target[name] = value
  end
end

-- The entry of an option, or nil; and true for --no-x, which negates the flag x.
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

-- Parse words[i], an option with two dashes. Returns the index of the last word used.
function Parser:long(words, i)
  local name, value = words[i]:match "^%-%-([^=]+)=(.*)$"
  name = name or words[i]:sub(3)
  local entry, negated = self:find_option(name)
  if not entry then
    self:unknown_option(name)
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

-- Parse words[i], an option with one dash: -v, -vv, -ojson, -o json. Returns the index of the last
-- word used.
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
    self.next = self.next + 1 -- this one was given by name
    spec = self.positional[self.next]
  end
  if not spec then
    local n = #self.positional
    self:wrong(("'%s' is one argument too many: the command takes %s"):format(text,
      n == 0 and "none" or n == 1 and "one" or ("%d"):format(n)))
  end
  self:store({ spec = spec, target = self.values }, text)
  if spec[2] ~= "list" then
    self.next = self.next + 1
  end
end

-- True if the next positional argument is a raw list and takes this option. Options that every
-- command takes are not for the list, except --help and --version.
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
      if argspec.is_required(spec) then
        self:wrong(("%s is missing"):format(argspec.title(spec)), spec[3])
      elseif spec[2] == "flag" then
        self.values[name] = spec.default or false
      else
        self.values[name] = spec.default
      end
    end
  end
end

--- Parse the words after a command's name. Raises a fault `usage` that says what is wrong.
---@param op string the command, for messages: "tarn list"
---@param specs tarn.ArgSpec[] the header's `args`
---@param words string[]
---@param global? table gets the options that every command takes
---@return table values by name
---@return table global
function M.parse(op, specs, words, global)
  local values = {}
  local p = new_parser(op, specs, global or {}, values)
  p:parse(words, 1)
  if not p.global.help and not p.global.version then
    p:finish()
  end
  return values, p.global
end

--- True for -e and --execute, which may stand in place of a command.
---@param word string
---@return boolean
function M.is_code(word)
  return word:find "^%-e" ~= nil or word:find "^%-%-execute" ~= nil
end

--- Parse the options before the command's name.
---@param words string[]
---@return table global the options that every command takes
---@return integer index of the command's name, or of `-e`; #words + 1 if there is none
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

--- Check the arguments of a call from Lua, and add the defaults. Strings are converted to the type
-- of their argument; other values stay as they are.
---@param op string the command, for messages: "tarn list"
---@param specs tarn.ArgSpec[] the header's `args`
---@param given table<string, any> the arguments by name
---@return table values
function M.from_table(op, specs, given)
  local p = new_parser(op, specs, {}, {})
  for name, value in pairs(given) do
    local entry = p.by_name[name]
    if not entry or entry.target ~= p.values then
      p:unknown_argument(tostring(name))
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
