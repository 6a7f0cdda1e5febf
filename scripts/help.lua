local data = require "engine.help.data"
local help = require "engine.help"
local layout = require "engine.help.layout"
local markdown = require "output.markdown"
local paged = require "repl.paged"
local pages = require "engine.help.pages"
local script = require "engine.script"
local topics = require "engine.help.topics"

return {
  summary = "Show the help of a command or a topic, or list all commands.",
  effect = "read",
  details = [[
The help of a command is made from the header of the script that would run, so your own scripts
have help too. A script that does not load is listed as broken; the other commands still work.

The pages of the documentation are in the program: `tarn help pages` lists them, `tarn help
scripting` shows one. guide/events is the page where `events` alone would be the command. On a
terminal a page is shown a screenful at a time.]],
  args = {
    { "topic", "list", "A command, a page, or pages, options, exit, library, error, error KIND.",
      optional = true, positional = true, of = "topic" },
    { "all", "flag", "Show effects, authors and versions, too." },
  },
  examples = {
    { "help", "all commands" },
    { "help run", "the help of one command" },
    { "help scripting", "a page of the documentation" },
    { "help cookbook", "the ready scripts, for `tarn run cookbook:NAME`" },
    { "help library", "the library for scripts of your own" },
    { "help error auth", "what to do about an error of that kind" },
    { "help --all", "all commands with effects, authors and versions" },
  },
  render = {
    text = function(page, screen)
      if page.page then
        return paged.show(screen, function(one) markdown.show(one, page.text) end)
      end
      screen:write(layout.fill(page.text, screen.width))
    end,
  },

  run = function(_, arg)
    local topic, rest = table.unpack(arg.topic or {})
    if not topic then
      return { commands = data.commands(), text = help.overview(arg.all) }
    end
    if not script.exists((topic:gsub("^@", ""))) then -- a command hides a topic of its name
      local text, value = topics.find(topic, rest)
      if text then
        return { topic = topic, data = value, text = text }
      end
    end
    local text, name
    if not script.exists((topic:gsub("^@", ""))) then
      text, name = pages.find(topic)
    end
    if text then
      return { page = name, text = text }
    end
    local loaded = script.load(topic)
    local page = data.script(topic, loaded)
    page.text = help.script(topic, loaded, arg.all)
    return page
  end,
}
