--- Tables of Lua.

local M = {}

--- A new table with the fields of all these tables; later ones override earlier ones.
---@param ... table
---@return table
function M.merged(...)
  local result = {}
  for _, fields in ipairs { ... } do
    for key, value in pairs(fields) do
      result[key] = value
    end
  end
  return result
end

return M
