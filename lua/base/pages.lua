--- Read answers that come in pages.
--
--     for item in pages.items(fetch, "statuses", { op = "list", id = "pipeline_id" }) do ... end

local collections = require "base.collections"
local fault = require "base.fault"
local pool = require "base.pool"

local M = {}

local function refuse(op, message)
  fault.raise { kind = "parse", op = op, message = message, retryable = false,
    hint = "the workspace, or a proxy on the way to it, gives wrong answers" }
end

--- A function that returns the token of the next page; nil after the last page. It raises a fault
-- for a token that comes twice, since the pages would not end.
---@param op string for the fault
---@return fun(page: table): string?
function M.tokens(op)
  local seen = {}
  return function(page)
    local token = page.next_page_token
    if token == nil or token == "" then
      return nil
    elseif type(token) ~= "string" then
      refuse(op, "the token of the next page is not a string")
    elseif seen[token] then
      refuse(op, "the answers repeat the same page")
    end
    seen[token] = true
    return token
  end
end

--- The list in a field of a page; empty for a missing field.
---@param page any
---@param key string
---@param op string for the fault
---@return table[]
function M.list(page, key, op)
  if type(page) ~= "table" then
    refuse(op, "the answer is not an object")
  end
  local list = page[key]
  if list == nil then
    return {}
  elseif type(list) ~= "table" or next(list) ~= nil and list[1] == nil then
    refuse(op, ("'%s' in the answer is not a list"):format(key))
  end
  return list
end

---@class tarn.PagesOptions
---@field op string     for faults
---@field query? table  for the first page; later pages get only the token and `max_results`
---@field repeated? boolean true: later pages get the whole query with the token
---@field max? integer  of items
---@field ahead? boolean false: the next page is fetched when the caller needs it, not before
---@field id? string    the field that identifies an item. An item that comes twice, because the
--- list has shifted while it was read, counts once

--- An iterator over all items. The next page is fetched while the caller uses the items of one,
-- unless `max` is reached with it. For items that are not objects a fault is raised.
---@param fetch fun(query: table): table returns a page
---@param key string the field of a page with its items
---@param opts tarn.PagesOptions
---@return fun(): table?
function M.items(fetch, key, opts)
  local op, query, max = opts.op, opts.query or {}, opts.max
  local next_token, seen = M.tokens(op), opts.id and {} or nil
  local list, at, given = {}, 0, 0
  local next_page = function() return fetch(query) end

  local function turn()
    local page = next_page()
    list, at, next_page = M.list(page, key, op), 0, nil
    local token = next_token(page)
    if token and not (max and given + #list >= max) then
      local later = opts.repeated and collections.copy(query) or { max_results = query.max_results }
      later.page_token = token
      next_page = opts.ahead == false and function() return fetch(later) end
        or pool.begin(fetch, later)
    end
  end

  local function is_new(item)
    if type(item) ~= "table" then
      refuse(op, ("an item of '%s' in the answer is not an object"):format(key))
    end
    local id = seen and item[opts.id]
    if id ~= nil and id ~= false and seen[id] then
      return false
    elseif id then
      seen[id] = true
    end
    return true
  end

  return function()
    while not (max and given >= max) do
      while at >= #list do
        if not next_page then
          return nil
        end
        turn()
      end
      at = at + 1
      if is_new(list[at]) then
        given = given + 1
        return list[at]
      end
    end
  end
end

return M
