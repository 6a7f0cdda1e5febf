local create = require "tarn.create"
local pipelines = require "tarn.pipelines"
local secrets = require "base.secrets"

local function show(report, screen)
  local name = screen:style("bold", screen:clean(report.name))
  if not report.dry_run then
    screen:line("created ", name, "  ", report.pipeline_id)
  elseif report.name_taken then
    screen:line("would not create ", name, screen:style("red", "  the name is taken"))
  else
    screen:line("would create ", name, "  the workspace accepts the settings")
  end
  for _, field in ipairs(report.fields) do
    screen:line("  ", screen:style(field.verdict == "dropped" and "yellow" or "cyan",
      field.verdict), " ", screen:clean(field.path), ": ", screen:clean(field.reason))
  end
  if report.operation then
    screen:line(screen:style("dim", ("  `tarn undo %s` deletes it"):format(report.operation)))
  end
end

return {
  summary = "Create a pipeline from a spec in JSON or YAML.",
  effect = "write",
  route = { "POST", "/api/dlt/pipelines" },
  returns = { name = "string", status = "string", ["pipeline_id?"] = "string",
    ["operation?"] = "string", ["dry_run?"] = "boolean", ["name_taken?"] = "boolean",
    fields = { { path = "string", verdict = "string", reason = "string" } },
    warnings = { "string" }, ["effective_settings?"] = "object" },
  details = [[
FILE holds the settings of one pipeline, as the API has them: name, catalog, schema, libraries and
so on. What `tarn get -o json` prints and what `tarn export` writes is a spec, too; so is a bundle
with one pipeline. - reads standard input.

The id, the default storage location and the bundle of another pipeline are left out. A field that
no pipeline has is a warning, since the workspace may be newer than this program. --dry-run lets
the workspace check the settings, and creates nothing.

The sources must be in the workspace already: `tarn import` brings them along.]],
  args = {
    { "file", "path", "The spec; - reads standard input.", positional = true, inline = true,
      alias = "spec" },
    { "name", "string", "Name of the new pipeline; default: the name in the spec.",
      optional = true },
    { "set", "list", "Set a field, PATH=VALUE (repeatable).", optional = true,
      value = "PATH=VALUE", of = "setting" },
    { "continuous", "flag", "Keep a continuous pipeline continuous: it starts at once.",
      default = true },
    { "run_as", "flag", "Keep the run_as setting.", default = true },
    { "dry_run", "flag", "Show what would be created, and create nothing." },
  },
  examples = {
    { "create orders.yaml --dry-run", "check a spec" },
    { "create orders.yaml --name orders_test --set catalog=dev --set tags.team=data",
      "create a variant of it" },
    { "create - --name sales_copy", "read what another command prints" },
  },
  see = { "set", "import", "clone", "undo" },
  render = { text = show },

  run = function(ctx, arg)
    local item = type(arg.file) == "table" and create.item(arg.file, "the request")
      or create.read(arg.file)
    local ws = ctx.workspace
    local plan = create.plan(ws, item, { op = ctx.op, name = arg.name, set = arg.set,
      continuous = arg.continuous, run_as = arg.run_as })
    for _, text in ipairs(plan.warnings) do
      ctx.warn(text)
    end
    local report = { name = plan.name, fields = plan.fields, warnings = plan.warnings }
    if not arg.dry_run then
      local made = create.apply(ws, plan, { command = "create", arg = { name = arg.name,
        file = type(arg.file) == "string" and arg.file or nil } })
      report.status, report.pipeline_id, report.operation = "created", made.pipeline_id,
        made.operation
      return report
    end
    create.ask_hooks(ws, plan, ctx.op)
    report.dry_run, report.name_taken = true, plan.name_taken
    report.status = plan.name_taken and "would not be created" or "would be created"
    if plan.name_taken then
      ctx.finish "conflict" -- the status of the create itself
    else
      report.effective_settings = secrets.masked(pipelines.dry_run(ws, plan.body, ctx.op))
    end
    return report
  end,
}
