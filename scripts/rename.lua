local edit = require "tarn.edit"

return {
  summary = "Give a pipeline another name.",
  effect = "write",
  route = { "POST", "/api/dlt/pipelines/{pipeline}/rename" },
  returns = { pipeline_id = "string", name = "string", status = "string",
    changes = { { path = "string" } }, ["operation?"] = "string", ["dry_run?"] = "boolean",
    ["effective_settings?"] = "object" },
  details = [[
The id, the tables, the run history and the jobs that run the pipeline stay as they are. No other
pipeline of the workspace may have the name.]],
  args = {
    { "pipeline", "pipeline", "Id, name, or unique beginning of the name." },
    { "name", "string", "The new name." },
    { "dry_run", "flag", "Show what would be changed, and change nothing." },
  },
  examples = {
    { "rename sales_test sales_check --dry-run", "see whether the name is free" },
    { "rename sales_test sales_check", "rename it" },
  },
  see = { "set", "edit", "undo" },
  render = { text = edit.show },

  run = function(ctx, arg)
    local ws = ctx.workspace
    local found = ws:pipeline(arg.pipeline)
    local _, body = edit.plan(found, function(settings) settings.name = arg.name end)
    return edit.run(ws, found, body, { command = "rename", arg = { pipeline = arg.pipeline,
      name = arg.name }, dry_run = arg.dry_run, warn = ctx.warn })
  end,
}
