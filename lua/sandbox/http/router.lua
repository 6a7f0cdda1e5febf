--- Finds the handler for a method and a path.
--
-- A pattern is a path with parameters in braces: `/api/2.0/pipelines/{id}/updates`. A last part
-- `{name*}` takes the rest of the path. Empty parts (`//`, a trailing slash) are ignored, as the
-- real workspace does.

local http = require "native.http"

local M = {}

local Router = {}
Router.__index = Router

function M.new()
  return setmetatable({ root = {} }, Router)
end

local function child(node, key)
  node[key] = node[key] or {}
  return node[key]
end

local NOTHING <const> = {}

--- Add a route. `opts.public`: the request needs no token, and the handler gets the server in
-- place of a workspace. `opts.raw`: the body is not decoded. `opts.body`: the form of the body, as
-- in sandbox.http.fields. `opts.lists`: the set of parameters of the query that are lists.
---@param method string
---@param pattern string
---@param handler fun(w: table, req: table): any
---@param opts? { public?: boolean, raw?: boolean, body?: table, lists?: table<string, true> }
function Router:add(method, pattern, handler, opts)
  local node, names = self.root, {}
  for part in pattern:gmatch "[^/]+" do
    local name, rest = part:match "^{([%w_]+)(%*?)}$"
    if not name then
      node = child(node, part)
    else
      names[#names + 1] = name
      node = child(node, rest == "*" and "{*}" or "{}")
    end
  end
  node["%"] = node["%"] or {} -- no part of a path is a bare "%", so the key cannot clash
  assert(not node["%"][method], method .. " " .. pattern .. " has a route already")
  opts = opts or NOTHING
  node["%"][method] = {
    handler = handler,
    names = names,
    pattern = pattern,
    public = opts.public or false,
    raw = opts.raw or false,
    body = opts.body or NOTHING,
    lists = opts.lists or NOTHING,
  }
end

local function descend(node, parts, i, values)
  local part = parts[i]
  if not part then
    return node["%"]
  end
  local found = node[part] and part ~= "%" and descend(node[part], parts, i + 1, values)
  if found then
    return found
  end
  local depth = #values
  if node["{}"] then
    values[depth + 1] = part
    found = descend(node["{}"], parts, i + 1, values)
    if found then
      return found
    end
    values[depth + 1] = nil
  end
  if node["{*}"] then
    values[depth + 1] = table.concat(parts, "/", i)
    return node["{*}"]["%"]
  end
end

--- The route for a method and a path, and its decoded parameters; nil if there is none.
---@param method string
---@param path string
---@return table? route
---@return table<string,string>? params
function Router:find(method, path)
  local parts, n = {}, 0
  for part in path:gmatch "[^/]+" do
    n = n + 1
    parts[n] = part
  end
  local values = {}
  local methods = descend(self.root, parts, 1, values)
  local route = methods and methods[method]
  if not route then
    return nil
  end
  local params = {}
  for i, name in ipairs(route.names) do
    local value = values[i]
    params[name] = value:find("%", 1, true) and http.unescape(value) or value
  end
  return route, params
end

--- A decoded query: a string for each key, or a list of strings for a key that is repeated.
---@param text string
---@return table<string, string|string[]>
function M.query(text)
  local query = {}
  if text == "" then
    return query
  end
  for pair in text:gmatch "[^&]+" do
    local key, value = pair:match "^([^=]*)=(.*)$"
    key, value = http.unescape(key or pair, true), http.unescape(value or "", true)
    local before = query[key]
    if before == nil then
      query[key] = value
    elseif type(before) == "table" then
      before[#before + 1] = value
    else
      query[key] = { before, value }
    end
  end
  return query
end

return M
