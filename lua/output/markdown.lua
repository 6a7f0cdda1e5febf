--- Shows Markdown on a screen: the headings, paragraphs, lists, tables and code that the project's
-- pages have.

local M = {}

local MOST <const> = 100    -- columns of a paragraph
local INDENT <const> = "    " -- before a line of code

local function width_of(screen)
  return math.min(screen.width, MOST)
end

-- Text with its marks taken off: links keep their text.
local function plain(text)
  return (text:gsub("!?%[([^%]]*)%]%b()", "%1"):gsub("%*%*(.-)%*%*", "%1"):gsub("\\|", "|"))
end

-- One line with `code` in a style. The marks go only where there are colours.
local function styled(screen, line)
  if not screen.colour then
    return line
  end
  return (line:gsub("`([^`]+)`", function(code) return screen:style("cyan", code) end))
end

local function wrapped(screen, text, first, rest)
  local narrow = setmetatable({ width = math.max(10, width_of(screen) - #rest) },
    { __index = screen })
  local lead = first
  for line in (narrow:wrap(plain(text)) .. "\n"):gmatch "(.-)\n" do
    screen:line(lead, styled(screen, line))
    lead = rest
  end
end

-- ---- tables ----

local function cells_of(line)
  local cells = {}
  for cell in line:gsub("\\|", "\1"):gmatch "|([^|]*)" do
    cells[#cells + 1] = plain((cell:gsub("\1", "|"))):match "^%s*(.-)%s*$"
  end
  cells[#cells] = nil -- what follows the last |
  return cells
end

local function widths_of(screen, rows)
  local widths = {}
  for _, row in ipairs(rows) do
    for i, cell in ipairs(row) do
      widths[i] = math.max(widths[i] or 0, screen:measure(cell))
    end
  end
  return widths
end

-- The widths of columns that fit: the widest column gives first.
local function fit(widths, limit)
  local total = 2 * (#widths - 1)
  for _, width in ipairs(widths) do
    total = total + width
  end
  while total > limit do
    local widest = 1
    for i, width in ipairs(widths) do
      widest = width > widths[widest] and i or widest
    end
    if widths[widest] <= 8 then
      break
    end
    widths[widest], total = widths[widest] - 1, total - 1
  end
  return widths
end

local function show_row(screen, row, widths, style)
  local columns, height = {}, 1
  for i, cell in ipairs(row) do
    local narrow = setmetatable({ width = widths[i] }, { __index = screen })
    columns[i] = {}
    for line in (narrow:wrap(cell) .. "\n"):gmatch "(.-)\n" do
      while screen:measure(line) > widths[i] do -- a word that is wider than the column
        local at = utf8.offset(line, widths[i] + 1)
        table.insert(columns[i], line:sub(1, at - 1))
        line = line:sub(at)
      end
      table.insert(columns[i], line)
    end
    height = math.max(height, #columns[i])
  end
  for at = 1, height do
    local parts = {}
    for i, lines in ipairs(columns) do
      local text = lines[at] or ""
      parts[i] = text .. (" "):rep(widths[i] - screen:measure(text))
    end
    local line = table.concat(parts, "  "):gsub("%s+$", "")
    screen:line(style and screen:style(style, line) or styled(screen, line))
  end
end

local function show_table(screen, lines)
  local rows = {}
  for i, line in ipairs(lines) do
    if i ~= 2 then -- the line of dashes
      rows[#rows + 1] = cells_of(line)
    end
  end
  local widths = fit(widths_of(screen, rows), width_of(screen))
  for i, row in ipairs(rows) do
    show_row(screen, row, widths, i == 1 and "bold" or nil)
  end
end

-- ---- blocks ----

local Reader = {}
Reader.__index = Reader

local function starts_block(line)
  return line == "" or line:find "^#" or line:find "^```" or line:find "^|"
    or line:find "^%s*[-*] " or line:find "^%s*%d+%. "
end

-- The text of a paragraph or of an item: it goes on until another block begins.
function Reader:text(first)
  local parts = { first }
  while self.lines[self.at + 1] and not starts_block(self.lines[self.at + 1]) do
    self.at = self.at + 1
    parts[#parts + 1] = self.lines[self.at]
  end
  return table.concat(parts, " ")
end

-- A line of code. A comment behind it goes above it where there is no room.
local function show_code(screen, line)
  local code, comment = line:match "^(.-%S)%s%s+(# .*)$"
  if code and #line + #INDENT > screen.width then
    screen:line(INDENT, screen:style("dim", comment))
    line = code
  end
  screen:line(INDENT, screen:style("cyan", line))
end

function Reader:code(screen)
  self.at = self.at + 1
  while self.lines[self.at] and not self.lines[self.at]:find "^%s*```" do
    show_code(screen, self.lines[self.at])
    self.at = self.at + 1
  end
end

function Reader:rows(screen)
  local lines = {}
  while (self.lines[self.at] or ""):find "^|" do
    lines[#lines + 1] = self.lines[self.at]
    self.at = self.at + 1
  end
  self.at = self.at - 1
  show_table(screen, lines)
end

function Reader:block(screen)
  local line = self.lines[self.at]
  local indent, mark, text = line:match "^(%s*)([-*] )(.*)$"
  if not indent then
    indent, mark, text = line:match "^(%s*)(%d+%. )(.*)$"
  end
  if line:find "^#" then
    screen:heading(plain(line:match "^#+%s*(.*)$"))
  elseif line:find "^%s*```" then
    self:code(screen)
  elseif line:find "^|" then
    self:rows(screen)
  elseif indent then
    wrapped(screen, self:text(text), indent .. mark, indent .. (" "):rep(#mark))
  elseif line == "" then
    screen:line()
  else
    wrapped(screen, self:text(line), "", "")
  end
  self.at = self.at + 1
end

--- Show a page.
---@param screen tarn.Screen
---@param text string Markdown
function M.show(screen, text)
  local reader = setmetatable({ lines = {}, at = 1 }, Reader)
  for line in (text:gsub("%s+$", "") .. "\n"):gmatch "(.-)\n" do
    reader.lines[#reader.lines + 1] = line
  end
  while reader.lines[reader.at] do
    reader:block(screen)
  end
end

return M
