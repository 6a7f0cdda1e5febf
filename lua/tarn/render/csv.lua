--- CSV (RFC 4180): a line with the columns' names, then one for each row.
--
-- Data that names its columns is printed as it goes. For other data all rows are held first,
-- since the last one may bring a column that no other has, and nothing is left out. A field
-- that is null or missing is empty; an empty text is "".

local json = require "native.json"
local rows = require "tarn.render.rows"

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

local function as_row(value)
  if type(value) == "table" and not json.is_array(value) and getmetatable(value) == nil then
    return value
  end
  return { value = value }
end

---@param write fun(text: string)
---@param data any
return function(write, _, _, data, ...)
  if data == nil then
    return
  end
  local columns = rows.columns_of(data)
  local names = columns and {}
  for i, column in ipairs(columns or {}) do
    names[i] = type(column) == "table" and column.name or column
  end
  local f, state, first, closing = rows.each(data, ...)
  if names then
    head(write, names)
    for row in f, state, first, closing do
      line(write, names, as_row(row))
    end
    return
  end
  local held = {}
  if f then
    for row in f, state, first, closing do
      held[#held + 1] = as_row(row)
    end
  else
    held[1] = as_row(data)
  end
  names = rows.union(held)
  if #names > 0 then
    head(write, names)
  end
  for _, row in ipairs(held) do
    line(write, names, row)
  end
end
