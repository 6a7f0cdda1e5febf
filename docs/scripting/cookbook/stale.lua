-- stale.lua: send a message about each pipeline that has not run for a while.
--
-- notify keeps a file of sent messages, so later runs of this script do not repeat them. After a
-- new update of the pipeline the next silence gets a new message.

local notify = require "tarn.notify"
local tarn = require "tarn"

return {
  summary = "Send messages about pipelines without an update for some time.",
  effect = "read",
  args = {
    { "silent", "string", "Time without an update: 24h, 7d.", default = "24h" },
    { "webhook_env", "string", "Variable that holds the webhook's URL.", optional = true },
    { "state", "path", "File of sent messages.", optional = true },
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
