--- Renders rows as a table that fits the screen.
--
-- The first rows decide the widths of the columns; the other rows are printed as they come. If the
-- screen is too narrow, the widest texts are cut first. Ids, numbers, timestamps and states are
-- useless when cut: columns are left out instead, from the right, and a note on stderr names them.

local cell = require "output.render.cell"
local rows_of = require "output.render.rows"
local term = require "native.term"

local SAMPLE <const> = 50   -- rows that decide the widths
local GAP <const> = 2       -- columns of the screen between two columns
local SOLID <const> = 20    -- columns whose texts are at most that wide are never cut
local READABLE <const> = 16 -- a longer text is not cut below this width
local LEAST <const> = 4     -- the width that the last remaining column keeps

---@class tarn.Column
---@field [1] string    the field; "latest_update.state" is a field of a field
---@field title? string default: the name of the field in capitals
---@field align? "left"|"right" default: numbers are aligned right
---@field text? fun(value: any, row: table, screen: tarn.Screen): string the text of a cell

-- SQL types whose cells are numbers as text.
local NUMBERS <const> = { BYTE = true, SHORT = true, INT = true, LONG = true, FLOAT = true,
  DOUBLE = true, DECIMAL = true }

local function as_columns(names)
  local columns = {}
  for i, given in ipairs(names) do
    local column = type(given) == "table" and given or { given }
    local name = column[1] or column.name
    columns[i] = {
      name = name, text = column.text,
      align = column.align or NUMBERS[column.type_name] and "right" or nil,
      title = term.clean(column.title or name:gsub("[_.]", " "):upper()),
    }
  end
  return columns
end

local function cell_text(screen, column, row)
  local value = rows_of.find_field(row, column.name)
  if column.text then
    return screen:clean(column.text(value, row, screen))
  end
  return cell.text(screen, column.name, value)
end

local function measure(screen, columns, rows)
  for _, column in ipairs(columns) do
    local width, numbers = 0, 0
    for _, row in ipairs(rows) do
      width = math.max(width, screen:measure(cell_text(screen, column, row)))
      numbers = numbers + (type(rows_of.find_field(row, column.name)) == "number" and 1 or 0)
    end
    column.align = column.align or numbers > 0 and numbers == #rows and "right" or nil
    column.natural = math.max(width, screen:measure(column.title))
    local is_solid = width <= SOLID or column.align == "right" or column.name == "id"
      or column.name:find "_id$"
    column.least = is_solid and column.natural or READABLE
    column.width = column.natural
  end
end

local function total(columns, field)
  local sum = GAP * (#columns - 1)
  for _, column in ipairs(columns) do
    sum = sum + column[field]
  end
  return sum
end

-- Narrow the widest column that may be cut, down to the width of the next one, until all fit.
local function shrink(columns, limit)
  local over = total(columns, "width") - limit
  while over > 0 do
    local widest, second
    for _, column in ipairs(columns) do
      if column.width > column.least then
        if not widest or column.width > widest.width then
          widest, second = column, widest
        elseif not second or column.width > second.width then
          second = column
        end
      end
    end
    local floor = math.max(widest.least, second and second.width - 1 or 0)
    local give = math.max(1, math.min(over, widest.width - floor))
    widest.width = widest.width - give
    over = over - give
  end
end

-- Make the columns fit. Returns the titles of the columns that are left out.
local function fit(columns, limit)
  local left_out = {}
  while #columns > 1 and total(columns, "least") > limit do
    table.insert(left_out, 1, table.remove(columns).title)
  end
  if #columns == 1 then
    columns[1].least = math.min(columns[1].least, math.max(LEAST, limit))
  end
  shrink(columns, limit)
  return left_out
end

local function print_row(screen, columns, text_of, style_of)
  local parts = {}
  for i, column in ipairs(columns) do
    local text = text_of(column)
    if screen.width < math.huge then
      text = screen:cut(text, column.width)
    end
    local padded = (i < #columns or column.align == "right")
      and screen:pad(text, column.width, column.align) or text
    parts[i] = screen:style(style_of(column, text), padded)
  end
  screen:line((table.concat(parts, (" "):rep(GAP)):gsub("%s+$", "")))
end

-- The first rows; true if there are no others; else the value that the iterator goes on with.
local function take(f, state, first)
  local rows, value = {}, first
  for _ = 1, SAMPLE do
    value = f(state, value)
    if value == nil then
      return rows, true
    end
    rows[#rows + 1] = type(value) == "table" and value or { value = value }
  end
  return rows, false, value
end

local function columns_for(given, data, sample)
  local names = given or rows_of.columns_of(data)
  if not names then
    names = rows_of.union(sample)
  end
  return as_columns(names)
end

---@param screen tarn.Screen
---@param given? table[] the columns; default: those of the data
---@param data any the rows
---@return integer count of the rows
return function(screen, given, data, ...)
  local f, state, first, closing = rows_of.each(data, ...)
  local _ <close> = closing
  local sample, over, last = take(f, state, first)
  local columns = columns_for(given, data, sample)
  local count = 0
  if #columns == 0 or #sample == 0 and not rows_of.columns_of(data) then
    return 0
  end
  measure(screen, columns, sample)
  if screen.width < math.huge then
    screen:left_out(fit(columns, screen.width))
  end

  local function show(row)
    count = count + 1
    print_row(screen, columns, function(column) return cell_text(screen, column, row) end,
      function(_, text) return screen:mood(text) end)
  end
  print_row(screen, columns, function(column) return column.title end,
    function() return "bold" end)
  for _, row in ipairs(sample) do
    show(row)
  end
  while not over do
    last = f(state, last)
    over = last == nil
    if not over then
      show(type(last) == "table" and last or { value = last })
    end
  end
  return count
end
