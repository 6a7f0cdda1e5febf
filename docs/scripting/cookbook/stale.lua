-- stale.lua: alert on pipelines that have not run for a while.
--
-- Each is told once, also over many runs of this script: notify keeps what it has told. A
-- pipeline that runs again and falls silent again is told again.

local notify = require "tarn.notify"
local tarn = require "tarn"

return {
  summary = "Tell of pipelines without an update for some time.",
  effect = "read",
  args = {
    { "silent", "string", "For how long: 24h, 7d.", default = "24h" },
    { "webhook_env", "string", "Variable that holds the webhook's URL.", optional = true },
    { "state", "path", "File of what was told already.", optional = true },
  },
  examples = { { "stale --silent 7d --webhook-env SLACK_URL", "every hour, from cron" } },
  render = { columns = { "pipeline", "what" } },

  run = function(ctx, arg)
    local told = tarn.json.array {}
    local n <close> = notify.new { rules = { "silent=" .. arg.silent }, state = arg.state,
      webhook_env = arg.webhook_env, op = ctx.op, warn = ctx.warn,
      call = function(message)
        told[#told + 1] = { pipeline = message.pipeline_name, what = message.text }
      end }
    for row in ctx.workspace:pipelines() do
      n:row(ctx.workspace, row)
    end
    n:drain(30)
    ctx.finish(#told > 0 and "gate" or "done")
    return told
  end,
}
