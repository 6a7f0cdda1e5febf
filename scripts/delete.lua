local delete = require "tarn.delete"
local fault = require "base.fault"
local journal = require "tarn.journal"

-- A pipeline is destroyed by its id or its whole name: the beginning of a name may be that of
-- another one tomorrow.
local function find(ctx, arg)
  local found = ctx.workspace:pipeline(arg.pipeline)
  if found.name ~= arg.pipeline and found.pipeline_id ~= arg.pipeline:lower() then
    fault.usage(ctx.op, ("no pipeline is named '%s'"):format(arg.pipeline),
      ("did you mean '%s' (%s)? To delete takes the whole name, or the id"):format(found.name,
        found.pipeline_id))
  end
  return found
end

local function tables_word(found, arg)
  return not delete.has_choice(found) and "stay" or arg.tables and "deleted" or "kept"
end

local function side_of(ws, found)
  local info = ws.native:info()
  return { host = info.host, org_id = info.org_id, profile = ws.profile,
    pipeline_id = found.pipeline_id, name = found.name }
end

local function warn(ctx, arg, found)
  if arg.tables and not delete.has_choice(found) then
    ctx.warn "tables in the Hive metastore stay: --tables has nothing to do"
  end
  local deployment = found.spec.deployment
  if type(deployment) == "table" and deployment.kind == "BUNDLE" then
    ctx.warn "a bundle manages this pipeline: its next deployment makes it again"
  end
end

return {
  summary = "Delete a pipeline; its tables are kept unless you say otherwise.",
  effect = "destroy",
  route = { "POST", "/api/dlt/pipelines/{pipeline}/delete" },
  returns = { pipeline_id = "string", name = "string", status = "string", tables = "string",
    dry_run = "boolean", ["operation?"] = "string" },
  details = [[
An update that is active is stopped. The settings and permissions are kept in the journal, so
that `tarn undo` can make the pipeline again, with a new id. Tables that are kept no longer
belong to any pipeline; those in the Hive metastore always stay.]],
  args = {
    { "pipeline", "pipeline", "Id or whole name." },
    { "tables", "flag", "Delete the tables, views and streaming tables that it owns, too." },
    { "force", "flag", "Delete it even if the workspace cannot clean up what it used." },
    { "dry_run", "flag", "Say what would be deleted, and delete nothing." },
  },
  examples = {
    { "delete 'Sales daily (copy)' --dry-run", "look first" },
    { "delete 'Sales daily (copy)'", "its tables stay" },
    { "delete 6d1f0000-0000-4000-8000-000000000000 --tables --yes", "all of it, unasked" },
  },
  see = { "undo", "get" },

  question = function(ctx, arg)
    local found = find(ctx, arg)
    return ("pipeline '%s' (%s, %s) in %s is deleted, its tables %s."):format(found.name,
      found.pipeline_id, found.state, ctx.workspace.profile or ctx.workspace:host(),
      tables_word(found, arg) == "deleted" and "too" or "stay")
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
      target = side_of(ctx.workspace, found) }
    report.status = delete.pipeline(ctx.workspace, op, found,
      { tables = arg.tables, force = arg.force })
    report.operation = op.id
    op:finish("done", report)
    return report
  end,
}
