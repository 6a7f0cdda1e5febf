--- The rows and columns of data, for all renderers.

local collections = require "base.collections"
local json = require "native.json"

local M = {}

--- True if the value is an iterator of rows: a function, or a table with `__call`.
---@param data any
---@return boolean
function M.is_iterator(data)
  if type(data) == "function" then
    return true
  end
  local mt = getmetatable(data)
  return type(mt) == "table" and mt.__call ~= nil
end

--- The values of a generic `for` over the rows of data; nil if the data is one value.
---@param data any the data, followed by the other values of a generic `for` if it is a function
---@return function? next, any state, any first, any closing
function M.each(data, ...)
  if M.is_iterator(data) then
    local state, first, closing = ...
    local mt = getmetatable(data)
    if closing == nil and type(mt) == "table" and mt.__close then
      closing = data
    end
    return data, state, first, closing
  elseif type(data) == "table" and json.is_array(data) then
    local i = 0
    return function()
      i = i + 1
      return data[i]
    end
  end
end

--- The columns that an iterator names itself (`columns`), in order; nil for other data. A column is
-- a name, or a table with `name`.
---@param data any
---@return any[]?
function M.columns_of(data)
  if type(data) == "table" and M.is_iterator(data) then
    return data.columns
  end
end

--- A field of a row, or nil. "latest_update.state" is a field of a field.
---@param row table
---@param path string
---@return any
function M.find_field(row, path)
  local value = row[path]
  if value ~= nil or not path:find(".", 1, true) then
    return value
  end
  value = row
  for name in path:gmatch "[^.]+" do
    if type(value) ~= "table" then
      return nil
    end
    value = value[name]
  end
  return value
end

-- The fields that people look for first, in the order in which they are shown.
local FIRST <const> = { id = 1, pipeline_id = 2, update_id = 3, name = 4, pipeline_name = 5,
  state = 6, health = 7, level = 8, timestamp = 9 }

--- The names of all fields of these rows, the frequent ones first.
---@param rows any[]
---@return string[]
function M.union(rows)
  local seen, names = {}, {}
  for _, row in ipairs(rows) do
    for key in pairs(type(row) == "table" and row or {}) do
      key = tostring(key)
      if not seen[key] then
        seen[key] = true
        names[#names + 1] = key
      end
    end
  end
  collections.sort_by_rank(names, FIRST)
  return names
end

--- A renderer that writes data as one document: a value, or a list of the rows of an iterator.
---@param items fun(write: fun(text: string), ...) writes the list
---@param encode fun(value: any): string
---@return fun(write: fun(text: string), options: table, render: table, data: any, ...)
function M.document(items, encode)
  return function(write, _, _, data, ...)
    if M.is_iterator(data) then
      items(write, data, ...)
    else
      write(encode(data == nil and json.null or data))
    end
  end
end

return M
