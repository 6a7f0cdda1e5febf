--- Helpers for strings.

local M = {}

--- The value if it is a string that is not empty, else nil: null, numbers and "" count as missing.
---@param value any
---@return string?
function M.non_empty(value)
  return type(value) == "string" and value ~= "" and value or nil
end

--- The first line of a text, without its line end.
---@param text any
---@return string
function M.first_line(text)
  return (tostring(text):match "^[^\n]*")
end

return M
