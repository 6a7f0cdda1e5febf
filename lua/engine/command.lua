--- Commands: runs a script with its arguments and its context, from the command line or from Lua.

local argspec = require "engine.header.argspec"
local contexts = require "engine.context"
local fault = require "base.fault"
local lists = require "base.list"
local globals = require "engine.header.globals"
local script = require "engine.script"

local M = {}

--- What a script asks before it runs: the text of its `question`, or for the effect "destroy" its
-- summary. Nil if nothing needs a confirmation.
---@param ctx tarn.Context
---@param loaded table the script
---@param arg table the arguments by name
---@return string?
function M.find_question(ctx, loaded, arg)
  if arg.dry_run then
    return nil
  elseif loaded.question then
    return loaded.question(ctx, arg) or nil
  end
  return loaded.effect == "destroy" and loaded.summary or nil
end

local function refuse_without_terminal(op, what)
  fault.usage(op, what .. ", and there is no terminal to confirm it on",
    "--yes confirms it; --dry-run shows what it would do")
end

--- Ask for confirmation before a script runs, if it has a question: see `find_question`. Without a
-- terminal, --yes is needed. Raises a fault if the answer is not yes.
---@param ctx tarn.Context
---@param loaded table the script
---@param arg table the arguments by name
---@param opts table the options that every command takes
function M.confirm(ctx, loaded, arg, opts)
  local op = ctx.op
  if arg.dry_run or opts.yes or loaded.effect ~= "destroy" and not loaded.question then
    return
  end
  local term = require "native.term"
  local has_person = term.is_tty "in" and term.is_tty "err"
  if not has_person and loaded.effect == "destroy" then
    refuse_without_terminal(op, "this command destroys something") -- before any request
  end
  local what = M.find_question(ctx, loaded, arg)
  if not what then
    return
  elseif not has_person then
    refuse_without_terminal(op, "this command would " .. what:match "^[^\n]*":gsub("[:.]$", ""))
  end
  local answer = term.read_line(require("output.screen").clean(
    ("%s: %s%sGo on? [y/N] "):format(op, what, what:find "\n$" and "" or " "), true))
  if not answer or not answer:lower():find "^y" then
    fault.raise { kind = "cancelled", op = op, message = "not confirmed: nothing was done" }
  end
end

--- Run a script. All callers run scripts through this function, so that the user's hooks always
-- apply. A hook that does not load is a fault before anything is changed.
---@param ctx tarn.Context
---@param loaded table the script
---@param arg table the arguments by name
---@return any ... what `run` returned
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

-- Data of commands -> the `render` of the header, for the prompt.
local renders = setmetatable({}, { __mode = "k" })

local function remember_render(ctx, loaded, data, ...)
  if type(data) == "table" then
    renders[data] = rawget(ctx, "render") or loaded.render or {}
  end
  return data, ...
end

-- What a command returned, for a script: rows are a list, which still reads, and is the value that
-- a `for` closes.
local function listed(data, state, first, closing)
  local mt = getmetatable(data)
  local is_iterator = type(data) == "function" or type(mt) == "table" and mt.__call ~= nil
  if not is_iterator and not (type(data) == "table" and require("native.json").is_array(data)) then
    return data
  elseif closing == nil then
    return lists.of(data, state, first)
  end
  local list = lists.of(data, state, first, closing)
  return list, nil, nil, list
end

--- The `render` of the command that returned this data; nil for other data.
---@param data any
---@return table?
function M.find_render(data)
  return renders[data]
end

local asking = false

--- Make calls from Lua ask for confirmation too, for a person at the prompt.
---@param yes boolean
function M.ask_in_calls(yes)
  asking = yes
end

local callers, called = {}, setmetatable({}, { __mode = "k" })

--- The function `tarn.<command>`, which runs a command.
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

--- The name of the command that a function made by `caller` runs; nil for other functions.
---@param f any
---@return string?
function M.find_called(f)
  -- `tarn.get` is a function of the library, which runs the command
  return called[f] or f ~= nil and f == rawget(package.loaded.tarn or {}, "get") and "get" or nil
end

