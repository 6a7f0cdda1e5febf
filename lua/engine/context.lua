--- The context of one run of a script: its workspace, its options, and how it reports.

local M = {}

---@class tarn.Context the first argument of a script's `run`
---@field workspace tarn.WorkspaceClient the workspace of --profile; opened at its first use
---@field op string        the command, for faults: "tarn list"
---@field options table    the options that every command takes
---@field progress fun(done: integer, total?: integer, what?: string) shows the progress
---@field warn fun(text: string) prints one line on stderr, unless --quiet is given
---@field finish fun(outcome: string) sets the exit status, by its name: see engine.report
---@field outcome string   the name of the exit status; "done" unless `finish` was called
---@field open fun(profile: string): tarn.WorkspaceClient opens another workspace
---@field served boolean   true for a request to the server: files of this machine must not be used
---@field called boolean   true for a call from Lua
---@field literal boolean  true: the path of a request names one pipeline, whatever signs are in it
---@field allow_private_hosts boolean true: a request may name hosts in a private network
---@field credential userdata|false the secret of a request, in a box
---@field render? table    replaces the header's `render` for this run

local program = {} -- the options of the program's own command line

--- The options of the program's command line, which calls from Lua use, too.
---@return table
function M.program_options()
  return program
end

--- Set the options of the program's command line. Later changes in the table apply, too.
---@param opts table
function M.set_program_options(opts)
  program = opts
end

--- Open a workspace, with the limits of the command line.
---@param profile? string default: the one of --profile
---@param opts? table default: the options of the program's command line
---@return tarn.WorkspaceClient
function M.open_workspace(profile, opts)
  opts = opts or program
  profile = profile or program.profile
  return require("engine.providers").workspace(profile,
    { jobs = opts.jobs, rate = opts.rate, timeout = opts.timeout })
end

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

--- Make the context of one run.
---@param op string the command, for faults: "tarn list"
---@param opts table the options that every command takes
---@return tarn.Context
function M.new(op, opts)
  local ctx = { op = op, options = opts, outcome = "done", served = false, called = false,
    literal = false, credential = false, allow_private_hosts = false }
  function ctx.progress(done, total, what)
    -- the traces of --verbose would stand in the line of the bar
    require("output.progress").show(done, total, what, opts.quiet or (opts.verbose or 0) > 0)
  end
  function ctx.warn(text)
    if not opts.quiet then
      require("output.stderr").write(("tarn: %s\n"):format(
        require("output.screen").clean(text, true)))
    end
  end
  function ctx.open(profile)
    return M.open_workspace(profile, opts)
  end
  function ctx.finish(outcome)
    if not require("engine.report").statuses[outcome] then
      error(("there is no exit status named '%s'"):format(tostring(outcome)), 2)
    end
    ctx.outcome = outcome
  end
  return setmetatable(ctx, Context)
end

--- Replace the names of workspaces among the arguments by open workspaces. "here" is the workspace
-- of the context.
---@param ctx tarn.Context
---@param specs tarn.ArgSpec[]
---@param arg table the arguments by name
function M.open_workspaces(ctx, specs, arg)
  for _, spec in ipairs(specs) do
    local name = arg[spec[1]]
    if spec[2] == "workspace" and type(name) == "string" then
      arg[spec[1]] = name == "here" and ctx.workspace or ctx.open(name)
    end
  end
end

return M
