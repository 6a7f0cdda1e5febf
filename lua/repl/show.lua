--- Shows values at the prompt: rows as a table, other tables as fields, iterators of rows one
-- screen at a time.

local command = require "engine.command"
local fault = require "base.fault"
local json = require "native.json"
local rows = require "output.render.rows"

local M = {}

local DEEP <const> = 6 -- levels of a nested table that are shown

-- The text for a function, a userdata or a thread.
local function name_of(value)
  local kind = type(value)
  local called = command.find_called(value)
  if called then
    return ("the command %s: call it with a table of its arguments; help \"%s\" lists them")
      :format(called, called)
  elseif kind == "function" then
    local info = debug.getinfo(value, "S")
    return info.what == "C" and "function" or ("function (%s:%d)"):format(info.short_src,
      info.linedefined)
  elseif kind == "userdata" and value ~= json.null then
    return (tostring(value):gsub(": 0x%x+$", ""))
  end
  return kind == "thread" and kind or tostring(value)
end

local function is_plain_table(value)
  local mt = getmetatable(value)
  return type(value) == "table" and (mt == nil or json.is_array(value)
    or type(mt) == "table" and not mt.__tostring and not mt.__call)
end

-- A copy that every renderer can show: without functions and cycles, and with string keys.
local function plain(value, level, above)
  if value == json.null or type(value) == "string" or type(value) == "number"
    or type(value) == "boolean" then
    return value
  elseif not is_plain_table(value) then
    return type(value) == "table" and tostring(value) or name_of(value)
  elseif above[value] then
    return "(cycle)"
  elseif level > DEEP then
    return json.is_array(value) and ("(%d items)"):format(#value) or "{...}"
  end
  above[value] = true
  local copy = {}
  local list = json.is_array(value)
  for key, item in next, value do
    copy[list and key or tostring(key)] = plain(item, level + 1, above)
  end
  above[value] = nil
  return list and json.array(copy) or copy
end

--- A copy of a value for the renderers.
---@param value any
---@return any
function M.plain(value)
  return plain(value, 1, {})
end

-- True for a list whose items are all tables of fields.
local function is_rows(value)
  if not is_plain_table(value) or not json.is_array(value) or #value == 0 then
    return false
  end
  for _, item in ipairs(value) do
    if not is_plain_table(item) or json.is_array(item) then
      return false
    end
  end
  return true
end

local function show_table(screen, value)
  if next(value) == nil then
    screen:line "{}"
  elseif is_rows(value) then
    local list = json.array {}
    for i, row in ipairs(value) do
      list[i] = M.plain(row)
    end
    screen:table(list)
  else
    screen:fields(M.plain(value))
  end
end

local function show_one(screen, value)
  if fault.is(value) then
    require("repl.errors").show(screen, { error = value, frames = {} }, {})
  elseif is_plain_table(value) then
    show_table(screen, value)
  elseif type(value) == "string" then
    screen:line(screen:clean(value, true))
  elseif type(value) == "number" then
    screen:line(tostring(value))
  elseif value == json.null then
    screen:line "null"
  else
    screen:line(screen:clean(type(value) == "table" and tostring(value) or name_of(value)))
  end
end

--- True if the values are rows: a list of the library, or the values of a generic `for`. Functions
-- that the user wrote are never called just because an expression returned them.
---@param first any
---@return boolean
function M.gives_rows(first, ...)
  if type(first) == "function" then
    local closing = select(3, ...)
    return closing ~= nil and (getmetatable(closing) or {}).__close ~= nil
  end
  return rows.is_iterator(first)
end

--- Show the values of one expression.
---@param screen tarn.Screen
---@param render? table the header's `render` of the command that returned the first value
---@param ... any
function M.show(screen, render, ...)
  local values = table.pack(...)
  local first = values[1]
  if render and render.text then
    render.text(first, screen, table.unpack(values, 2, values.n))
  elseif M.gives_rows(...) then
    local count = require "output.render.table"(screen, render and render.columns, ...)
    if count == 0 then
      screen:line(screen:style("dim", "no rows"))
    end
  elseif render and render.columns and rows.each(...) then
    screen:table(first, render.columns)
  else
    for i = 1, values.n do
      show_one(screen, values[i])
    end
  end
end

return M
