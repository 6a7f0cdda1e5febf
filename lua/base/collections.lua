--- Helpers for lists and sets.

local M = {}

--- Append a value to a list unless the list holds it already.
---@param list any[]
---@param value any
function M.add_once(list, value)
  for _, known in ipairs(list) do
    if known == value then
      return
    end
  end
  list[#list + 1] = value
end

--- How many keys a table has.
---@param set table
---@return integer
function M.size(set)
  local n = 0
  for _ in pairs(set) do
    n = n + 1
  end
  return n
end

--- The keys of a table, sorted.
---@param map table
---@return any[]
function M.keys(map)
  local list = {}
  for key in pairs(map) do
    list[#list + 1] = key
  end
  table.sort(list)
  return list
end

--- One field of each item of a list.
---@param list table[]
---@param field any
---@return any[]
function M.column(list, field)
  local values = {}
  for i, item in ipairs(list) do
    values[i] = item[field]
  end
  return values
end

--- How many items of a list have each value of a field.
---@param list table[]
---@param field any
---@return table<any, integer>
function M.counts(list, field)
  local counts = {}
  for _, item in ipairs(list) do
    counts[item[field]] = (counts[item[field]] or 0) + 1
  end
  return counts
end

--- Sort names by their rank; names without a rank come last, in the order of the alphabet.
---@param names string[]
---@param ranks table<string, integer> 1 is the first
function M.sort_by_rank(names, ranks)
  table.sort(names, function(a, b)
    local x, y = ranks[a] or math.huge, ranks[b] or math.huge
    if x ~= y then
      return x < y
    end
    return a < b
  end)
end

--- The values of a list as a set.
---@param list any[]
---@return table<any, true>
function M.set(list)
  local set = {}
  for _, value in ipairs(list) do
    set[value] = true
  end
  return set
end

--- The words of a text, between blanks, as a set.
---@param text string
---@return table<string, true>
function M.word_set(text)
  local set = {}
  for word in text:gmatch "%S+" do
    set[word] = true
  end
  return set
end

--- A copy of a table, whose values are the same.
---@param map table
---@return table
function M.copy(map)
  local copy = {}
  for key, value in pairs(map) do
    copy[key] = value
  end
  return copy
end

--- A field of a field: "latest_update.state", "clusters.1.num_workers". Nil if anything on the way
-- is missing, null, or has no fields.
---@param value any
---@param path string
---@return any
function M.find_field(value, path)
  local null = require("native.json").null
  for name in path:gmatch "[^.]+" do
    if type(value) ~= "table" then
      return nil
    end
    local item = value[name]
    if item == nil then
      item = value[math.tointeger(tonumber(name))]
    end
    value = item
  end
  if value == null then
    return nil
  end
  return value
end

--- The words of a text, which commas or blanks separate.
---@param text? string
---@return string[]
function M.words(text)
  local list = {}
  for word in (text or ""):gmatch "[^,%s]+" do
    list[#list + 1] = word
  end
  return list
end

return M
