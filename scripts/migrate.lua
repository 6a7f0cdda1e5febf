local fault = require "base.fault"
local migrate = require "tarn.migrate"
local secrets = require "base.secrets"
local trigger = require "tarn.trigger"
local wait = require "tarn.wait"

local function report_of(plan)
  local found = plan.source
  return { source = { pipeline_id = found.pipeline_id, name = found.name }, name = plan.name,
    place = plan.place, limits = plan.limits, request = { method = "POST",
      path = ("/api/2.0/pipelines/%s/clone"):format(found.pipeline_id),
      body = secrets.masked(plan.body) } }
end

return {
  summary = "Move a pipeline from the Hive metastore to Unity Catalog.",
  effect = "write",
  endless = true, -- --timeout is that of its wait
  route = { "POST", "/api/dlt/pipelines/{pipeline}/migrate" },
  returns = { name = "string", status = "string", source = { pipeline_id = "string",
      name = "string" }, place = { from = "string", to = "string" },
    limits = { { limit = "string", stops = "boolean", message = "string", ["hint?"] = "string",
      places = { { path = "string", ["line?"] = "integer", ["text?"] = "string" } } } },
    request = { method = "string", path = "string", body = "object" }, ["dry_run?"] = "boolean",
    ["pipeline_id?"] = "string", ["update_id?"] = "string", ["url?"] = "string",
    ["operation?"] = "string", ["outcome?"] = "string", ["state?"] = "string" },
  details = [[
The workspace makes a second pipeline that publishes to CATALOG, and starts its first update, which
takes over the data and the checkpoints of the streaming tables. The old pipeline stays; both can
run afterwards. Change no code of either until that update has ended.

The limits of such a move are checked first, and the code is read for it: tables of the Hive
metastore must be named hive_metastore.SCHEMA.TABLE, and tables with storage locations of their own
need --ignore-paths. What stops the move ends with exit status 5, before anything is changed;
--dry-run lists all of it. --skip-code moves the pipeline whatever its code says.

--wait waits for the end of the first update, with the exit statuses of `tarn trigger --wait`.]],
  args = {
    { "pipeline", "pipeline", "Id, name, or unique beginning of the name." },
    { "catalog", "catalog", "Catalog that the new pipeline publishes to.",
      positional = false },
    { "schema", "string", "Schema that it publishes to; default: that of the old pipeline.",
      optional = true, of = "schema" },
    { "name", "string", "Name of the new pipeline; default: the old name with ' [UC]'.",
      optional = true },
    { "set", "list", "Set a field of the new pipeline, PATH=VALUE (repeatable).",
      optional = true, value = "PATH=VALUE", of = "setting" },
    { "ignore_paths", "flag", "Tables leave their own storage locations." },
    { "skip_code", "flag", "Do not read the code." },
    { "wait", "flag", "Wait for the end of the first update." },
    { "dry_run", "flag", "Show what would be done and what stands in the way; change nothing." },
  },
  examples = {
    { "migrate legacy_orders --catalog main --dry-run", "see what stands in the way" },
    { "migrate legacy_orders --catalog main --schema orders --wait",
      "move it, and wait for the end of its first update" },
  },
  see = { "clone", "lineage", "undo" },
  render = { text = migrate.show },

  run = function(ctx, arg)
    local ws, began = ctx.workspace, wait.outcome.now()
    if arg.name == "" or arg.schema == "" or arg.catalog == "" then
      fault.usage(ctx.op, "a name must not be empty")
    end
    local plan = migrate.plan(ws, arg)
    local report = report_of(plan)
    if arg.dry_run then
      report.dry_run, report.status = true, "would be migrated"
      if #migrate.obstacles(plan) > 0 then
        report.status = "refused"
        ctx.finish "conflict"
      else
        migrate.ask_hooks(ws, plan, ctx.op)
      end
      return report
    end
    local made = migrate.apply(ws, plan, { command = "migrate", arg = {
      pipeline = arg.pipeline, catalog = arg.catalog, schema = arg.schema, name = arg.name } })
    report.status, report.pipeline_id = "migrated", made.pipeline_id
    report.update_id, report.operation = made.update_id, made.operation
    report.url = made.update_id and trigger.url(ws, made.pipeline_id, made.update_id) or nil
    if arg.wait and made.update_id then
      wait.outcome.wait(ctx, report, { since = began })
    elseif arg.wait then
      ctx.warn(("the first update is not known; `tarn wait %s` waits for it"):format(
        made.pipeline_id))
      ctx.finish "failed"
    end
    return report
  end,
}
