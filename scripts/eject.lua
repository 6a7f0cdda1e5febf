local override = require "engine.override"

return {
  summary = "Write a copy of a built-in file, for you to change.",
  effect = "write",
  details = [[
The copy is written to the configuration directory (~/.config/tarn), where it replaces the
built-in file; `tarn which` shows it, and `tarn --bundled` ignores it. For a small change, write a
script that wraps the built-in one instead: `local base = require "@list"`.]],
  args = {
    { "name", "string", "A command, a module (tarn.pipelines) or a file (scripts/list.lua).",
      of = "module" },
    { "to", "path", "Folder to write to, for use with --path.", optional = true },
    { "force", "flag", "Replace an existing file." },
    { "dry_run", "flag", "Show what would be written, and write nothing." },
  },
  examples = {
    { "eject list", "write ~/.config/tarn/scripts/list.lua" },
    { "eject tarn.dashboard --to .", "write ./lua/tarn/dashboard.lua" },
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
