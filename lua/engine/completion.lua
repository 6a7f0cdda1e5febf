--- Completion of command lines: commands, options and values.
--
-- The candidates come from the same headers as the parser reads, so the user's own scripts are
-- completed too. No function raises a fault, except when it is cancelled: a fault is of no use at a
-- TAB.

local argspec = require "engine.header.argspec"
local fault = require "base.fault"
local globals = require "engine.header.globals"
local providers = require "engine.providers"
local script = require "engine.script"

local M = {}

---@class tarn.Completion
---@field words tarn.Name[] the candidates, each with a short description
---@field files? "files"|"folders" set if names of files are candidates too: the shell completes
--- them

-- ---- values ----

-- What the values of an argument name, if its type tells.
local KINDS <const> = { pipeline = "pipeline", workspace = "workspace", path = "path",
  catalog = "catalog" }

local values = {}

local function add(words, word, what)
  words[#words + 1] = { word, what or "" }
end

function values.command(words)
  for _, name in ipairs(script.names()) do
    local loaded, problem = script.header(name)
    add(words, name, loaded and loaded.summary or "broken: " .. problem.message)
  end
end

function values.topic(words)
  values.command(words)
  for _, topic in ipairs(require("engine.help.topics").list) do
    add(words, topic[1], topic[2])
  end
  local pages = require "engine.help.pages"
  for _, name in ipairs(pages.names()) do
    add(words, name, pages.summary(name))
  end
end

function values.module(words)
  values.command(words)
  for _, file in ipairs(require("engine.find").names "lua/") do
    local name = file:match "^lua/(.*)%.lua$"
    if name then
      add(words, (name:gsub("/", ".")), "module")
    end
  end
end

-- ---- the earlier words ----

local Line = {}
Line.__index = Line

-- The argument that an option names, and true if the next word is its value.
function Line:find_option(word)
  local name = word:match "^%-%-([^=]+)"
  local plain = name and name:gsub("-", "_")
  for _, list in ipairs { self.specs, globals.list } do
    for _, spec in ipairs(list) do
      if plain == spec[1] or not name and word:sub(-1) == spec.short then
        return spec, spec[2] ~= "flag" and not word:find "="
      end
    end
  end
end

-- Keep the value of an argument. --path and --bundled decide which scripts there are.
function Line:remember(spec, text)
  self.given[spec[1]] = text or true
  if spec == globals.by_name.path then
    table.insert(self.path, text)
  elseif spec ~= globals.by_name.bundled then
    return
  end
  require("engine.find").setup { path = self.path, bundled = self.given.bundled ~= nil }
end

-- The value of an option that is written as --name=value.
local function value_in(word)
  return word:match "^%-%-[^=]+=(.*)$"
end

-- Take a word that is not an option: the command, or the value of the next positional argument.
function Line:take_plain(word)
  if not self.command then
    self.command = word
    local loaded = script.header(word)
    self.specs = loaded and loaded.args or {}
    return
  end
  local spec = self:next_positional()
  if spec then
    self:remember(spec, word)
  end
end

-- The argument that takes the next word that is not an option.
function Line:next_positional()
  for _, spec in ipairs(self.specs) do
    if argspec.is_positional(spec) and (spec[2] == "list" or not self.given[spec[1]]) then
      return spec
    end
  end
end

-- Read the words. Returns the argument whose value the next word is, if the last one is an option.
function Line:read(words)
  local wanted
  for _, word in ipairs(words) do
    if wanted then
      self:remember(wanted, word)
      wanted = nil
    elseif word == "--" and not self.plain then
      self.plain = true
    elseif word:find "^%-." and not self.plain then
      local spec, takes_next = self:find_option(word)
      if takes_next then
        wanted = spec
      elseif spec then
        self:remember(spec, value_in(word))
      end
    else
      self:take_plain(word)
    end
  end
  return wanted
end

-- ---- candidates ----

-- The values of one argument, each after a prefix ("--output=").
function Line:values_of(spec, before)
  local words = {}
  local kind = spec.of or KINDS[spec[2]]
  if spec.choices then
    for _, choice in ipairs(spec.choices) do
      add(words, choice)
    end
  elseif kind == "path" then
    return { words = words, files = spec.value == "DIR" and "folders" or "files" }
  elseif kind and values[kind] then
    values[kind](words)
  elseif kind then
    words = providers.candidates(kind, self.given)
  end
  for i, word in ipairs(words) do
    words[i] = { before .. word[1], word[2] }
  end
  return { words = words }
end

function Line:options()
  local words = {}
  for _, list in ipairs { self.specs, globals.list } do
    for _, spec in ipairs(list) do
      if not argspec.is_positional(spec) and (spec[2] == "list" or not self.given[spec[1]]) then
        add(words, "--" .. spec[1]:gsub("_", "-"), spec[3])
      end
    end
  end
  return { words = words }
end

function Line:candidates(wanted, current)
  if wanted then
    return self:values_of(wanted, "")
  elseif current:find "^%-%-[^=]+=" and not self.plain then
    local spec = self:find_option(current)
    return spec and self:values_of(spec, current:match "^[^=]+=") or { words = {} }
  elseif current:find "^%-" and not self.plain then
    return self:options()
  elseif not self.command then
    local words = {}
    values.command(words)
    return { words = words }
  end
  local spec = self:next_positional()
  return spec and self:values_of(spec, "") or { words = {} }
end

-- The words that begin with the typed text. If there are none, case is ignored.
local function beginning_with(words, typed)
  local exact, loose, lower = {}, {}, typed:lower()
  for _, word in ipairs(words) do
    if word[1]:sub(1, #typed) == typed then
      exact[#exact + 1] = word
    elseif word[1]:sub(1, #typed):lower() == lower then
      loose[#loose + 1] = word
    end
  end
  return #exact > 0 and exact or loose
end

-- Call a method of a line; no candidates if it raises.
local function attempt(line, method, ...)
  local found, e = fault.try(line[method], line, ...)
  if fault.is(e, "cancelled") then
    fault.raise(e)
  end
  return found or { words = {} }
end

--- All values of one argument, for the prompt.
---@param spec tarn.ArgSpec
---@param given table<string, any> the other arguments, and `profile`
---@return tarn.Completion
function M.values(spec, given)
  local line = setmetatable({ specs = {}, given = given, path = {} }, Line)
  return attempt(line, "values_of", spec, "")
end

--- The candidates for the last word of a command line.
---@param words string[] the words without the program's name; the last one is the word that is
--- typed,
--- which may be ""
---@return tarn.Completion
function M.find(words)
  local current = words[#words] or ""
  local line = setmetatable({ specs = {}, given = {}, path = {} }, Line)
  local wanted = line:read(table.move(words, 1, #words - 1, 1, {}))
  local found = attempt(line, "candidates", wanted, current)
  found.words = beginning_with(found.words, current)
  return found
end

return M
