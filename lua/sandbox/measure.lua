--- Numbers that a flow reports: rows, bytes, backlog, and what its expectations counted.
--
-- They depend only on the update and the dataset, so that the same scenario always tells
-- the same story. Pure.

local ids = require "sandbox.ids"

local M = {}

--- Metrics of one report of a flow.
---@param seed integer
---@param flow table
---@param full boolean full refresh: many more rows
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

-- Failures in a million of an expectation: what the scenario says, or a number of its own.
local function rate_of(expectation)
  if expectation.rate then
    return expectation.rate
  end
  local seed = ids.hash(expectation.name)
  return ids.pick(seed, 3) == 0 and ids.pick(seed + 1, 30000) or 0
end

--- What the expectations of a flow counted; nil if it has none.
---@param seed integer
---@param flow table
---@param rows integer that the flow put out
---@return table?
function M.quality(seed, flow, rows)
  if #flow.expectations == 0 then
    return nil
  end
  local list, dropped = {}, 0
  for i, expectation in ipairs(flow.expectations) do
    local rate = rate_of(expectation)
    local failed = rate > 0 and (rows * rate + ids.pick(seed + i, 500000)) // 1000000 or 0
    if expectation.action == "FAIL" then
      failed = 0 -- a row that breaks it fails the flow instead of being counted
    elseif expectation.action == "DROP" then
      dropped = math.max(dropped, failed)
    end
    list[i] = {
      name = expectation.name, dataset = flow.shown,
      passed_records = rows - failed, failed_records = failed,
    }
  end
  return { dropped_records = dropped, expectations = list }
end

return M
