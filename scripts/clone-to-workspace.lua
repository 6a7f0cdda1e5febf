local clones = require "tarn.clone.command"
local destination = require "tarn.clone.destination"
local fault = require "base.fault"

return {
  summary = "Clone a pipeline into a workspace that is named by its address.",
  effect = "write",
  route = { "POST", "/api/dlt/pipelines/{pipeline}/clone-to-workspace",
    secret = "dest_token" },
  returns = clones.returns,
  details = [[
As `tarn clone --to PROFILE`, for a workspace without a profile. Its token comes from a prompt,
which does not show it, from the environment variable that --token-env names, or from the file
that --token-file names; never from an argument, which others on the machine can read. It is used
for this one command: it is not stored, and appears in no output, log, journal or error.]],
  args = clones.args {
    { "dest_host", "string", "Address of the workspace: https://...", optional = true,
      value = "URL" },
    { "dest_profile", "workspace", "Or the profile that names it, as with `clone --to`.",
      optional = true, value = "PROFILE" },
    { "token_env", "string", "Environment variable that holds the token.", optional = true,
      value = "NAME", served = false },
    { "token_file", "path", "File that holds the token; - is standard input.", optional = true,
      value = "FILE" },
  },
  examples = {
    { "clone-to-workspace sales_orders_etl --dest-host https://dr.example.com --dry-run",
      "asks for the token" },
    { "clone-to-workspace sales --dest-host https://dr.example.com --token-env DR_TOKEN",
      "the token is in the environment" },
  },
  see = { "clone", "auth" },
  render = clones.render,

  run = function(ctx, arg)
    if arg.dest_profile then
      if arg.dest_host then
        fault.usage(ctx.op, "a workspace has an address or a profile, not both here")
      end
      return clones.run(ctx, arg, arg.dest_profile)
    end
    local target <close> = destination.open(ctx, arg)
    return clones.run(ctx, arg, target)
  end,
}
