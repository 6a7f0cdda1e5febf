--- Report the end of an update that a command waited for.

local fault = require "base.fault"
local json = require "native.json"
local task = require "native.task"
local updates = require "tarn.updates"
local wait = require "tarn.wait"

local M = {}

-- Outcome of the wait -> outcome of the command (engine.report).
local STATUS <const> = { completed = "done", running = "done", failed = "update_failed",
  canceled = "update_cancelled", timed_out = "timeout", unknown = "failed" }

-- Seconds that the event with the cause of a failure may be later than the state.
local LATE <const> = 1

-- Call `f(...)` for something that the report can do without: a fault becomes a warning.
local function try(ctx, f, ...)
  local value, e = fault.try(f, ...)
  if e and e.kind == "cancelled" then
    fault.raise(e)
  elseif e then
    ctx.warn(e.message)
  end
  return value
end

local function causes_of(ctx, id, update_id, full)
  local causes = try(ctx, updates.read_causes, ctx.workspace, id, update_id, { full = full })
  if causes and #causes == 0 then
    task.sleep(LATE)
    causes = try(ctx, updates.read_causes, ctx.workspace, id, update_id, { full = full })
  end
  return causes
end

--- Add the end of the update to `report`, and set the command's exit status.
---@param ctx tarn.Context
---@param report table { pipeline_id, update_id }
---@param followed tarn.Followed
---@param full? boolean add causes with their stacks
function M.report(ctx, report, followed, full)
  local id, last = report.pipeline_id, followed.updates[#followed.updates]
  report.outcome, report.updates = followed.outcome, json.array(followed.updates)
  report.state = followed.update and followed.update.state or nil
  local row = followed.update and try(ctx, updates.one, ctx.workspace, id, last)
  if row then
    report.state, report.cause = row.state, row.cause
    report.creation_time, report.end_time = row.creation_time, row.end_time
    report.duration_ms, report.phases = row.duration_ms, row.phases
  end
  if followed.outcome == "failed" then
    report.causes = causes_of(ctx, id, last, full)
  end
  ctx.finish(STATUS[followed.outcome])
end

-- Ctrl-C ends the wait, not the update; the user might believe otherwise.
local function warn_that_it_goes_on(ctx, report)
  ctx.warn(("update %s goes on; `tarn wait` waits for it again, `tarn stop` stops it: %s")
    :format(report.update_id:sub(1, 6), report.pipeline_id))
end

-- Wait with a picture of the update on a terminal, elsewhere with a line for each change of state.
local function follow(ctx, report, timeout)
  local drawn <close> = require("tarn.live").open(ctx, report)
  local followed, e = fault.try(wait.follow, ctx.workspace, report.pipeline_id,
    report.update_id, {
      timeout = timeout,
      note = drawn and function(update) drawn:note(update) end or function(update, seconds)
        ctx.warn(("update %s is %s (%s)"):format(update.update_id:sub(1, 6), update.state,
          updates.span(math.floor(seconds * 1000))))
      end,
    })
  if drawn and not e then
    drawn:finish(followed.update)
  elseif drawn then
    drawn:close()
  end
  if e and e.kind == "cancelled" then
    warn_that_it_goes_on(ctx, report)
  end
  return followed or fault.raise(e)
end

--- Wait for the update of `report`, with its progress on stderr, and add its end to `report`.
---@param ctx tarn.Context
---@param report table { pipeline_id, update_id }
---@param opts? { full?: boolean, since?: number } since: when --timeout began, as of `now`
function M.wait(ctx, report, opts)
  opts = opts or {}
  local spent = opts.since and task.now() - opts.since or 0
  local followed = follow(ctx, report, math.max(0, (ctx.options.timeout or wait.DAY) - spent))
  M.report(ctx, report, followed, opts.full)
end

--- The time, in seconds, for `since`.
---@return number
M.now = task.now

local PLAIN <const> = { "name", "pipeline_id", "update_id", "url", "status", "dry_run", "request",
  "active_update", "what", "full_refresh", "validate_only", "development", "refresh_selection",
  "refresh_selection_by_path", "full_refresh_selection", "full_refresh_selection_by_path",
  "reset_checkpoint_selection", "replace_where_overrides", "rewind_spec", "parameters", "outcome",
  "state", "cause", "creation_time", "end_time", "cancellation_cause", "request_id", "operation" }

--- The report as text.
---@param report table
---@param screen tarn.Screen
function M.show(report, screen)
  local fields, names = {}, {}
  for _, name in ipairs(PLAIN) do
    if report[name] ~= nil then
      fields[name], names[#names + 1] = report[name], name
    end
  end
  local function add(name, value)
    fields[name], names[#names + 1] = value, name
  end
  if report.duration_ms and report.duration_ms ~= json.null then
    add("duration", updates.span(report.duration_ms))
  end
  if report.phases and #report.phases > 0 then
    add("phases", updates.phase_text(report.phases))
  end
  if report.updates and #report.updates > 1 then
    add("attempts", report.updates)
  end
  screen:fields(fields, names)
  if report.causes and #report.causes > 0 then
    screen:line()
    updates.show_causes(report.causes, screen)
  end
end

return M
