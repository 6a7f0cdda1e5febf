local fault = require "base.fault"
local find = require "engine.find"

local function read(path)
  local file <close>, why = io.open(path, "rb")
  if not file then
    fault.not_found("tarn run", why)
  end
  local text, reason = file:read "a"
  return { name = path, origin = path, path = path, text = text,
    problem = reason and path .. ": " .. reason }
end

-- A file that returns a script: its header says what its arguments are.
local function run_script(ctx, script, path, words)
  require("engine.header").check(script, path)
  local args = require "engine.args"
  local command = require "engine.command"
  local contexts = require "engine.context"
  local op = "tarn run " .. path
  for _, word in ipairs(words) do
    if word == "--help" or word == "-h" then
      require("output.stdout").write(require("engine.help").script("run " .. path, script))
      return
    elseif word == "--" then
      break
    end
  end
  local arg = args.parse(op, script.args, words)
  contexts.open_workspaces(ctx, script.args, arg)
  command.confirm(ctx, script, arg, ctx.options)
  return script, arg
end

return {
  summary = "Run a Lua file: a script with a header, or a plain one.",
  effect = "write",
  details = [[
A file that returns a script (a table with `summary`, `effect`, `args` and `run`) is run like a
command: its header says what its arguments are. Of any other file the words that follow are
the arguments, in `...`; what it returns is printed as -o says. `require "tarn"` works in both.

Options that every command takes are seen behind the file's name too; after `--` all words
belong to the file. The folder of the file is not searched for modules: name it with --path.]],
  args = {
    { "file", "path", "The file." },
    { "arguments", "list", "What the file gets.", optional = true, positional = true, raw = true },
    { "dry_run", "flag", "Load the file, check its header, and do not run it." },
  },
  examples = {
    { "run promote.lua nightly --to prod", "a script of your own" },
    { "run count.lua -o json --profile demo", "what it returns, as JSON" },
    { "run --dry-run promote.lua", "see whether it loads" },
  },
  see = { "which", "eject" },

  run = function(ctx, arg)
    local words = arg.arguments or {}
    local chunk = find.compile(read(arg.file))
    if arg.dry_run then
      return { file = arg.file, loads = true }
    end
    local results = table.pack(chunk(table.unpack(words)))
    local value = results[1]
    if not require("engine.header").looks_like_script(value) then
      return table.unpack(results, 1, results.n)
    end
    local script, values = run_script(ctx, value, arg.file, words)
    if not script then
      return nil -- its help was asked for
    end
    ctx.render = script.render
    return script.run(ctx, values)
  end,
}
