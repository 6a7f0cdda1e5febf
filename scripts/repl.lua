return {
  summary = "Run Lua interactively, with all commands and modules.",
  effect = "write",
  endless = true,
  details = [[
On a terminal there is a prompt with completion (TAB), a history (Up, Ctrl-R) and entries of
several lines. help(x) explains any value, and .help lists the dot commands. `tarn` without a
command starts the prompt, too.

Without a terminal, or with -e, only answers are printed. The first error ends the run, with the
exit status that a command would have.]],
  args = {
    { "execute", "list", "Run this code and exit (repeatable).", short = "e", value = "CODE",
      optional = true },
    { "dry_run", "flag", "Check the syntax of the code of -e, and run nothing." },
  },
  examples = {
    { "repl", "start the prompt" },
    { "repl --profile demo -e 'tarn.list {}'", "print one answer" },
    { "repl -e 'x = 20' -e 'x + 1'", "run two entries in one session" },
  },
  see = { "run", "help" },

  run = function(ctx, arg)
    return require("repl.start").run(ctx, arg)
  end,
}
