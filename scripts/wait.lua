local collections = require "base.collections"
local fault = require "base.fault"
local stop = require "tarn.stop"
local suggestion = require "base.suggestion"
local wait = require "tarn.wait"

-- The id of the update to wait for: the one of --update, the active one, or the newest.
local function find_update(ctx, found, wanted)
  if not wanted then
    local newest = wait.find_active(found) or (found.latest_updates or {})[1]
    return newest and newest.update_id or fault.not_found(ctx.op,
      ("the pipeline '%s' has never run"):format(found.name), "`tarn trigger` starts an update")
  end
  local active, over = stop.find_update(ctx.workspace, found, wanted)
  return (active or over).update_id
end

-- An unknown state may be a new one of the API, but is more likely a misspelt one.
local function warn_of_unknown(ctx, state)
  for _, known in ipairs(wait.STATES) do
    if state == known then
      return
    end
  end
  local hint = suggestion.hint(state, wait.STATES)
  ctx.warn(("'%s' is not a known state of a pipeline%s; waiting for it nevertheless")
    :format(state, hint and " (" .. hint .. ")" or ""))
end

local function wait_for_states(ctx, found, wanted)
  local states = {}
  for _, word in ipairs(collections.words(wanted:upper())) do
    states[word] = true
    warn_of_unknown(ctx, word)
  end
  local last, reached = wait.until_pipeline(ctx.workspace, found.pipeline_id,
    function(pipeline)
      return states[pipeline.state]
        and (pipeline.state ~= "IDLE" or wait.is_at_rest(pipeline))
    end, {
      timeout = ctx.options.timeout,
      note = function(pipeline) ctx.warn(("%s is %s"):format(found.name, pipeline.state)) end,
    })
  if not reached then
    ctx.finish "timeout"
  end
  return { pipeline_id = found.pipeline_id, name = found.name, state = last and last.state,
    outcome = reached and "reached" or "timed_out" }
end

return {
  summary = "Wait for the end of an update, or until a pipeline is in a state.",
  effect = "read",
  endless = true, -- --timeout is that of its wait
  route = { "GET", "/api/dlt/pipelines/{pipeline}/wait" },
  returns = { pipeline_id = "string", name = "string", ["update_id?"] = "string",
    ["state?"] = "string", ["outcome?"] = "string" },
  details = [[
Without --for, the command waits for the end of the active update, or of the newest one if none is
active. If the platform retries the update, it waits for the retries too. Exit status: 0 if the
update completed (or, of a continuous pipeline, runs), 7 if it failed, 8 if it was cancelled, 6 if
it still runs after --timeout.

--for STATES waits until the pipeline has one of these states: IDLE, RUNNING, FAILED, STOPPING and
so on, separated by commas. A pipeline that no longer exists is DELETED.

Without --timeout, the command waits for at most a day.]],
  args = {
    { "pipeline", "pipeline", "Id, name, or unique beginning of the name." },
    { "update", "string", "The update: its id, or the first six characters of it.", optional = true,
      value = "ID", of = "update" },
    { "for", "string", "Wait until the pipeline has one of these states.", optional = true,
      value = "STATES" },
    { "full_errors", "flag", "Show causes of a failure with their whole stack traces." },
  },
  examples = {
    { "wait sales --timeout 3600", "wait for the active update, an hour at most" },
    { "wait sales --for idle", "wait until nothing runs, whatever the result" },
    { "wait gateway --for running,failed", "wait until it runs or has failed" },
  },
  see = { "trigger", "updates", "stop" },
  render = { text = wait.outcome.show },

  run = function(ctx, arg)
    if arg["for"] and arg.update then
      fault.usage(ctx.op,
        "--for waits for the pipeline and --update for one update: give only one of them")
    elseif arg["for"] and arg.full_errors then
      fault.usage(ctx.op, "--full-errors does not go with --for")
    end
    local found = ctx.workspace:pipeline(arg.pipeline)
    if arg["for"] then
      return wait_for_states(ctx, found, arg["for"])
    end
    local report = { pipeline_id = found.pipeline_id, name = found.name,
      update_id = find_update(ctx, found, arg.update) }
    wait.outcome.wait(ctx, report, { full = arg.full_errors })
    return report
  end,
}
