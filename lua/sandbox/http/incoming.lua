--- What a request holds, as handlers get it: its query, its body, the workspace that it means.

local errors = require "sandbox.http.errors"
local fields = require "sandbox.http.fields"
local router = require "sandbox.http.router"

local M = {}

--- The body of a request. Every body is an object; an empty one stands for one without fields, and
-- methods that only name a resource have none. 400 for one that does not have the route's form.
---@param route table
---@param request tarn.Request
---@return any
function M.body(route, request)
  if route.raw then
    return request.body
  elseif request.body == "" or request.method == "GET" or request.method == "DELETE" then
    return {}
  end
  return fields.check(errors.decode(request.body), route.body)
end

--- The query of a request. A parameter that is given twice counts once, with its last value, unless
-- it is one of the route's lists.
---@param route table
---@param request tarn.Request
---@return table<string, string|string[]>
function M.query(route, request)
  local query = router.query(request.query)
  for name, value in pairs(query) do
    if route.lists[name] then
      query[name] = type(value) == "table" and value or { value }
    elseif type(value) == "table" then
      query[name] = value[#value]
    end
  end
  return query
end

--- Refuse a request that names another workspace than that of its token: 403.
---@param w table
---@param request tarn.Request
function M.check_workspace(w, request)
  local id = request.headers["x-databricks-workspace-id"]
  if id and id ~= w.org_text then
    errors.denied(("The credential is not valid for workspace %s."):format(id))
  end
end

return M
