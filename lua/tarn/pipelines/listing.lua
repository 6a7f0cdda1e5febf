--- The list of all pipelines, page by page.

local bothends = require "tarn.pipelines.bothends"
local pages = require "base.pages"

local M = {}

local PAGE <const> = 100 -- the most that the server returns at once

--- An iterator over all pipelines, as the API returns them. They come in no order of their own,
-- unless there is an `order_by`.
---@param ws tarn.WorkspaceClient
---@param opts? { filter?: string, order_by?: string }
---@return fun(): table? PipelineStateInfo
function M.states(ws, opts)
  local query = { max_results = PAGE }
  for key, value in pairs(opts or {}) do
    query[key] = value
  end
  local fetch = function(q) return ws.native:pipeline_list(q) end
  -- A filter leaves a few, and the server may not join it with an order.
  if not (query.filter or query.order_by) then
    fetch = bothends(fetch, PAGE)
  end
  -- The server refuses the token of a page together with another filter or order.
  return pages.items(fetch, "statuses",
    { op = "pipelines.list", query = query, id = "pipeline_id", repeated = true })
end

return M
