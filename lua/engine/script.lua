--- Scripts: found by name, loaded, and checked.

local fault = require "base.fault"
local find = require "engine.find"
local header = require "engine.header"

local M = {}

--- Load a source and check the header that it returns.
---@param source tarn.Source
---@return table script
function M.load_source(source)
  local script = find.compile(source)()
  header.check(script, find.shown_path(source))
  return script
end

--- The names of all commands, sorted, whether they load or not.
---@return string[]
function M.names()
  local names = {}
  for _, file in ipairs(find.names "scripts/") do
    names[#names + 1] = file:match "^scripts/([%w_-]+)%.lua$"
  end
  table.sort(names) -- by name: "clone-to-workspace.lua" comes before "clone.lua"
  return names
end

local function exists(name)
  return name:find "^[%w_-]+$" ~= nil and find.file("scripts/" .. name .. ".lua") ~= nil
end

local STOPS <const> = { stop = true }

-- True if the command destroys or stops something.
local function is_dangerous(name)
  local loaded = M.try(name)
  return STOPS[name] or loaded ~= nil and loaded.effect == "destroy"
end

--- The command whose name is similar to a word. A command that destroys or stops something is
-- never suggested: who follows a suggestion may not look twice.
---@param word string
---@param more? string[] other names that may be meant
---@return string?
function M.suggest(word, more)
  local names = M.names()
  table.move(more or {}, 1, #(more or {}), #names + 1, names)
  while true do
    local similar = require("base.suggestion").find(word, names)
    if not similar or not exists(similar) or not is_dangerous(similar) then
      return similar
    end
    for i = #names, 1, -1 do
      if names[i] == similar then
        table.remove(names, i)
      end
    end
  end
end

local function load_fresh(name, following)
  local at, plain = name:match "^(@?)(.*)$"
  local source = plain:find "^[%w_-]+$" and find.file(at .. "scripts/" .. plain .. ".lua")
  if not source then
    local hint = require("engine.words").hint({ plain, table.unpack(following or {}) }, exists)
    local similar = not hint and M.suggest(plain)
    fault.usage("tarn", ("there is no command '%s'"):format(name), hint
      or similar and ("did you mean '%s%s'?"):format(at, similar)
      or "`tarn help` lists the commands")
  end
  return M.load_source(source), source
end

--- A function that loads scripts for a program that runs for long, and keeps them: engine.reload
-- sets it. It gets the name and the function that loads.
---@type nil|fun(name: string, load: function): table, tarn.Source
M.keeper = nil

--- Load the script of a command. Raises a fault if there is none, or if it does not load.
---@param name string "list"; "@list" is the built-in one
---@param following? string[] the words after the name, for the hint if there is no such command
---@return table script
---@return tarn.Source source
function M.load(name, following)
  if M.keeper then
    return M.keeper(name, load_fresh)
  end
  return load_fresh(name, following)
end

--- Load the script of a command, or return why it does not load.
---@param name string
---@return table? script
---@return tarn.Fault? problem
function M.try(name)
  local ok, script = fault.call(M.load, name)
  if ok then
    return script
  elseif script.kind == "cancelled" then
    error(script, 0)
  end
  return nil, script
end

-- ---- headers alone ----

-- A stand-in for a module, which is loaded at its first use.
local function stand_in(module)
  return setmetatable({}, {
    __index = function(_, key) return require(module)[key] end,
    __newindex = function(_, key, value) require(module)[key] = value end,
    __call = function(_, ...) return require(module)(...) end,
    __pairs = function() return pairs(require(module)) end,
    __len = function() return #require(module) end,
  })
end

-- The globals of a script that is only read.
local reading = setmetatable({ require = function(module)
  local is_late = not package.loaded[module] and find.has_module(module)
  return is_late and stand_in(module) or require(module)
end }, { __index = _G, __newindex = _G })

local headers = {} -- name -> { text =, script = }

--- The header of a command, to be shown: its functions are not to be called. The modules that the
-- script requires are not loaded unless the header itself uses them, which is most of the time
-- that a list of all commands takes.
---@param name string
---@return table? script
---@return tarn.Fault? problem
function M.header(name)
  local source = find.file("scripts/" .. name .. ".lua")
  local known = headers[name]
  if known and source and known.text == source.text then
    return known.script
  end
  local ok, script = fault.call(function()
    local loaded = find.compile(source, reading)()
    header.check(loaded, find.shown_path(source))
    return loaded
  end)
  if not ok then
    return M.try(name) -- a header that needs more than a stand-in, or one that is wrong
  end
  headers[name] = { text = source.text, script = script }
  return script
end

return M
