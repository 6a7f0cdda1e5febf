--- Which pipelines of two workspaces belong together. Pure.
--
-- Two pipelines belong together if they have the same name or, where both sides have a glob with
-- the same wildcards, if the wildcards stand for the same: dev_* and prod_* pair dev_sales with
-- prod_sales.

local glob = require "base.glob"
local strings = require "base.strings"

local M = {}

---@class tarn.DiffGroup
---@field key string
---@field left tarn.PipelineRow[]  several of them if they have the same name
---@field right tarn.PipelineRow[]

-- A function of a name that tells what the pipeline is paired by.
local function key_of(pattern, other)
  local captures = pattern and other and glob.wildcards(pattern) == glob.wildcards(other)
    and glob.find_captures(pattern)
  return captures or function(name) return name end
end

--- Pair two lists.
---@param left tarn.PipelineRow[]
---@param right tarn.PipelineRow[]
---@param patterns { left?: string, right?: string } globs that all names match
---@return tarn.DiffGroup[] sorted by name
function M.groups(left, right, patterns)
  local by_key, list = {}, {}
  local function add(rows, side, key)
    for _, row in ipairs(rows) do
      local name = key(row.name)
      local group = by_key[name]
      if not group then
        group = { key = name, left = {}, right = {}, sort = strings.fold(row.name) }
        by_key[name] = group
        list[#list + 1] = group
      end
      table.insert(group[side], row)
    end
  end
  add(left, "left", key_of(patterns.left, patterns.right))
  add(right, "right", key_of(patterns.right, patterns.left))
  table.sort(list, function(a, b)
    if a.sort ~= b.sort then
      return a.sort < b.sort
    end
    return a.key < b.key
  end)
  return list
end

--- Pair the items of a group, those first that differ least.
---@generic T
---@param left T[]
---@param right T[]
---@param cost fun(a: T, b: T): number
---@return { [1]?: T, [2]?: T }[] pairs; an item that is left over stands alone
function M.match(left, right, cost)
  local found, taken, edges = {}, {}, {}
  if #left == 1 and #right == 1 then
    return { { left[1], right[1] } }
  end
  for i, a in ipairs(left) do
    for j, b in ipairs(right) do
      edges[#edges + 1] = { a = a, b = b, cost = cost(a, b), n = i * (#right + 1) + j }
    end
  end
  table.sort(edges, function(x, y)
    if x.cost ~= y.cost then
      return x.cost < y.cost
    end
    return x.n < y.n
  end)
  for _, edge in ipairs(edges) do
    if not taken[edge.a] and not taken[edge.b] then
      taken[edge.a], taken[edge.b] = true, true
      found[#found + 1] = { edge.a, edge.b }
    end
  end
  for _, a in ipairs(left) do
    found[#found + 1] = not taken[a] and { a, nil } or nil
  end
  for _, b in ipairs(right) do
    found[#found + 1] = not taken[b] and { nil, b } or nil
  end
  return found
end

return M
