--- Renders rows as a table that fits the screen.
--
-- The first rows decide the widths of the columns; the other rows are printed as they come. A
-- screen may be too narrow for all. A long text such as an error then moves below its row. Of the
-- other columns those of least worth are left out, from the right: names, ids, numbers, timestamps
-- and states are useless when cut. The widest of the other texts are cut.

local cell = require "output.render.cell"
local rows_of = require "output.render.rows"
local term = require "native.term"

local SAMPLE <const> = 50   -- rows that decide the widths
local GAP <const> = 2       -- columns of the screen between two columns
local SOLID <const> = 20    -- columns whose texts are at most that wide are never cut
local READABLE <const> = 16 -- a longer text is not cut below this width
local LEAST <const> = 4     -- the width that the last remaining column keeps
local INLINE <const> = 60   -- a long text stays in its row if it has so many columns there
local INDENT <const> = "    " -- before a text below its row
local MOST_LINES <const> = 4  -- of a text below its row

-- What a column is worth; the others are worth 5.
local WORTH <const> = { name = 9, pipeline_name = 9, error = 8, message = 8, state = 7, level = 7,
  dataset = 8, expectation = 8, principal = 8, id = 3, pipeline_id = 3, request_id = 1,
  phases = 2, creator = 4 }
local LONG <const> = { error = true, message = true }
local WHOLE <const> = { name = true, pipeline_name = true, dataset = true, expectation = true,
  principal = true }

---@class tarn.Column
---@field [1] string    the field; "latest_update.state" is a field of a field
---@field title? string default: the name of the field in capitals
---@field align? "left"|"right" default: numbers are aligned right
---@field worth? integer on a narrow screen the columns of least worth go first (default 5)
---@field long? boolean  true: where there is no room for the text, it stands below its row
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
      name = name, text = column.text, worth = column.worth or WORTH[name] or 5,
      long = column.long == nil and LONG[name] or column.long, whole = WHOLE[name],
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
    local is_solid = width <= SOLID or column.align == "right" or column.whole
      or column.name == "id" or column.name:find "_id$"
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

-- Take out the long columns that have no room in the row; they are printed below it.
local function take_below(columns, limit)
  local below = {}
  if total(columns, "natural") <= limit then
    return below
  end
  for i = #columns, 1, -1 do
    local column = columns[i]
    local room = limit - (total(columns, "natural") - column.natural)
    if column.long and #columns > 1 and room < math.min(INLINE, column.natural) then
      table.insert(below, 1, table.remove(columns, i))
    elseif column.long and room > 0 then
      column.least = math.min(column.natural, room)
    end
  end
  return below
end

-- The index of the column that goes first: of the least worth the last one.
local function find_worst(columns)
  local worst = #columns
  for i = #columns, 1, -1 do
    if columns[i].worth < columns[worst].worth then
      worst = i
    end
  end
  return worst
end

-- Make the columns fit. Returns the titles of the columns that are left out, and the columns whose
-- texts stand below the row.
local function fit(columns, limit)
  for _, column in ipairs(columns) do
    if column.whole then -- a name, unless it takes most of the screen
      column.most = math.max(READABLE, limit * 2 // 3)
      column.least = math.min(column.least, column.most)
    end
  end
  local left_out, below = {}, take_below(columns, limit)
  while #columns > 1 and total(columns, "least") > limit do
    table.insert(left_out, 1, table.remove(columns, find_worst(columns)).title)
  end
  if #columns == 1 then
    columns[1].least = math.min(columns[1].least, math.max(LEAST, limit))
    columns[1].most = limit
  end
  shrink(columns, limit)
  return left_out, below
end

-- The text of a cell in its width. Of one word, such as a path or an address, both ends are kept.
local function cut(screen, column, text)
  if screen.width == math.huge then
    return text
  end
  local width = math.max(column.width, column.whole and column.most or 0)
  if text:find "%s" and not column.whole then
    return screen:cut(text, width)
  end
  return screen:cut_middle(text, width)
end

local function print_row(screen, columns, text_of, style_of)
  local parts = {}
  for i, column in ipairs(columns) do
    local text = cut(screen, column, text_of(column))
    local padded = (i < #columns or column.align == "right")
      and screen:pad(text, column.width, column.align) or text
    parts[i] = screen:style(style_of(column, text), padded)
  end
  screen:line((table.concat(parts, (" "):rep(GAP)):gsub("%s+$", "")))
end

-- Print the long texts of a row below it.
local function print_below(screen, below, row)
  for _, column in ipairs(below) do
    local text = cell_text(screen, column, row)
    if text ~= "-" and text ~= "" then
      local narrow = setmetatable({ width = screen.width - #INDENT }, { __index = screen })
      local lines, n = {}, 0
      for line in (narrow:wrap(text) .. "\n"):gmatch "(.-)\n" do
        n = n + 1
        lines[#lines + 1] = n <= MOST_LINES and INDENT .. screen:cut(line, narrow.width) or nil
      end
      if n > MOST_LINES then
        lines[MOST_LINES] = screen:cut(lines[MOST_LINES] .. " …", screen.width)
      end
      screen:line(screen:style(screen:mood(row.state or row.level), table.concat(lines, "\n")))
    end
  end
end

-- The first rows; true if there are no others; else the value that the iterator goes on with.
local function take(f, state, first, sample)
  local rows, value = {}, first
  for _ = 1, sample do
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
---@return string[] left_out the titles of the columns that have no room
return function(screen, given, data, ...)
  local f, state, first, closing = rows_of.each(data, ...)
  local _ <close> = closing
  local sample, over, last = take(f, state, first, type(data) == "table"
    and not rows_of.is_iterator(data) and math.huge or SAMPLE)
  local columns = columns_for(given, data, sample)
  local count = 0
  if #columns == 0 or #sample == 0 and not rows_of.columns_of(data) then
    return 0, {}
  end
  measure(screen, columns, sample)
  local left_out, below = {}, {}
  if screen.width < math.huge then
    left_out, below = fit(columns, screen.width)
  end

  local function show(row)
    count = count + 1
    print_row(screen, columns, function(column) return cell_text(screen, column, row) end,
      function(_, text) return screen:mood(text) end)
    print_below(screen, below, row)
  end
  if not screen.no_headers then
    print_row(screen, columns, function(column) return column.title end,
      function() return "bold" end)
  end
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
  return count, left_out
end
