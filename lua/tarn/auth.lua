--- Who we are to a workspace, and from where that is known. No secret is among the answers.

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

-- A field of the answer, but JSON's null is no name.
local function text(value)
  return type(value) == "string" and value or nil
end

--- What was found for a workspace, and whether it lets us in.
---@param ws tarn.WorkspaceClient
---@param opts? { offline?: boolean } offline: send nothing
---@return tarn.AuthDescription
---@return tarn.Fault? refusal
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
  local info = ws.native:info() -- now, for the way in may have told the host and the method
  return {
    host = info.host, profile = info.profile or ws.profile, auth_type = info.auth_type,
    attributes = info.attributes, org_id = info.org_id, check = check,
    user = text(me.userName), user_id = text(me.id), display_name = text(me.displayName),
  }, refusal
end

--- The profiles of the config file, each with what would be used.
---@return tarn.ProfileInfo[] profiles
---@return string? path
function M.profiles()
  local list, path = databricks.profiles()
  return json.array(list), path
end

return M
