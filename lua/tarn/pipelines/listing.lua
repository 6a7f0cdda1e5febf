--- The list of all pipelines, page by page.
--
-- A page has the token of the next one, so a list is read one page after the other: of 1,000
-- pipelines, ten times the latency of the workspace. The server sorts by id, in both directions.
-- So the whole list is read from both ends at once: in each round the next page by rising ids, and
-- the next by falling ids, until they meet. The first page goes alone, since most lists have no
-- other.

local fault = require "base.fault"
local pages = require "base.pages"
local pool = require "base.pool"

local M = {}

local OP <const> = "pipelines.list"
local PAGE <const> = 100 -- the most that the server returns at once

-- The last id of a page whose ids rise, or fall, from `last` on; nil if they do not.
local function last_of(list, last, falls)
  for _, item in ipairs(list) do
    local id = type(item) == "table" and item.pipeline_id
    if type(id) ~= "string" or last and (falls and id >= last or not falls and id <= last) then
      return nil
    end
    last = id
  end
  return last
end

-- ---- the far end: what has come by falling ids ----

local function new_far()
  return { query = { max_results = PAGE, order_by = { "id desc" } }, items = {},
    next_token = pages.tokens(OP) }
end

-- The next page of the far end; nil if the server refuses the order.
local function fetch_far(fetch, query)
  local ok, page = fault.call(fetch, query)
  if not ok and page.status ~= 400 then
    error(page, 0)
  end
  return ok and page or nil
end

-- Take a page into the far end, while the near end is at `near`. False if its items are not by
-- falling ids: the server ignores the order, or has another one for letters.
local function take_far(far, page, near)
  local list = pages.list(page, "statuses", OP)
  local last = last_of(list, far.last, true)
  local is_far = far.last or not list[1] or last and list[1].pipeline_id >= near
  if #list > 0 and not last or not is_far then
    return false
  end
  table.move(list, 1, #list, #far.items + 1, far.items)
  local token = far.next_token(page)
  far.last, far.query.page_token, far.over = last, token, token == nil
  return true
end

-- True if no id is between `last`, where the near end is, and the far end.
local function have_met(far, last)
  return far.over or far.last ~= nil and far.last <= last
end

-- Add to the list what only the far end has, by rising ids.
local function add_rest(list, far, last)
  for i = #far.items, 1, -1 do
    if far.items[i].pipeline_id > last then
      list[#list + 1] = far.items[i]
    end
  end
end

-- ---- both ----

-- `fetch` for rising ids, which reads the far end at the same time: the page with which the two
-- meet has the rest of the list, and is the last one. Where the ids of the server are not in order,
-- it goes on without the far end.
local function from_both_ends(fetch)
  local far, last = new_far(), nil

  return function(query)
    if not far then
      return fetch(query)
    end
    local beside = query.page_token and far.query
    local answers = pool.map({ query, beside }, function(one)
      return one == query and fetch(one) or fetch_far(fetch, one)
    end)
    local page = answers[1]
    local list = pages.list(page, "statuses", OP)
    last = last_of(list, last, false)
    local is_of_use = last and (not beside or answers[2] and take_far(far, answers[2], last))
    if not is_of_use then
      far = nil
    elseif beside and have_met(far, last) then
      add_rest(list, far, last)
      page.statuses, page.next_page_token, far = list, nil, nil
    end
    return page
  end
end

--- An iterator over all pipelines, as the API returns them: by their ids, unless there is an
-- `order_by`.
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
    fetch = from_both_ends(fetch)
  end
  -- The server refuses the token of a page together with another filter or order.
  return pages.items(fetch, "statuses",
    { op = OP, query = query, id = "pipeline_id", repeated = true })
end

return M
