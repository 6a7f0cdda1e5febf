--- Helpers for lists and sets.

local M = {}

--- Append a value to a list unless the list holds it already.
---@param list any[]
---@param value any
function M.add_once(list, value)
  for _, known in ipairs(list) do
    if known == value then
      return
    end
  end
  list[#list + 1] = value
end

--- How many keys a table has.
---@param set table
---@return integer
function M.size(set)
  local n = 0
  for _ in pairs(set) do
    n = n + 1
  end
  return n
end

return M
