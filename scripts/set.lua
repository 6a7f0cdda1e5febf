local edit = require "tarn.edit"
local fault = require "base.fault"
local secrets = require "base.secrets"

-- What the journal keeps of the arguments.
local function kept(arg)
  local list = {}
  for i, text in ipairs(arg.settings or {}) do
    list[i] = secrets.mask_setting(text)
  end
  return { pipeline = arg.pipeline, settings = list, drop = arg.drop }
end

return {
  summary = "Change settings of a pipeline.",
  effect = "write",
  route = { "POST", "/api/dlt/pipelines/{pipeline}/set" },
  returns = { pipeline_id = "string", name = "string", status = "string",
    changes = { { path = "string" } }, ["operation?"] = "string", ["dry_run?"] = "boolean",
    ["effective_settings?"] = "object" },
  details = [[
A setting is PATH=VALUE: photon=true, tags.team=data, clusters[0].num_workers=2,
libraries[1].file.path=/Shared/a.py, configuration.mqtt.host=broker. Positions count from 0; the
one after the last adds an element. --drop PATH removes a field, so that it gets its default.

All other settings stay. If somebody else changes the pipeline meanwhile, nothing is changed.
--dry-run lets the workspace check the new settings. A running update goes on with the old
settings, unless the pipeline is continuous: its update starts again.]],
  args = {
    { "pipeline", "pipeline", "Id, name, or unique beginning of the name." },
    { "settings", "list", "New values, as PATH=VALUE.", optional = true, positional = true,
      of = "setting" },
    { "drop", "list", "Remove a field (repeatable).", optional = true, value = "PATH",
      of = "field" },
    { "dry_run", "flag", "Show what would be changed, and change nothing." },
  },
  examples = {
    { "set sales photon=true tags.team=data --dry-run", "show what would be changed" },
    { "set sales configuration.mqtt.host=broker.example.com", "change one value" },
    { "set sales --drop notifications", "remove a field" },
  },
  see = { "edit", "rename", "get", "undo" },
  render = { text = edit.show },

  run = function(ctx, arg)
    if #(arg.settings or {}) + #(arg.drop or {}) == 0 then
      fault.usage(ctx.op, "nothing to change: give PATH=VALUE, or --drop PATH",
        "for example: tarn set sales photon=true")
    end
    local ws = ctx.workspace
    local found = ws:pipeline(arg.pipeline)
    local _, body = edit.plan(found, function(settings)
      edit.set(settings, { set = arg.settings, drop = arg.drop }, ctx.op)
    end)
    return edit.run(ws, found, body, { command = "set", arg = kept(arg), dry_run = arg.dry_run,
      warn = ctx.warn })
  end,
}
