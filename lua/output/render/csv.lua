--- Renders CSV (RFC 4180): a line with the names of the columns, then one line for each row.
--
-- If the data or the script's header (`render.fields`) names the columns, rows are printed as they
-- come. Otherwise all rows are read first, because the last one may have a column that no other
-- row has. A field that is null or missing is empty; an empty string is "".

local json = require "native.json"
local rows = require "output.render.rows"

local function field(value)
  if value == nil or value == json.null then
    return ""
  elseif type(value) == "table" then
    value = json.encode(value)
  elseif type(value) ~= "string" then
    value = math.type(value) and json.encode(value) or tostring(value)
  elseif value == "" then
    return '""'
  end
  if value:find '[",\r\n]' or value:find "^%s" or value:find "%s$" then
    return '"' .. value:gsub('"', '""') .. '"'
  end
  return value
end

local function line(write, names, row)
  local fields = {}
  for i, name in ipairs(names) do
    fields[i] = field(row[name])
  end
  write(table.concat(fields, ",") .. "\r\n")
end

local function head(write, names)
  local title = {}
  for _, name in ipairs(names) do
    title[name] = name
  end
  line(write, names, title)
end

-- A field that render.fields forgets is a bug in the script: it would be missing from the output.
local function check_known(known, row)
  for key in pairs(row) do
    if not known[key] then
      error(("a row has the field '%s', which render.fields does not name"):format(tostring(key)))
    end
  end
end

local function as_row(value)
  if type(value) == "table" and not json.is_array(value) and getmetatable(value) == nil then
    return value
  end
  return { value = value }
end

local function names_of(columns)
  local names, known = {}, {}
  for i, column in ipairs(columns) do
    names[i] = type(column) == "table" and column.name or column
    known[names[i]] = true
  end
  return names, known
end

local function stream(write, columns, f, state, first, closing)
  local names, known = names_of(columns)
  head(write, names)
  for value in f, state, first, closing do
    local row = as_row(value)
    check_known(known, row)
    line(write, names, row)
  end
end

---@param write fun(text: string)
---@param render table the header's `render`
---@param data any
return function(write, render, _, data, ...)
  if data == nil then
    return
  end
  local columns = rows.columns_of(data) or render.fields
  local f, state, first, closing = rows.each(data, ...)
  if columns and f then
    return stream(write, columns, f, state, first, closing)
  end
  local held = {}
  if f then
    for row in f, state, first, closing do
      held[#held + 1] = as_row(row)
    end
  else
    held[1] = as_row(data)
  end
  local names = rows.union(held)
  if #names > 0 then
    head(write, names)
  end
  for _, row in ipairs(held) do
    line(write, names, row)
  end
end
