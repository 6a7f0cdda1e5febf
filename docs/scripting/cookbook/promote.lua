-- promote.lua: development to production, with approvals.
--
-- The plan of a clone goes into a file; others approve that file; it is applied only while the
-- workspaces still give the same plan, and if enough people other than its author have approved.
-- The file belongs on a protected branch: it is the record of who said yes to what.

local tarn = require "tarn"
local json = tarn.json

local function read(path)
  local file <close> = assert(io.open(path, "rb"))
  return json.decode(file:read "a")
end

local function write(path, value)
  local file <close> = assert(io.open(path, "wb"))
  assert(file:write(json.encode(value, { indent = 2 }), "\n"))
end

local function clone(arg, dry_run)
  return tarn.clone { pipeline = arg.pipeline, to = arg.to, name = arg.name, map = arg.map,
    with_sources = true, permissions = true, production = true, dry_run = dry_run }
end

-- What is approved: every field with its verdict, and every request that would be sent.
local function fingerprint(plan)
  return json.encode { fields = plan.fields, steps = plan.steps, action = plan.action }
end

local function approvers(record)
  local others, seen = {}, { [record.author] = true }
  for _, approval in ipairs(record.approvals) do
    if not seen[approval.by] then
      seen[approval.by] = true
      others[#others + 1] = approval.by
    end
  end
  return others
end

local actions = {}

function actions.plan(_, arg)
  local plan = clone(arg, true)
  write(arg.file, { author = arg.to:me().userName, approvals = json.array {},
    plan = fingerprint(plan), fields = plan.fields })
  return { status = "planned", attention = plan.counts.attention, file = arg.file }
end

function actions.approve(_, arg)
  local record = read(arg.file)
  table.insert(record.approvals, { by = arg.to:me().userName, at = os.date "!%Y-%m-%dT%H:%M:%SZ" })
  write(arg.file, record)
  return { status = "approved", by = approvers(record), file = arg.file }
end

function actions.apply(ctx, arg)
  local record = read(arg.file)
  local who = approvers(record)
  if #who < arg.approvals or fingerprint(clone(arg, true)) ~= record.plan then
    ctx.finish "gate"
    return { status = #who < arg.approvals and "not enough approvals"
      or "the plan is another one now: plan and approve again", by = who }
  elseif arg.dry_run then
    return { status = "would be applied", by = who }
  end
  local report = clone(arg, false)
  return { status = report.status, by = who, new_pipeline_id = report.new_pipeline_id,
    operation = report.operation }
end

return {
  summary = "Promote a pipeline to production once others have approved the plan.",
  effect = "write",
  args = {
    { "action", "choice", "What to do.", choices = { "plan", "approve", "apply" } },
    { "pipeline", "pipeline", "The pipeline in development." },
    { "to", "workspace", "The workspace in production.", positional = false },
    { "name", "string", "Its name there.", optional = true },
    { "map", "path", "What is called differently there.", optional = true },
    { "file", "path", "The plan and its approvals.", default = "promotion.json" },
    { "approvals", "integer", "How many people must approve.", default = 1, min = 0 },
    { "dry_run", "flag", "With apply: only check." },
  },
  examples = {
    { "-p dev promote plan orders --to prod --map prod.lua", "then commit promotion.json" },
    { "-p dev promote approve orders --to prod", "by somebody else" },
    { "-p dev promote apply orders --to prod --map prod.lua", "exit status 9 if it may not be" },
  },
  run = function(ctx, arg)
    return actions[arg.action](ctx, arg)
  end,
}
