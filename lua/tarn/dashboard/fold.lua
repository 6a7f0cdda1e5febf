--- Fold the events of a dashboard: those that say the same about one pipeline become one. Pure.

local M = {}

local SEVERITY <const> = { ERROR = 1, WARN = 2 }

-- What an event says, without the names and numbers in it.
local function key_of(event)
  local text = tostring(event.message or ""):gsub("'[^']*'", "'"):gsub("%d+", "0")
  return table.concat({ tostring(event.profile), tostring(event.pipeline_id),
    tostring(event.level), tostring(event.event_type), text }, "\0")
end

--- The events, errors first and then warnings; each group is its newest event, with `repeats`, how
-- many events there are.
---@param events table[] newest first
---@return table[]
function M.fold(events)
  local list, by_key = {}, {}
  for _, event in ipairs(events) do
    local key = key_of(event)
    local known = by_key[key]
    if known then
      known.repeats = known.repeats + 1
    else
      known = setmetatable({ repeats = 1, at = #list + 1 }, { __index = event })
      by_key[key] = known
      list[#list + 1] = known
    end
  end
  table.sort(list, function(a, b)
    local x, y = SEVERITY[a.level] or 3, SEVERITY[b.level] or 3
    if x ~= y then
      return x < y
    end
    return a.at < b.at
  end)
  return list
end

return M
