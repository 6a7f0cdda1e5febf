--- The command line: options, then one script, then its data on stdout and a status.

local fault = require "base.fault"
local find = require "engine.find"

-- `print` goes through output.stdout, which notices a closed pipe and a full disk.
local function print(...)
  require("output.stdout").print(...)
end

local function report(f, opts)
  local R = require "engine.report"
  if f.kind ~= "cancelled" then
    R.print(f, opts)
  end
  return R.status(f)
end

-- A file that is left aside because the working directory is never searched: one line, so
-- that nobody wonders. Not if it holds the same as the one that runs.
local function warn_passed_over(command, source)
  local name = "scripts/" .. command .. ".lua"
  local file <close> = io.open(name, "rb")
  local text = file and file:read "a"
  if text and text ~= source.text then
    io.stderr:write(("tarn: ./%s is not used: name its folder with --path . to use it\n")
      :format(name))
  end
end

local function show_version()
  local bundle = require "native.bundle"
  local out = require "output.stdout"
  out.write(("tarn %s (%s)\n"):format(bundle.version, _VERSION))
  out.flush()
  return 0
end

local function show_help(topic)
  local text = require("engine.help").text(topic)
  local out = require "output.stdout"
  out.write(text)
  out.flush()
  return 0
end

local function warn(text)
  io.stderr:write("tarn: ", text, "\n")
end

local function limit(opts)
  local host = require "native.guard"
  opts.read_only = host.is_read_only() or nil -- whoever has set it
  if opts.cpu_limit or opts.memory_limit then
    host.limit { cpu = opts.cpu_limit,
      memory = opts.memory_limit and opts.memory_limit << 20 }
  end
end

local function run_command(words, at, opts)
  local command = words[at]
  local op = "tarn " .. command:gsub("^@", "")
  local script, source = require("engine.script").load(command)
  local arg = require("engine.args").parse(op, script.args,
    table.move(words, at + 1, #words, 1, {}), opts)
  if opts.version then
    return show_version()
  elseif opts.help then
    return show_help(command)
  end
  limit(opts)
  if not opts.quiet and not opts.bundled and command:sub(1, 1) ~= "@" then
    warn_passed_over(command, source)
  end
  return require("engine.command").run(op, script, arg, opts)
end

-- It binds before the first line of a script runs, wherever it stands among the words.
local function guard(words, opts)
  local wanted = opts.read_only
  for _, word in ipairs(words) do
    if word == "--" then
      break
    end
    wanted = wanted or word == "--read-only" or word == "--read-only=true"
  end
  if wanted then
    require("native.guard").set_read_only()
  end
end

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
  local args = require "engine.args"
  local opts, at = args.parse_global(words)
  guard(words, opts)
  find.setup(opts)
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
  -- --path and --bundled may also stand behind the command, which they decide about.
  for i = at + 1, #words do
    if words[i] == "--" then
      break
    elseif words[i] == "--bundled" then
      opts.bundled = true
    elseif words[i] == "--path" or words[i]:find "^%-%-path=" then
      opts.path = opts.path or {}
      opts.path[#opts.path + 1] = words[i]:match "^%-%-path=(.*)$" or words[i + 1]
    end
  end
  find.setup(opts)
  opts.path = nil
  find.warn = not opts.quiet and warn or nil
  return run_command(words, at, opts), opts
end

-- -o json decides how a fault is printed even when the command line was not understood.
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

local function is_verbose(words)
  for _, word in ipairs(words) do
    if word:find "^%-v+$" or word == "--verbose" then
      return 1
    end
  end
  return 0
end

--- The program. Arguments are the words of the command line, without the program's name.
---@return integer status
return function(...)
  require("engine.strict").install()
  set_providers()
  package.searchers[2] = find.searcher
  local words = { ... }
  rawset(_G, "print", print)
  local ok, status = fault.call(start, words)
  if not ok and status.code == "EPIPE" and status.op == "output" then
    return 0 -- the reader of a pipe has seen enough, as with `head`
  elseif not ok then
    return report(status, { output = wanted_output(words), verbose = is_verbose(words) })
  end
  return status
end
