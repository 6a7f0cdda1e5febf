--- The completion scripts of the shells (lua/engine/shells), and the candidates in bash's form.
--
-- The scripts only pass the words on; engine.completion finds the candidates.

local commandline = require "engine.args.commandline"

local M = {}

--- The completion script of a shell.
---@param shell "bash"|"zsh"|"fish"
---@return string
function M.script(shell)
  return require("engine.find").file("lua/engine/shells/tarn." .. shell).text
end

-- Quote a word for bash, outside of quotes.
local function quote(word)
  return (word:gsub("[%c%p ]", function(c)
    return c:find "[%w_./:=@%%+,-]" and c or "\\" .. c
  end))
end

--- The candidates in the form that bash needs. Bash also breaks words at ":" and "=" and expects
-- only the part after the last of them; and it does not quote candidates itself.
---@param line string the command line up to the cursor
---@param current string the word that bash completes
---@param find fun(words: string[]): tarn.Completion
---@return tarn.Completion
function M.for_bash(line, current, find)
  local words, start = commandline.split_open(line)
  local raw = start and line:sub(start) or ""
  words[#words + (start and 0 or 1)] = start and words[#words] or ""
  local found = find(table.move(words, 2, #words, 1, {}))
  if current == ":" or current == "=" then
    current = ""
  end
  local quoted = raw:find "^['\"]" ~= nil
  local known = not quoted and raw:sub(#raw - #current + 1) == current and #raw - #current or 0
  for _, word in ipairs(found.words) do
    word[1] = quoted and word[1] or quote(word[1]):sub(known + 1)
  end
  return found
end

return M
