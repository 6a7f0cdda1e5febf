--- The health of all pipelines, of one workspace or of many.
--
-- `tarn.dashboard.rest` reads one workspace, `tarn.dashboard.summary` says what the words mean
-- and adds up, `tarn.dashboard.show` is the text form.

local M = {}

--- What a pipeline is to the dashboard: "running", "failed", "idle" or "other".
M.status = require("tarn.dashboard.summary").status

--- Look at every pipeline of one workspace.
---@param ws tarn.WorkspaceClient
---@param opts? { keep?: boolean } keep false: do not hold the rows, only count them
---@return table { summary, pipelines, recent_events, as_of, problems }
function M.read(ws, opts)
  return require("tarn.dashboard.rest").read(ws, opts)
end

return M
