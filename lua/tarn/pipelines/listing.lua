--- The list of all pipelines, page by page.

local pages = require "base.pages"

local M = {}

local PAGE <const> = 100 -- the most that the server returns at once

--- An iterator over all pipelines, as the API returns them.
---@param ws tarn.WorkspaceClient
---@param opts? { filter?: string, order_by?: string }
---@return fun(): table? PipelineStateInfo
function M.states(ws, opts)
  local query = { max_results = PAGE }
  for key, value in pairs(opts or {}) do
    query[key] = value
  end
  return pages.items(function(q) return ws.native:pipeline_list(q) end, "statuses",
    { op = "pipelines.list", query = query, id = "pipeline_id" })
end

return M
