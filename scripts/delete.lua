local delete = require "tarn.delete"
local fault = require "base.fault"
local journal = require "tarn.journal"
local stop = require "tarn.stop"

-- To delete takes the id or the whole name: the beginning of a name may mean another pipeline
-- later.
local function find(ctx, arg)
  local found = ctx.workspace:pipeline(arg.pipeline)
  if found.name ~= arg.pipeline and found.pipeline_id ~= arg.pipeline:lower() then
    fault.usage(ctx.op, ("no pipeline is named '%s'"):format(arg.pipeline),
      ("did you mean '%s' (%s)? `tarn delete` takes the whole name, or the id"):format(found.name,
        found.pipeline_id))
  end
  return found
end

local function tables_word(found, arg)
  return not delete.has_choice(found) and "stay" or arg.tables and "deleted" or "kept"
end

local function warn(ctx, arg, found)
  if arg.tables and not delete.has_choice(found) then
    ctx.warn "--tables has no effect: tables in the Hive metastore are always kept"
  end
  local deployment = found.spec.deployment
  if type(deployment) == "table" and deployment.kind == "BUNDLE" then
    ctx.warn "a bundle manages this pipeline; its next deployment will create the pipeline again"
  end
end

return {
  summary = "Delete a pipeline; its tables are kept unless --tables is given.",
  effect = "destroy",
  route = { "POST", "/api/dlt/pipelines/{pipeline}/delete" },
  returns = { pipeline_id = "string", name = "string", status = "string", tables = "string",
    dry_run = "boolean", ["operation?"] = "string" },
  details = [[
An active update is stopped. The journal keeps the settings and permissions, so that `tarn undo`
can create the pipeline again, with a new id. Tables that are kept belong to no pipeline then.
Tables in the Hive metastore are always kept.]],
  args = {
    { "pipeline", "pipeline", "Id or whole name." },
    { "tables", "flag", "Delete the pipeline's tables, views and streaming tables, too." },
    { "force", "flag", "Delete the pipeline even if the workspace cannot clean up its resources." },
    { "dry_run", "flag", "Show what would be deleted, and delete nothing." },
  },
  examples = {
    { "delete 'Sales daily (copy)' --dry-run", "show what would be deleted" },
    { "delete 'Sales daily (copy)'", "delete it, and keep its tables" },
    { "delete 6d1f0000-0000-4000-8000-000000000000 --tables --yes",
      "delete it with its tables, without a question" },
  },
  see = { "undo", "get" },

  question = function(ctx, arg)
    local found = find(ctx, arg)
    return ("delete the pipeline '%s' (%s, %s) in %s%s."):format(found.name,
      found.pipeline_id, found.state, ctx.workspace.profile or ctx.workspace:host(),
      tables_word(found, arg) == "deleted" and " and its tables" or "; its tables are kept")
  end,

  run = function(ctx, arg)
    local found = find(ctx, arg)
    warn(ctx, arg, found)
    local report = { pipeline_id = found.pipeline_id, name = found.name, dry_run = arg.dry_run,
      status = "would be deleted", tables = tables_word(found, arg) }
    if arg.dry_run then
      delete.ask_hooks(ctx.workspace, found, arg.tables)
      return report
    end
    local op <close> = journal.begin { command = "delete", arg = arg,
      target = stop.side(ctx.workspace, found) }
    report.status = delete.pipeline(ctx.workspace, op, found,
      { tables = arg.tables, force = arg.force })
    report.operation = op.id
    op:finish("done", report)
    return report
  end,
}
