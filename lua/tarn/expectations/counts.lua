--- What expectations counted, added up the right way. Pure: reports in, rows out.
--
-- A flow reports its counts many times in an update, and nobody documents whether a report holds
-- all so far or what is new (reference B.5). The decision, per flow, dataset and expectation of one
-- update, "auto": where reports carry batch ids, each micro-batch counts by its last report, and
-- the batches are summed; where none does, reports are of all so far, and the last one counts.
-- A report without a batch id beside ones that have it repeats them, and does not count. Counts
-- of different updates are never mixed before that; afterwards they are summed.

local collections = require "base.collections"
local json = require "native.json"
local time = require "base.time"

local M = {}

local POINTS <const> = 20     -- of a trend
local CHANGE <const> = 0.001  -- a share of failed rows that differs by less is the same

---@class tarn.QualityReport
---@field update_id? string
---@field flow? string
---@field dataset? string the flow's
---@field batch? any
---@field at integer      ms
---@field order? integer  among reports of the same moment
---@field quality table   data_quality of the API

-- ---- one number, or two, as a flow reported them ----

local Counter = {}
Counter.__index = Counter

local function new_counter()
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

-- The batch that is under way is kept apart until another one begins.
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

-- By day: { a, b }; and how they came about.
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

-- What was added up elsewhere: by day { a, b }.
local Fixed = {}
Fixed.__index = Fixed

local function new_fixed(how)
  return setmetatable({ values = {}, how = how }, Fixed)
end

function Fixed:days()
  return self.values, self.how
end

-- ---- all reports ----

---@class tarn.Tally
local Tally = {}
Tally.__index = Tally

---@return tarn.Tally
function M.new()
  return setmetatable({ updates = {}, reports = 0 }, Tally)
end

local function entry(into, key, make)
  local found = into[key]
  if not found then
    found = make()
    into[key] = found
  end
  return found
end

--- The report that an event of a log holds, or nil.
---@param event table
---@return tarn.QualityReport?
function M.find_report(event)
  local progress = type(event.details) == "table" and event.details.flow_progress
  local quality = type(progress) == "table" and progress.data_quality
  local at = type(event.timestamp) == "string" and time.find_iso(event.timestamp)
  if type(quality) ~= "table" or not at then
    return nil
  end
  local origin = event.origin or {}
  return { update_id = origin.update_id, flow = origin.flow_name, dataset = origin.dataset_name,
    batch = origin.batch_id, at = at, quality = quality,
    order = event.sequence and event.sequence.control_plane_seq_no }
end

