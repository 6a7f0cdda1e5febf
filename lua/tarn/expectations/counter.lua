--- A counter for two numbers that a flow reports again and again; see tarn.expectations.counts.

local M = {}

local Counter = {}
Counter.__index = Counter

--- A counter without reports.
---@return table counter
function M.new()
  return setmetatable({ batches = {}, sum = {}, seen = false }, Counter)
end

local function is_later(at, order, than)
  return not than or at > than.at or at == than.at and order >= than.order
end

local function plus(into, day, a, b)
  local values = into[day]
  if not values then
    values = { 0, 0 }
    into[day] = values
  end
  values[1], values[2] = values[1] + a, values[2] + b
end

-- Add the two numbers of a report. The newest batch is kept apart until another one begins.
function Counter:add(report, day, a, b)
  local order = report.order or 0
  plus(self.sum, day, a, b)
  if is_later(report.at, order, self.last) then
    self.last = { at = report.at, order = order, day = day, a = a, b = b }
  end
  if report.batch == nil then
    return
  end
  local open = self.open
  if open and open.batch == report.batch then
    if is_later(report.at, order, open) then
      open.at, open.order, open.day, open.a, open.b = report.at, order, day, a, b
    end
    return
  elseif open then
    plus(self.batches, open.day, open.a, open.b)
  end
  self.open = { batch = report.batch, at = report.at, order = order, day = day, a = a, b = b }
end

-- The numbers by day: { a, b }; and how they were added up.
function Counter:days(count)
  if count == "sum" then
    return self.sum, "sum"
  elseif count == "auto" and self.open then
    local days = {}
    for day, values in pairs(self.batches) do
      plus(days, day, values[1], values[2])
    end
    plus(days, self.open.day, self.open.a, self.open.b)
    return days, "sum of batches"
  end
  return { [self.last.day] = { self.last.a, self.last.b } }, "last"
end

local Fixed = {}
Fixed.__index = Fixed

--- A counter whose values were added up elsewhere.
---@param how? string how they were added up
---@return table counter with `values`: day -> { a, b }
function M.fixed(how)
  return setmetatable({ values = {}, how = how }, Fixed)
end

function Fixed:days()
  return self.values, self.how
end

return M
