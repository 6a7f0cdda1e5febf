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

--- A function that tells whether a text matches at least one of the patterns.
---@param patterns? string[]
---@return fun(text: string): boolean
function M.any(patterns)
  local matchers = {}
  for i, pattern in ipairs(patterns or {}) do
    matchers[i] = M.matcher(pattern)
  end
  return function(text)
    for _, matches in ipairs(matchers) do
      if matches(text) then
        return true
      end
    end
    return false
  end
end

return M
