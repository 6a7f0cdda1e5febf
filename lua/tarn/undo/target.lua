--- A workspace as undo needs it: who we are there, and how its clock and ours differ.

local fault = require "base.fault"
local task = require "native.task"
local time = require "base.time"

local M = {}

-- The Date header has whole seconds, and an answer is some time on its way.
M.SLACK_MS = 5000

-- What was sent may have arrived so much later: as long as a call may take with its retries.
M.LATE_MS = 300 * 1000

---@class tarn.Place
---@field ws tarn.WorkspaceClient
---@field native tarn.Workspace
---@field me string    who the workspace takes us for
---@field org_id? string
---@field skew integer ms that its clock is ahead of ours
---@field edited table<string, boolean> pipelines whose settings undo has restored
local Place = {}
Place.__index = Place

---@param ws tarn.WorkspaceClient
---@return tarn.Place
function M.new(ws)
  local me, response = ws:request("GET", "/api/2.0/preview/scim/v2/Me")
  local theirs = time.find_http_date(response.headers.date)
  local skew = theirs and theirs - task.time() or 0
  return setmetatable({ ws = ws, native = ws.native, me = me.userName, edited = {},
    org_id = response.headers["x-databricks-org-id"],
    skew = math.abs(skew) > M.SLACK_MS and skew or 0 }, Place)
end

--- A moment of our clock, on the workspace's; so early that nothing since then is before it.
---@param ms integer
---@return integer
function Place:since(ms)
  return ms + self.skew - M.SLACK_MS
end

--- True if something that says it was changed at `changed` was changed after our moment `ms`.
---@param changed? integer
---@param ms integer
---@return boolean
function Place:is_later(changed, ms)
  return (changed or 0) > ms + self.skew + M.SLACK_MS
end

--- Call `f(...)`; nil if what it asks for is not there.
---@return any
function M.find(f, ...)
  local ok, found = fault.call(f, ...)
  if ok then
    return found
  elseif found.status ~= 404 then
    error(found, 0)
  end
end

return M
