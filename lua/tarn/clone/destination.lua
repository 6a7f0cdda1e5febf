--- Connect to a target workspace by its address and a token.

local databricks = require "native.databricks"
local fault = require "base.fault"
local term = require "native.term"
local workspace = require "tarn.workspace"

local M = {}

-- The token is read into the credential and kept nowhere else.
local function credential(ctx, arg)
  local op = ctx.op
  if ctx.served then
    if not ctx.credential then
      fault.usage(op, "dest_token is missing or not a token", "dest_profile needs no token")
    end
    return ctx.credential
  elseif arg.token_env and arg.token_file then
    fault.usage(op, "--token-env and --token-file exclude each other")
  elseif arg.token_env then
    if (os.getenv(arg.token_env) or "") == "" then
      fault.usage(op, ("the environment variable %s is not set"):format(arg.token_env))
    end
    return databricks.credential { token_env = arg.token_env }
  elseif arg.token_file and arg.token_file ~= "-" then
    return databricks.credential { token_file = arg.token_file }
  elseif not arg.token_file and not term.is_tty "in" then
    fault.usage(op, "no token was given, and standard input is not a terminal",
      "use --token-env NAME, or --token-file FILE (- is standard input)")
  end
  local line = term.read_line(not arg.token_file and "Token of the target workspace: " or nil,
    { hidden = true })
  if not line or line:match "^%s*$" then
    fault.usage(op, "no token was given")
  end
  return databricks.credential { token = line:match "^%s*(.-)%s*$" }
end

-- Refuses only texts that cannot be an address; the connection finds out about the others.
local function host_of(op, text)
  local host = text:find "^https?://" and text or "https://" .. text
  host = host:gsub("/+$", "")
  if not host:find "^https?://[%w_.:%[%]-]+$" then
    fault.usage(op, "--dest-host is not the address of a workspace",
      "an address is like https://adb-123.4.azuredatabricks.net, without a path")
  elseif host:find "^http://" and not host:find "^http://127%.0%.0%.1:?%d*$"
    and not host:find "^http://localhost:?%d*$" and not host:find "^http://%[::1%]:?%d*$" then
    fault.usage(op, "--dest-host is not https: the token would be sent unencrypted")
  end
  return host
end

--- The workspace at the address --dest-host.
---@param ctx tarn.Context
---@param arg { dest_host: string, token_env?: string, token_file?: string }
---@return tarn.WorkspaceClient
function M.open(ctx, arg)
  if not arg.dest_host then
    fault.usage(ctx.op, "--dest-host is missing", "or give a profile with --dest-profile")
  end
  local host = host_of(ctx.op, arg.dest_host)
  local is_kept_out = ctx.served and not ctx.allow_private_hosts
  if is_kept_out and not host:find "^https://" then
    fault.usage(ctx.op, "dest_host is not https", "Tarn sends a token over https only")
  end
  return workspace.wrap(databricks.connect { host = host, credential = credential(ctx, arg),
    public_only = is_kept_out, jobs = ctx.options.jobs, rate = ctx.options.rate,
    timeout = ctx.options.timeout })
end

return M
