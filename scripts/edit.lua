local edit = require "tarn.edit"

return {
  summary = "Change the settings of a pipeline in your editor.",
  effect = "write",
  endless = true,
  returns = { pipeline_id = "string", name = "string", status = "string",
    changes = { { path = "string" } }, ["operation?"] = "string", ["dry_run?"] = "boolean",
    ["effective_settings?"] = "object" },
  details = [[
Opens the settings as YAML in $VISUAL or $EDITOR. When the editor ends, the changes are shown, and
sent after one question. If the text is no YAML, or the workspace refuses it, you can go on
editing. An editor that fails, or changes nothing, sends nothing.

If somebody else has changed the pipeline meanwhile, nothing is changed, and your text is kept in a
file: --from FILE begins with it. Values that look like secrets are not shown: leave the text that
stands for one, and it stays. --yes sends the changes without the question.]],
  args = {
    { "pipeline", "pipeline", "Id, name, or unique beginning of the name." },
    { "from", "path", "Begin with this text, which an earlier edit has kept.", optional = true,
      value = "FILE" },
    { "dry_run", "flag", "Let the workspace check the new settings, and change nothing." },
  },
  examples = {
    { "edit sales", "open the settings in the editor" },
    { "edit sales --dry-run", "see whether the workspace would take them" },
  },
  see = { "set", "rename", "get", "undo" },
  render = { text = edit.show },

  run = function(ctx, arg)
    local ws = ctx.workspace
    local found = ws:pipeline(arg.pipeline)
    return edit.in_editor(ws, found, { command = "edit", arg = { pipeline = arg.pipeline },
      from = arg.from, dry_run = arg.dry_run, yes = ctx.options.yes, warn = ctx.warn })
  end,
}
