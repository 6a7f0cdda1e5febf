--- The public library: what scripts may use, by the names they use.
--
-- `require "tarn"` is the one door of a script. What scripts need often is a field of it; the
-- subjects (tarn.pipelines, tarn.lineage, ...) are required by their own names. Everything else
-- below lua/ is private: it may change in any version.

local find = require "engine.find"

local M = {}

--- Fields of `tarn`, and the module that each one is.
M.fields = {
  fault = "base.fault", json = "native.json", secrets = "base.secrets", testing = "testing.api",
  time = "base.time",
}

--- Functions of `tarn` that another module defines.
M.functions = {
  each = "base.pool", first = "base.pool", map = "base.pool", stream = "base.pool",
  timeout = "base.pool",
}

--- The subjects: one module for each file in lua/tarn, the user's own files among them.
---@return string[] names "tarn.auth", "tarn.backend", ..., sorted
function M.subjects()
  local names = {}
  for _, file in ipairs(find.names "lua/tarn/") do
    local name = file:match "^lua/tarn/([%w_]+)%.lua$"
    names[#names + 1] = name and "tarn." .. name
  end
  return names
end

--- All modules of the library: the front door, its fields, the subjects.
---@return string[] names
function M.names()
  local names, fields = { "tarn" }, {}
  for name, module in pairs(M.fields) do
    if not module:find "^native%." then
      fields[#fields + 1] = "tarn." .. name
    end
  end
  table.sort(fields)
  table.move(fields, 1, #fields, 2, names)
  local subjects = M.subjects()
  return table.move(subjects, 1, #subjects, #names + 1, names)
end

--- The module behind a name of the library: "tarn.fault" is base.fault, "tarn.wait" itself.
---@param name string
---@return string
function M.module(name)
  local field = name:match "^tarn%.([%w_]+)$"
  return field and M.fields[field] or name
end

--- The name by which scripts reach a module: base.fault is "tarn.fault"; nil for a private one.
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

--- The name by which scripts reach a function: base.pool's `map` is "tarn.map"; nil for a private
-- one.
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
