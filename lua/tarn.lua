--- tarn: what a script requires.
--
--     local tarn = require "tarn"
--     local ws = tarn.workspace "prod"
--     for p in ws:pipelines() do print(p.name, p.state) end
--
-- Every call that talks to somebody waits for the answer and raises a fault if there is
-- none. `tarn.<command> { ... }` runs a command with its options and returns its data.

local library = require "engine.library"

local M = {}

for name, module in pairs(library.functions) do
  M[name] = require(module)[name]
end

--- A workspace, by the name of a profile; without one, the command line's --profile, or what the
-- environment says, as all Databricks tools find it. `demo` and `demo-dr` are the embedded ones.
---@param profile? string
---@param opts? { jobs?: integer, rate?: number, timeout?: number } default: the command line's
---@return tarn.WorkspaceClient
function M.workspace(profile, opts)
  return require("engine.context").open_workspace(profile, opts)
end

--- Let other tasks run for at least that long.
---@param seconds number
function M.sleep(seconds)
  require("native.task").sleep(seconds)
end

--- Run `f(...)` beside what else goes on. Returns the task, for `tarn.cancel`.
---@param f function
---@return tarn.Task
function M.spawn(f, ...)
  local start = rawget(M, "spawner") or require("native.task").spawn -- the prompt has its own
  return start(f, ...)
end

--- Ask a task to stop: its wait raises a fault `cancelled`, and its <close> variables run.
---@param task tarn.Task
function M.cancel(task)
  require("native.task").cancel(task)
end

-- Fields of the library and commands are loaded at their first use.
setmetatable(M, {
  __index = function(_, name)
    if library.fields[name] then
      return require(library.fields[name])
    end
    local command = require "engine.command"
    local known = type(name) == "string" and command.find_named(name)
    return known and command.caller(known) or nil
  end,
})

return M
