--- How Tarn authenticates to a workspace, and as which user.
--
--     local auth = require "tarn.auth"
--     local found, refusal = auth.describe(ws)
--     print(found.host, found.auth_type, found.user or refusal.message)
--
-- Every setting comes with the place where it was found. No answer holds a secret.

local databricks = require "native.databricks"
local fault = require "base.fault"
local json = require "native.json"

local M = {}

---@class tarn.AuthCheck
---@field status "ok"|"failed"|"skipped"
---@field message? string what went wrong
---@field hint? string    what to do about it

---@class tarn.AuthDescription
---@field host? string
---@field profile? string
---@field auth_type string
---@field attributes { name: string, value: string, source: string }[]
---@field check tarn.AuthCheck
---@field user? string
---@field user_id? string
---@field display_name? string
---@field org_id? string

-- A field of the answer; nil for JSON's null.
local function text(value)
  return type(value) == "string" and value or nil
end

--- The settings for a workspace, and whether the workspace accepts them.
---@param ws tarn.WorkspaceClient
---@param opts? { offline?: boolean } offline: send no request
---@return tarn.AuthDescription
---@return tarn.Fault? refusal why the workspace does not accept them
function M.describe(ws, opts)
  local me, refusal
  local check = { status = "skipped" }
  if not (opts and opts.offline) then
    me, refusal = fault.try(ws.me, ws)
    check = refusal and { status = "failed", message = refusal.message, hint = refusal.hint }
      or { status = "ok" }
  end
  if refusal and refusal.kind == "cancelled" then
    fault.raise(refusal)
  end
  me = me or {}
  local info = ws.native:info() -- after the request: logging in may have set host and method
  return {
    host = info.host, profile = info.profile or ws.profile, auth_type = info.auth_type,
    attributes = info.attributes, org_id = info.org_id, check = check,
    user = text(me.userName), user_id = text(me.id), display_name = text(me.displayName),
  }, refusal
end

--- The profiles of the configuration file, each with the settings that Tarn would use.
---@return tarn.ProfileInfo[] profiles
---@return string? path of the file
function M.profiles()
  local list, path = databricks.profiles()
  return json.array(list), path
end

return M
