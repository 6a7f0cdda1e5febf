--- Globs: `*` matches any characters, `?` matches one; every other character matches itself.

local strings = require "base.strings"

local M = {}

local ONE <const> = "[^\x80-\xbf][\x80-\xbf]*" -- a character, whatever number of bytes it has

--- A function that tells whether a whole text matches the pattern.
---@param pattern string
---@param case? boolean true: upper and lower case differ
---@return fun(text: string): boolean
function M.matcher(pattern, case)
  if not case then
    pattern = strings.fold(pattern)
  end
  local parts = pattern:gsub("[%^%$%(%)%%%.%[%]%+%-]", "%%%0"):gsub("%*+", ".*"):gsub("%?", ONE)
  parts = "^" .. parts .. "$"
  return function(text)
    return (case and text or strings.fold(text)):find(parts) ~= nil
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
