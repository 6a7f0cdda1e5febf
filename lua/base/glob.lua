--- Globs: `*` is any run of characters, `?` is one. Everything else is itself.

local M = {}

--- A function that tells whether a text matches. Case does not count unless `case`.
---@param pattern string
---@param case? boolean
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
