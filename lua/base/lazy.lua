--- Load fields of a module at their first use, so that a command loads only what it runs.

local M = {}

--- Give a module fields that stand for other modules, or for values of other modules.
---@param module table gets a metatable
---@param fields table<string, string> field -> module, or "module:field" for a value of it:
--- { layout = "tarn.export.layout", cause = "tarn.updates.failure:cause" }
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
