--- The candidates of a completion in columns, as wide as the screen allows.

local term = require "native.term"

local M = {}

local MOST_ROWS <const> = 12
local GAP <const> = 2

--- The names in columns, read downwards. Names beyond 12 rows are only counted.
---@param words string[]
---@return string
function M.text(words)
  local width = 0
  for _, word in ipairs(words) do
    width = math.max(width, term.width(word))
  end
  width = width + GAP
  local columns = math.max(1, ((term.size() or 80) - 1) // width)
  local shown = math.min(#words, columns * MOST_ROWS)
  local rows = (shown + columns - 1) // columns
  local lines = {}
  for row = 1, rows do
    local parts = {}
    for i = row, shown, rows do
      parts[#parts + 1] = words[i] .. (" "):rep(width - term.width(words[i]))
    end
    lines[row] = table.concat(parts):gsub("%s+$", "")
  end
  if shown < #words then
    lines[#lines + 1] = ("... and %d more"):format(#words - shown)
  end
  return table.concat(lines, "\n") .. "\n"
end

return M
