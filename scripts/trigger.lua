local fault = require "base.fault"
local journal = require "tarn.journal"
local many = require "tarn.many"
local spec = require "tarn.spec"
local stop = require "tarn.stop"
local trigger = require "tarn.trigger"
local wait = require "tarn.wait"

local function report_of(found, body)
  local report = { pipeline_id = found.pipeline_id, name = found.name }
  for field, value in pairs(body) do
    report[field] = value
  end
  return report
end

local function plan(ctx, found, report, body)
  body, report.hooks = trigger.ask_hooks(ctx.workspace, found, body)
  local active = wait.find_active(found)
  report.status, report.dry_run = "would be triggered", true
  report.active_update = active
  report.request = { method = "POST", body = body,
    path = ("/api/2.0/pipelines/%s/updates"):format(found.pipeline_id) }
  return report
end

local function start(ctx, arg, found, body, report)
  local op <close> = journal.begin { command = "trigger", arg = arg,
    target = stop.side(ctx.workspace, found) }
  report.update_id, report.status, report.hooks = trigger.start(ctx.workspace, op, found, body, {
    attach = arg.attach, restart = arg.restart, timeout = ctx.options.timeout,
    note = function(pipeline) ctx.warn(("%s is %s"):format(found.name, pipeline.state)) end,
  })
  report.url = trigger.url(ctx.workspace, found.pipeline_id, report.update_id)
  report.operation = op.id
  op:finish(report.status == "attached" and "unchanged" or "done", report)
end

-- ---- many ----

local COLUMNS <const> = { "status", "outcome", "update_id" }

local function start_many(ctx, arg, items, body)
  return many.change(ctx, arg, items, { change = function(item, op)
    local ws = ctx.workspace
    local found = arg.restart and ws:pipeline(item.pipeline_id) or item
    local row = report_of(found, body)
    row.update_id, row.status, row.hooks = trigger.start(ws, op, found, spec.copy(body),
      { attach = arg.attach, restart = arg.restart, timeout = ctx.options.timeout })
    row.url = trigger.url(ws, item.pipeline_id, row.update_id)
    return row, row.status == "attached" and "unchanged" or "done"
  end })
end

