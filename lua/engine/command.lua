--- Commands: a script with its arguments and its context, run from anywhere.

local argspec = require "engine.header.argspec"
local fault = require "base.fault"
local globals = require "engine.header.globals"
local script = require "engine.script"

local M = {}

---@class tarn.Context what a script's `run` gets first
---@field workspace tarn.WorkspaceClient the one that --profile names; opened at its first use
---@field op string        "tarn list": who speaks, in faults
---@field options table    the options that every command takes
---@field progress fun(done: integer, total?: integer, what?: string)
---@field warn fun(text: string) one line on stderr, unless -q
---@field finish fun(outcome: string) how it went, for the exit status: see engine.report
---@field open fun(profile: string): tarn.WorkspaceClient another workspace, by its profile
---@field served boolean    who asks is at the other end of a network: no files of this machine
---@field allow_private_hosts boolean where it is served: hosts of a private network may be named
---@field credential? userdata the secret that came with a request

-- The options of the program's own command line, for commands that are called from Lua.
local options = {}

local lazy = {}

function lazy.workspace(ctx)
  return M.open_workspace(ctx.options.profile, ctx.options)
end

local Context = {}

function Context.__index(ctx, name)
  local make = lazy[name]
  if not make then
    error(("ctx has no field '%s'"):format(tostring(name)), 2)
  end
  local value = make(ctx)
  rawset(ctx, name, value)
  return value
end

--- Open a workspace with the limits that the command line set; without a name the one that
-- --profile names.
---@param profile? string
---@param opts? table default: the options of the program's own command line
---@return tarn.WorkspaceClient
function M.open_workspace(profile, opts)
  opts = opts or options
  profile = profile or options.profile
  return require("engine.providers").workspace(profile,
    { jobs = opts.jobs, rate = opts.rate, timeout = opts.timeout })
end

--- The context of one run.
---@param op string
---@param opts table
---@return tarn.Context
function M.context(op, opts)
  local ctx = { op = op, options = opts, outcome = "done" }
  function ctx.progress(done, total, what)
    require("output.progress").show(done, total, what, opts.quiet)
  end
  function ctx.warn(text)
    if not opts.quiet then
      io.stderr:write("tarn: ", require("output.screen").clean(text, true), "\n")
    end
  end
  function ctx.open(profile)
    return M.open_workspace(profile, opts)
  end
  ctx.served, ctx.called = false, false -- by the server; from Lua, with the options of its caller
  ctx.credential, ctx.allow_private_hosts = false, false
  function ctx.finish(outcome)
    if not require("engine.report").statuses[outcome] then
      error(("unknown outcome '%s'"):format(tostring(outcome)), 2)
    end
    ctx.outcome = outcome
  end
  return setmetatable(ctx, Context)
end

--- Turn the names of workspaces among the arguments into workspaces; "here" is the context's.
---@param ctx tarn.Context
---@param specs table[]
---@param arg table
function M.open_workspaces(ctx, specs, arg)
  for _, spec in ipairs(specs) do
    local name = arg[spec[1]]
    if spec[2] == "workspace" and type(name) == "string" then
      arg[spec[1]] = name == "here" and ctx.workspace or ctx.open(name)
    end
  end
end

--- A script that destroys asks first on a terminal, and needs --yes without one. It asks in
-- its summary's words, unless its `question` knows better ones.
---@param ctx tarn.Context
---@param loaded table the script
---@param arg table
---@param opts table
function M.confirm(ctx, loaded, arg, opts)
  local op = ctx.op
  if loaded.effect ~= "destroy" or arg.dry_run or opts.yes then
    return
  end
  local term = require "native.term"
  if not (term.is_tty "in" and term.is_tty "err") then
    fault.usage(op, "this destroys something, and nobody can be asked",
      "--yes does it, --dry-run shows what would be done")
  end
  local what = loaded.question and loaded.question(ctx, arg) or loaded.summary
  local answer = term.read_line(("%s: %s Go on? [y/N] "):format(op, what))
  if not answer or not answer:lower():find "^y" then
    fault.raise { kind = "cancelled", op = op, message = "not confirmed" }
  end
end

--- True if there is a command of that name, whether it loads or not.
---@param name string
---@return boolean
function M.exists(name)
  return name:find "^[%w_-]+$" ~= nil
    and require("engine.find").file("scripts/" .. name .. ".lua") ~= nil
end

--- The command that a name in Lua means: `clone_to_workspace` is clone-to-workspace. Nil if
-- there is none.
---@param name string
---@return string?
function M.find_named(name)
  for _, known in ipairs { name, (name:gsub("_", "-")) } do
    if M.exists(known) then
      return known
    end
  end
end

