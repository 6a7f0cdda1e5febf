--- The identity of a workspace, and of the user in it.

local fault = require "base.fault"

local M = {}

---@class tarn.Identity
---@field host string
---@field org_id string   the workspace id: digits
---@field user string     the user's name, or a service principal's application id
---@field is_service boolean
---@field is_admin boolean
---@field profile? string

local function in_group(me, name)
  for _, group in ipairs(type(me.groups) == "table" and me.groups or {}) do
    if group.display == name then
      return true
    end
  end
  return false
end

--- Ask the workspace for its id and the current user.
---@param ws tarn.WorkspaceClient
---@return tarn.Identity
function M.ask(ws)
  local me, response = ws:request("GET", "/api/2.0/preview/scim/v2/Me")
  local org_id = response.headers["x-databricks-org-id"]
  return {
    host = ws:host(), profile = ws.profile, user = me.userName,
    org_id = org_id and tostring(org_id) or ws:host(), -- some proxies remove the header
    is_service = type(me.userName) == "string" and not me.userName:find("@", 1, true)
      and me.userName:find "^%x+%-%x+%-%x+%-%x+%-%x+$" ~= nil,
    is_admin = in_group(me, "admins"),
  }
end

--- The id of the workspace's metastore, or nil and the reason.
---@param ws tarn.WorkspaceClient
---@return string? metastore_id
---@return string? why
function M.find_metastore(ws)
  local found, e = fault.try(ws.request, ws, "GET",
    "/api/2.1/unity-catalog/current-metastore-assignment")
  if e and e.kind == "cancelled" then
    fault.raise(e)
  end
  return found and found.metastore_id, e and e.message
end

return M
