--- How many events a page has: as many as the workspace gives at once.
--
-- The API documents pages of 1,000 events, and workspaces that do not have that yet refuse more
-- than 250. A refusal is remembered, for the workspace and for as long as the program runs.

local fault = require "base.fault"

local M = {}

--- The most events of a page.
M.MOST = 1000

--- The most events that every workspace gives.
M.SAFE = 250

local refused = {} -- host -> true

-- A workspace may refuse other parts of the request with the same status.
local function is_about_size(e)
  local message = (e.message or ""):lower()
  if e.status ~= 400 then
    return false
  elseif message:find("max_results", 1, true) then
    return true
  end
  for _, word in ipairs { "filter", "order_by", "page_token" } do
    if message:find(word, 1, true) then
      return false
    end
  end
  return true
end

--- One page of events.
---@param ws tarn.WorkspaceClient
---@param id string of the pipeline
---@param query table of GET /api/2.0/pipelines/{id}/events; `max_results` may be too large for the
--- workspace
---@return table page
function M.ask(ws, id, query)
  local asked = { filter = query.filter, order_by = query.order_by, page_token = query.page_token,
    max_results = query.max_results }
  if (asked.max_results or 0) <= M.SAFE then
    return ws.native:events(id, asked)
  elseif next(refused) ~= nil and refused[ws:host()] then
    asked.max_results = M.SAFE
    return ws.native:events(id, asked)
  end
  local page, e = fault.try(ws.native.events, ws.native, id, asked)
  if page then
    return page
  elseif not is_about_size(e) then
    fault.raise(e)
  end
  asked.max_results = M.SAFE
  page = ws.native:events(id, asked)
  refused[ws:host()] = true
  return page
end

return M
