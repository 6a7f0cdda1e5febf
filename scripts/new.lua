local fault = require "base.fault"
local new = require "engine.new"

return {
  summary = "Write a template for your own command, hook or test.",
  effect = "write",
  details = [[
The file has comments, runs at once, and comes with a test. It is written to the configuration
directory (~/.config/tarn). A command in this directory has help, options, completion, and a
function `tarn.NAME` for scripts, like a built-in one. --to DIR writes to another folder, for use
with --path or TARN_PATH.]],
  args = {
    { "name", "string", "Name of the command, hook or test." },
    { "kind", "choice", "Kind of the file.", choices = { "command", "hook", "test" },
      default = "command" },
    { "effect", "choice", "For a command: write if it changes something.",
      choices = { "read", "write" }, optional = true },
    { "to", "path", "Folder to write to, for use with --path.", optional = true },
    { "dry_run", "flag", "Show what would be written, and write nothing." },
  },
  examples = {
    { "new creators", "write a command that only reads" },
    { "new refresh-idle --effect write", "write a command that changes something" },
    { "new approve --kind hook --to team", "write a rule for everybody who uses --path team" },
  },
  see = { "test", "eject", "which" },
  render = {
    text = function(report, screen)
      for _, file in ipairs(report.files) do
        screen:line(report.written and "wrote  " or "would write  ", file.path)
      end
      for _, line in ipairs(report.written and report.try or {}) do
        screen:line("try    ", line)
      end
    end,
  },

  run = function(ctx, arg)
    if arg.effect and arg.kind ~= "command" then
      fault.usage(ctx.op, "--effect goes with --kind command only")
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
