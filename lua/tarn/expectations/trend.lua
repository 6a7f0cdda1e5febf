--- The trend of an expectation: whether its failed rate gets better or worse. Pure.

local collections = require "base.collections"
local json = require "native.json"

local M = {}

local POINTS <const> = 20    -- points of a trend
local CHANGE <const> = 0.001 -- a smaller change of the failed rate counts as none

-- The newest points, in the order of time.
local function sorted(points)
  local list = {}
  for _, point in pairs(points) do
    list[#list + 1] = point
  end
  table.sort(list, function(a, b) return a.at < b.at end)
  return table.move(list, math.max(1, #list - POINTS + 1), #list, 1, {})
end

local function failed_rate(point)
  local all = point.passed + point.failed
  return all > 0 and point.failed / all or 0
end

-- Compare the newest point with all earlier ones.
local function direction(list)
  if #list < 2 then
    return "new"
  end
  local past = { passed = 0, failed = 0 }
  for i = 1, #list - 1 do
    past.passed, past.failed = past.passed + list[i].passed, past.failed + list[i].failed
  end
  local change = failed_rate(list[#list]) - failed_rate(past)
  if math.abs(change) < CHANGE then
    return "same"
  end
  return change > 0 and "worse" or "better"
end

--- The trend of an expectation, by update; by day if there is only one update.
---@param updates table<any, { at: any, passed: integer, failed: integer }>
---@param days table<string, { at: any, passed: integer, failed: integer }>
---@return { direction: "new"|"same"|"better"|"worse", by: "update"|"day", failed_rates: number[] }
function M.of(updates, days)
  local list = sorted(updates)
  local by = "update"
  if #list < 2 and collections.size(days) > 1 then
    list, by = sorted(days), "day"
  end
  local rates = json.array {}
  for i, point in ipairs(list) do
    rates[i] = failed_rate(point)
  end
  return { direction = direction(list), by = by, failed_rates = rates }
end

return M
