local journal = require "tarn.journal"
local undo = require "tarn.undo"

local SHOWN <const> = 12 -- actions in the question

local STYLES <const> = { done = "green", undo = "cyan", blocked = "red", failed = "red",
  changed = "yellow", unknown = "yellow" }

-- The operation of that name. "last" is the newest operation that is not an undo, so that `undo
-- last` can be run again after it was interrupted.
local function find(name)
  if name == "last" then
    for record in journal.operations() do
      if record.command ~= "undo" then
        return record
      end
    end
  end
  return journal.find(name)
end

local function plan_of(ctx, arg)
  local record = find(arg.operation)
  return undo.plan(undo.open(ctx, record), record, { tables = arg.tables, force = arg.force })
end

local function has_work(plan)
  for _, action in ipairs(plan.actions) do
    if action.verdict ~= "already" and action.verdict ~= "nothing" then
      return true
    end
  end
  return false
end

local function rows_of(plan)
  local rows = {}
  for i, action in ipairs(plan.actions) do
    rows[i] = { operation = action.op, step = action.n, verdict = action.verdict,
      action = action.action, reason = action.reason }
  end
  return require("tarn").json.array(rows)
end

local function show(data, screen)
  screen:line(screen:style("bold", ("%s %s"):format(data.status, data.operation)),
    data.undo and "  by " .. data.undo or "")
  local width = 0
  for _, step in ipairs(data.steps) do
    width = math.max(width, #step.verdict)
  end
  for _, step in ipairs(data.steps) do
    local verdict = screen:style(STYLES[step.verdict], screen:pad(step.verdict, width))
    screen:flow(width + 4, "  ", verdict, "  ", screen:clean(step.action or ""))
    if step.reason then
      screen:line(screen:style("dim", screen:wrap(screen:clean(step.reason),
        (" "):rep(width + 4))))
    end
  end
end

return {
  summary = "Undo an operation of the journal.",
  effect = "destroy",
  route = { "POST", "/api/dlt/journal/{operation}/undo" },
  returns = { operation = "string", status = "string", ["undo?"] = "string",
    steps = { { operation = "string", step = "integer", verdict = "string",
      ["action?"] = "string", ["reason?"] = "string" } } },
  details = [[
Deletes what the operation created, and restores the settings and sources that it overwrote. The
tables of a deleted pipeline are kept, unless --tables is given. All objects are checked first: if
one has been changed since, nothing is done, unless --force is given.

An interrupted undo can be run again. It is an operation of the journal, too. Data that an update
computed, and data that was deleted without a copy, cannot be restored. A deleted pipeline is
created again with a new id.

The workspace is the one of the operation; if the journal has no profile for it, --profile names
it.]],
  args = {
    { "operation", "string", "The operation: its id, the beginning of the id, or last.",
      of = "operation" },
    { "tables", "flag", "Delete the tables of deleted pipelines, too." },
    { "force", "flag", "Undo also objects that have been changed since." },
    { "dry_run", "flag", "Show what would be undone, and change nothing." },
  },
  examples = {
    { "undo last --dry-run", "show what would be undone" },
    { "undo last", "undo the newest operation" },
    { "undo 261123-h7k2 --yes", "undo an operation without a question" },
  },
  see = { "journal", "delete" },
  render = { text = show },

  question = function(ctx, arg)
    local plan = plan_of(ctx, arg)
    undo.check(plan)
    local lines, n = {}, 0
    for _, action in ipairs(plan.actions) do
      if action.verdict == "undo" then
        n = n + 1
        lines[#lines + 1] = n <= SHOWN and "\n  " .. action.action or nil
      end
    end
    lines[#lines + 1] = n > SHOWN and ("\n  and %d more"):format(n - SHOWN) or nil
    return ("undo %s %s:%s\n"):format(plan.operation.command, plan.operation.id,
      #lines > 0 and table.concat(lines) or " nothing is left to do")
  end,

  run = function(ctx, arg)
    local plan = plan_of(ctx, arg)
    if arg.dry_run then
      return { operation = plan.operation.id, status = "would undo", dry_run = true,
        steps = rows_of(plan) }
    end
    if plan.operation.undone and not has_work(plan) then
      return { operation = plan.operation.id, status = "already undone", steps = rows_of(plan) }
    end
    local id, failed = undo.apply(plan, { arg = arg, progress = ctx.progress })
    if failed then
      ctx.finish "failed"
      ctx.warn(("%s; `tarn undo %s` continues"):format(tostring(failed), plan.operation.id))
    end
    return { operation = plan.operation.id, undo = id, steps = rows_of(plan),
      status = failed and "partly undone" or "undone" }
  end,
}
