local man = require "engine.man"

return {
  summary = "Print the manual page of a command, or write all pages.",
  effect = "write",
  details = [[
The pages are made from the headers of the scripts, your own included. `tarn man list | man -l -`
shows one; with --dir they are written as DIR/tarn.1, DIR/tarn-list.1 and so on.]],
  args = {
    { "command", "string", "The command; without it tarn's own page.", optional = true,
      positional = true, of = "command" },
    { "dir", "path", "Write all pages into this folder; it is made.", optional = true,
      value = "DIR" },
    { "dry_run", "flag", "With --dir: name the files, and write none." },
  },
  examples = {
    { "man clone", "one page, for `man -l -`" },
    { "man --dir ~/.local/share/man/man1", "all of them, where man finds them" },
  },
  see = { "help", "completion" },
  render = {
    text = function(data, out)
      if data.page then
        return out:write(data.page)
      end
      for _, file in ipairs(data.files) do
        out:line(file)
      end
    end,
  },

  run = function(_, arg)
    if not arg.dir then
      return { page = arg.command and man.command(arg.command) or man.program() }
    end
    return { files = require("base.files").write(arg.dir, man.all(), arg.dry_run) }
  end,
}