--- Run a script with a context and arguments that are ready: the one place that does, so that
-- the user's hooks work for whoever runs it. A hook that does not load is told before anything
-- is changed.
---@param ctx tarn.Context
---@param loaded table the script
---@param arg table
---@return any data ... as `run` returned it
function M.invoke(ctx, loaded, arg)
  if loaded.effect ~= "read" then
    require("engine.hooks").load()
  end
  local results = table.pack(fault.call(loaded.run, ctx, arg))
  if not results[1] then
    require("engine.hooks").fault(results[2], ctx.op)
    error(results[2], 0)
  end
  return table.unpack(results, 2, results.n)
end

-- The command whose data this is -> how its header shows it, for the prompt.
local renders = setmetatable({}, { __mode = "k" })

local function remember_render(ctx, loaded, data, ...)
  if type(data) == "table" or type(data) == "function" then
    renders[data] = rawget(ctx, "render") or loaded.render or {}
  end
  if type(data) == "function" then
    require("output.render.rows").mark(data)
  end
  return data, ...
end

--- How the command that returned this data shows it; nil if no command did.
---@param data any
---@return table?
function M.find_render(data)
  return renders[data]
end

local asking = false

--- Make `call` ask, too, before something is destroyed: for a person who types calls.
---@param yes boolean
function M.ask_in_calls(yes)
  asking = yes
end

--- The options of the program's own command line. What is changed in them counts for the next
-- command.
---@return table
function M.options()
  return options
end

local callers, called = {}, setmetatable({}, { __mode = "k" })

--- The function that runs a command, as `tarn.<command>`.
---@param name string
---@return fun(args?: table): any
function M.caller(name)
  if not callers[name] then
    callers[name] = function(args)
      return M.call(name, args)
    end
    called[callers[name]] = name
  end
  return callers[name]
end

--- The command that a function of `caller` runs.
---@param f any
---@return string?
function M.find_called(f)
  return called[f]
end

-- What a caller in Lua gave: arguments by their names, those with a place in the order of the
-- list, and among them the options that every command takes.
local function sort_given(op, specs, given)
  local own, opts, next_place = {}, {}, 1
  for name, value in pairs(options) do
    opts[name] = value
  end
  for _, spec in ipairs(specs) do
    if argspec.is_positional(spec) and given[next_place] ~= nil then
      own[spec[1]] = given[next_place]
      next_place = next_place + 1
    end
  end
  for name, value in pairs(given) do
    if globals.by_name[name] then
      opts[name] = value
    elseif math.type(name) ~= "integer" then
      own[name] = value
    elseif name >= next_place then
      fault.usage(op, ("argument %d is one too many"):format(name))
    end
  end
  return own, opts
end

--- Run a command from Lua: `command.call("list", { filter = "x", profile = "prod" })`, or
-- `command.call("get", "orders")`. Returns its data.
---@param name string
---@param given? table|string arguments by name or in their order; `profile` may be an opened
--- workspace
---@return any data ... as `run` returned it
function M.call(name, given)
  local loaded = script.load(name)
  local op = "tarn " .. name
  given = type(given) == "string" and { given } or given or {}
  local own, opts = sort_given(op, loaded.args, given)
  local arg = require("engine.args").from_table(op, loaded.args, own)
  local opened = type(opts.profile) == "table" and opts.profile or nil
  opts.profile = opened and opened.profile or opts.profile
  local ctx = M.context(op, opts)
  ctx.called = true
  rawset(ctx, "workspace", opened)
  M.open_workspaces(ctx, loaded.args, arg)
  if asking then
    M.confirm(ctx, loaded, arg, opts)
  end
  return remember_render(ctx, loaded, M.invoke(ctx, loaded, arg))
end

--- Run a command of the command line: its data goes to stdout.
---@param op string
---@param loaded table the script
---@param arg table
---@param opts table
---@return integer status
function M.run(op, loaded, arg, opts)
  options = opts
  if (opts.verbose or 0) > 0 then
    require("native.databricks").trace(math.min(opts.verbose, 2))
  end
  if opts.record then
    require("native.databricks").record(opts.record)
  end
  local ctx = M.context(op, opts)
  M.open_workspaces(ctx, loaded.args, arg)
  M.confirm(ctx, loaded, arg, opts)
  local function run()
    -- `ctx.render` is known only after the run: `tarn run` takes it from the file
    local results = table.pack(M.invoke(ctx, loaded, arg))
    local render = rawget(ctx, "render") or loaded.render
    require("output.stdout").render(opts, render, table.unpack(results, 1, results.n))
  end
  local ok, e = fault.call(run)
  if package.loaded["output.progress"] then
    require("output.progress").clear()
  end
  if not ok then
    if not require("output.stdout").is_reader_gone(e) then
      require("engine.hooks").fault(e, op)
    end
    error(e, 0)
  end
  return require("engine.report").statuses[ctx.outcome]
end

return M
