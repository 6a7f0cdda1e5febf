--- Globs: `*` matches any characters, `?` matches one; every other character matches itself.

local strings = require "base.strings"

local M = {}

local ONE <const> = "[^\x80-\xbf][\x80-\xbf]*" -- a character, whatever number of bytes it has
local MOST <const> = 30 -- wildcards whose texts can be told: Lua's patterns have 32 captures

-- Lua's pattern for a glob; `all` and `one` stand for the wildcards.
local function translated(pattern, all, one)
  local parts = pattern:gsub("[%^%$%(%)%%%.%[%]%+%-]", "%%%0"):gsub("%*+", all):gsub("%?", one)
  return "^" .. parts .. "$"
end

--- A function that tells whether a whole text matches the pattern.
---@param pattern string
---@param case? boolean true: upper and lower case differ
---@return fun(text: string): boolean
function M.matcher(pattern, case)
  if not case then
    pattern = strings.fold(pattern)
  end
  local parts = translated(pattern, ".*", ONE)
  return function(text)
    return (case and text or strings.fold(text)):find(parts) ~= nil
  end
end

--- The wildcards of a pattern, in their order: "*?" for "a*b?".
---@param pattern string
---@return string
function M.wildcards(pattern)
  return (pattern:gsub("[^*?]+", "\0"):gsub("%*+", "*"):gsub("\0", ""))
end

--- A function that returns what the wildcards of a pattern stand for in a text, as one key; nil if
-- the text does not match. Case is ignored where the text matches only so.
---@param pattern string
---@return (fun(text: string): string?)? stood_for nil for a pattern with too many wildcards
function M.find_captures(pattern)
  if #M.wildcards(pattern) > MOST then
    return nil
  end
  local exact = translated(pattern, "(.*)", "(" .. ONE .. ")")
  local folded = translated(strings.fold(pattern), "(.*)", "(" .. ONE .. ")")
  return function(text)
    local found = table.pack(text:find(exact))
    if not found[1] then
      found = table.pack(strings.fold(text):find(folded))
    end
    return found[1] and table.concat(found, "\0", 3, found.n) or nil
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
