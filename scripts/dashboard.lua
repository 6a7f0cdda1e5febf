local dashboard = require "tarn.dashboard"
local show = require "tarn.dashboard.show"

return {
  summary = "Show the health of all pipelines, and what happened last.",
  effect = "read",
  route = { "GET", "/api/dlt/dashboard" },
  details = [[
running: an update is active (state RUNNING, STARTING, RESETTING, RECOVERING or DEPLOYING).
failed: state FAILED, or IDLE after a newest update that FAILED. idle: none of these. With
other (STOPPING, DELETED and words to come) they add up to the total, as do healthy,
unhealthy and unknown, which are the API's own.

The newest 20 events are those of pipelines that run or failed. What could not be asked is
named as unknown, and never shown as nothing.]],
  args = {},
  examples = {
    { "dashboard", "of the workspace that the environment names" },
    { "dashboard --profile demo", "of the embedded workspace" },
    { "dashboard -o json", "summary, pipelines, recent_events" },
  },
  see = { "list", "get" },
  render = { text = show },

  run = function(ctx)
    local data = dashboard.read(ctx.workspace)
    data.workspace = ctx.workspace:host()
    return data
  end,
}
