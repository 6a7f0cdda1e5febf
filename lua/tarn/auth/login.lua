--- Log in with a browser, or with a token, and keep that as a profile.

local databricks = require "native.databricks"
local fault = require "base.fault"
local profiles = require "tarn.auth.profiles"
local term = require "native.term"
local workspace = require "tarn.workspace"

local M = {}

local CLIENT <const> = "databricks-cli" -- the method of a profile whose tokens come from a log-in

---@class tarn.LoginOptions
---@field op? string           who asks, for faults
---@field profile? string      the profile to write; default: a name made from the host
---@field host? string         default: that of the profile
---@field account_id? string   for the address of an account
---@field scopes? string       separated by commas; default: those of the profile, or all-apis
---@field port? integer        to listen on for the browser's answer
---@field wait? number         seconds that the person may take; default 3600
---@field announce? fun(address: string) called when the browser may be sent there

---@class tarn.LoginResult
---@field logged_in true
---@field host string
---@field profile? string      nil for an embedded workspace, which keeps no log-in
---@field path? string         of the config file
---@field user? string
---@field org_id? string
---@field unchecked? string    why it is not known who has logged in

-- Databricks' tools agree on one place for log-ins. Tarn knows the file, and not the keyring.
local function check_storage(op)
  local _, _, storage = databricks.profiles()
  if storage and storage:lower() ~= "plaintext" then
    fault.raise { kind = "auth", op = op, retryable = false,
      message = ("auth_storage is '%s': log-ins are to be kept in the keyring of the system, "
        .. "which tarn does not use"):format(storage),
      hint = "run `databricks auth login`, whose log-ins tarn uses, too; or set "
        .. "DATABRICKS_AUTH_STORAGE=plaintext" }
  end
end

-- A host and an account, and the name of the profile that will have them.
local function target(op, opts)
  local known = opts.profile and profiles.settings(opts.profile) or {}
  local host = opts.host or known.host
  if not host then
    fault.usage(op, opts.profile and ("the profile '%s' has no host"):format(opts.profile)
      or "no workspace is named", "name it: --host https://...")
  elseif opts.host and known.host and profiles.address(opts.host) ~= known.host then
    fault.usage(op, ("the profile '%s' is about %s"):format(opts.profile, known.host),
      "choose another name for the new profile: --profile NAME")
  end
  return { host = host, known = known, account_id = opts.account_id or known.account_id,
    scopes = opts.scopes or known.scopes,
    profile = opts.profile or profiles.name_of(host, opts.account_id) }
end

-- Who has logged in. A token with narrow scopes may not ask that.
local function identify(result, name)
  local opened <close> = workspace.open(name)
  local me, e = fault.try(opened.me, opened)
  if e and e.kind == "cancelled" then
    fault.raise(e)
  end
  result.user, result.unchecked = me and me.userName, e and e.message
  result.org_id = opened.native:info().org_id
  return result
end

local function sign_in(opts, fields)
  fields.port, fields.wait = opts.port, opts.wait
  local signin <close> = databricks.sign_in(fields)
  local address = signin:address()
  if opts.announce then
    opts.announce(address)
  end
  return signin:wait()
end

-- An embedded workspace lives as long as this process: nothing is worth keeping.
local function practise(opts)
  local opened <close> = workspace.open(opts.profile)
  local host = opened:host()
  sign_in(opts, { host = host, practice = true })
  return { logged_in = true, host = host }
end

--- Log in with a browser. The tokens go where Databricks' tools keep them, and a profile is written
-- that uses them. A fault `auth` if the log-in is refused, `timeout` if nobody logs in, `io` if
-- something cannot be kept.
---@param opts tarn.LoginOptions
---@return tarn.LoginResult
function M.login(opts)
  local op = opts.op or "auth.login"
  if not opts.host and workspace.is_embedded(opts.profile) then
    return practise(opts)
  end
  check_storage(op)
  local to = target(op, opts)
  local signed = sign_in(opts, { host = to.host, account_id = to.account_id,
    discovery_url = to.known.discovery_url, profile = to.profile, scopes = to.scopes,
    skip_verify = to.known.skip_verify == "true" or nil })
  local parts = profiles.parts(to.host)
  databricks.save_profile(to.profile, { host = parts.host, auth_type = CLIENT,
    account_id = to.account_id or signed.account_id or parts.account_id,
    workspace_id = parts.workspace_id, scopes = to.scopes })
  local _, path = databricks.profiles()
  local result = { logged_in = true, host = parts.host, profile = to.profile, path = path }
  if profiles.is_account(parts.host) then
    return result
  end
  return identify(result, to.profile)
end

--- Write a profile that uses a token. The token is not sent anywhere.
---@param opts { op?: string, host?: string, profile?: string, credential?: tarn.Credential }
---@return { host: string, profile: string, path: string }
function M.configure(opts)
  local op = opts.op or "auth.configure"
  local to = target(op, opts)
  local parts = profiles.parts(to.host)
  local prompt = term.is_tty "in" and ("Token for %s: "):format(parts.host) or nil
  local credential = opts.credential or term.read_line(prompt, { secret = true })
    or fault.usage(op, "there is no token on standard input")
  databricks.save_profile(to.profile, { host = parts.host, auth_type = false,
    workspace_id = parts.workspace_id, scopes = false }, credential)
  local _, path = databricks.profiles()
  return { host = parts.host, profile = to.profile, path = path }
end

return M
