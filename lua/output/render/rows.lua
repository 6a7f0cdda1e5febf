--- What all renderers ask about data: is it rows, and which columns do they have?

local json = require "native.json"

local M = {}

--- True if the value is called for its rows: a function, or a table with `__call`.
---@param data any
---@return boolean
function M.is_iterator(data)
  if type(data) == "function" then
    return true
  end
  local mt = getmetatable(data)
  return type(mt) == "table" and mt.__call ~= nil
end

local marked = setmetatable({}, { __mode = "k" })

--- Say of a function that it gives rows one by one: the prompt shows them then. Any other
-- function is shown as what it is, and not called.
---@param f function
---@return function f
function M.mark(f)
  marked[f] = true
  return f
end

--- True if `mark` has been told of it.
---@param f any
---@return boolean
function M.is_marked(f)
  return marked[f] ~= nil
end

--- The rows of data one by one, for a generic `for`; nil if the data is one value.
---@param data any
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

--- The columns that the data itself names, in their order; nil if it does not. Each a name,
-- or a table with `name`.
---@param data any
---@return any[]?
function M.columns_of(data)
  if type(data) == "table" and M.is_iterator(data) then
    return data.columns
  end
end

--- A field of a row: "latest_update.state" is a field of a field. Nil if it is not there.
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

-- What people look for first.
local FIRST <const> = { id = 1, pipeline_id = 2, update_id = 3, name = 4, pipeline_name = 5,
  state = 6, health = 7, level = 8, timestamp = 9 }

--- Sort names as they are shown: the telling ones first, the others by the alphabet.
---@param names string[]
function M.sort_names(names)
  table.sort(names, function(a, b)
    local x, y = FIRST[a] or 99, FIRST[b] or 99
    if x ~= y then
      return x < y
    end
    return a < b
  end)
end

--- Names of all keys of these rows, in the order of `sort_names`.
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
  M.sort_names(names)
  return names
end

return M
