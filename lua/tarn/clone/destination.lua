--- A workspace by its address and a token that is used once.

local databricks = require "native.databricks"
local fault = require "base.fault"
local term = require "native.term"
local workspace = require "tarn.workspace"

local M = {}

-- The token goes from where it is into the credential's box, and nowhere else.
local function credential(ctx, arg)
  local op = ctx.op
  if ctx.served then
    if not ctx.credential then
      fault.usage(op, "dest_token is missing, or is no token", "dest_profile needs none")
    end
    return ctx.credential
  elseif arg.token_env and arg.token_file then
    fault.usage(op, "--token-env and --token-file are two sources of one token")
  elseif arg.token_env then
    if (os.getenv(arg.token_env) or "") == "" then
      fault.usage(op, ("the environment has no variable %s"):format(arg.token_env))
    end
    return databricks.credential { token_env = arg.token_env }
  elseif arg.token_file and arg.token_file ~= "-" then
    return databricks.credential { token_file = arg.token_file }
  elseif not arg.token_file and not term.is_tty "in" then
    fault.usage(op, "there is nobody to ask for the token",
      "--token-env NAME or --token-file FILE say where it is; - is standard input")
  end
  local line = term.read_line(not arg.token_file and "Token of the target workspace: " or nil,
    { hidden = true })
  if not line or line:match "^%s*$" then
    fault.usage(op, "no token was given")
  end
  return databricks.credential { token = line:match "^%s*(.-)%s*$" }
end

-- Only what is certainly no address is refused here: the connection says the rest.
local function host_of(op, text)
  local host = text:find "^https?://" and text or "https://" .. text
  host = host:gsub("/+$", "")
  if not host:find "^https?://[%w_.:%[%]-]+$" then
    fault.usage(op, "--dest-host is not the address of a workspace",
      "it looks like https://adb-123.4.azuredatabricks.net, without a path")
  elseif host:find "^http://" and not host:find "^http://127%.0%.0%.1:?%d*$"
    and not host:find "^http://localhost:?%d*$" and not host:find "^http://%[::1%]:?%d*$" then
    fault.usage(op, "--dest-host is not https: the token would travel in the clear")
  end
  return host
end

--- The workspace that --dest-host names.
---@param ctx tarn.Context
---@param arg { dest_host: string, token_env?: string, token_file?: string }
---@return tarn.WorkspaceClient
function M.open(ctx, arg)
  if not arg.dest_host then
    fault.usage(ctx.op, "--dest-host is missing", "or name the workspace by --dest-profile")
  end
  local host = host_of(ctx.op, arg.dest_host)
  local is_kept_out = ctx.served and not ctx.allow_private_hosts
  if is_kept_out and not host:find "^https://" then
    fault.usage(ctx.op, "dest_host is not https", "a token is sent over https only")
  end
  return workspace.wrap(databricks.connect { host = host, credential = credential(ctx, arg),
    public_only = is_kept_out, jobs = ctx.options.jobs, rate = ctx.options.rate,
    timeout = ctx.options.timeout })
end

return M
