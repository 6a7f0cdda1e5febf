--- The rates of imports and exports of objects, for each connection.

local ratelimit = require "base.ratelimit"

local M = {}

-- Published for a workspace, in calls per second.
local RATES <const> = { import = 30, export = 60 }

-- connection -> kind -> limit, shared by everything that is copied at the same time
local limits = setmetatable({}, { __mode = "k" })

--- Set the rates of a connection, in place of the published ones.
---@param ws tarn.WorkspaceClient
---@param rates { import: integer|false, export: integer|false } false: no limit
function M.set(ws, rates)
  local own = {}
  for name in pairs(RATES) do
    own[name] = rates[name] and ratelimit.new(rates[name]) or nil
  end
  limits[ws.native] = own
end

--- Wait until the next call may begin.
---@param ws tarn.WorkspaceClient
---@param kind "import"|"export"
function M.wait(ws, kind)
  if not limits[ws.native] then
    M.set(ws, RATES)
  end
  local limit = limits[ws.native][kind]
  if limit then
    limit:take()
  end
end

return M
