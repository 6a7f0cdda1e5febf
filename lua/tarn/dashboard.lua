--- The health of all pipelines, of one workspace or of many.
--
-- `tarn.dashboard.rest` and `sql` read one workspace, `choice` takes one of them, `many` adds up
-- the answers of several, `watch` looks again and again, `changes` tells two answers apart,
-- `summary` says what the words mean, `show` and `screen` are the text forms. All but the last
-- two are for scripts, too:
--
--     local dashboard = require "tarn.dashboard"
--     local memory = dashboard.memory()
--     local function look() return dashboard.read(ws, { memory = memory }) end
--     for data, changed in dashboard.watch(look, { interval = 10 }) do ... end

local M = {}

--- What a pipeline is to the dashboard: "running", "failed", "idle" or "other".
M.status = require("tarn.dashboard.summary").status

--- Look at every pipeline of one workspace.
---@param ws tarn.WorkspaceClient
---@param opts? tarn.SourcedOptions
---@return table { summary, pipelines, recent_events, as_of, problems, source }
function M.read(ws, opts)
  return require("tarn.dashboard.backend").read(ws, opts)
end

--- What is known from one look at a workspace to the next, for `read`.
---@return table
function M.memory()
  return require("tarn.dashboard.rest").memory()
end

--- Look at several workspaces at once.
---@param list tarn.FleetWorkspace[] of `tarn.dashboard.fleet`
---@param opts? { seconds?: number, read?: function, keep_last?: boolean } so long may one take;
--   `read(one, concurrent)` in place of the plain reading; whether last answers stand in
---@return fun(): table look each call is a look: { summary, partial, workspaces, ... }
function M.many(list, opts)
  opts = opts or {}
  local sources = {}
  for i, one in ipairs(list) do
    sources[i] = { profile = one.profile, workspace = one.workspace, keeps = opts.keep_last,
      look = function(concurrent)
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

--- Look again and again.
---@param look fun(): table
---@param opts? { interval?: number, refreshes?: integer, tick?: fun() }
---@return tarn.DashboardWatch iterator over `data, changed`
function M.watch(look, opts)
  return require("tarn.dashboard.watch").start(look, opts)
end

-- What other subjects use of the parts.
return require("base.lazy").fields(M, {
  summary = "tarn.dashboard.summary",
})
