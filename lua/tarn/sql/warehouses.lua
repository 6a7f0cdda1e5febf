--- SQL warehouses, and which of them runs a statement by default.

local fault = require "base.fault"
local pages = require "base.pages"

local M = {}

-- State -> rank; a warehouse of a lower rank answers sooner.
local RANK = { RUNNING = 1, STARTING = 2, STOPPED = 3, STOPPING = 4 }

--- All warehouses, from all pages.
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

--- The id of the workspace's default warehouse; in a workspace without one, of the warehouse that
-- answers soonest. The workspace is asked once for each client.
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
      hint = "choose one with --warehouse or DATABRICKS_WAREHOUSE_ID",
    }
  end
  ws.warehouse_id, ws.warehouse_state = id, state
  return id
end

--- The id of the default warehouse if it is running or starting; else nil and the reason. For
-- statements that are not worth the cost of a start.
---@param ws tarn.WorkspaceClient
---@return string? id
---@return string? reason
function M.find_running(ws)
  local id = M.default(ws)
  if ws.warehouse_state == "STOPPED" or ws.warehouse_state == "STOPPING" then
    return nil, ("warehouse %s is %s"):format(id, ws.warehouse_state)
  end
  return id
end

--- The id of the warehouse for statements without `warehouse_id`: that of
-- DATABRICKS_WAREHOUSE_ID, else the default one.
---@param ws tarn.WorkspaceClient
---@return string
function M.chosen(ws)
  return ws.native:info().warehouse_id or M.default(ws)
end

return M
