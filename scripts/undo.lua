local journal = require "tarn.journal"
local undo = require "tarn.undo"

local SHOWN <const> = 12 -- actions in the question

-- "last" is the newest that is no undo itself: who is told to run it again means the same.
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
  screen:table(data.steps, { { "verdict" }, { "action" }, { "reason" } })
end

return {
  summary = "Undo what an operation of the journal did.",
  effect = "destroy",
  route = { "POST", "/api/dlt/journal/{operation}/undo" },
  returns = { operation = "string", status = "string", ["undo?"] = "string",
    steps = { { operation = "string", step = "integer", verdict = "string",
      ["action?"] = "string", ["reason?"] = "string" } } },
  details = [[
What the operation made is deleted; what it overwrote, settings and sources, is as it was
before. The tables of a pipeline stay unless you say --tables. Everything is looked at first:
if something was changed since, nothing is touched, unless you say --force.

It can be cut off and run again: it finds what it has done. It is itself in the journal. What
an update computed, and what was deleted without having been kept, does not come back; a
pipeline that was deleted is made again with a new id.

The workspace is the one that the operation worked in; --profile names it where the journal
has no profile for it.]],
  args = {
    { "operation", "string", "Which one: its id, the beginning of it, or last.", of = "operation" },
    { "tables", "flag", "Delete the tables of pipelines that are deleted, too." },
    { "force", "flag", "Undo also what was changed since." },
    { "dry_run", "flag", "Say what would be done, and do nothing." },
  },
  examples = {
    { "undo last --dry-run", "look first" },
    { "undo last", "take back the newest operation" },
    { "undo 261123-h7k2 --yes", "without being asked" },
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
    return ("%s of %s is undone:%s\n"):format(plan.operation.command, plan.operation.id,
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
      ctx.warn(("%s; `tarn undo %s` goes on"):format(tostring(failed), plan.operation.id))
    end
    return { operation = plan.operation.id, undo = id, steps = rows_of(plan),
      status = failed and "partly undone" or "undone" }
  end,
}
