--- Globs: `*` matches any characters, `?` matches one; every other character matches itself.

local M = {}

--- A function that tells whether a whole text matches the pattern.
---@param pattern string
---@param case? boolean true: upper and lower case differ
---@return fun(text: string): boolean
function M.matcher(pattern, case)
  if not case then
    pattern = pattern:lower()
  end
  local parts = pattern:gsub("[%^%$%(%)%%%.%[%]%+%-]", "%%%0"):gsub("%*+", ".*"):gsub("%?", ".")
  parts = "^" .. parts .. "$"
  return function(text)
    return (case and text or text:lower()):find(parts) ~= nil
  end
end

return M
