--- Scripts: found by name, loaded, checked, run.

local fault = require "base.fault"
local find = require "engine.find"
local header = require "engine.header"

local M = {}

--- Where messages say a source is: a path, or "bundle/scripts/list.lua".
---@param source tarn.Source
---@return string
function M.place(source)
  return source.path or "bundle/" .. source.name
end

--- Run a source's chunk and check the header it returns.
---@param source tarn.Source
---@return table script
function M.load_source(source)
  local script = find.compile(source)()
  header.check(script, M.place(source))
  return script
end

--- Names of all commands, sorted, whether they load or not.
---@return string[]
function M.names()
  local names = {}
  for _, file in ipairs(find.names "scripts/") do
    names[#names + 1] = file:match "^scripts/([%w_-]+)%.lua$"
  end
  table.sort(names) -- "clone" before "clone-to-workspace", whose file comes first
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

--- Who keeps scripts for a program that lives long: `engine.reload`. It gets the name and the
-- function that loads.
---@type nil|fun(name: string, load: function): table, tarn.Source
M.keeper = nil

--- The script in force under that name ("list", or "@list" for the bundled one).
---@param name string
---@return table script
---@return tarn.Source source
function M.load(name)
  if M.keeper then
    return M.keeper(name, load_fresh)
  end
  return load_fresh(name)
end

--- What is known of a command without risk: its script, or why it does not load.
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
