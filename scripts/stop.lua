local fault = require "base.fault"
local journal = require "tarn.journal"
local many = require "tarn.many"
local stop = require "tarn.stop"
local wait = require "tarn.wait"

-- True if the update that --update names is active; false, and the update, if it has ended. A fault
-- if another update is active.
local function is_active(ctx, found, wanted)
  local active, over = stop.find_update(ctx.workspace, found, wanted)
  if over and wait.find_active(found) then
    fault.raise { kind = "conflict", op = ctx.op,
      message = ("update %s has ended (%s); the active update is %s"):format(over.update_id,
        over.state, wait.find_active(found).update_id),
      hint = "nothing was stopped" }
  end
  return active ~= nil, over
end

local function send(ctx, arg, found, report)
  local op <close> = journal.begin { command = "stop", arg = arg,
    target = stop.side(ctx.workspace, found) }
  stop.stop(ctx.workspace, op, found, { update_id = report.update_id })
  report.operation = op.id
  op:finish(report.update_id and "done" or "unchanged", report)
end

local function wait_for_end(ctx, found, report, silent)
  local now = stop.wait(ctx.workspace, found, {
    timeout = ctx.options.timeout,
    note = not silent and function(pipeline)
      ctx.warn(("%s is %s"):format(found.name, pipeline.state))
    end or nil,
  })
  report.state, report.status = now.state, "stopped"
  for _, update in ipairs(now.latest_updates or {}) do
    if update.update_id == report.update_id then
      report.update_state = update.state
    end
  end
end

-- ---- many ----

-- True if a pipeline has an active update, by the list.
local function is_affected(item)
  return wait.find_active(item) ~= nil
end

local function row_of_idle(item)
  return not is_affected(item) and { status = "idle" } or nil
end

local function plan_one(ctx, item)
  local row = row_of_idle(item)
  if not row then
    row = { status = "would be stopped", update_id = wait.find_active(item).update_id }
    stop.ask_hooks(ctx.workspace, item, row.update_id)
  end
  return row
end

local function stop_many(ctx, arg, items)
  local rows, outcomes = many.change(ctx, arg, items, { skip = row_of_idle,
    change = function(item, op)
      stop.stop(ctx.workspace, op, item, {})
      return { update_id = wait.find_active(item).update_id, status = "stopping" }
    end })
  local stopping = {}
  for _, row in ipairs(rows) do
    stopping[#stopping + 1] = arg.wait and row.status == "stopping" and row or nil
  end
  many.wait(ctx, stopping, outcomes, function(row)
    wait_for_end(ctx, row, row, true)
  end)
  return rows
end

local function run_many(ctx, arg, items)
  if arg.update then
    fault.usage(ctx.op, "--update goes with one pipeline")
  end
  local rows = arg.dry_run and many.plan(ctx, items, function(item) return plan_one(ctx, item) end)
    or stop_many(ctx, arg, items)
  return many.show(ctx, { "status", "update_id" }, rows)
end

local RETURNS <const> = { pipeline_id = "string", name = "string", status = "string",
  ["update_id?"] = "string", ["operation?"] = "string", ["state?"] = "string",
  ["update_state?"] = "string", ["dry_run?"] = "boolean", ["error?"] = "object" }

return {
  summary = "Stop the active update of a pipeline, or of many, and wait until it has stopped.",
  effect = "write",
  endless = true, -- --timeout is that of its wait
  route = { "POST", "/api/dlt/pipelines/{pipeline}/stop", defaults = { wait = false },
    many = "/api/dlt/stop" },
  returns = { any = { RETURNS, { RETURNS } } },
  details = [[
The workspace stops whichever update is active. --update ID stops only that update: if it has
ended already, nothing happens; if another update is active, the exit status is 5. The platform
does not retry a stopped update. A continuous pipeline stays stopped until you start it again.

The command waits for at most 20 minutes, or --timeout; if the update still runs then, the exit
status is 6.

Several names, a glob such as 'dev_*' and --all stop many, after one question. Pipelines that are
idle are left alone. If one cannot be stopped, the others are.]],
  args = {
    { "pipeline", "list", "Id, name, unique beginning of the name, or a glob; several are allowed.",
      optional = true, positional = true, of = "pipeline" },
    { "all", "flag", "Stop all pipelines." },
    { "update", "string", "Stop only this update.", optional = true,
      value = "ID", of = "update" },
    { "wait", "flag", "Wait until the update has stopped; --no-wait only sends the request.",
      default = true },
    { "dry_run", "flag", "Show what would be stopped, and stop nothing." },
  },
  examples = {
    { "stop 'Sales daily'", "stop it, and wait until it is idle" },
    { "stop sales --update 6fc8a8 --no-wait", "stop only this update, and do not wait" },
    { "stop 'dev_*' --dry-run", "show which of many would be stopped" },
  },
  see = { "trigger", "wait", "updates" },

  question = function(ctx, arg)
    return many.question(ctx, arg, { what = "stop %s", affects = is_affected,
      note = function(item) return item.state or "unknown" end })
  end,

  run = function(ctx, arg)
    local choice = many.choose(ctx, arg)
    if choice.many then
      return run_many(ctx, arg, choice.items)
    end
    local found = ctx.workspace:pipeline(choice.word)
    local active = wait.find_active(found)
    local report = { pipeline_id = found.pipeline_id, name = found.name,
      update_id = active and active.update_id or nil, dry_run = arg.dry_run or nil }
    if arg.update then
      local is_running, over = is_active(ctx, found, arg.update)
      if not is_running then
        report.update_id, report.status, report.update_state = over.update_id, "over", over.state
        return report
      end
    end
    if arg.dry_run then
      stop.ask_hooks(ctx.workspace, found, report.update_id)
      report.status = active and "would be stopped" or "idle"
      return report
    end
    send(ctx, arg, found, report)
    report.status = active and "stopping" or "idle"
    if arg.wait and active then
      wait_for_end(ctx, found, report)
    end
    return report
  end,
}
