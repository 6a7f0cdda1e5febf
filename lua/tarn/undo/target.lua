--- The workspace of an undo: the current user in it, and the difference of the clocks.

local fault = require "base.fault"
local task = require "native.task"
local time = require "base.time"

local M = {}

--- Uncertainty of the difference of the clocks: the Date header has whole seconds, and an answer
-- takes some time.
M.SLACK_MS = 5000

--- A request may take effect this much later: a call with its retries may take that long.
M.LATE_MS = 300 * 1000

---@class tarn.UndoTarget
---@field ws tarn.WorkspaceClient
---@field native tarn.Workspace
---@field me string    the current user
---@field org_id? string
---@field skew integer ms by which the workspace's clock is ahead
---@field edited table<string, boolean> pipelines whose settings undo has restored
---@field deleted table<string, integer> how many pipelines of a name are to be created again
local Target = {}
Target.__index = Target

--- Ask a workspace for the current user and its time.
---@param ws tarn.WorkspaceClient
---@return tarn.UndoTarget
function M.new(ws)
  local me, response = ws:request("GET", "/api/2.0/preview/scim/v2/Me")
  local theirs = time.find_http_date(response.headers.date)
  local skew = theirs and theirs - task.time() or 0
  return setmetatable({ ws = ws, native = ws.native, me = me.userName, edited = {}, deleted = {},
    org_id = response.headers["x-databricks-org-id"],
    skew = math.abs(skew) > M.SLACK_MS and skew or 0 }, Target)
end

--- A time of this machine's clock on the workspace's clock, early enough for all later changes.
---@param ms integer
---@return integer
function Target:since(ms)
  return ms + self.skew - M.SLACK_MS
end

--- True if a change at `changed` of the workspace's clock was after `ms` of this machine's clock.
---@param changed? integer
---@param ms integer
---@return boolean
function Target:is_later(changed, ms)
  return (changed or 0) > ms + self.skew + M.SLACK_MS
end

--- Call `f(...)`; nil if it raises a fault with status 404.
---@param f function
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