-- True if the command itself has an argument of that name.
local function has_own(specs, name)
  for _, spec in ipairs(specs) do
    if spec[1] == name then
      return true
    end
  end
  return false
end

-- Sort the arguments of a call from Lua into those of the command and the options that every
-- command takes. Items of the list are positional arguments.
local function sort_given(op, specs, given)
  local own, opts, position = {}, {}, 1
  for name, value in pairs(contexts.program_options()) do
    opts[name] = value
  end
  for _, spec in ipairs(specs) do
    if argspec.is_positional(spec) and given[position] ~= nil then
      local is_rest = spec[2] == "list" and type(given[position]) ~= "table"
      own[spec[1]] = is_rest and table.move(given, position, #given, 1, {}) or given[position]
      position = is_rest and #given + 1 or position + 1
    end
  end
  for name, value in pairs(given) do
    if globals.by_name[name] and not has_own(specs, name) then
      opts[name] = value
    elseif math.type(name) ~= "integer" then
      own[name] = value
    elseif name >= position then
      fault.usage(op, ("positional argument %d is one too many"):format(name))
    end
  end
  return own, opts
end

--- Run a command from Lua: `command.call("list", { filter = "x", profile = "prod" })`, or
-- `command.call("get", "orders")`. Returns its data; rows are a tarn.List.
---@param name string
---@param given? table|string the arguments, by name or by position; `profile` may be an open
--- workspace
---@return any ... what `run` returned, as a tarn.List if it is rows
function M.call(name, given)
  local loaded = script.load_for_scripts(name)
  local op = "tarn " .. name
  given = type(given) == "string" and { given } or given or {}
  local own, opts = sort_given(op, loaded.args, given)
  local arg = require("engine.args").from_table(op, loaded.args, own)
  local opened = type(opts.profile) == "table" and opts.profile or nil
  opts.profile = opened and opened.profile or opts.profile
  local ctx = contexts.new(op, opts)
  ctx.called = true
  rawset(ctx, "workspace", opened)
  contexts.open_workspaces(ctx, loaded.args, arg)
  if asking then
    M.confirm(ctx, loaded, arg, opts)
  end
  return remember_render(ctx, loaded, listed(M.invoke(ctx, loaded, arg)))
end

local GRACE <const> = 0.25 -- seconds: the fault of a call that took too long comes first

-- Run `f` for at most `seconds` (--timeout), unless the command has no end or a limit of its own.
local function run_in_time(op, loaded, arg, seconds, f)
  local endless = loaded.endless
  if type(endless) == "function" then
    endless = endless(arg)
  end
  if not seconds or endless then
    return f()
  end
  local ok, e = fault.call(require("base.pool").timeout, seconds + GRACE, f)
  if not ok and e.op == "tarn.timeout" then
    fault.raise { kind = "timeout", op = op, hint = "a larger --timeout gives it more time",
      message = ("%s took more than %g s"):format(op, seconds) }
  elseif not ok then
    error(e, 0)
  end
end

--- Run a command of the command line, and print its data on stdout.
---@param op string the command, for faults: "tarn list"
---@param loaded table the script
---@param arg table the arguments by name
---@param opts table the options that every command takes
---@return integer status
function M.run(op, loaded, arg, opts)
  contexts.set_program_options(opts)
  if (opts.verbose or 0) > 0 then
    require("native.databricks").trace(math.min(opts.verbose, 2))
  end
  if opts.record then
    require("native.databricks").record(opts.record)
  end
  if opts.columns or opts.each then
    require("output.shape").check(opts)
  end
  local ctx = contexts.new(op, opts)
  contexts.open_workspaces(ctx, loaded.args, arg)
  M.confirm(ctx, loaded, arg, opts)
  local function run()
    -- `ctx.render` is read after the run, because `run` may set it
    local results = table.pack(M.invoke(ctx, loaded, arg))
    local render = rawget(ctx, "render") or loaded.render
    lists.fill(results[1])
    require("output.stdout").render(opts, render, table.unpack(results, 1, results.n))
  end
  local ok, e = fault.call(run_in_time, op, loaded, arg, opts.timeout, run)
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
