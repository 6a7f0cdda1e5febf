local help = require "engine.help"

-- The topics that are not commands. A command of the same name would win.
local function topic_text(topic, rest)
  if topic == "error" or topic == "errors" then
    return help.error(rest)
  elseif topic == "exit" then
    return help.exit()
  elseif topic == "library" then
    return help.library()
  elseif topic == "options" then
    return help.options()
  end
end

local function topic_data(topic)
  local errors = require "engine.errors"
  if topic == "exit" then
    return errors.statuses
  elseif topic == "library" then
    return require("engine.library").names()
  elseif topic == "options" then
    return require("engine.header.globals").list
  end
  return errors.kinds
end

return {
  summary = "Show what a command does, or list all commands.",
  effect = "read",
  details = [[
A command's help is made from the header of the file that runs, so it is right for a script of
your own too. A script that does not load is listed as broken, and breaks nothing else.]],
  args = {
    { "topic", "list", "A command; or options, exit, library, error, error KIND.", optional = true,
      positional = true, of = "topic" },
    { "all", "flag", "With effects, authors and versions." },
  },
  examples = {
    { "help", "all commands" },
    { "help run", "one of them" },
    { "help library", "what scripts of your own can use" },
    { "help error auth", "what to do about a fault of that kind" },
    { "help --all", "all that is known of the commands" },
  },
  render = {
    text = function(data, out) out:write(data.text) end,
  },

  run = function(_, arg)
    local topic, rest = table.unpack(arg.topic or {})
    if not topic then
      return { commands = help.commands(), text = help.overview(arg.all) }
    end
    local script = require "engine.script"
    if not require("engine.command").exists((topic:gsub("^@", ""))) then
      local text = topic_text(topic, rest)
      if text then
        return { topic = topic, data = topic_data(topic), text = text }
      end
    end
    local loaded = script.load(topic)
    local data = help.describe(topic, loaded)
    data.text = help.script(topic, loaded, arg.all)
    return data
  end,
}
