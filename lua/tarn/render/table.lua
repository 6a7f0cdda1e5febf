--- Rows in columns that fit the screen.
--
-- The first rows decide how wide the columns are; what follows streams through. Where the
-- screen has a width, the widest columns give way first, ids last; if even their least
-- widths do not fit, each row becomes a block of its fields.

local cell = require "tarn.render.cell"
local rows_of = require "tarn.render.rows"

local SAMPLE <const> = 50  -- rows that decide the widths
local GAP <const> = 2
local LEAST <const> = 6    -- columns that every column keeps
local READABLE <const> = 12 -- below this a column of text says little

---@class tarn.Column
---@field [1] string    the field; "latest_update.state" is a field of a field
---@field title? string
---@field align? "left"|"right"
---@field text? fun(value: any, row: table, screen: tarn.Screen): string

-- SQL types whose texts are numbers.
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
      title = column.title or name:gsub("[_.]", " "):upper(),
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
    column.width = screen:measure(column.title)
    column.least = math.min(READABLE, math.max(LEAST, column.width))
    local numbers = 0
    for _, row in ipairs(rows) do
      column.width = math.max(column.width, screen:measure(cell_text(screen, column, row)))
      numbers = numbers + (type(rows_of.find_field(row, column.name)) == "number" and 1 or 0)
    end
    column.align = column.align or numbers > 0 and numbers == #rows and "right" or nil
    column.is_id = column.name == "id" or column.name:find "_id$" ~= nil
  end
end

local function total(columns)
  local sum = GAP * (#columns - 1)
  for _, column in ipairs(columns) do
    sum = sum + column.width
  end
  return sum
end

-- Take from the widest column that may still give, until it fits or none may.
local function shrink(columns, limit, may_give, least)
  local over = total(columns) - limit
  while over > 0 do
    local widest, second
    for _, column in ipairs(columns) do
      if may_give(column) and column.width > least(column) then
        if not widest or column.width > widest.width then
          widest, second = column, widest
        elseif not second or column.width > second.width then
          second = column
        end
      end
    end
    if not widest then
      return
    end
    local floor = math.max(least(widest), second and second.width - 1 or 0)
    local give = math.max(1, math.min(over, widest.width - floor))
    widest.width = widest.width - give
    over = over - give
  end
end

local function fit(columns, limit)
  local function is_text(column) return not column.is_id and column.align ~= "right" end
  local function any() return true end
  shrink(columns, limit, is_text, function(c) return math.max(c.least, READABLE) end)
  shrink(columns, limit, is_text, function(c) return c.least end)
  shrink(columns, limit, any, function() return LEAST end)
  return total(columns) <= limit
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

local function print_blocks(screen, columns, row)
  local names, values = {}, {}
  for i, column in ipairs(columns) do
    names[i] = column.name
    values[column.name] = cell_text(screen, column, row)
  end
  screen:fields(values, names)
  screen:line()
end

-- The first rows; and whether that was all.
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
---@param given? table[] columns
---@param data any rows
---@return integer count
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
  local fits = screen.width == math.huge or fit(columns, screen.width)

  local function show(row)
    count = count + 1
    if not fits then
      return print_blocks(screen, columns, row)
    end
    print_row(screen, columns, function(column) return cell_text(screen, column, row) end,
      function(_, text) return screen:mood(text) end)
  end
  if fits then
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
  return count
end
