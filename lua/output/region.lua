--- A region of lines at the bottom of a terminal, which is redrawn in place.
--
-- Only changed lines are written, each frame in one write, so that nothing flickers. The region has
-- at most as many lines as the terminal has rows, less one for the hidden cursor below it. When the
-- size of the terminal changes, the whole region is drawn anew, also where the terminal has broken
-- lines that had become too long. The caller asks `room()` before it composes the lines, and calls
-- `show` now and then even if nothing has changed, because only `show` notices a new size.

local stdout = require "output.stdout"
local term = require "native.term"

local M = {}

local HIDE <const>, SHOW <const> = "\27[?25l", "\27[?25h"
local END_OF_LINE <const>, END_OF_SCREEN <const> = "\27[K", "\27[J"
local STYLE <const> = "\27%[[%d;]*m"
local COLUMNS <const>, ROWS <const> = 80, 24 -- if the terminal does not tell its size

---@class tarn.Region
local Region = {}
Region.__index = Region

--- True if the stream is a terminal that can move its cursor.
---@param stream "out"|"err"
---@return boolean
function M.is_possible(stream)
  local name = os.getenv "TERM" or ""
  return term.is_tty(stream) and name ~= "" and name ~= "dumb"
end

--- Make a region below the printed text: `local block <close> = region.new(screen)`.
---@param screen tarn.Screen the screen to write on; the region keeps its `width` up to date
---@param opts? { size?: (fun(): integer?, integer?), flush?: fun() } other functions than those of
--- the terminal, for tests
---@return tarn.Region
function M.new(screen, opts)
  opts = opts or {}
  return setmetatable({ screen = screen, size = opts.size or term.size,
    flush = opts.flush or stdout.flush, lines = {} }, Region)
end

--- The columns and rows that a region may have. The last column stays free, because terminals
-- differ in when they move to the next line after writing to it.
---@return integer columns, integer rows
function Region:room()
  local columns, rows = self.size()
  columns = math.max(2, (columns or 0) > 0 and columns or COLUMNS)
  rows = math.max(2, (rows or 0) > 0 and rows or ROWS)
  self.screen.width = columns - 1
  return columns - 1, rows - 1
end

-- The text cut to `width` columns; escape sequences of styles take none.
local function cut(screen, text, width)
  local bare = text:gsub(STYLE, "")
  if #bare <= width or screen:measure(bare) <= width then
    return text
  elseif bare == text then
    return screen:cut(text, width)
  end
  local parts, left = {}, width
  for plain, style in (text .. "\27[0m"):gmatch("(.-)(" .. STYLE .. ")") do
    local fitting = screen:cut(plain, left)
    left = left - screen:measure(fitting)
    parts[#parts + 1] = fitting .. style
    if fitting ~= plain then
      break
    end
  end
  return table.concat(parts) .. "\27[0m"
end

-- The rows that the shown lines take on a terminal of so many columns.
local function rows_of(self, columns)
  local rows = 0
  for _, line in ipairs(self.lines) do
    local width = self.screen:measure((line:gsub(STYLE, "")))
    rows = rows + math.max(1, (width + columns - 1) // columns)
  end
  return rows
end

-- The escape sequences that erase the region and leave the cursor in its first row.
local function erase(self, columns, rows)
  local up = math.min(rows_of(self, columns), rows)
  self.lines = {}
  return "\r" .. (up > 0 and ("\27[%dA"):format(up) or "") .. END_OF_SCREEN
end

-- The text that replaces the shown lines by the new ones. The cursor begins and ends below them.
local function change(self, new)
  local old, parts, at = self.lines, {}, #self.lines + 1
  local function go(to)
    if to < at then
      parts[#parts + 1] = ("\27[%dA"):format(at - to)
    elseif to > at then
      parts[#parts + 1] = ("\27[%dB"):format(to - at)
    end
    at = to
  end
  for i = 1, #new do
    if i > #old then
      go(i)
      parts[#parts + 1] = new[i] .. END_OF_LINE .. "\r\n"
      at = i + 1
    elseif new[i] ~= old[i] then
      go(i)
      parts[#parts + 1] = new[i] .. END_OF_LINE .. "\r"
    end
  end
  if #new < #old then
    go(#new + 1)
    parts[#parts + 1] = END_OF_SCREEN
  elseif #parts > 0 then
    go(#new + 1)
  end
  self.lines = new
  return table.concat(parts)
end

local function fitted(self, lines, columns, rows)
  local list = {}
  for i = 1, math.min(#lines, rows) do
    list[i] = cut(self.screen, self.screen:finish(lines[i]), columns)
  end
  return list
end

function Region:write(text)
  if text ~= "" then
    self.screen.raw(text)
    self.flush()
  end
end

--- Show these lines in place of the earlier ones. Lines and columns that do not fit are cut off.
---@param lines string[] without line ends; styles are those of `screen:style`
function Region:show(lines)
  if self.closed then
    error("the region is closed", 2)
  end
  local columns, rows = self:room()
  local text = self.hidden and "" or HIDE
  if self.columns ~= columns or self.rows ~= rows then
    text = text .. (self.columns and erase(self, columns + 1, rows) or "")
    self.columns, self.rows = columns, rows
  end
  self.hidden = true
  self:write(text .. change(self, fitted(self, lines, columns, rows)))
end

--- Print a text above the region, where it stays.
---@param text string with its line end
function Region:above(text)
  local columns, rows = self:room()
  local lines = self.lines
  local cleared = #lines > 0 and erase(self, columns + 1, rows) or ""
  self.columns, self.rows = columns, rows
  self:write(cleared .. (text:gsub("\n", "\r\n")) .. change(self, fitted(self, lines, columns,
    rows)))
end

--- Erase the region; the next `show` draws it again in the same place.
function Region:clear()
  local columns, rows = self:room()
  if #self.lines > 0 then
    self:write(erase(self, columns + 1, rows))
  end
end

--- Leave the region as it is and show the cursor again, on the line below.
function Region:close()
  if self.closed then
    return
  end
  self.closed = true
  if self.hidden then
    self:write("\r" .. END_OF_LINE .. SHOW) -- the terminal may have echoed ^C there
  end
end
Region.__close = Region.close

return M
