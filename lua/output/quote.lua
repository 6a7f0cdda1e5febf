--- Quotes words for other programs.

local M = {}

--- Quote a word for a POSIX shell, if it needs quotes.
---@param word string
---@return string
function M.shell(word)
  return word:find "^[%w_./:=@%%+,-]+$" and word or "'" .. word:gsub("'", "'\\''") .. "'"
end

return M
