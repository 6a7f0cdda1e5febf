--- Renders one value as lines of names and values; nested values are indented below their names.

local cell = require "output.render.cell"
local json = require "native.json"
local rows_of = require "output.render.rows"

local INDENT <const> = "  "
local INLINE <const> = 60 -- columns; a shorter list of plain values is shown on one line

local function is_plain(value)
  return type(value) ~= "table" or getmetatable(value) ~= nil and not json.is_array(value)
end

local function is_empty(value)
  return type(value) == "table" and next(value) == nil
end

-- The text of a short list of plain values, on one line; nil for other lists.
local function inline(screen, list)
  local texts, width = {}, 0
  for i, item in ipairs(list) do
    if not is_plain(item) then
      return nil
    end
    texts[i] = cell.text(screen, "", item)
    width = width + #texts[i] + 2
  end
  return width <= INLINE and table.concat(texts, ", ") or nil
end

local show -- show, show_fields and show_items call each other

local function show_text(screen, label, text, indent)
  local lines = screen:clean(text, true)
  if lines:find "\n" then
    screen:line(indent, label)
    for line in (lines:gsub("\n$", "") .. "\n"):gmatch "(.-)\n" do
      screen:line(indent, INDENT, line)
    end
  else
    screen:line(indent, label, " ", lines)
  end
end

local function show_fields(screen, value, names, indent)
  local width = 0
  for _, name in ipairs(names) do
    local item = value[name]
    if is_plain(item) or is_empty(item) or json.is_array(item) and inline(screen, item) then
      width = math.max(width, screen:measure(screen:clean(name)))
    end
  end
  for _, name in ipairs(names) do
    show(screen, name, value[name], indent, width)
  end
end

local function show_items(screen, list, indent)
  for _, item in ipairs(list) do
    if is_plain(item) then
      screen:flow(#indent + 2, indent, "- ", cell.text(screen, "", item))
    elseif json.is_array(item) or is_empty(item) then
      screen:line(indent, "- ", cell.text(screen, "", item))
    else
      -- the first line of the block carries the dash
      local lines = {}
      local inner = screen:inside(function(text) lines[#lines + 1] = text end)
      show_fields(inner, item, rows_of.union { item }, "")
      local text = table.concat(lines):gsub("\n$", "")
      local dash = "- "
      for line in (text .. "\n"):gmatch "(.-)\n" do
        screen:line(indent, dash, line)
        dash = INDENT
      end
    end
  end
end

function show(screen, name, value, indent, width)
  local plain_name = screen:clean(name) .. ":"
  local label = screen:style("bold", plain_name)
  local padded = label .. (" "):rep(width + 1 - screen:measure(plain_name))
  if type(value) == "string" then
    local text = cell.text(screen, name, value)
    if value:find "\n" then
      show_text(screen, label, value, indent)
    else
      screen:flow(#indent + width + 2, indent, padded, " ", screen:style(screen:mood(value), text))
    end
  elseif is_plain(value) or is_empty(value) then
    screen:flow(#indent + width + 2, indent, padded, " ", cell.text(screen, name, value))
  elseif json.is_array(value) then
    local short = inline(screen, value)
    if short then
      screen:flow(#indent + width + 2, indent, padded, " ", short)
    else
      screen:line(indent, label)
      show_items(screen, value, indent .. INDENT)
    end
  else
    screen:line(indent, label)
    show_fields(screen, value, rows_of.union { value }, indent .. INDENT)
  end
end

---@param screen tarn.Screen
---@param value table
---@param names? string[] the fields, in order; default: all
return function(screen, value, names)
  if json.is_array(value) then
    return show_items(screen, value, "")
  end
  show_fields(screen, value, names or rows_of.union { value }, "")
end
