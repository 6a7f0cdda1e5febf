--- The state of one flow of a running update, from its events.

local count = require "tarn.live.count"
local json = require "native.json"
local order = require "tarn.live.order"

local M = {}

local EXPECTATIONS <const> = 200 -- expectations of a flow that are counted
local FAILING <const> = 5        -- failing expectations that are named

-- The order in which a flow goes through its states, for events of the same millisecond.
local RANKS <const> = { QUEUED = 1, STARTING = 2, RUNNING = 3, IDLE = 4, STOPPED = 6,
  EXCLUDED = 6, SKIPPED = 6, COMPLETED = 7, FAILED = 8 }
local ENDS <const> = { STOPPED = true, EXCLUDED = true, SKIPPED = true, COMPLETED = true,
  FAILED = true }

-- Field of a row -> the API's metric.
local ROWS <const> = { rows_written = "num_output_rows", rows_upserted = "num_upserted_rows",
  rows_deleted = "num_deleted_rows", bytes_written = "num_output_bytes" }
local BACKLOG <const> = { backlog_bytes = "backlog_bytes", backlog_files = "backlog_files",
  backlog_records = "backlog_records", backlog_seconds = "backlog_seconds" }

---@class tarn.LiveFlow
local Flow = {}
Flow.__index = Flow

--- True if a flow in this state has ended.
---@param state any
---@return boolean
function M.is_over(state)
  return ENDS[state] or false
end

--- A flow without any event.
---@param name string
---@return tarn.LiveFlow
function M.new(name)
  return setmetatable({ name = name, rows = count.new(), backlog = {}, quality = {}, n = 0,
    dropped = count.new() }, Flow)
end

local function numbers(from, names)
  local values = {}
  for field, metric in pairs(names) do
    local value = tonumber(from[metric])
    values[field] = value and (math.tointeger(value) or value)
  end
  return values
end

local function take_quality(self, quality, when, batch)
  local dropped = tonumber(quality.dropped_records)
  if dropped then
    self.dropped:add({ dropped = dropped }, when, batch)
  end
  for _, one in ipairs(order.part(quality, "expectations")) do
    local dataset = type(one) == "table" and tostring(one.dataset or self.name) or nil
    local name = dataset and tostring(one.name or "")
    local key = dataset and dataset .. "\0" .. name
    if key and not self.quality[key] and self.n < EXPECTATIONS then
      self.n = self.n + 1
      self.quality[key] = { dataset = dataset, expectation = name, count = count.new() }
    end
    if key and self.quality[key] then
      self.quality[key].count:add({ passed = tonumber(one.passed_records) or 0,
        failed = tonumber(one.failed_records) or 0 }, when, batch)
    end
  end
end

local function take_state(self, state, when)
  if order.is_later(when, self.when, RANKS[state] or RANKS.RUNNING,
    RANKS[self.state] or RANKS.RUNNING) then
    self.state, self.when = state, when
  end
  if state ~= "QUEUED" and (not self.started or when.at < self.started) then
    self.started = when.at
  end
end

--- Take a `flow_progress` event.
---@param event table
---@param when tarn.EventOrder
function Flow:take(event, when)
  local progress = order.part(event.details, "flow_progress")
  local origin = order.part(event, "origin")
  local batch = math.tointeger(tonumber(origin.batch_id))
  if type(progress.status) == "string" then
    take_state(self, progress.status, when)
  end
  if type(origin.dataset_name) == "string" then
    self.dataset = origin.dataset_name
  end
  local metrics = order.part(progress, "metrics")
  self.rows:add(numbers(metrics, ROWS), when, batch)
  for name, value in pairs(numbers(metrics, BACKLOG)) do
    local known = self.backlog[name]
    if order.is_later(when, known and known.when) then
      self.backlog[name] = { value = value, when = when }
    end
  end
  take_quality(self, order.part(progress, "data_quality"), when, batch)
end

local function worse(a, b)
  if a.failed ~= b.failed then
    return a.failed > b.failed
  elseif a.dataset ~= b.dataset then
    return a.dataset < b.dataset
  end
  return a.expectation < b.expectation
end

local function add_quality(self, row)
  local failing = json.array {}
  for _, one in pairs(self.quality) do
    local passed, failed = one.count:value "passed", one.count:value "failed"
    row.passed = (row.passed or 0) + (passed or 0)
    row.failed = (row.failed or 0) + (failed or 0)
    if (failed or 0) > 0 then
      failing[#failing + 1] = { dataset = one.dataset, expectation = one.expectation,
        passed = passed, failed = failed }
    end
  end
  table.sort(failing, worse)
  for i = #failing, FAILING + 1, -1 do
    failing[i] = nil
  end
  row.failing = failing
end

--- The state as data; values that were not reported are null.
---@return table
function Flow:row()
  local row = { name = self.name, dataset = self.dataset, state = self.state,
    dropped = self.dropped:value "dropped", start_time = self.started,
    end_time = ENDS[self.state] and self.when.at or nil }
  for field in pairs(ROWS) do
    row[field] = self.rows:value(field)
  end
  for field in pairs(BACKLOG) do
    row[field] = self.backlog[field] and self.backlog[field].value
  end
  add_quality(self, row)
  for _, field in ipairs(M.fields) do
    if row[field] == nil then
      row[field] = json.null
    end
  end
  return row
end

--- The fields of a row.
M.fields = { "name", "dataset", "state", "start_time", "end_time", "rows_written",
  "rows_upserted", "rows_deleted", "bytes_written", "backlog_bytes", "backlog_files",
  "backlog_records", "backlog_seconds", "passed", "failed", "dropped", "failing" }

return M
