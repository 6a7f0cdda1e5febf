-- tag-all.lua: set tags on many pipelines.
--
-- An edit replaces all settings of a pipeline, so the script reads, changes and sends all of them.
-- The edits are one operation of the journal: `tarn undo last` undoes them.

local edit = require "tarn.edit"
local journal = require "tarn.journal"
local tarn = require "tarn"

local fault = tarn.fault

local function parse(op, list)
  local tags = {}
  for _, text in ipairs(list) do
    local key, value = text:match "^([^=]+)=(.*)$"
    if not key then
      fault.usage(op, ("'%s' is not KEY=VALUE"):format(text))
    end
    tags[key] = value
  end
  return tags
end

-- The changes that a pipeline needs, and the body of the request.
local function plan_of(ctx, id, tags)
  local found = ctx.workspace:pipeline(id)
  local changes, body = edit.plan(found, function(settings)
    settings.tags = settings.tags or {}
    for key, value in pairs(tags) do
      settings.tags[key] = value
    end
  end)
  return { found = found, body = body, changes = changes }
end

local function apply(ctx, plan, op)
  local _, e = fault.try(edit.send, ctx.workspace, op, plan.found, plan.body)
  if fault.is(e, "cancelled") then
    error(e, 0)
  end
  return e and e.message or "tagged"
end

return {
  summary = "Set tags on many pipelines.",
  effect = "write",
  args = {
    { "tags", "list", "Tags: KEY=VALUE ..." },
    { "filter", "string", "Only pipelines whose name matches this glob.", optional = true },
    { "dry_run", "flag", "Only show what would change." },
  },
  examples = {
    { "tag-all cost_center=4711 team=sales --filter 'sales_*' --dry-run", "look first" },
  },
  render = { columns = { "pipeline", "outcome", "changes" } },

  run = function(ctx, arg)
    local tags, ids, rows = parse(ctx.op, arg.tags), {}, tarn.json.array {}
    for row in tarn.list { filter = arg.filter } do
      ids[#ids + 1] = row.pipeline_id
    end
    local op <close> = not arg.dry_run and journal.begin { command = "tag-all", arg = arg,
      target = { host = ctx.workspace:host(), profile = ctx.workspace.profile,
        org_id = ctx.workspace.native:info().org_id } } or nil
    for plan in tarn.stream(ids, function(id) return plan_of(ctx, id, tags) end) do
      rows[#rows + 1] = { pipeline = plan.found.name, changes = #plan.changes,
        outcome = #plan.changes == 0 and "unchanged" or not op and "would change"
          or apply(ctx, plan, op) }
    end
    if op then
      op:finish("done", { pipelines = #rows })
    end
    return rows
  end,
}
