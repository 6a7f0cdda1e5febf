--- Compare two values of any depth: the paths at which they differ. Pure.

local json = require "native.json"
local layout = require("tarn.export").layout
local spec = require "tarn.spec"

local M = {}

local function text_of(value)
  return json.encode(value)
end

local function is_same(a, b)
  if type(a) ~= "table" or type(b) ~= "table" then
    return a == b and math.type(a) == math.type(b)
  end
  return text_of(a) == text_of(b)
end

local function is_map(value)
  return type(value) == "table" and getmetatable(value) == nil and not spec.is_list(value)
end

-- Fields that may hold the name of a list's item. Two items with the same name are one item that
-- has changed.
local NAMES <const> = { "label", "name", "key", "path", "destination_table", "source_table",
  "source_schema", "source_url", "include", "destination", "coordinates" }

local function name_of(item)
  if type(item) ~= "table" then
    return nil
  end
  for _, field in ipairs(NAMES) do
    if type(item[field]) == "string" then
      return field .. "=" .. layout.normal(item[field])
    end
  end
  for _, kind in ipairs(spec.sorted_keys(item)) do
    local inner = is_map(item[kind]) and name_of(item[kind])
    if inner then
      return tostring(kind) .. "." .. inner
    end
  end
end

-- Pair up the items of two lists for which `key` returns the same text.
local function pair_by(key, left, right, pairs_found)
  local indexes = {}
  for j, item in ipairs(right) do
    local name = not right.paired[j] and key(item)
    if name then
      indexes[name] = indexes[name] or {}
      table.insert(indexes[name], j)
    end
  end
  for i, item in ipairs(left) do
    local name = not left.paired[i] and key(item)
    local j = name and indexes[name] and table.remove(indexes[name], 1)
    if j then
      left.paired[i], right.paired[j] = true, true
      pairs_found[#pairs_found + 1] = { i, j }
    end
  end
end

-- A list that remembers which of its items are paired.
local function unpaired(list)
  return setmetatable({ paired = {} }, { __index = list, __len = function() return #list end })
end

-- A function that names the items of a list. A cluster without a label is the default cluster.
local function namer(keys)
  if keys[#keys] == "clusters" then
    return function(item)
      local label = is_map(item) and item.label
      return "label=" .. (type(label) == "string" and label or "default")
    end
  end
  return name_of
end

local compare

local function compare_lists(a, b, keys, out)
  local left, right, found = unpaired(a), unpaired(b), {}
  pair_by(text_of, left, right, found)
  local same = #found
  pair_by(namer(keys), left, right, found)
  local next_free = 1
  for i = 1, #a do
    while right.paired[next_free] do
      next_free = next_free + 1
    end
    if not left.paired[i] and next_free <= #b and type(a[i]) == type(b[next_free])
      and is_map(a[i]) then
      left.paired[i], right.paired[next_free] = true, true
      found[#found + 1] = { i, next_free }
    end
  end
  table.sort(found, function(x, y) return x[1] < y[1] end)
  local function at(i, value, other)
    keys[#keys + 1] = i
    compare(value, other, keys, out)
    keys[#keys] = nil
  end
  for _, pair in ipairs(found) do
    at(pair[1], a[pair[1]], b[pair[2]])
  end
  for i = 1, #a do
    if not left.paired[i] then
      at(i, a[i], nil)
    end
  end
  for j = 1, #b do
    if not right.paired[j] then
      at(j, nil, b[j])
    end
  end
  local is_moved = false
  for i = 2, #found do
    is_moved = is_moved or found[i][2] < found[i - 1][2]
  end
  if is_moved and same > 0 or is_moved and #a == #b then
    out[#out + 1] = { keys = { table.unpack(keys) }, kind = "order", left = a, right = b }
  end
end

local function compare_maps(a, b, keys, out)
  local all = {}
  for key in pairs(a) do
    all[key] = true
  end
  for key in pairs(b) do
    all[key] = true
  end
  for _, key in ipairs(spec.sorted_keys(all, #keys == 0)) do
    keys[#keys + 1] = key
    compare(a[key], b[key], keys, out)
    keys[#keys] = nil
  end
end

function compare(a, b, keys, out)
  if is_same(a, b) then
    return
  elseif is_map(a) and is_map(b) then
    return compare_maps(a, b, keys, out)
  elseif spec.is_list(a) and spec.is_list(b) and #a > 0 and #b > 0 then
    return compare_lists(a, b, keys, out)
  end
  out[#out + 1] = { keys = { table.unpack(keys) }, left = a, right = b,
    kind = a == nil and "added" or b == nil and "removed" or "changed" }
end

--- The differences between two values.
---@param a any
---@param b any
---@return tarn.Difference[] differences without `path`
function M.values(a, b)
  local differences = {}
  compare(a, b, {}, differences)
  return differences
end

return M
