--- Which attempt of its request an update is. Pure: updates newest first, in and out.
--
-- When an update fails, the platform starts another one for the same request, with the cause
-- RETRY_ON_FAILURE. So an update and the retries that come before it in such a list are one
-- request; a list that ends inside of one does not tell how many there were.

local M = {}

local LONGEST <const> = 100 -- a request with more attempts is not counted out

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

--- Gives each update with its number among the attempts (from 1) and how many there were; nil
-- where that is not known.
---@param next_update fun(): table?
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
