--- The module that scripts require: workspaces, commands, tasks.
--
--     local tarn = require "tarn"
--     local ws = tarn.workspace "prod"
--     for p in ws:pipelines() do print(p.name, p.state) end
--
-- Each call that sends a request waits for the answer, and raises a fault if the request fails.
-- `tarn.<command> { ... }` runs a command with its options and returns its data.

local library = require "engine.library"

local M = {}

for name, module in pairs(library.functions) do
  M[name] = require(module)[name]
end

--- A workspace, by the name of a profile. Without a profile it is that of the command line's
-- --profile, else the one that all Databricks tools would find. `demo` and `demo-dr` are embedded
-- workspaces.
---@param profile? string
---@param opts? { jobs?: integer, rate?: number, timeout?: number } default: the command line's
---@return tarn.WorkspaceClient
function M.workspace(profile, opts)
  return require("engine.context").open_workspace(profile, opts)
end

--- True for JSON's null, which stands for a field that is there without a value.
---@param value any
---@return boolean
function M.is_null(value)
  return value == require("native.json").null
end

--- With a path: the field of a field, or nil if anything on the way is missing or null. Without a
-- path: the command `tarn get`.
--
--     tarn.get(row, "latest_update.state")   -- nil for a pipeline that has never run
--     tarn.get(spec, "clusters.1.num_workers")
--     tarn.get { "sales_orders_etl" }
---@param what table|nil a row, or the arguments of the command
---@param path? string names and places in lists, with dots between them
---@return any
function M.get(what, path)
  if path == nil then
    return require("engine.command").call("get", what)
  elseif type(path) ~= "string" then
    error(("bad argument #2 to 'get' (a path expected, got %s)"):format(type(path)), 2)
  end
  return require("base.collections").find_field(what, path)
end

--- Let other tasks run for at least `seconds`.
---@param seconds number
function M.sleep(seconds)
  require("native.task").sleep(seconds)
end

--- Run `f(...)` as a task of its own. `tarn.cancel` stops it.
---@param f function
---@return tarn.Task
function M.spawn(f, ...)
  local start = rawget(M, "spawner") or require("native.task").spawn -- the prompt sets `spawner`
  return start(f, ...)
end

--- Ask a task to stop. The call in which it waits raises a fault of kind `cancelled`, and its
-- <close> variables are closed.
---@param task tarn.Task
function M.cancel(task)
  require("native.task").cancel(task)
end

-- Fields of the library, and commands, are loaded when they are first used.
setmetatable(M, {
  __index = function(_, name)
    if library.fields[name] then
      return require(library.fields[name])
    end
    local command = require "engine.command"
    local known = type(name) == "string" and require("engine.script").find_named(name)
    return known and command.caller(known) or nil
  end,
})

return M
