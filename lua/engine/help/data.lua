--- Help as data: what the headers of the scripts say.

local argspec = require "engine.header.argspec"
local find = require "engine.find"
local json = require "native.json"
local script = require "engine.script"

local M = {}

--- A list of strings as an array of JSON; nil for nil.
local function array_of(list)
  return list and json.array { table.unpack(list) }
end

--- The arguments of a header.
---@param specs tarn.ArgSpec[]
---@return table[]
function M.arguments(specs)
  local list = json.array {}
  for i, spec in ipairs(specs) do
    list[i] = {
      name = spec[1], type = spec[2], help = spec[3], default = spec.default, short = spec.short,
      choices = array_of(spec.choices), positional = argspec.is_positional(spec),
      required = argspec.is_required(spec),
    }
  end
  return list
end

--- A script's header.
---@param name string the name of the command
---@param loaded table the script
---@return table
function M.script(name, loaded)
  local examples = json.array {}
  for i, example in ipairs(loaded.examples or {}) do
    examples[i] = { command = "tarn " .. example[1], what = example[2] }
  end
  return {
    command = name, summary = loaded.summary, effect = loaded.effect, details = loaded.details,
    args = M.arguments(loaded.args), examples = examples, route = array_of(loaded.route),
    needs = array_of(loaded.needs), see = array_of(loaded.see), author = loaded.author,
    since = loaded.since,
  }
end

--- All commands; a script that does not load has `broken`, the reason, in place of its summary.
---@return table[] { command, origin, summary?, effect?, since?, author?, broken? }
function M.commands()
  local list = json.array {}
  for i, name in ipairs(script.names()) do
    local loaded, problem = script.header(name)
    local source = find.file("scripts/" .. name .. ".lua")
    list[i] = {
      command = name, origin = source and source.origin or json.null,
      summary = loaded and loaded.summary or nil, effect = loaded and loaded.effect or nil,
      since = loaded and loaded.since or nil, author = loaded and loaded.author or nil,
      broken = problem and problem.message or nil,
    }
  end
  return list
end

return M
