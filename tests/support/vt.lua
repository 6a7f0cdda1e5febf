--- A model of a terminal, with the features that Tarn uses.
--
-- It wraps long lines, scrolls, and when it is resized wraps the lines that are too long for the
-- new width, as most terminals do. An unknown escape sequence is an error.

local M = {}

local Vt = {}
Vt.__index = Vt

--- A terminal with that number of columns and rows.
function M.new(columns, rows)
  return setmetatable({ columns = columns, rows = rows, scrolled = {}, grid = { "" }, row = 1,
    column = 1, cursor = true, written = 0 }, Vt)
end

local function put(self, character)
  if self.column > self.columns then
    self:feed_line()
    self.column = 1
  end
  local line = self.grid[self.row]
  line = line .. (" "):rep(self.column - 1 - utf8.len(line))
  local from = utf8.offset(line, self.column)
  local after = utf8.offset(line, self.column + 1) or #line + 1
  self.grid[self.row] = line:sub(1, from - 1) .. character .. line:sub(after)
  self.column = self.column + 1
end

function Vt:feed_line()
  self.row = self.row + 1
  if self.row > self.rows then
    self.scrolled[#self.scrolled + 1] = table.remove(self.grid, 1)
    self.row = self.rows
  end
  self.grid[self.row] = self.grid[self.row] or ""
end

local codes = {}
function codes.A(self, n) self.row = math.max(1, self.row - n) end
function codes.B(self, n)
  self.row = math.min(self.rows, self.row + n)
  for i = #self.grid + 1, self.row do
    self.grid[i] = ""
  end
end
function codes.K(self)
  local line = self.grid[self.row]
  local from = utf8.offset(line, self.column)
  self.grid[self.row] = from and line:sub(1, from - 1) or line
end
function codes.J(self)
  codes.K(self)
  for i = #self.grid, self.row + 1, -1 do
    self.grid[i] = nil
  end
end
codes["?25h"] = function(self) self.cursor = true end
codes["?25l"] = function(self) self.cursor = false end
function codes.m() end

--- Show the output of a program.
---@param text string
function Vt:write(text)
  self.written = self.written + 1
  local at = 1
  while at <= #text do
    local number, letter, after = text:match("^\27%[([?%d;]*)(%a)()", at)
    if number then
      local code = codes[letter] or codes[number .. letter]
        or error(("unknown sequence %q"):format(number .. letter))
      code(self, math.tointeger(tonumber(number)) or 1)
      at = after
    else
      local character = text:match("^[\0-\x7f\xc0-\xff][\x80-\xbf]*", at)
      if character == "\r" then
        self.column = 1
      elseif character == "\n" then
        self:feed_line()
      else
        put(self, character)
      end
      at = at + #character
    end
  end
end

--- Change the size: lines that are too long are wrapped, and the cursor stays at its character.
function Vt:resize(columns, rows)
  local grid, row = {}, 1
  for i, line in ipairs(self.grid) do
    repeat
      local after = utf8.offset(line, columns + 1) or #line + 1
      grid[#grid + 1] = line:sub(1, after - 1)
      line = line:sub(after)
    until line == ""
    row = i == self.row and #grid or row
  end
  while #grid > rows do
    self.scrolled[#self.scrolled + 1] = table.remove(grid, 1)
    row = row - 1
  end
  self.columns, self.rows, self.grid, self.row = columns, rows, grid, math.max(1, row)
end

--- The text on the screen, without blanks at the end.
function Vt:text()
  local lines = {}
  for i, line in ipairs(self.grid) do
    lines[i] = line:gsub("%s+$", "")
  end
  return (table.concat(lines, "\n"):gsub("\n+$", ""))
end

return M
