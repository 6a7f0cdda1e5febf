--- Splits command lines into words, as a POSIX shell does.

local M = {}

--- The words of a line that is still being typed.
---@param line string
---@return string[]
---@return integer? start the first byte of the last word, if the line ends inside that word
function M.split_open(line)
  local words, word, quote, start = {}, nil, nil, nil
  local i = 1
  while i <= #line do
    local c = line:sub(i, i)
    start = word and start or i
    if c == "\\" and quote ~= "'" and i < #line then
      i = i + 1
      word = (word or "") .. line:sub(i, i)
    elseif quote then
      if c == quote then
        quote = nil
      else
        word = word .. c
      end
    elseif c == "'" or c == '"' then
      quote, word = c, word or ""
    elseif c:find "%s" then
      words[#words + 1], word = word, nil
    else
      word = (word or "") .. c
    end
    i = i + 1
  end
  words[#words + 1] = word
  return words, word and start
end

--- The words of a line. Blanks separate words; quotes and backslashes protect blanks.
---@param line string
---@return string[]
function M.split(line)
  return (M.split_open(line))
end

return M
