--- Lays out help texts: wraps words, and aligns pairs of texts in two columns.

local M = {}

local WIDTH <const> = 92 -- columns of a line
local LEFT <const> = 30  -- a longer text of the left column has a line of its own

--- Wrap a text at blanks.
---@param text string
---@param indent string what the second and later lines begin with
---@return string
function M.wrap(text, indent)
  local lines, line = {}, ""
  for word in text:gmatch "%S+" do
    if line ~= "" and #line + 1 + #word > WIDTH - #indent then
      lines[#lines + 1] = line
      line = word
    else
      line = line == "" and word or line .. " " .. word
    end
  end
  lines[#lines + 1] = line
  return table.concat(lines, "\n" .. indent)
end

--- Append pairs of texts in two columns, the right one wrapped.
---@param lines string[]
---@param rows { [1]: string, [2]: string }[]
function M.two_columns(lines, rows)
  local width = 0
  for _, row in ipairs(rows) do
    width = math.max(width, math.min(#row[1], LEFT))
  end
  local indent = (" "):rep(width + 4)
  for _, row in ipairs(rows) do
    local left = ("  %-" .. width .. "s"):format(row[1])
    if #row[1] > width then
      lines[#lines + 1] = left
      lines[#lines + 1] = indent .. M.wrap(row[2], indent)
    else
      lines[#lines + 1] = left .. "  " .. M.wrap(row[2], indent)
    end
  end
end

return M
