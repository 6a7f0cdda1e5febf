--- Count the attempts of each request in a list of updates, newest first.
--
-- When an update fails, the platform starts another one for the same request, with the cause
-- RETRY_ON_FAILURE. So an update and the retries before it in the list belong to one request. The
-- number of attempts is unknown for a request that the list has only in part.

local M = {}

local LONGEST <const> = 100 -- attempts of a request that are counted

local function next_group(next_update)
  local group = {}
  repeat
    local update = next_update()
    group[#group + 1] = update
    if update and update.cause ~= "RETRY_ON_FAILURE" then
      return group, true
    end
  until not update or #group >= LONGEST
  return group, false
end

--- An iterator over the updates with two more values: the update's number among the attempts of its
-- request, from 1, and the number of attempts. Both are nil if unknown.
---@param next_update fun(): table? newest first
---@return fun(): table?, integer?, integer?
function M.each(next_update)
  local group, whole, at = {}, false, 0
  return function()
    if at >= #group then
      group, whole = next_group(next_update)
      at = 0
    end
    at = at + 1
    if whole and group[at] then
      return group[at], #group - at + 1, #group
    end
    return group[at]
  end
end

return M
