return {
  summary = "Type Lua and see what it gives: all commands, all modules, one workspace or many.",
  effect = "write",
  endless = true,
  details = [[
At a terminal: a prompt with completion (TAB), earlier lines (Up, Ctrl-R), more lines where one
is not whole, help(x) for any x, and `.help` for what begins with a dot. `tarn` alone is the same.

Without a terminal, or with -e, nothing is printed but answers. The first mistake ends it, with
the exit status that a command would have.]],
  args = {
    { "execute", "list", "Run this and end (repeatable).", short = "e", value = "CODE",
      optional = true },
    { "dry_run", "flag", "Only look whether what -e gives is Lua, and run nothing." },
  },
  examples = {
    { "repl", "the prompt" },
    { "repl --profile demo -e 'tarn.list {}'", "one answer" },
    { "repl -e 'x = 20' -e 'x + 1'", "what the first made, the second has" },
  },
  see = { "run", "help" },

  run = function(ctx, arg)
    return require("repl.start").run(ctx, arg)
  end,
}
