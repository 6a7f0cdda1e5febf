local fault = require "base.fault"
local journal = require "tarn.journal"
local stopping = require "tarn.stop"
local waiting = require "tarn.wait"

-- Only this update is stopped: true if it is the active one, false if it is over.
local function is_to_stop(ctx, found, wanted)
  local active, over = stopping.find_update(ctx.workspace, found, wanted)
  if over and waiting.find_active(found) then
    fault.raise { kind = "conflict", op = ctx.op,
      message = ("update %s is %s; the active one is %s"):format(over.update_id, over.state,
        waiting.find_active(found).update_id),
      hint = "nothing was stopped" }
  end
  return active ~= nil, over
end

local function send(ctx, arg, found, report)
  local op <close> = journal.begin { command = "stop", arg = arg,
    target = stopping.side(ctx.workspace, found) }
  stopping.stop(ctx.workspace, op, found, { update_id = report.update_id })
  report.operation = op.id
  op:finish(report.update_id and "done" or "unchanged", report)
end

local function wait(ctx, found, report)
  local now = stopping.wait(ctx.workspace, found, {
    timeout = ctx.options.timeout,
    note = function(pipeline) ctx.warn(("%s is %s"):format(found.name, pipeline.state)) end,
  })
  report.state, report.status = now.state, "stopped"
  for _, update in ipairs(now.latest_updates or {}) do
    if update.update_id == report.update_id then
      report.update_state = update.state
    end
  end
end

return {
  summary = "Stop the active update of a pipeline, and wait until it has stopped.",
  effect = "write",
  endless = true, -- --timeout is that of its wait
  route = { "POST", "/api/dlt/pipelines/{pipeline}/stop", defaults = { wait = false } },
  returns = { pipeline_id = "string", name = "string", status = "string", ["update_id?"] = "string",
    ["operation?"] = "string", ["state?"] = "string", ["update_state?"] = "string",
    ["dry_run?"] = "boolean" },
  details = [[
The workspace stops the newest update, whichever that is. --update stops only if it is this
one: if it is over, nothing happens; if another one is active, the exit status is 5. Retries of
the platform end with it. A continuous pipeline stays stopped until it is started again.

Without --timeout, 20 minutes are waited; exit status 6 if it still runs then.]],
  args = {
    { "pipeline", "pipeline", "Id, name, or unique beginning of the name." },
    { "update", "string", "Stop only if this update is the active one.", optional = true,
      value = "ID", of = "update" },
    { "wait", "flag", "Wait until it has stopped; --no-wait sends the stop and ends.",
      default = true },
    { "dry_run", "flag", "Say what would be stopped, and stop nothing." },
  },
  examples = {
    { "stop 'Sales daily'", "and wait until it is idle" },
    { "stop sales --update 6fc8a8 --no-wait", "only that update; not waited for" },
  },
  see = { "trigger", "wait", "updates" },

  run = function(ctx, arg)
    local found = ctx.workspace:pipeline(arg.pipeline)
    local active = waiting.find_active(found)
    local report = { pipeline_id = found.pipeline_id, name = found.name,
      update_id = active and active.update_id or nil, dry_run = arg.dry_run or nil }
    if arg.update then
      local is_active, over = is_to_stop(ctx, found, arg.update)
      if not is_active then
        report.update_id, report.status, report.update_state = over.update_id, "over", over.state
        return report
      end
    end
    if arg.dry_run then
      stopping.ask_hooks(ctx.workspace, found, report.update_id)
      report.status = active and "would be stopped" or "idle"
      return report
    end
    send(ctx, arg, found, report)
    report.status = active and "stopping" or "idle"
    if arg.wait and active then
      wait(ctx, found, report)
    end
    return report
  end,
}
