--- Steps that start and stop updates; these cannot be undone.

local pipelines = require "tarn.pipelines"

local M = {}

local function nothing(action, reason, find_outcome)
  return {
    key = function() end,
    find_outcome = find_outcome,
    plan = function(_, step)
      return { verdict = "nothing", reason = reason,
        action = ("%s '%s'"):format(action, step.what.name or step.what.pipeline_id) }
    end,
  }
end

local function find_started(target, step)
  local earliest = target:since(step.started)
  for update in pipelines.updates(target.ws, step.what.pipeline_id, { max = 5 }) do
    if (update.creation_time or 0) >= earliest and update.cause == "API_CALL" then
      return "done", { update_id = update.update_id }
    end
  end
  return "failed"
end

M["update.start"] = nothing("start", "the effects of an update cannot be undone", find_started)
M["update.stop"] = nothing("stop", "a stopped update is not started again",
  function() return "done" end)

return M
