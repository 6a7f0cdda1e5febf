--- The last known answer, for when a later question is not answered.

local fault = require "base.fault"

local M = {}

--- A function that looks as `look` does. When that fails, and was once answered, the last
-- answer comes again, with `stale`: since when it is, and why there is none newer.
---@param look fun(): table
---@return fun(): table
function M.new(look)
  local last
  return function()
    local data, e = fault.try(look)
    if data then
      last = data
      return data
    elseif e.kind == "cancelled" or not last then
      fault.raise(e)
    end
    local stale = {}
    for key, value in pairs(last) do
      stale[key] = value
    end
    stale.stale = { since = last.as_of, kind = e.kind, status = e.status, code = e.code,
      message = e.message }
    return stale
  end
end

return M
