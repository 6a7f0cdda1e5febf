--- The command line: reads the options, runs one script, and returns the exit status.

local fault = require "base.fault"
local find = require "engine.find"

-- The global `print`: output.stdout notices a closed pipe and a full disk.
local function print(...)
  require("output.stdout").print(...)
end

-- Ctrl-C needs no words, unless there is something to know.
local function print_fault(f, opts)
  local report = require "engine.report"
  io.stdout:flush() -- so that the fault stands after what was printed before it
  if f.kind ~= "cancelled" or f.hint then
    report.print(f, opts)
  end
  return report.status(f)
end

-- Warn of a script in the working directory, which is never searched: the user may believe that it
-- runs. If it is the same as the one that runs, no warning is needed.
local function warn_unused(command, source)
  local name = "scripts/" .. command .. ".lua"
  local file <close> = io.open(name, "rb")
  local text = file and file:read "a"
  if text and text ~= source.text then
    io.stderr:write(("tarn: ./%s is not used; --path . would use it\n"):format(name))
  end
end

local function print_text(text)
  local stdout = require "output.stdout"
  stdout.write(text)
  stdout.flush()
  return 0
end

local function show_version()
  local bundle = require "native.bundle"
  return print_text(("tarn %s (%s)\n"):format(bundle.version, _VERSION))
end

local function show_help(command)
  local screen = require("output.screen").new(print, {})
  return print_text(require("engine.help.layout").fill(require("engine.help").text(command),
    screen.width))
end

local function warn(text)
  require("output.stderr").write("tarn: " .. text .. "\n")
end

-- Apply the limits that the options set.
local function limit(opts)
  local guard = require "native.guard"
  opts.read_only = guard.is_read_only() or nil -- the environment may have set it, too
  if opts.cpu_limit or opts.memory_limit then
    guard.limit { cpu = opts.cpu_limit,
      memory = opts.memory_limit and opts.memory_limit << 20 }
  end
end

local function run_command(words, at, opts)
  local command = words[at]
  local op = "tarn " .. command:gsub("^@", "")
  local following = table.move(words, at + 1, #words, 1, {})
  local script, source = require("engine.script").load(command, following)
  local arg = require("engine.args").parse(op, script.args, following, opts)
  if opts.version then
    return show_version()
  elseif opts.help then
    return show_help(command)
  end
  limit(opts)
  if not opts.quiet and not opts.bundled and command:sub(1, 1) ~= "@" then
    warn_unused(command, source)
  end
  return require("engine.command").run(op, script, arg, opts)
end

-- Apply the options that decide which files are loaded, and what these may do: --path, --bundled
-- and --read-only, from the word `from` on. They are added to `opts`.
local function apply_early_options(words, from, opts)
  for i = from, #words do
    local word = words[i]
    if word == "--" then
      break
    elseif word == "--read-only" or word == "--read-only=true" then
      opts.read_only = true
    elseif word == "--bundled" then
      opts.bundled = true
    elseif word == "--path" or word:find "^%-%-path=" then
      opts.path = opts.path or {}
      table.insert(opts.path, word:match "^%-%-path=(.*)$" or words[i + 1])
    end
  end
  if opts.read_only then
    require("native.guard").set_read_only()
  end
  find.setup(opts)
end

-- Give the engine the functions of higher layers that it needs.
local function set_providers()
  local providers = require "engine.providers"
  function providers.workspace(...)
    return require("tarn.workspace").open(...)
  end
  function providers.candidates(...)
    return require("tarn.workspace").candidates(...)
  end
end

local function start(words)
  apply_early_options(words, 1, {}) -- for the files that parse the command line
  local args = require "engine.args"
  local opts, at = args.parse_global(words)
  apply_early_options(words, at + 1, opts)
  opts.path = nil
  if opts.version then
    return show_version()
  elseif not words[at] and not opts.help and require("repl.start").has_person() then
    words[at] = "repl"
  elseif not words[at] then
    local status = show_help()
    return opts.help and status or require("engine.report").statuses.usage
  elseif words[at - 1] ~= "--" and args.is_code(words[at]) then
    table.insert(words, at, "repl")
  end
  find.warn = not opts.quiet and warn or nil
  return run_command(words, at, opts), opts
end

-- The value of --output. It decides how a fault is printed, even if the command line cannot be
-- parsed.
local function wanted_output(words)
  for i, word in ipairs(words) do
    local name = word:match "^%-%-output=(.*)$" or word:match "^%-o(.+)$"
      or (word == "-o" or word == "--output") and words[i + 1]
    if word == "--" then
      return
    elseif name then
      return name
    end
  end
end

-- 1 if --verbose is given, else 0.
local function verbosity(words)
  for _, word in ipairs(words) do
    if word:find "^%-v+$" or word == "--verbose" then
      return 1
    end
  end
  return 0
end

--- Run the program. The arguments are the words of the command line, without the program's name.
---@return integer status
return function(...)
  require("engine.strict").install()
  set_providers()
  package.searchers[2] = find.searcher
  local words = { ... }
  rawset(_G, "print", print)
  local ok, status = fault.call(start, words)
  if not ok and status.code == "EPIPE" and status.op == "output" then
    return 0 -- the reader of a pipe has enough, like `| head`
  elseif not ok then
    return print_fault(status, { output = wanted_output(words), verbose = verbosity(words) })
  end
  return status
end
