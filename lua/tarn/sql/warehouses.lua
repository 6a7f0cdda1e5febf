--- SQL warehouses: which one to use when nobody says.

local fault = require "base.fault"
local pages = require "base.pages"

local M = {}

-- The one that answers soonest first.
local RANK = { RUNNING = 1, STARTING = 2, STOPPED = 3, STOPPING = 4 }

--- All warehouses, every page.
---@param ws tarn.WorkspaceClient
---@return table[]
function M.all(ws)
  local list = {}
  for warehouse in pages.items(function(query)
    return (ws:request("GET", "/api/2.0/sql/warehouses", { query = query }))
  end, "warehouses", { op = "warehouses.list", id = "id" }) do
    list[#list + 1] = warehouse
  end
  return list
end

--- The id of the workspace's default warehouse; where it has none, of the one that is
-- running, starting or startable, by name. Asked once for each connection.
---@param ws tarn.WorkspaceClient
---@return string
function M.default(ws)
  if ws.warehouse_id then
    return ws.warehouse_id
  end
  local answer = fault.try(ws.request, ws, "GET", "/api/2.0/sql/warehouses/default")
  local id, state = answer and answer.id, answer and answer.state
  if not id then
    local usable = {}
    for _, warehouse in ipairs(M.all(ws)) do
      if RANK[warehouse.state] then
        usable[#usable + 1] = warehouse
      end
    end
    table.sort(usable, function(a, b)
      if RANK[a.state] ~= RANK[b.state] then
        return RANK[a.state] < RANK[b.state]
      end
      return a.name < b.name
    end)
    if usable[1] then
      id, state = usable[1].id, usable[1].state
    end
  end
  if not id then
    fault.raise {
      kind = "sql", op = "sql", message = "no SQL warehouse can be used in " .. ws:host(),
      hint = "name one with --warehouse or DATABRICKS_WAREHOUSE_ID",
    }
  end
  ws.warehouse_id, ws.warehouse_state = id, state
  return id
end

--- The default warehouse if a statement would not have to start it; else nil and why. For
-- questions that nobody wants to pay a start for.
---@param ws tarn.WorkspaceClient
---@return string? id, string? reason
function M.find_awake(ws)
  local id = M.default(ws)
  if ws.warehouse_state == "STOPPED" or ws.warehouse_state == "STOPPING" then
    return nil, ("warehouse %s is %s"):format(id, ws.warehouse_state)
  end
  return id
end

--- The one that statements go to when nobody says: the environment's, else the default.
---@param ws tarn.WorkspaceClient
---@return string
function M.chosen(ws)
  return ws.native:info().warehouse_id or M.default(ws)
end

return M
