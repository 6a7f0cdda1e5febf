local ending = require("tarn.wait").outcome
local fault = require "base.fault"
local stopping = require "tarn.stop"
local suggestion = require "base.suggestion"
local waiting = require "tarn.wait"

-- The update to wait for: the one that is named, or the newest.
local function find_update(ctx, found, wanted)
  if not wanted then
    local newest = waiting.find_active(found) or (found.latest_updates or {})[1]
    return newest and newest.update_id or fault.not_found(ctx.op,
      ("'%s' has never run"):format(found.name), "`tarn trigger` starts an update")
  end
  local active, over = stopping.find_update(ctx.workspace, found, wanted)
  return (active or over).update_id
end

-- A word that nobody knows may be a new one, and is more likely a misspelt one.
local function warn_of_unknown(ctx, state)
  for _, known in ipairs(waiting.STATES) do
    if state == known then
      return
    end
  end
  local hint = suggestion.hint(state, waiting.STATES)
  ctx.warn(("'%s' is no state of a pipeline that is known%s; it is waited for all the same")
    :format(state, hint and ", " .. hint or ""))
end

local function wait_for_states(ctx, found, wanted)
  local states = {}
  for word in wanted:upper():gmatch "[^,%s]+" do
    states[word] = true
    warn_of_unknown(ctx, word)
  end
  local last, reached = waiting.until_pipeline(ctx.workspace, found.pipeline_id,
    function(pipeline)
      return states[pipeline.state]
        and (pipeline.state ~= "IDLE" or waiting.is_at_rest(pipeline))
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
  summary = "Wait for the end of an update, or for a pipeline to come into a state.",
  effect = "read",
  route = { "GET", "/api/dlt/pipelines/{pipeline}/wait" },
  returns = { pipeline_id = "string", name = "string", ["update_id?"] = "string",
    ["state?"] = "string", ["outcome?"] = "string" },
  details = [[
Without --for, the active update is followed to its end, or the newest one if none is active,
and on through the platform's retries. Exit status: 0 completed (or, if it is continuous,
running), 7 failed, 8 cancelled, 6 still going on after --timeout.

--for waits for the pipeline's own state, in the API's words: IDLE, RUNNING, FAILED, STOPPING
and so on; several with commas between them. A pipeline that is gone is DELETED. Without
--timeout, a day is waited.]],
  args = {
    { "pipeline", "pipeline", "Id, name, or unique beginning of the name." },
    { "update", "string", "Which update: its id, or six characters of it.", optional = true,
      value = "ID", of = "update" },
    { "for", "string", "Wait until the pipeline is in one of these states.", optional = true,
      value = "STATES" },
    { "full_errors", "flag", "Causes of a failure with all their stacks." },
  },
  examples = {
    { "wait sales --timeout 3600", "for the update that runs" },
    { "wait sales --for idle", "whatever becomes of the update" },
    { "wait gateway --for running,failed", "until it is up, or will not be" },
  },
  see = { "trigger", "updates", "stop" },
  render = { text = ending.show },

  run = function(ctx, arg)
    if arg["for"] and arg.update then
      fault.usage(ctx.op, "--for is about the pipeline and --update about one update: choose one")
    elseif arg["for"] and arg.full_errors then
      fault.usage(ctx.op, "--full-errors goes with an update, not with --for")
    end
    local found = ctx.workspace:pipeline(arg.pipeline)
    if arg["for"] then
      return wait_for_states(ctx, found, arg["for"])
    end
    local report = { pipeline_id = found.pipeline_id, name = found.name,
      update_id = find_update(ctx, found, arg.update) }
    ending.wait(ctx, report, { full = arg.full_errors })
    return report
  end,
}
