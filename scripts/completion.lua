local completion = require "engine.completion"
local shells = require "engine.shells"

local function candidates(arg)
  if arg.line then
    return shells.for_bash(arg.line, arg.current or "", completion.find)
  end
  return completion.find(arg.words or { "" })
end

return {
  summary = "Print a script that completes commands, options and names in a shell.",
  effect = "read",
  details = [[
The script completes the names of pipelines, profiles, catalogs, warehouses and updates too. The
names in a workspace are kept for a minute in $XDG_CACHE_HOME/tarn. Your own commands are
completed like all others.

  bash   source <(tarn completion bash)                       in ~/.bashrc
  zsh    source <(tarn completion zsh)                        in ~/.zshrc, after compinit
  fish   tarn completion fish > ~/.config/fish/completions/tarn.fish

These scripts call `tarn completion words -- WORD...`. It prints the candidates for the last word,
one per line, each followed by a tab and a short description.]],
  args = {
    { "shell", "choice", "The shell; words is for the scripts themselves.", choices = { "bash",
      "zsh", "fish", "words" } },
    { "words", "list", "With words: the command line without `tarn`.", optional = true,
      positional = true },
    { "line", "string", "With words, for bash: the command line up to the cursor.",
      optional = true },
    { "current", "string", "With --line: the word that bash completes.", optional = true },
  },
  examples = {
    { "completion bash", "print the script for bash" },
    { "completion words -- list --st", "print the candidates for --st" },
  },
  render = {
    text = function(data, screen)
      if data.script then
        return screen:write(data.script)
      end
      for _, word in ipairs(data.words) do
        -- the shells split at the tab; a name with control characters is not for a command line
        if screen:clean(word[1]) == word[1] then
          screen.raw(word[1] .. (data.bare and "" or "\t" .. screen:clean(word[2])) .. "\n")
        end
      end
      if data.files then
        screen:line(":", data.files)
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