-- Wait for all updates at once. Each row gets what a single report has.
local function wait_for_many(ctx, arg, rows, outcomes, began)
  local started = {}
  for _, row in ipairs(rows) do
    started[#started + 1] = row.update_id and row or nil
  end
  local left = (ctx.options.timeout or wait.DAY) - (wait.outcome.now() - began)
  many.wait(ctx, started, outcomes, function(row)
    local followed = wait.follow(ctx.workspace, row.pipeline_id, row.update_id,
      { timeout = math.max(0, left) })
    local outcome
    local each = setmetatable({ finish = function(name) outcome = name end }, { __index = ctx })
    wait.outcome.report(each, row, followed, arg.full_errors)
    return outcome
  end)
end

local function run_many(ctx, arg, items, body, began)
  if arg.dry_run then
    return many.show(ctx, COLUMNS, many.plan(ctx, items, function(item)
      return plan(ctx, item, report_of(item, body), spec.copy(body))
    end))
  end
  local rows, outcomes = start_many(ctx, arg, items, body)
  if arg.wait then
    wait_for_many(ctx, arg, rows, outcomes, began)
  end
  return many.show(ctx, COLUMNS, rows)
end

local RETURNS <const> = { pipeline_id = "string", name = "string", status = "string",
  ["update_id?"] = "string", ["url?"] = "string", ["operation?"] = "string",
  ["dry_run?"] = "boolean", ["error?"] = "object",
  ["request?"] = { method = "string", path = "string", body = "object" },
  ["outcome?"] = "string", ["state?"] = "string" }

return {
  summary = "Start an update of a pipeline, or of many, and wait for its end with --wait.",
  effect = "write",
  endless = true, -- --timeout is that of its wait
  route = { "POST", "/api/dlt/pipelines/{pipeline}/trigger", many = "/api/dlt/trigger" },
  returns = { any = { RETURNS, { RETURNS } } },
  details = [[
Without a selection, all tables are refreshed. Tables are given by their published names, flows by
their names, files by their paths in the workspace. --development and --production decide the mode
of this update, whatever the mode of the pipeline. --rewind-to takes all datasets, or those of
--rewind with all that depend on them, back to a time. The command starts exactly one update: if
the answer of the workspace is lost, Tarn looks for the update and does not send the request again.

If an update is active already, the exit status is 5, unless --attach or --restart is given.

--wait waits for the end of this update and of the updates with which the platform retries it.
Exit status: 0 if the update completed (or, of a continuous pipeline, runs), 7 if it failed, 8 if
it was cancelled, 6 if it still runs after --timeout (default: a day); it is not stopped then. For
a failed update, the first cause of each failed flow is shown.

Several names, a glob such as 'dev_*' and --all start an update of many, after one question. If one
cannot be started, the others are. With --wait, the exit status is that of the updates that did not
complete, or 1 if these ended in several ways.]],
  args = {
    { "pipeline", "list", "Id, name, unique beginning of the name, or a glob; several are allowed.",
      optional = true, positional = true, of = "pipeline" },
    { "all", "flag", "Start an update of all pipelines." },
    { "full_refresh", "flag", "Refresh all tables from scratch: rows that the sources no "
      .. "longer have are lost." },
    { "refresh", "list", "Refresh only these tables (repeatable).", optional = true,
      value = "A,B", of = "dataset" },
    { "refresh_path", "list", "Refresh only the tables that this file defines (repeatable).",
      optional = true, value = "PATH" },
    { "full_refresh_only", "list", "Refresh only these tables, from scratch (repeatable).",
      optional = true, value = "A,B", of = "dataset" },
    { "full_refresh_path", "list", "Refresh only the tables that this file defines, from scratch "
      .. "(repeatable).", optional = true, value = "PATH" },
    { "reset_checkpoints", "list", "Reset the checkpoints of these flows; their data stays "
      .. "(repeatable).", optional = true, value = "A,B" },
    { "validate", "flag", "Check the code and the graph; update no table." },
    { "development", "flag", "Start the update in development mode: it keeps its compute, and is "
      .. "not retried." },
    { "production", "flag", "Start the update in production mode." },
    { "replace_where", "list", "Another predicate for a replace-where flow (repeatable).",
      optional = true, value = "FLOW=PREDICATE" },
    { "rewind_to", "string", "Rewind to this time instead of refreshing: 12h, or a date.",
      optional = true, value = "TIME" },
    { "rewind", "list", "With --rewind-to: only these datasets, and all that depend on them.",
      optional = true, value = "A,B" },
    { "rewind_dry_run", "flag", "With --rewind-to: only tell what would be rewound." },
    { "param", "list", "A parameter of this update (repeatable).", optional = true,
      value = "KEY=VALUE" },
    { "cause", "string", "What the workspace says of why the update was started: JOB_TASK, "
      .. "USER_ACTION, ...; default: API_CALL.", optional = true, value = "CAUSE" },
    { "wait", "flag", "Wait for the end of the update." },
    { "attach", "flag", "If an update is active, use it instead of starting one." },
    { "restart", "flag", "If an update is active, stop it first." },
    { "full_errors", "flag",
      "With --wait: show causes of a failure with their whole stack traces." },
    { "dry_run", "flag", "Show the request, and send nothing." },
  },
  examples = {
    { "trigger 'Sales daily'", "start an update, and print its id and link" },
    { "trigger sales --wait --timeout 3600",
      "start an update in a job; the exit status is its result" },
    { "trigger sales --refresh orders,customers", "refresh only these tables" },
    { "trigger sales --refresh-path /Workspace/Shared/sales/orders.sql --development",
      "refresh the tables of one file, in development mode" },
    { "trigger sales --validate --wait", "check whether the code compiles" },
    { "trigger sales --restart --full-refresh-only orders --dry-run", "show the request" },
    { "trigger 'dev_*' --wait", "start many, after one question, and wait for all" },
  },
  see = { "wait", "stop", "updates" },
  render = { text = wait.outcome.show },

  question = function(ctx, arg)
    return many.question(ctx, arg, { what = "start an update of %s", note = function(item)
      local active = wait.find_active(item)
      return active and "an update is active" or item.state or "unknown"
    end })
  end,

  run = function(ctx, arg)
    if arg.full_errors and not arg.wait then
      fault.usage(ctx.op, "--full-errors goes with --wait")
    end
    local body, began = trigger.body(ctx.op, arg), wait.outcome.now()
    local choice = many.choose(ctx, arg)
    if choice.many then
      return run_many(ctx, arg, choice.items, body, began)
    end
    local found = ctx.workspace:pipeline(choice.word)
    local report = report_of(found, body)
    if arg.dry_run then
      return plan(ctx, found, report, body)
    end
    start(ctx, arg, found, body, report)
    if arg.wait then
      ctx.warn(("update %s %s: %s"):format(report.update_id, report.status, report.url))
      wait.outcome.wait(ctx, report, { full = arg.full_errors, since = began })
    end
    return report
  end,
}