--- Take in one report.
---@param report tarn.QualityReport
function Tally:add(report)
  self.reports = self.reports + 1
  local day = os.date("!%Y-%m-%d", report.at // 1000)
  local update = entry(self.updates, report.update_id or "", function()
    return { first = report.at, last = report.at, flows = {} }
  end)
  update.first = math.min(update.first, report.at)
  update.last = math.max(update.last, report.at)
  local flow = entry(update.flows, report.flow or report.dataset or "", function()
    return { dropped = new_counter(), expectations = {}, dataset = report.dataset }
  end)
  flow.dropped:add(report, day, report.quality.dropped_records or 0, 0)
  for _, e in ipairs(report.quality.expectations or {}) do
    local dataset, name = e.dataset or report.dataset or "", e.name or ""
    local expectation = entry(flow.expectations, dataset .. "\0" .. name, function()
      return { dataset = dataset, name = name, counter = new_counter(), last = {} }
    end)
    expectation.last[day] = math.max(expectation.last[day] or 0, report.at)
    expectation.counter:add(report, day, e.passed_records or 0, e.failed_records or 0)
  end
end

---@class tarn.Counted one row of statements.quality.counts
---@field update_id? string
---@field flow string
---@field flow_dataset? string
---@field dataset string
---@field expectation string
---@field day string
---@field passed integer
---@field failed integer
---@field dropped? integer nil: the flow is of another dataset
---@field how string
---@field began integer ms, of the update
---@field newest integer ms, of the day
---@field reports integer

--- Take in what a warehouse has added up, of one update, flow, expectation and day.
---@param row tarn.Counted
function Tally:put(row)
  local update = entry(self.updates, row.update_id or "", function()
    return { first = row.began, last = row.newest, flows = {} }
  end)
  update.first, update.last = math.min(update.first, row.began), math.max(update.last, row.newest)
  local flow = entry(update.flows, row.flow, function()
    return { dropped = new_fixed(), expectations = {}, dataset = row.flow_dataset, reports = 0 }
  end)
  self.reports = self.reports + math.max(0, row.reports - flow.reports)
  flow.reports = math.max(flow.reports, row.reports)
  if row.dropped then
    flow.dropped.values[row.day] = { row.dropped, 0 }
  end
  local expectation = entry(flow.expectations, row.dataset .. "\0" .. row.expectation, function()
    return { dataset = row.dataset, name = row.expectation, counter = new_fixed(row.how),
      last = {} }
  end)
  expectation.counter.values[row.day] = { row.passed, row.failed }
  expectation.last[row.day] = row.newest
end

-- A flow and an expectation may say the same dataset with and without its schema.
local function same_dataset(a, b)
  return a == b or a ~= nil and b ~= nil and a:match "[^.]*$" == b:match "[^.]*$"
end

-- Calls `see(update_id, update, day, expectation, passed, failed, dropped?, how)` for all counts.
local function each_count(self, count, see)
  for update_id, update in pairs(self.updates) do
    for _, flow in pairs(update.flows) do
      local dropped = flow.dropped:days(count)
      for _, expectation in pairs(flow.expectations) do
        local days, how = expectation.counter:days(count)
        for day, values in pairs(days) do
          local own = same_dataset(flow.dataset, expectation.dataset)
          see(update_id, update, day, expectation, values[1], values[2],
            own and (dropped[day] or { 0 })[1] or nil, how, flow)
        end
      end
    end
  end
end

local function share(part, all)
  return all > 0 and part / all or json.null
end

local function new_row(expectation)
  return { dataset = expectation.dataset, expectation = expectation.name, passed = 0, failed = 0,
    last = 0, updates = {}, dropped_of = {} }
end

local function add_count(row, update_id, day, e, passed, failed, dropped, how, flow)
  row.passed, row.failed = row.passed + passed, row.failed + failed
  row.last = math.max(row.last, e.last[day])
  row.updates[update_id] = true
  if dropped then
    row.dropped_of[flow] = row.dropped_of[flow] or {}
    row.dropped_of[flow][day] = dropped
  end
  row.counted = row.counted and row.counted ~= how and "mixed" or how
end

local function finish(row, iso)
  row.pass_rate = share(row.passed, row.passed + row.failed)
  row.last_seen = iso(row.last)
  row.dropped = next(row.dropped_of) and 0 or json.null
  for _, days in pairs(row.dropped_of) do
    for _, dropped in pairs(days) do
      row.dropped = row.dropped + dropped
    end
  end
  row.update_count = collections.size(row.updates)
  row.last, row.updates, row.dropped_of = nil, nil, nil
  return row
end

local function before(a, b)
  for _, name in ipairs { "day", "started", "update_id", "dataset", "expectation" } do
    if a[name] ~= b[name] then
      return a[name] < b[name]
    end
  end
  return false
end

-- ---- the way it goes ----

-- Points in time order: { at, passed, failed }, by update; by day where there is one update only.
local function points_of(self, count)
  local by_update, by_day = {}, {}
  each_count(self, count, function(update_id, update, day, e, passed, failed)
    local key = e.dataset .. "\0" .. e.name
    local updates = entry(by_update, key, function() return {} end)
    local point = entry(updates, update_id, function()
      return { at = update.first, passed = 0, failed = 0 }
    end)
    point.passed, point.failed = point.passed + passed, point.failed + failed
    local days = entry(by_day, key, function() return {} end)
    point = entry(days, day, function() return { at = day, passed = 0, failed = 0 } end)
    point.passed, point.failed = point.passed + passed, point.failed + failed
  end)
  return by_update, by_day
end

local function sorted(points)
  local list = {}
  for _, point in pairs(points) do
    list[#list + 1] = point
  end
  table.sort(list, function(a, b) return a.at < b.at end)
  return table.move(list, math.max(1, #list - POINTS + 1), #list, 1, {})
end

local function rate(point)
  local all = point.passed + point.failed
  return all > 0 and point.failed / all or 0
end

-- The newest point against all before it.
local function direction(list)
  if #list < 2 then
    return "new"
  end
  local past = { passed = 0, failed = 0 }
  for i = 1, #list - 1 do
    past.passed, past.failed = past.passed + list[i].passed, past.failed + list[i].failed
  end
  local change = rate(list[#list]) - rate(past)
  if math.abs(change) < CHANGE then
    return "same"
  end
  return change > 0 and "worse" or "better"
end

local function trend_of(updates, days)
  local list = sorted(updates)
  local by = "update"
  if #list < 2 and collections.size(days) > 1 then
    list, by = sorted(days), "day"
  end
  local rates = json.array {}
  for i, point in ipairs(list) do
    rates[i] = rate(point)
  end
  return { direction = direction(list), by = by, failed_rates = rates }
end

--- The rows: for each dataset and expectation one, or one for each update or day of it.
---@param by "total"|"update"|"day"
---@param count "auto"|"sum"|"last"
---@param iso fun(ms: integer): string
---@return table[]
function Tally:rows(by, count, iso)
  local groups = {}
  each_count(self, count, function(update_id, update, day, e, ...)
    local part = by == "update" and update_id or by == "day" and day or ""
    local row = entry(groups, table.concat({ e.dataset, e.name, part }, "\0"), function()
      local made = new_row(e)
      made.update_id = by == "update" and update_id or nil
      made.started = by == "update" and iso(update.first) or nil
      made.day = by == "day" and day or nil
      return made
    end)
    add_count(row, update_id, day, e, ...)
  end)
  local by_update, by_day
  if by == "total" then
    by_update, by_day = points_of(self, count)
  end
  local rows = json.array {}
  for _, row in pairs(groups) do
    local key = row.dataset .. "\0" .. row.expectation
    row.trend = by_update and trend_of(by_update[key], by_day[key])
    rows[#rows + 1] = finish(row, iso)
  end
  table.sort(rows, before)
  return rows
end

return M
