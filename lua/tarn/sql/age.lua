--- The age of the system tables: the time up to which they tell.
--
-- It is the time of the newest row of any workspace. In a workspace where nothing has run for days
-- the newest row is that old, although the table is up to date.

local statements = require "tarn.statements"
local systemtables = require "tarn.sql.systemtables"
local time = require "base.time"

local M = {}

local RECENT_MS <const> = 2 * 86400000

local function read(ws, warehouse, from)
  local query, params = statements.fleet.age(from)
  local rows <close> = ws:sql(query, params, { text = true, warehouse_id = warehouse })
  local row = rows()
  local known = row and systemtables.text(row.known)
  return known and time.find_iso(known)
end

--- The time of the newest row in the table of updates; the present time if the table is empty.
---@param ws tarn.WorkspaceClient
---@param warehouse? string id
---@return integer ms
function M.known(ws, warehouse)
  local now = time.now()
  return read(ws, warehouse, now - RECENT_MS)
    or read(ws, warehouse, statements.fleet.beginning(now)) or now
end

return M
