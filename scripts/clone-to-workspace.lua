local arguments = require "tarn.clone.arguments"
local command = require "tarn.clone.command"
local destination = require "tarn.clone.destination"
local fault = require "base.fault"
local text = require "tarn.clone.text"

return {
  summary = "Clone a pipeline into another workspace, which its URL names.",
  effect = "write",
  route = { "POST", "/api/dlt/pipelines/{pipeline}/clone-to-workspace",
    secret = "dest_token" },
  returns = arguments.returns,
  details = [[
This is `tarn clone --to PROFILE` for a workspace without a profile. The token is read from a
prompt, from the environment variable that --token-env names, or from the file that --token-file
names. It cannot be an argument, because other users of the machine can read these. The token is
used for this command only: it is not stored and appears in no output, log, journal or error.]],
  args = arguments.all {
    { "dest_host", "string", "URL of the workspace: https://...", optional = true,
      value = "URL" },
    { "dest_profile", "workspace", "The profile of the workspace, instead of its URL.",
      optional = true, value = "PROFILE" },
    { "token_env", "string", "Environment variable that holds the token.", optional = true,
      value = "NAME", served = false },
    { "token_file", "path", "File that holds the token; - reads standard input.", optional = true,
      value = "FILE" },
  },
  examples = {
    { "clone-to-workspace sales_orders_etl --dest-host https://dr.example.com --dry-run",
      "show the plan; ask for the token" },
    { "clone-to-workspace sales --dest-host https://dr.example.com --token-env DR_TOKEN",
      "read the token from the environment" },
  },
  see = { "clone", "auth" },
  render = { text = function(data, screen) return text.show(data, screen) end },

  run = function(ctx, arg)
    if arg.dest_profile then
      if arg.dest_host then
        fault.usage(ctx.op,
          "--dest-host and --dest-profile both name the workspace: give only one of them")
      end
      return command.run(ctx, arg, arg.dest_profile)
    end
    local target <close> = destination.open(ctx, arg)
    return command.run(ctx, arg, target)
  end,
}
