local man = require "engine.man"

return {
  summary = "Print the manual page of a command, or write all manual pages.",
  effect = "write",
  details = [[
The pages are made from the headers of the scripts, your own scripts too. `tarn man list | man -l
-` shows a page. --dir DIR writes all pages: DIR/tarn.1, DIR/tarn-list.1 and so on.]],
  args = {
    { "command", "string", "The command; default: the page of tarn itself.", optional = true,
      positional = true, of = "command" },
    { "dir", "path", "Write all pages to this folder; it is created if needed.", optional = true,
      value = "DIR" },
    { "dry_run", "flag", "With --dir: list the files, and write none." },
  },
  examples = {
    { "man clone", "print one page, for `man -l -`" },
    { "man --dir ~/.local/share/man/man1", "write all pages where man finds them" },
  },
  see = { "help", "completion" },
  render = {
    text = function(data, screen)
      if data.page then
        return screen:write(data.page)
      end
      for _, file in ipairs(data.files) do
        screen:line(file)
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
