-- tag-all.lua: set tags on many pipelines.
--
-- An edit replaces all settings of a pipeline, so the script reads, changes and sends all of them.
-- The edits are one operation of the journal: `tarn undo last` undoes them. The exit status is 1 if
-- a pipeline was refused, or, in a dry run, would be.

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

-- What happens to a pipeline: its outcome, and why it is refused. The dry run asks the workspace.
local function try(ctx, plan, op)
  local _, e
  if op then
    _, e = fault.try(edit.check, ctx.op, plan.found, plan.body)
    if not e then
      _, e = fault.try(edit.send, ctx.workspace, op, plan.found, plan.body)
    end
  else
    _, e = fault.try(edit.run, ctx.workspace, plan.found, plan.body,
      { command = "tag-all", dry_run = true, warn = ctx.warn })
  end
  if fault.is(e, "cancelled") then
    error(e, 0)
  elseif e then
    return op and "refused" or "would be refused", e.message
  end
  return op and "tagged" or "would change"
end

-- "39 tagged, 3 refused"
local function summary(rows)
  local counts, words, refused = {}, {}, 0
  for _, row in ipairs(rows) do
    counts[row.outcome] = (counts[row.outcome] or 0) + 1
    refused = refused + (row.outcome:find "refused" and 1 or 0)
  end
  for _, outcome in ipairs { "tagged", "would change", "unchanged", "refused",
    "would be refused" } do
    words[#words + 1] = counts[outcome] and ("%d %s"):format(counts[outcome], outcome) or nil
  end
  return table.concat(words, ", "), refused
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
  render = { columns = { "pipeline", "outcome", "changes", { "why", long = true } } },

  run = function(ctx, arg)
    local tags, ids, rows = parse(ctx.op, arg.tags), {}, tarn.json.array {}
    for row in tarn.list { filter = arg.filter } do
      ids[#ids + 1] = row.pipeline_id
    end
    local op <close> = not arg.dry_run and journal.begin { command = "tag-all", arg = arg,
      target = { host = ctx.workspace:host(), profile = ctx.workspace.profile,
        org_id = ctx.workspace.native:info().org_id } } or nil
    for plan in tarn.stream(ids, function(id) return plan_of(ctx, id, tags) end) do
      local row = { pipeline = plan.found.name, changes = #plan.changes, outcome = "unchanged" }
      if #plan.changes > 0 then
        row.outcome, row.why = try(ctx, plan, op)
      end
      rows[#rows + 1] = row
    end
    local text, refused = summary(rows)
    if refused > 0 then
      ctx.warn(text)
      ctx.finish "failed"
    end
    if op then
      op:finish(refused > 0 and "partial" or "done", { pipelines = #rows })
    end
    return rows
  end,
}
