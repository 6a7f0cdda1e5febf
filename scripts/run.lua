local fault = require "base.fault"
local find = require "engine.find"

local COOKBOOK <const> = "^cookbook:(.*)$"

-- A script of the cookbook, which is in the program.
local function read_recipe(name)
  local pages = require "engine.help.pages"
  local names = pages.cookbook()
  return pages.find_recipe(name) or fault.not_found("tarn run",
    ("the cookbook has no script '%s'"):format(name),
    require("base.suggestion").hint(name, names) or "there are " .. table.concat(names, ", "))
end

-- A file that is not there may be meant as a pipeline: databricks has `pipelines run NAME`.
local function hint_for(path)
  return not path:find "[./]" and "`tarn trigger NAME --wait` runs a pipeline; `tarn run` runs a "
    .. "Lua file" or nil
end

local function read(path)
  local recipe = path:match(COOKBOOK)
  if recipe then
    return read_recipe(recipe)
  end
  local file <close>, why = io.open(path, "rb")
  if not file then
    fault.not_found("tarn run", why, hint_for(path))
  end
  local text, reason = file:read "a"
  return { name = path, origin = path, path = path, text = text,
    problem = reason and path .. ": " .. reason }
end

-- The script and its arguments; or nil, if its help was asked for and printed.
local function prepare_script(ctx, script, path, words)
  require("engine.header").check(script, path)
  local args = require "engine.args"
  local command = require "engine.command"
  local contexts = require "engine.context"
  local op = "tarn run " .. path
  for _, word in ipairs(words) do
    if word == "--help" or word == "-h" then
      local screen = require("output.screen").new(print, ctx.options)
      require("output.stdout").write(require("engine.help.layout").fill(
        require("engine.help").script("run " .. path, script), screen.width))
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

local function settle(ok, ...)
  if not ok then
    error((...), 0)
  end
  return ...
end

-- Call a function of the file. A fault of it names the file, even after `return f(...)`, which
-- leaves no frame of the file on the stack.
local function call(f, ...)
  return settle(fault.call(f, ...))
end

return {
  summary = "Run a Lua file: a script with a header, or a plain one.",
  effect = "write",
  details = [[
A file that returns a script (a table with `summary`, `effect`, `args` and `run`) is run like a
command; its header declares the arguments. Any other file gets the words after its name in `...`,
and what it returns is printed in the format of -o. Both can use `require "tarn"`.

Options that every command takes may follow the file's name, too; after `--` all words belong to
the file. The folder of the file is searched for modules only if --path names it.

cookbook:NAME is a script of the cookbook, which is in the program: `tarn help cookbook`.]],
  args = {
    { "file", "path", "The Lua file, or cookbook:NAME." },
    { "arguments", "list", "Arguments of the file.", optional = true, positional = true,
      raw = true },
    { "dry_run", "flag", "Compile the file, and do not run it." },
  },
  examples = {
    { "run promote.lua nightly --to prod", "run your own script" },
    { "run cookbook:stale --help", "a ready script: its arguments" },
    { "run count.lua -o json --profile demo", "print what the file returns, as JSON" },
    { "run --dry-run promote.lua", "check the syntax of the file" },
  },
  see = { "which", "eject" },

  run = function(ctx, arg)
    local words = arg.arguments or {}
    local chunk = find.compile(read(arg.file))
    if arg.dry_run then
      return { file = arg.file, loads = true }
    end
    local results = table.pack(call(chunk, table.unpack(words)))
    local value = results[1]
    if not require("engine.header").looks_like_script(value) then
      return table.unpack(results, 1, results.n)
    end
    local script, values = prepare_script(ctx, value, arg.file, words)
    if not script then
      return nil
    end
    ctx.render = script.render
    return call(script.run, ctx, values)
  end,
}
