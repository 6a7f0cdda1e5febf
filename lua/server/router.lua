--- Finds the route for a method and a path.
--
-- A pattern is a path with parameters in braces: `/api/dlt/pipelines/{pipeline}/events`. A literal
-- part is preferred to a parameter. Paths are not normalized: one with `//`, a final slash or dots
-- has no route.

local collections = require "base.collections"
local http = require "native.http"

local M = {}

local Router = {}
Router.__index = Router

-- Keys of a node of the tree; tables, because every string may be a part of a path.
local HERE <const> = {} -- the routes that end at the node
local ANY <const> = {}  -- the node for a parameter

--- Make a router without routes.
---@return table router
function M.new()
  return setmetatable({ root = {}, plain = {} }, Router)
end

--- Add a route. It replaces an earlier one with the same method and pattern.
---@param method string
---@param pattern string
---@param route table
function Router:add(method, pattern, route)
  local node, names = self.root, {}
  for part in pattern:gmatch "[^/]+" do
    local name = part:match "^{([%w_]+)}$"
    if name then
      names[#names + 1] = name
    end
    local key = name and ANY or part
    node[key] = node[key] or {}
    node = node[key]
  end
  if #names == 0 then
    self.plain[method .. pattern] = route
  end
  node[HERE] = node[HERE] or {}
  node[HERE][method] = { route = route, names = names }
end

local function descend(node, parts, i, values)
  local part = parts[i]
  if not part then
    return node[HERE]
  end
  local found = node[part] and descend(node[part], parts, i + 1, values)
  if found or not node[ANY] then
    return found
  end
  local depth = #values
  values[depth + 1] = part
  found = descend(node[ANY], parts, i + 1, values)
  if not found then
    values[depth + 1] = nil
  end
  return found
end

-- The parts of a path; nil for a path that has no route.
local function split(path)
  local parts = {}
  for part in path:gmatch "/([^/]*)" do
    if part == "" or part == "." or part == ".." then
      return nil
    end
    parts[#parts + 1] = part
  end
  return parts
end

--- Find a route.
---@param method string
---@param path string
---@return table? route
---@return table<string, string>|string[]|nil params the decoded parameters; without a route the
--- methods that the path allows, or nil if no route has the path
function Router:find(method, path)
  local plain = self.plain[method .. path]
  if plain then
    return plain, {}
  end
  local parts, values = split(path), {}
  local methods = parts and descend(self.root, parts, 1, values)
  if not methods then
    return nil
  end
  local found = methods[method]
  if not found then
    local allowed = collections.keys(methods)
    return nil, allowed
  end
  local params = {}
  for i, name in ipairs(found.names) do
    params[name] = http.unescape(values[i])
  end
  return found.route, params
end

return M
