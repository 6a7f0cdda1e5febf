--- Add up the counts that expectations report. Pure.
--
-- A flow reports its counts many times during an update, and it is not documented whether a report
-- is cumulative or has only new records. This module decides for each flow, dataset and expectation
-- of an update ("auto"): if reports have batch ids, the last report of each micro-batch counts, and
-- the batches are summed; if none has a batch id, reports are cumulative, and the last one counts.
-- A report without a batch id beside reports with batch ids repeats them and does not count. Counts
-- of several updates are summed after that.

local collections = require "base.collections"
local counter = require "tarn.expectations.counter"
local events = require "tarn.events"
local json = require "native.json"
local time = require "base.time"
local trend = require "tarn.expectations.trend"
local violations = require "tarn.expectations.violations"

local M = {}

---@class tarn.QualityReport
---@field update_id? string
---@field flow? string
---@field dataset? string the flow's
---@field batch? any
---@field at integer      ms
---@field order? integer  orders reports of the same time
---@field quality table   data_quality of the API

-- ---- all reports ----

---@class tarn.Counts
local Counts = {}
Counts.__index = Counts

--- Counts without any report.
---@return tarn.Counts
function M.new()
  return setmetatable({ updates = {}, reports = 0, violations = violations.new() }, Counts)
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

--- Add what an event tells: the counts of a flow, the definitions of expectations, or that one has
-- ended the update. False if it tells nothing of these.
---@param event table
---@return boolean
function Counts:add_event(event)
  local report = M.find_report(event)
  local details = event.details or {}
  local at = events.at(event)
  if report then
    self:add(report)
  elseif at and type(details.dataset_definition) == "table" then
    self.violations:define((event.origin or {}).dataset_name,
      details.dataset_definition.expectations, at)
  end
  return self.violations:add(event) > 0 or report ~= nil
end

--- Add a report.
---@param report tarn.QualityReport
function Counts:add(report)
  self.reports = self.reports + 1
  local day = os.date("!%Y-%m-%d", report.at // 1000)
  local update = entry(self.updates, report.update_id or "", function()
    return { first = report.at, last = report.at, flows = {} }
  end)
  update.first = math.min(update.first, report.at)
  update.last = math.max(update.last, report.at)
  local flow = entry(update.flows, report.flow or report.dataset or "", function()
    return { dropped = counter.new(), expectations = {}, dataset = report.dataset }
  end)
  flow.dropped:add(report, day, report.quality.dropped_records or 0, 0)
  for _, e in ipairs(report.quality.expectations or {}) do
    local dataset, name = e.dataset or report.dataset or "", e.name or ""
    local expectation = entry(flow.expectations, dataset .. "\0" .. name, function()
      return { dataset = dataset, name = name, counter = counter.new(), last = {} }
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
---@field dropped? integer nil: the flow writes another dataset
---@field how string
---@field began integer ms: when the update began
---@field newest integer ms: the newest report of the day
---@field reports integer

--- Add counts that a warehouse has added up for one update, flow, expectation and day.
---@param row tarn.Counted
function Counts:put(row)
  local update = entry(self.updates, row.update_id or "", function()
    return { first = row.began, last = row.newest, flows = {} }
  end)
  update.first, update.last = math.min(update.first, row.began), math.max(update.last, row.newest)
  local flow = entry(update.flows, row.flow, function()
    return { dropped = counter.fixed(), expectations = {}, dataset = row.flow_dataset, reports = 0 }
  end)
  self.reports = self.reports + math.max(0, row.reports - flow.reports)
  flow.reports = math.max(flow.reports, row.reports)
  if row.dropped then
    flow.dropped.values[row.day] = { row.dropped, 0 }
  end
  local expectation = entry(flow.expectations, row.dataset .. "\0" .. row.expectation, function()
    return { dataset = row.dataset, name = row.expectation, counter = counter.fixed(row.how),
      last = {} }
  end)
  expectation.counter.values[row.day] = { row.passed, row.failed }
  expectation.last[row.day] = row.newest
end

-- Call `visit(update_id, update, day, expectation, passed, failed, dropped?, how, flow)` for all
-- counts.
local function each_count(self, count, visit)
  for update_id, update in pairs(self.updates) do
    for _, flow in pairs(update.flows) do
      local dropped = flow.dropped:days(count)
      for _, expectation in pairs(flow.expectations) do
        local days, how = expectation.counter:days(count)
        for day, values in pairs(days) do
          local own = violations.same_dataset(flow.dataset, expectation.dataset)
          visit(update_id, update, day, expectation, values[1], values[2],
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

--- The order of rows, for table.sort.
---@param a table
---@param b table
---@return boolean
function M.before(a, b)
  for _, name in ipairs { "pipeline_id", "day", "started", "update_id", "dataset",
    "expectation" } do
    if a[name] ~= b[name] then
      return (a[name] or "") < (b[name] or "")
    end
  end
  return false
end

-- Points { at, passed, failed } of each dataset and expectation: by update, and by day.
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

--- A row for each dataset and expectation, or for each of its updates or days.
---@param by "total"|"update"|"day"
---@param count "auto"|"sum"|"last"
---@param iso fun(ms: integer): string
---@return table[]
function Counts:rows(by, count, iso)
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
    row.trend = by_update and trend.of(by_update[key], by_day[key])
    rows[#rows + 1] = finish(row, iso)
  end
  self.violations:put_into(rows, by, iso)
  table.sort(rows, M.before)
  return rows
end

return M
