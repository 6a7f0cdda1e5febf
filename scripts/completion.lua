local complete = require "engine.completion"
local shells = require "engine.shells"

local function candidates(arg)
  if arg.line then
    return shells.for_bash(arg.line, arg.current or "", complete.find)
  end
  return complete.find(arg.words or { "" })
end

return {
  summary = "Teach a shell to complete commands, options and names.",
  effect = "read",
  details = [[
Prints a script for the shell. Names of pipelines, profiles, catalogs, warehouses and updates
are completed too: those of a workspace are asked for and kept for a minute in
$XDG_CACHE_HOME/tarn. Your own commands are completed like the others.

  bash   source <(tarn completion bash)                       in ~/.bashrc
  zsh    source <(tarn completion zsh)                        in ~/.zshrc, after compinit
  fish   tarn completion fish > ~/.config/fish/completions/tarn.fish

`tarn completion words -- WORD...` is what these scripts call: the candidates for the last
word, one a line, each with a tab and a short text behind it.]],
  args = {
    { "shell", "choice", "For which shell.", choices = { "bash", "zsh", "fish", "words" } },
    { "words", "list", "With 'words': the command line without `tarn`.", optional = true,
      positional = true },
    { "line", "string", "With 'words', from bash: the command line up to the cursor.",
      optional = true },
    { "current", "string", "With --line: the word that bash completes.", optional = true },
  },
  examples = {
    { "completion bash", "the script for bash" },
    { "completion words -- list --st", "what may come there" },
  },
  render = {
    text = function(data, out)
      if data.script then
        return out:write(data.script)
      end
      for _, word in ipairs(data.words) do
        out:line(word[1], data.bare and "" or "\t" .. out:clean(word[2]))
      end
      if data.files then
        out:line(":", data.files)
      end
    end,
  },

  run = function(_, arg)
    if arg.shell ~= "words" then
      return { shell = arg.shell, script = shells.script(arg.shell) }
    end
    local found = candidates(arg)
    return { words = found.words, files = found.files, bare = arg.line ~= nil }
  end,
}
