--- The health of all pipelines, of one workspace or of many.
--
--     local dashboard = require "tarn.dashboard"
--     local memory = dashboard.memory()
--     local function poll() return dashboard.read(ws, { memory = memory }) end
--     for data, changed in dashboard.watch(poll, { interval = 0.1, refreshes = 2 }) do
--       print(data.as_of, data.summary.failed, changed)
--     end

local M = {}

-- The parts: `rest` and `sql` read one workspace, `backend` chooses one of the two, `many` adds up
-- the answers of several workspaces, `watch` polls, `changes` compares two answers, `summary`
-- defines the statuses, `show` and `screen` make the text.

--- The status of a pipeline in the dashboard: "running", "failed", "idle" or "other".
M.status = require("tarn.dashboard.summary").status

--- Read the health of every pipeline of one workspace.
---@param ws tarn.WorkspaceClient
---@param opts? tarn.SourcedOptions
---@return table { summary, pipelines, recent_events, as_of, problems, source }
function M.read(ws, opts)
  return require("tarn.dashboard.backend").read(ws, opts)
end

--- A new memory for `read`: with it, the next reading only asks for what may have changed.
---@return table
function M.memory()
  return require("tarn.dashboard.rest").memory()
end

--- A function that reads several workspaces at once.
---@param list tarn.FleetWorkspace[] of `tarn.workspace.fleet`
---@param opts? { seconds?: number, read?: function, keep_last?: boolean } `seconds`: timeout for
--- each workspace; `read(one, concurrent)`: replaces `read` of this module; `keep_last`: the last
--- answer stands in for a workspace that does not answer
---@return fun(): table poll returns { summary, partial, workspaces, recent_events, ... }
function M.many(list, opts)
  opts = opts or {}
  local sources = {}
  for i, one in ipairs(list) do
    sources[i] = { profile = one.profile, workspace = one.workspace, keeps = opts.keep_last,
      poll = function(concurrent)
        if one.fault then
          require("base.fault").raise(one.fault)
        elseif opts.read then
          return opts.read(one, concurrent)
        end
        return M.read(one.client, { concurrent = concurrent })
      end }
  end
  return function()
    return require("tarn.dashboard.many").read(sources, { seconds = opts.seconds })
  end
end

--- Poll at an interval. A failed poll does not end the watch: the last answer comes again with
-- `stale`.
---@param poll fun(): table
---@param opts? { interval?: number, refreshes?: integer, tick?: fun() } `interval`: seconds between
--- two polls (default 5); `refreshes`: the number of polls; `tick`: is called while waiting
---@return tarn.DashboardWatch iterator over `data, changed`
function M.watch(poll, opts)
  return require("tarn.dashboard.watch").start(poll, opts)
end

-- Parts that other subjects use.
return require("base.lazy").fields(M, {
  summary = "tarn.dashboard.summary",
})
