--- Words as those programs read them that a text is for.

local M = {}

--- A word of a command line that a person may copy into a shell.
---@param word string
---@return string
function M.shell(word)
  return word:find "^[%w_./:=@%%+,-]+$" and word or "'" .. word:gsub("'", "'\\''") .. "'"
end

return M
