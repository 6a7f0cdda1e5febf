local ending = require("tarn.wait").outcome
local fault = require "base.fault"
local journal = require "tarn.journal"
local stopping = require "tarn.stop"
local trigger = require "tarn.trigger"
local waiting = require "tarn.wait"

local function report_of(found, body)
  local report = { pipeline_id = found.pipeline_id, name = found.name }
  for field, value in pairs(body) do
    report[field] = value
  end
  return report
end

local function plan(ctx, found, report, body)
  body, report.hooks = trigger.ask_hooks(ctx.workspace, found, body)
  local active = waiting.find_active(found)
  report.status, report.dry_run = "would be triggered", true
  report.active_update = active
  report.request = { method = "POST", body = body,
    path = ("/api/2.0/pipelines/%s/updates"):format(found.pipeline_id) }
  return report
end

local function start(ctx, arg, found, body, report)
  local op <close> = journal.begin { command = "trigger", arg = arg,
    target = stopping.side(ctx.workspace, found) }
  report.update_id, report.status, report.hooks = trigger.start(ctx.workspace, op, found, body, {
    attach = arg.attach, restart = arg.restart, timeout = ctx.options.timeout,
    note = function(pipeline) ctx.warn(("%s is %s"):format(found.name, pipeline.state)) end,
  })
  report.url = trigger.url(ctx.workspace, found.pipeline_id, report.update_id)
  report.operation = op.id
  op:finish(report.status == "attached" and "unchanged" or "done", report)
end

return {
  summary = "Start an update of a pipeline, and wait for its end if asked.",
  effect = "write",
  endless = true, -- --timeout is that of its wait
  route = { "POST", "/api/dlt/pipelines/{pipeline}/trigger" },
  returns = { pipeline_id = "string", name = "string", status = "string", ["update_id?"] = "string",
    ["url?"] = "string", ["operation?"] = "string", ["dry_run?"] = "boolean",
    ["request?"] = { method = "string", path = "string", body = "object" },
    ["outcome?"] = "string", ["state?"] = "string" },
  details = [[
Without a selection all tables are refreshed. Tables are named as the pipeline publishes them,
flows by their names. Exactly one update comes of it: when the answer is lost, Tarn looks what
the workspace has done and never asks twice.

When an update is active already the exit status is 5, unless --attach or --restart is given.

--wait follows this update, not the pipeline, and on through the updates with which the
platform retries a failed one. Exit status: 0 completed (or, if it is continuous, running), 7
failed, 8 cancelled, 6 still going on after --timeout (a day, unless said); it is not stopped
then. A failure is told by the first cause of each flow.]],
  args = {
    { "pipeline", "pipeline", "Id, name, or unique beginning of the name." },
    { "full_refresh", "flag", "Refresh all tables from their beginning; what the sources no "
      .. "longer hold is lost." },
    { "refresh", "list", "Refresh only these tables (repeatable).", optional = true,
      value = "A,B" },
    { "full_refresh_only", "list", "Refresh these tables from their beginning (repeatable).",
      optional = true, value = "A,B" },
    { "reset_checkpoints", "list", "Forget where these flows were; their data stays "
      .. "(repeatable).", optional = true, value = "A,B" },
    { "validate", "flag", "Check the graph; publish nothing." },
    { "param", "list", "A parameter of this update (repeatable).", optional = true,
      value = "KEY=VALUE" },
    { "wait", "flag", "Wait for the end of the update." },
    { "attach", "flag", "If an update is active, take that one for ours." },
    { "restart", "flag", "If an update is active, stop it first." },
    { "full_errors", "flag", "With --wait: causes of a failure with all their stacks." },
    { "dry_run", "flag", "Show the request, and send nothing." },
  },
  examples = {
    { "trigger 'Sales daily'", "print the update's id and link" },
    { "trigger sales --wait --timeout 3600", "for a job: the exit status says how it went" },
    { "trigger sales --refresh orders,customers", "these tables only" },
    { "trigger sales --validate --wait", "does the code still compile?" },
    { "trigger sales --restart --full-refresh-only orders --dry-run", "look first" },
  },
  see = { "wait", "stop", "updates" },
  render = { text = ending.show },

  run = function(ctx, arg)
    if arg.full_errors and not arg.wait then
      fault.usage(ctx.op, "--full-errors goes with --wait")
    end
    local body, began = trigger.body(ctx.op, arg), ending.now()
    local found = ctx.workspace:pipeline(arg.pipeline)
    local report = report_of(found, body)
    if arg.dry_run then
      return plan(ctx, found, report, body)
    end
    start(ctx, arg, found, body, report)
    if arg.wait then
      ctx.warn(("update %s %s: %s"):format(report.update_id, report.status, report.url))
      ending.wait(ctx, report, { full = arg.full_errors, since = began })
    end
    return report
  end,
}
