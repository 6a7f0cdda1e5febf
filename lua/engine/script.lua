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

local function load_fresh(name)
  local at, plain = name:match "^(@?)(.*)$"
  local source = plain:find "^[%w_-]+$" and find.file(at .. "scripts/" .. plain .. ".lua")
  if not source then
    local hint = require("base.suggestion").hint(plain, M.names(), at)
    fault.usage("tarn", ("there is no command '%s'"):format(name),
      hint or "`tarn help` lists the commands")
  end
  return M.load_source(source), source
end

--- A function that loads scripts for a program that runs for long, and keeps them: engine.reload
-- sets it. It gets the name and the function that loads.
---@type nil|fun(name: string, load: function): table, tarn.Source
M.keeper = nil

--- Load the script of a command. Raises a fault if there is none, or if it does not load.
---@param name string "list"; "@list" is the built-in one
---@return table script
---@return tarn.Source source
function M.load(name)
  if M.keeper then
    return M.keeper(name, load_fresh)
  end
  return load_fresh(name)
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

return M
