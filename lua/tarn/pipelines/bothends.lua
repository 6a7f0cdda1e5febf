--- Reads the list of all pipelines from both ends at once.
--
-- A page has the token of the next one, so a list is read one page after the other: of 1,000
-- pipelines, ten times the latency of the workspace. The server sorts by id, in both directions.
-- So the whole list is read from both ends at once: in each round the next page by rising ids, and
-- the next by falling ids, until they meet. The first page goes alone, since most lists have no
-- other.

local fault = require "base.fault"
local pages = require "base.pages"
local pool = require "base.pool"

local OP <const> = "pipelines.list"

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

-- The next page of the far end; nil if the server refuses the order.
local function fetch_far(fetch, query)
  local ok, page = fault.call(fetch, query)
  if not ok and page.status ~= 400 then
    error(page, 0)
  end
  return ok and page or nil
end

-- Add a page of the far end to the list of the near end, whose last id is `near`. Returns whether
-- the far end goes on: not if the two have met, if its items are not by falling ids (the server
-- ignores the order, or has another one for letters), or if the server has refused the order.
local function add_far(far, page, list, near)
  local items = page and pages.list(page, "statuses", OP)
  local last = items and last_of(items, far.last, true)
  local is_far = last and (far.last or not items[1] or items[1].pipeline_id >= near)
  if not is_far then
    return false
  end
  table.move(items, 1, #items, #list + 1, list)
  far.last, far.query.page_token = last, far.next_token(page)
  far.has_met = last <= near or not far.query.page_token
  return not far.has_met
end

--- `fetch` for rising ids, which reads the far end at the same time: a page has the items of both,
-- and the one with which they meet is the last. Where the ids of the server are not in order, it
-- goes on without the far end.
---@param fetch fun(query: table): table returns a page of the list
---@param size integer items of a page
---@return fun(query: table): table
return function(fetch, size)
  local last
  local far = { query = { max_results = size, order_by = { "id desc" } },
    next_token = pages.tokens(OP) }

  return function(query)
    local beside = far and query.page_token and far.query
    local answers = pool.map({ query, beside }, function(one)
      return one == query and fetch(one) or fetch_far(fetch, one)
    end)
    local page = answers[1]
    local list = pages.list(page, "statuses", OP)
    last = far and last_of(list, last, false)
    if not last then
      far = nil
    elseif beside and not add_far(far, answers[2], list, last) then
      page.next_page_token = not far.has_met and page.next_page_token or nil
      far = nil
    end
    page.statuses = list
    return page
  end
end
