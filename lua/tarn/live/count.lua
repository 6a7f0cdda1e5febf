--- Add up the numbers that a flow reports repeatedly.
--
-- The rule is that of tarn.expectations.counts: where reports carry batch ids, each micro-batch
-- counts by its last report and the batches are summed; where none does, the last report counts.
-- Unlike there, reports may come in any order and repeatedly, and a flow may run for months: only
-- the newest batches are kept apart, of the older ones only the sum.

local order = require "tarn.live.order"

local M = {}

local BATCHES <const> = 64 -- the newest ones, which may still change

local Count = {}
Count.__index = Count

--- A count without any report.
---@return tarn.LiveCount
function M.new()
  return setmetatable({ last = {}, batches = {}, n = 0, sums = {} }, Count)
end

-- Replace each number by a later one. A report need not have all numbers.
local function put(into, values, when)
  for name, value in pairs(values) do
    local known = into[name]
    if order.is_later(when, known and known.when) then
      into[name] = { value = value, when = when }
    end
  end
end

-- Add the oldest batch to the sum.
local function fold(self)
  local oldest = math.maxinteger
  for batch in pairs(self.batches) do
    oldest = math.min(oldest, batch)
  end
  for name, one in pairs(self.batches[oldest]) do
    self.sums[name] = (self.sums[name] or 0) + one.value
  end
  self.batches[oldest], self.n, self.folded = nil, self.n - 1, oldest
end

--- Add a report.
---@param values table<string, number>
---@param when tarn.EventOrder
---@param batch? integer
function Count:add(values, when, batch)
  if not batch then
    put(self.last, values, when)
    return
  elseif self.folded and batch <= self.folded then
    return
  elseif not self.batches[batch] then
    self.batches[batch], self.n = {}, self.n + 1
  end
  put(self.batches[batch], values, when)
  if self.n > BATCHES then
    fold(self)
  end
end

--- The value of a number, or nil if it was not reported.
---@param name string
---@return number?
function Count:value(name)
  if self.n == 0 then
    return self.last[name] and self.last[name].value
  end
  local sum = self.sums[name]
  for _, values in pairs(self.batches) do
    if values[name] then
      sum = (sum or 0) + values[name].value
    end
  end
  return sum
end

return M
