--- A block of lines at the bottom of a terminal that changes in place.
--
-- Only lines that changed are written again, each frame in one write, so nothing flickers. The
-- block never has more lines than the terminal has rows, less one for the cursor, which is
-- hidden below it. When the terminal has another size the whole block is drawn anew; terminals
-- that break lines which became too long are reckoned with. Whoever paints composes for
-- `room()` columns and rows before each `show`, and calls `show` now and then even when
-- nothing happens, because that is where a new size is seen.

local out = require "output.stdout"
local term = require "native.term"

local M = {}

local HIDE <const>, SHOW <const> = "\27[?25l", "\27[?25h"
local END_OF_LINE <const>, END_OF_SCREEN <const> = "\27[K", "\27[J"
local STYLE <const> = "\27%[[%d;]*m"
local COLUMNS <const>, ROWS <const> = 80, 24 -- of a terminal that does not tell

---@class tarn.Paint
local Paint = {}
Paint.__index = Paint

--- True if the stream is a terminal on which a cursor can be moved.
---@param stream "out"|"err"
---@return boolean
function M.is_possible(stream)
  local name = os.getenv "TERM" or ""
  return term.is_tty(stream) and name ~= "" and name ~= "dumb"
end

--- A block below what was printed so far: `local block <close> = paint.new(screen)`.
---@param screen tarn.Screen says where to write; its `width` is kept up to date
---@param opts? { size?: (fun(): integer?, integer?), flush?: fun() }
---@return tarn.Paint
function M.new(screen, opts)
  opts = opts or {}
  return setmetatable({ screen = screen, size = opts.size or term.size,
    flush = opts.flush or out.flush, lines = {} }, Paint)
end

--- The columns and rows that a block may have now. The last column stays free: a terminal
-- that was just filled up to there is in a state of its own.
---@return integer columns, integer rows
function Paint:room()
  local columns, rows = self.size()
  columns = math.max(2, (columns or 0) > 0 and columns or COLUMNS)
  rows = math.max(2, (rows or 0) > 0 and rows or ROWS)
  self.screen.width = columns - 1
  return columns - 1, rows - 1
end

-- The text cut to so many columns; styles take none.
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

-- So many rows do the lines that are shown take on a terminal of `columns`.
local function rows_of(self, columns)
  local rows = 0
  for _, line in ipairs(self.lines) do
    local width = self.screen:measure((line:gsub(STYLE, "")))
    rows = rows + math.max(1, (width + columns - 1) // columns)
  end
  return rows
end

-- What takes the cursor from below the block to its first row and leaves the block cleared.
local function take_away(self, columns, rows)
  local up = math.min(rows_of(self, columns), rows)
  self.lines = {}
  return "\r" .. (up > 0 and ("\27[%dA"):format(up) or "") .. END_OF_SCREEN
end

-- What brings the lines that are shown to the new ones; the cursor is below both.
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

function Paint:write(text)
  if text ~= "" then
    self.screen.raw(text)
    self.flush()
  end
end

--- Show these lines in place of those before. What is too long or too much is cut off.
---@param lines string[] without line ends; styles are those of `screen:style`
function Paint:show(lines)
  if self.closed then
    error("the block is closed", 2)
  end
  local columns, rows = self:room()
  local text = self.hidden and "" or HIDE
  if self.columns ~= columns or self.rows ~= rows then
    text = text .. (self.columns and take_away(self, columns + 1, rows) or "")
    self.columns, self.rows = columns, rows
  end
  self.hidden = true
  self:write(text .. change(self, fitted(self, lines, columns, rows)))
end

--- Print lines above the block, for good.
---@param text string with its line end
function Paint:above(text)
  local columns, rows = self:room()
  local lines = self.lines
  local cleared = #lines > 0 and take_away(self, columns + 1, rows) or ""
  self.columns, self.rows = columns, rows
  self:write(cleared .. (text:gsub("\n", "\r\n")) .. change(self, fitted(self, lines, columns,
    rows)))
end

--- Take the block away; the next `show` begins anew where it was.
function Paint:clear()
  local columns, rows = self:room()
  if #self.lines > 0 then
    self:write(take_away(self, columns + 1, rows))
  end
end

--- Leave the block as it is and show the cursor again, on the line below.
function Paint:close()
  if self.closed then
    return
  end
  self.closed = true
  if self.hidden then
    self:write("\r" .. END_OF_LINE .. SHOW) -- a ^C that was typed may stand there
  end
end
Paint.__close = Paint.close

return M
