--- The list of all pipelines, page by page.

local pages = require "base.pages"

local M = {}

local PAGE <const> = 100 -- the most that the server returns at once

---@class tarn.ListOptions
---@field filter? string    of the API: `name LIKE 'a%'` or `notebook='/path'`
---@field order_by? string  of the API: "name", "id desc"
---@field max? integer      of pipelines
---@field ahead? boolean    false: a page is fetched only when it is needed

--- An iterator over all pipelines, as the API returns them.
---@param ws tarn.WorkspaceClient
---@param opts? tarn.ListOptions
---@return fun(): table? PipelineStateInfo
function M.states(ws, opts)
  opts = opts or {}
  local function fetch(query)
    -- this list wants its filter and order again with each token
    query.filter, query.order_by = opts.filter, opts.order_by
    return ws.native:pipeline_list(query)
  end
  return pages.items(fetch, "statuses", { op = "pipelines.list", id = "pipeline_id",
    query = { max_results = math.min(opts.max or PAGE, PAGE) }, max = opts.max,
    ahead = opts.ahead })
end

return M
