--- Renders CSV (RFC 4180): a line with the names of the columns, then one line for each row.
--
-- If the data or the script's header (`render.fields`) names the columns, rows are printed as they
-- come. Otherwise all rows are read first, because the last one may have a column that no other
-- row has. The fields of a nested object are columns: latest_update.state. An array is JSON in its
-- cell. A field that is null or missing is empty; an empty string is "".
--
-- A text that a spreadsheet would take for a formula gets an apostrophe in front, and characters
-- that control terminals are replaced, as in the text form. --raw prints both unchanged. Numbers
-- are never changed.

local json = require "native.json"
local rows = require "output.render.rows"
local term = require "native.term"

-- Signs that begin a formula in spreadsheets, also in their wide forms; a tab or a line end in
-- front of one is skipped by some.
local FORMULA <const> = "^[=+@\t\r-]"
local WIDE <const> = { ["\u{FF1D}"] = true, ["\u{FF0B}"] = true, ["\u{FF0D}"] = true,
  ["\u{FF20}"] = true }

local function is_formula(text)
  return #text > 1 and (text:find(FORMULA) or WIDE[text:sub(1, 3)]) and not tonumber(text)
end

local function safe(text)
  text = term.clean(text, true)
  return is_formula(text) and "'" .. text or text
end

-- One field as it stands in the line.
local function field(value, raw)
  if value == nil or value == json.null then
    return ""
  elseif type(value) == "table" then
    value = json.encode(value)
    value = raw and value or term.clean(value)
  elseif type(value) ~= "string" then
    value = math.type(value) and json.encode(value) or tostring(value)
  elseif value == "" then
    return '""'
  elseif not raw then
    value = safe(value)
  end
  if value:find '[",\r\n]' or value:find "^%s" or value:find "%s$" then
    return '"' .. value:gsub('"', '""') .. '"'
  end
  return value
end

local function line(write, names, row, raw)
  local fields = {}
  for i, name in ipairs(names) do
    fields[i] = field(row[name], raw)
  end
  write(table.concat(fields, ",") .. "\r\n")
end

-- A row in which the fields of a nested object are fields of the row: "latest_update.state". With
-- `known`, only objects whose fields have columns are taken apart.
local function flatten(row, known, flat, prefix)
  flat, prefix = flat or {}, prefix or ""
  for key, value in pairs(row) do
    local name = prefix .. tostring(key)
    local is_object = type(value) == "table" and not json.is_array(value)
      and getmetatable(value) == nil and next(value) ~= nil
    if is_object and (not known or known[name .. "."]) and not (known and known[name]) then
      flatten(value, known, flat, name .. ".")
    else
      flat[name] = value
    end
  end
  return flat
end

local function head(write, names, raw)
  local title = {}
  for _, name in ipairs(names) do
    title[name] = name
  end
  line(write, names, title, raw)
end

-- A field that render.fields forgets is a bug in the script: it would be missing from the output.
local function check_known(known, row)
  for key in pairs(row) do
    if not known[key] and not known[tostring(key) .. "."] then
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
    for prefix in names[i]:gmatch "()%." do
      known[names[i]:sub(1, prefix)] = true -- "latest_update." for "latest_update.state"
    end
  end
  return names, known
end

local function stream(write, columns, opts, f, state, first, closing)
  local names, known = names_of(columns)
  if not opts.no_headers then
    head(write, names, opts.raw)
  end
  for value in f, state, first, closing do
    local row = as_row(value)
    check_known(known, row)
    line(write, names, flatten(row, known), opts.raw)
  end
end

-- The names in the order in which --columns has chosen them; the fields of a chosen object are in
-- its place.
local function in_order(names, chosen)
  local list = {}
  for _, wanted in ipairs(chosen) do
    local before = #list
    for _, name in ipairs(names) do
      if name == wanted or name:sub(1, #wanted + 1) == wanted .. "." then
        list[#list + 1] = name
      end
    end
    list[#list + 1] = #list == before and wanted or nil
  end
  return list
end

---@param write fun(text: string)
---@param render table the header's `render`
---@param opts table `raw`: cells as they are
---@param data any
return function(write, render, opts, data, ...)
  if data == nil then
    return
  end
  local columns = rows.columns_of(data) or render.fields
  local f, state, first, closing = rows.each(data, ...)
  if columns and f then
    return stream(write, columns, opts, f, state, first, closing)
  end
  local held = {}
  if f then
    for row in f, state, first, closing do
      held[#held + 1] = flatten(as_row(row))
    end
  else
    held[1] = flatten(as_row(data))
  end
  local names = rows.union(held)
  names = render.chosen and in_order(names, render.fields) or names
  if #names > 0 and not opts.no_headers then
    head(write, names, opts.raw)
  end
  for _, row in ipairs(held) do
    line(write, names, row, opts.raw)
  end
end
