--- Fields of a module that are loaded at their first use: a command loads only what it runs.

local M = {}

--- Give a module fields that are other modules, or values of other modules.
---@param module table gets a metatable
---@param fields table<string, string> { layout = "tarn.export.layout", cause =
--- "tarn.updates.failure:cause" }: a module, or a field of one behind a colon
---@return table module
function M.fields(module, fields)
  return setmetatable(module, { __index = function(self, name)
    local where = fields[name]
    if not where then
      return nil
    end
    local from, field = where:match "^(.-):(.*)$"
    local value = require(from or where)
    value = field and value[field] or value
    rawset(self, name, value)
    return value
  end })
end

return M
