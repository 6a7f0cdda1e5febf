local fault = require "base.fault"
local new = require "engine.new"

return {
  summary = "Write a starting point for a command, a hook or a test of your own.",
  effect = "write",
  details = [[
The file is commented, runs at once, and has a test beside it. It goes to the configuration
directory (~/.config/tarn), where it is a command from then on: with help, options, a function
`tarn.NAME` for scripts, and a place in the completion of the shell. With --to it goes to
another folder, for use with --path or TARN_PATH.]],
  args = {
    { "name", "string", "What it is called." },
    { "kind", "choice", "What it is.", choices = { "command", "hook", "test" },
      default = "command" },
    { "effect", "choice", "Of a command: whether it changes something.",
      choices = { "read", "write" }, optional = true },
    { "to", "path", "Another folder, for use with --path.", optional = true },
    { "dry_run", "flag", "Say what would be written, and write nothing." },
  },
  examples = {
    { "new creators", "a command that only reads" },
    { "new refresh-idle --effect write", "one that changes something" },
    { "new approve --kind hook --to team", "a rule for everybody who uses --path team" },
  },
  see = { "test", "eject", "which" },
  render = {
    text = function(report, out)
      for _, file in ipairs(report.files) do
        out:line(report.written and "wrote  " or "would write  ", file.path)
      end
      for _, line in ipairs(report.written and report.try or {}) do
        out:line("try    ", line)
      end
    end,
  },

  run = function(ctx, arg)
    if arg.effect and arg.kind ~= "command" then
      fault.usage(ctx.op, "--effect belongs to commands")
    end
    local plan = new.plan(arg.name, arg)
    if not arg.dry_run then
      new.write(plan)
    end
    local files = {}
    for i, file in ipairs(plan.files) do
      files[i] = { path = file.path }
    end
    return { files = files, try = plan.try, written = not arg.dry_run }
  end,
}
