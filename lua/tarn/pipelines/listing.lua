--- The list of all pipelines, page by page.

local bothends = require "tarn.pipelines.bothends"
local pages = require "base.pages"

local M = {}

local PAGE <const> = 100 -- the most that the server returns at once

---@class tarn.ListOptions
---@field filter? string    of the API: `name LIKE 'a%'` or `notebook='/path'`
---@field order_by? string  of the API: "name", "id desc"
---@field max? integer      of pipelines
---@field ahead? boolean    false: a page is fetched only when it is needed

--- An iterator over all pipelines, as the API returns them. They come in no order of their own,
-- unless there is an `order_by`.
---@param ws tarn.WorkspaceClient
---@param opts? tarn.ListOptions
---@return fun(): table? PipelineStateInfo
function M.states(ws, opts)
  opts = opts or {}
  local fetch = function(q) return ws.native:pipeline_list(q) end
  -- A filter leaves a few, and the server may not join it with an order.
  if not (opts.filter or opts.order_by or opts.max or opts.ahead == false) then
    fetch = bothends(fetch, PAGE)
  end
  -- The server refuses the token of a page together with another filter or order.
  return pages.items(fetch, "statuses", { op = "pipelines.list", id = "pipeline_id",
    query = { max_results = math.min(opts.max or PAGE, PAGE), filter = opts.filter,
      order_by = opts.order_by }, max = opts.max, ahead = opts.ahead, repeated = true })
end

return M
