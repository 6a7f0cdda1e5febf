-- promote.lua: clone a pipeline from development to production, after others have approved.
--
-- `plan` writes the plan of a clone into a file, `approve` adds an approval to it, `apply` carries
-- the plan out. `apply` needs enough approvals from people other than the author, and the plan must
-- still be the same. Keep the file on a protected branch, as the record of the approvals.

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

-- The approved part of a plan: the fields with their verdicts, and the requests to be sent.
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
      or "the plan has changed: plan and approve again", by = who }
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
    { "name", "string", "Name of the copy.", optional = true },
    { "map", "path", "Map of names that differ there, as of `tarn clone`.", optional = true },
    { "file", "path", "File of the plan and its approvals.", default = "promotion.json" },
    { "approvals", "integer", "Number of people who must approve.", default = 1, min = 0 },
    { "dry_run", "flag", "With apply: only check." },
  },
  examples = {
    { "-p dev promote plan orders --to prod --map prod.lua", "then commit promotion.json" },
    { "-p dev promote approve orders --to prod", "by somebody else" },
    { "-p dev promote apply orders --to prod --map prod.lua", "exit status 9 if not approved" },
  },
  run = function(ctx, arg)
    return actions[arg.action](ctx, arg)
  end,
}
