--- Dictionaries and lists among the values of Python code. Pure.

local values = require "tarn.lineage.code.python.values"

local M = {}

--- The value of a key; nil if there is none.
---@param dict table
---@param key table
---@return table?
function M.get(dict, key)
  local wanted = values.key(key)
  for i = #dict.entries, 1, -1 do
    if wanted and values.key(dict.entries[i][1]) == wanted then
      return dict.entries[i][2]
    end
  end
end

--- Set the value of a key.
---@param dict table
---@param key table
---@param value table
function M.put(dict, key, value)
  local wanted = values.key(key)
  if not wanted then
    dict.open = true
    return
  end
  for _, entry in ipairs(dict.entries) do
    if values.key(entry[1]) == wanted then
      entry[2] = value
      return
    end
  end
  dict.entries[#dict.entries + 1] = { key, value }
end

--- The values that a loop goes over; nil if they are not known.
---@param value table
---@return table[]?
function M.items(value)
  if value.open then
    return nil
  elseif value.k == "list" then
    return value.items
  elseif value.k == "dict" then
    local keys = {}
    for i, entry in ipairs(value.entries) do
      keys[i] = entry[1]
    end
    return keys
  end
  local text = values.string(value)
  if text then
    local list = {}
    for c in text:gmatch "[\0-\x7f\xc2-\xf4][\x80-\xbf]*" do
      list[#list + 1] = values.text(c)
    end
    return list
  end
end

return M
