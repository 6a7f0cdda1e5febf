--- The numbers that a flow reports: rows, bytes, backlog, and records of its expectations.
--
-- They depend only on the update and the dataset, so that a scenario always has the same numbers.
-- Pure.

local ids = require "sandbox.ids"

local M = {}

--- Metrics of one report of a flow.
---@param seed integer
---@param flow table
---@param full boolean a full refresh has many more rows
---@return table
function M.metrics(seed, flow, full)
  local rows = 400 + ids.pick(seed, 40000) + (full and 900000 or 0)
  local metrics = {
    num_output_rows = rows,
    num_output_bytes = rows * (90 + ids.pick(seed + 1, 400)),
    executor_time_ms = 2000 + ids.pick(seed + 2, 90000),
    executor_cpu_time_ms = 900 + ids.pick(seed + 3, 40000),
  }
  if flow.flow_type == "CHANGE" then
    metrics.num_upserted_rows = rows - rows // 50
    metrics.num_deleted_rows = rows // 50
    metrics.num_output_rows = nil
  end
  if flow.type == "STREAMING_TABLE" then
    metrics.backlog_bytes = ids.pick(seed + 4, 3) == 0 and ids.pick(seed + 5, 50000000) or 0
    metrics.backlog_files = metrics.backlog_bytes // 4000000
  end
  return metrics
end

-- How many records in a million fail an expectation: none for half of all expectations, many for
-- few of them.
local function rate_of(expectation)
  local seed = ids.hash(expectation.name)
  if ids.pick(seed + 6, 2) == 0 then
    return 0
  end
  return ids.pick(seed + 1, ids.pick(seed + 2, 5) == 0 and 250000 or 20000)
end

-- The flow's own expectations, and those of the views that it reads, each with its dataset.
local function expectations_of(flow)
  local list = {}
  for _, view in ipairs(flow.views or {}) do
    for _, expectation in ipairs(view.expectations) do
      list[#list + 1] = { expectation, view.shown }
    end
  end
  for _, expectation in ipairs(flow.expectations) do
    list[#list + 1] = { expectation, flow.shown }
  end
  return list
end

--- The data_quality of a flow; nil if it has no expectations.
---@param seed integer
---@param flow table
---@param rows integer output rows of the flow
---@return table?
function M.quality(seed, flow, rows)
  local expectations = expectations_of(flow)
  if #expectations == 0 then
    return nil
  end
  local list, dropped = {}, 0
  for i, pair in ipairs(expectations) do
    local expectation = pair[1]
    local rate = rate_of(expectation)
    local failed = rate > 0 and (rows * rate + ids.pick(seed + i, 500000)) // 1000000 or 0
    if expectation.action == "FAIL" then
      failed = 0 -- a row that violates it fails the flow
    elseif expectation.action == "DROP" then
      dropped = math.max(dropped, failed)
    end
    list[i] = {
      name = expectation.name, dataset = pair[2],
      passed_records = rows - failed, failed_records = failed,
    }
  end
  return { dropped_records = dropped, expectations = list }
end

return M
