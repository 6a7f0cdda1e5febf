--- Defines the public library: the modules and functions that scripts may use.
--
-- Scripts require `tarn`. Its fields are what they need often; the subjects (tarn.pipelines,
-- tarn.lineage, ...) are required by their own names. All other modules are private: they may
-- change in any version.

local collections = require "base.collections"
local find = require "engine.find"

local M = {}

--- The fields of `tarn` that are modules, with the modules' names.
M.fields = {
  fault = "base.fault", json = "native.json", secrets = "base.secrets", testing = "testing.api",
  time = "base.time",
}

--- The functions of `tarn` that another module defines, with that module's name.
M.functions = {
  all = "base.list",
  each = "base.pool", first = "base.pool", map = "base.pool", stream = "base.pool",
  timeout = "base.pool",
}

--- The subjects: a module for each file in lua/tarn, with those in the user's directories.
---@return string[] names "tarn.auth", "tarn.backend", ..., sorted
function M.subjects()
  local names = {}
  for _, file in ipairs(find.names "lua/tarn/") do
    local name = file:match "^lua/tarn/([%w_]+)%.lua$"
    names[#names + 1] = name and "tarn." .. name
  end
  return names
end

--- The names of all public modules: `tarn`, its fields, the subjects.
---@return string[] names
function M.names()
  local names = { "tarn" }
  for _, name in ipairs(collections.keys(M.fields)) do
    names[#names + 1] = not M.fields[name]:find "^native%." and "tarn." .. name or nil
  end
  local subjects = M.subjects()
  return table.move(subjects, 1, #subjects, #names + 1, names)
end

--- The module for a public name: base.fault for "tarn.fault", tarn.wait for "tarn.wait".
---@param name string
---@return string
function M.module(name)
  local field = name:match "^tarn%.([%w_]+)$"
  return field and M.fields[field] or name
end

--- The public name of a module: "tarn.fault" for base.fault. Nil for a private module.
---@param module string
---@return string?
function M.find_public(module)
  for field, behind in pairs(M.fields) do
    if behind == module then
      return "tarn." .. field
    end
  end
  return module:find "^tarn%.[%w_]+$" and module or module:find "^native%." and module or nil
end

--- The public name of a function: "tarn.map" for `map` of base.pool. Nil for a private function.
---@param module string
---@param name string
---@return string?
function M.find_function(module, name)
  if M.functions[name] == module then
    return "tarn." .. name
  end
  local public = M.find_public(module)
  return public and public .. "." .. name
end

return M
