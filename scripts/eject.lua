local override = require "engine.override"

return {
  summary = "Copy a built-in file out, to be changed.",
  effect = "write",
  details = [[
The copy goes to the configuration directory (~/.config/tarn), where it takes the place of the
built-in file from then on; `tarn which` shows that, and `tarn --bundled` ignores it. To change
little, write a script that wraps the built-in one instead: `local base = require "@list"`.]],
  args = {
    { "name", "string", "A command, a module (tarn.pipelines) or a file (scripts/list.lua).",
      of = "module" },
    { "to", "path", "Another folder, for use with --path.", optional = true },
    { "force", "flag", "Replace a file that is there." },
    { "dry_run", "flag", "Say what would be written, and write nothing." },
  },
  examples = {
    { "eject list", "to ~/.config/tarn/scripts/list.lua" },
    { "eject tarn.dashboard --to .", "to ./lua/tarn/dashboard.lua" },
  },
  see = { "which" },

  run = function(_, arg)
    local plan = override.plan(arg.name, arg.to, "tarn eject")
    if arg.dry_run then
      return { file = plan.file, path = plan.path, exists = plan.exists, written = false }
    end
    override.eject(plan, arg.force, "tarn eject")
    return { file = plan.file, path = plan.path, written = true }
  end,
}
