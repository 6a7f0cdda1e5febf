--- The last answer of a poll, for when a later poll fails.

local collections = require "base.collections"
local fault = require "base.fault"

local M = {}

--- A function that calls `poll`. If `poll` fails after it has succeeded once, the function returns
-- the last answer again, with `stale`: { since, kind, status, code, message }.
---@param look fun(): table
---@return fun(): table
function M.new(poll)
  local last
  return function()
    local data, e = fault.try(poll)
    if data then
      last = data
      return data
    elseif e.kind == "cancelled" or not last then
      fault.raise(e)
    end
    local stale = collections.copy(last)
    stale.stale = { since = last.as_of, kind = e.kind, status = e.status, code = e.code,
      message = e.message }
    return stale
  end
end

return M
