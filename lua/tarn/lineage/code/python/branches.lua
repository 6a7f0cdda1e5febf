--- Several ways through the code, of which one is taken. Pure.

local collections = require "base.collections"
local values = require "tarn.lineage.code.python.values"

local M = {}

-- The variables behind the branches: each has the value that one of them gave it.
local function merge(ends)
  if #ends <= 1 then
    return ends[1]
  end
  local names, merged = {}, {}
  for _, vars in ipairs(ends) do
    for name in pairs(vars) do
      names[name] = true
    end
  end
  for name in pairs(names) do
    local options, first, same = {}, nil, true
    for _, vars in ipairs(ends) do
      local value = vars[name]
      if value then
        same = same and (first == nil or first == value)
        first = first or value
        options[#options + 1] = value
      end
    end
    merged[name] = same and first or values.any(options)
  end
  return merged
end

--- Read several branches, each from the variables as they are before.
---@param scope table
---@param list (fun(): string?)[] each returns how it stops; nil if it goes on
---@return string? stopped nil if one of them goes on
function M.either(scope, list)
  local before, ends, stopped = scope.vars, {}, nil
  for _, branch in ipairs(list) do
    scope.vars = collections.copy(before)
    local how = branch()
    stopped = stopped or how
    if not how then
      ends[#ends + 1] = scope.vars
    end
  end
  scope.vars = merge(ends) or scope.vars
  return #ends == 0 and stopped or nil
end

local function add_targets(node, names)
  if node.t == "name" then
    names[node.id] = true
  elseif node.t == "list" then
    for _, item in ipairs(node.items) do
      add_targets(item, names)
    end
  end
end

-- The names to which statements give values.
local function assigned(list, names)
  for _, node in ipairs(list) do
    for _, target in ipairs(node.targets or {}) do
      add_targets(target, names)
    end
    if node.t == "augment" then
      add_targets(node.target, names)
    end
    for _, inner in ipairs { node.body or {}, node.orelse or {}, node.final or {} } do
      if node.t ~= "def" and node.t ~= "class" then
        assigned(inner, names)
      end
    end
  end
end

--- Forget the constants that a loop changes, since its turns are not counted.
---@param body table[]
---@param scope table
function M.forget(body, scope)
  local names = {}
  assigned(body, names)
  for name in pairs(names) do
    local value = scope.vars[name]
    if value and values.is_known(value) then
      scope.vars[name] = values.unknown(("`%s` changes in a loop"):format(name))
    end
  end
end

return M
