--- How Tarn authenticates to a workspace, and as which user.
--
--     local auth = require "tarn.auth"
--     local found, refusal = auth.describe(ws)
--     print(found.host, found.auth_type, found.user or refusal.message)
--
-- Every setting comes with the place where it was found. No answer holds a secret.

local databricks = require "native.databricks"
local fault = require "base.fault"

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

local function connect(opts)
  local workspace = require "tarn.workspace"
  if not opts.host and workspace.is_embedded(opts.profile) then
    return workspace.open(opts.profile).native
  end
  -- a host by itself stands for the log-in there, as for the Databricks CLI
  return databricks.connect { profile = opts.profile, host = opts.host,
    account_id = opts.account_id, auth_type = opts.host and "databricks-cli" or nil }
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

--- The profiles of the configuration file, each with the settings that Tarn would use, and whether
-- its workspace accepts them.
---@param opts? { offline?: boolean } offline: ask no workspace
---@return tarn.ProfileInfo[] profiles
---@return string? path of the file
function M.profiles(opts)
  return require("tarn.auth.profiles").list(opts)
end

--- The name of the default profile of the configuration file.
---@param opts? { method?: string } method: nil unless it logs in so
---@return string?
function M.default_profile(opts)
  for _, row in ipairs((databricks.profiles())) do
    if row.default and (not opts or not opts.method or row.auth_type == opts.method) then
      return row.name
    end
  end
end

--- True if a profile of that name is in the configuration file, or is an embedded workspace.
---@param name string
---@return boolean
function M.has_profile(name)
  local workspace = require "tarn.workspace"
  for _, row in ipairs((databricks.profiles())) do
    if row.name == name then
      return true
    end
  end
  return workspace.is_embedded(name)
end

---@class tarn.ShowTokenOptions
---@field profile? string
---@field host? string
---@field account_id? string
---@field renew? boolean true: get a new token, even if there is a valid one
---@field format? string "text": the token by itself; else JSON, as the Databricks CLI gives it to
--- SDKs

--- Print a token on standard output. It does not become a value of Lua.
---@param opts tarn.ShowTokenOptions
function M.show_token(opts)
  local native <close> = connect(opts)
  native:show_token(opts.format == "text" and "text" or "json", opts.renew)
end

--- Print the settings for a workspace as commands for a POSIX shell.
---@param opts { profile?: string, secrets?: boolean } secrets: print them, too
function M.show_environment(opts)
  local native <close> = connect(opts)
  native:show_environment(opts.secrets)
end

--- Make a profile the default one. A fault `auth` if there is no such profile.
---@param name string
---@return { profile: string, default: true, path: string }
function M.switch(name)
  return require("tarn.auth.profiles").choose(name)
end

--- Log in with a browser. The tokens go where Databricks' tools keep them, and a profile is written
-- that uses them. A fault `auth` if the log-in is refused, `timeout` if nobody logs in, `io` if
-- something cannot be kept.
---@param opts tarn.LoginOptions
---@return tarn.LoginResult
function M.login(opts)
  return require("tarn.auth.login").login(opts)
end

--- Write a profile that uses a token. The token is not sent anywhere.
-- Without a credential, it is read from the terminal, which does not show it, or from standard
-- input.
---@param opts { op?: string, host?: string, profile?: string, credential?: tarn.Credential }
---@return { host: string, profile: string, path: string }
function M.configure(opts)
  return require("tarn.auth.login").configure(opts)
end

--- End a log-in: the workspace is asked to revoke its tokens, and they are removed here.
---@param opts? { profile?: string, delete?: boolean } delete: remove the profile, too
---@return { profile?: string, found: boolean, revoked: boolean, why?: string, deleted: boolean }
function M.logout(opts)
  opts = opts or {}
  local result = databricks.sign_out { profile = opts.profile }
  result.profile, result.deleted = opts.profile, false
  if opts.delete then
    databricks.remove_profile(opts.profile)
    result.deleted = true
  end
  return result
end

return M
