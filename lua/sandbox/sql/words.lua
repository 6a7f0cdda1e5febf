--- Sets of words.

local M = {}

--- The words of a text as a set.
---@param text string
---@return table<string, true>
function M.set(text)
  local names = {}
  for name in text:gmatch "%S+" do
    names[name] = true
  end
  return names
end

return M
