--- The metrics of pipelines: counts by state and health, the newest runs, and expectations.
--
-- Counts come from the list of pipelines. The duration and the expectations of an update cost
-- further calls: they are read after a scrape has been answered, once for each update that has
-- ended, and appear in the next scrape.

local fault = require "base.fault"
local json = require "native.json"
local openmetrics = require "server.openmetrics"
local pool = require "base.pool"
local task = require "native.task"
local time = require "base.time"

local M = {}

local AT_ONCE <const> = 8      -- updates that are read at the same time
local PER_SCRAPE <const> = 200 -- updates that are read after one scrape at most
local ENDED <const> = { COMPLETED = true, FAILED = true, CANCELED = true }
local DAY_MS <const> = 86400000

---@class tarn.PipelineMetrics
---@field runs table<string, table> what is known of the newest ended update, by pipeline id
---@field collecting? boolean true while updates are read
local PipelineMetrics = {}
PipelineMetrics.__index = PipelineMetrics

--- Make metrics without runs.
---@return tarn.PipelineMetrics
function M.new()
  return setmetatable({ runs = {} }, PipelineMetrics)
end

-- ---- text ----

local function count_by(field, rows)
  local counts = {}
  for _, row in ipairs(rows) do
    local value = type(row[field]) == "string" and row[field] or "UNKNOWN"
    counts[value] = (counts[value] or 0) + 1
  end
  return counts
end

local function count_family(text, name, help, field, lists)
  text:family(name, "gauge", help)
  for profile, rows in openmetrics.sorted(lists) do
    for value, n in openmetrics.sorted(count_by(field, rows)) do
      text:sample("", { "profile", profile, field, value }, n)
    end
  end
end

-- Add a family with a sample for each pipeline for which `value_of(row)` returns a value.
local function pipeline_family(text, lists, name, help, unit, value_of)
  text:family(name, "gauge", help, unit)
  for profile, rows in openmetrics.sorted(lists) do
    for _, row in ipairs(rows) do
      local value = value_of(row)
      if value then
        text:sample("", { "profile", profile, "pipeline_id", row.pipeline_id,
          "pipeline", row.name }, value)
      end
    end
  end
end

local function newest(row)
  return type(row.latest_update) == "table" and row.latest_update or nil
end

local function run_families(self, text, lists)
  pipeline_family(text, lists, "tarn_pipeline_last_run_timestamp_seconds",
    "When the newest update of a pipeline began.", "seconds", function(row)
      local ms = newest(row) and time.find_iso(newest(row).creation_time)
      return ms and ms // 1000
    end)
  pipeline_family(text, lists, "tarn_pipeline_last_run_failed", "1 if the newest update failed.",
    nil, function(row)
      return newest(row) and (newest(row).state == "FAILED" and 1 or 0)
    end)
  pipeline_family(text, lists, "tarn_pipeline_last_run_duration_seconds",
    "The duration of the newest update that has ended.", "seconds", function(row)
      local run = self.runs[row.pipeline_id]
      return run and run.duration_ms and run.duration_ms / 1000
    end)
end

local function expectation_family(self, text, lists, name, help, field)
  text:family(name, "gauge", help)
  for profile, rows in openmetrics.sorted(lists) do
    for _, row in ipairs(rows) do
      for _, one in ipairs((self.runs[row.pipeline_id] or {}).expectations or {}) do
        if one[field] and one[field] ~= json.null then
          text:sample("", { "profile", profile, "pipeline_id", row.pipeline_id,
            "pipeline", row.name, "dataset", one.dataset, "expectation", one.expectation },
            one[field])
        end
      end
    end
  end
end

local function dropped_family(self, text, lists)
  text:family("tarn_dataset_dropped_rows", "gauge",
    "Rows that the dataset dropped in the newest update that has ended.")
  for profile, rows in openmetrics.sorted(lists) do
    for _, row in ipairs(rows) do
      local counted = (self.runs[row.pipeline_id] or {}).expectations or {}
      for _, one in ipairs(require("tarn.expectations").datasets(counted)) do
        if one.dropped ~= json.null then
          text:sample("", { "profile", profile, "pipeline_id", row.pipeline_id,
            "pipeline", row.name, "dataset", one.dataset }, one.dropped)
        end
      end
    end
  end
end

--- Add the families.
---@param text tarn.OpenMetrics
---@param lists table<string, table[]> the rows of each workspace's list, by profile
function PipelineMetrics:add_to(text, lists)
  count_family(text, "tarn_pipelines", "Pipelines by the state the API gives.", "state", lists)
  count_family(text, "tarn_pipelines_by_health", "Pipelines by their health.", "health", lists)
  run_families(self, text, lists)
  expectation_family(self, text, lists, "tarn_expectation_pass_ratio",
    "The share of rows that passed in the newest update that has ended.", "pass_rate")
  expectation_family(self, text, lists, "tarn_expectation_failed_rows",
    "Rows that failed in the newest update that has ended.", "failed")
  expectation_family(self, text, lists, "tarn_expectation_violations",
    "1 if the expectation has ended the newest update that has ended.", "violations")
  dropped_family(self, text, lists)
end

-- ---- calls ----

local function number(value)
  return math.type(value) and value or nil
end

local function read_run(ws, row, update)
  local run = require("tarn.updates").one(ws, row.pipeline_id, update.update_id)
  local began = number(run.creation_time) or time.now() - DAY_MS
  local read = require("tarn.expectations").read(ws, { id = row.pipeline_id, since = began,
    until_ms = time.now(), update = update.update_id }, "rest")
  return { update_id = update.update_id, duration_ms = number(run.duration_ms),
    expectations = read.counts:rows("total", "auto", time.iso) }
end

-- The ended updates that have not been read. Forgets the runs of pipelines that are gone.
local function unread(self, lists, workspaces)
  local updates, present = {}, {}
  for profile, rows in openmetrics.sorted(lists) do
    for _, row in ipairs(rows) do
      local update, known = newest(row), self.runs[row.pipeline_id]
      present[row.pipeline_id] = true
      if update and ENDED[update.state] and #updates < PER_SCRAPE
        and not (known and known.update_id == update.update_id) then
        updates[#updates + 1] = { ws = workspaces[profile], row = row, update = update }
      end
    end
  end
  for id in pairs(self.runs) do
    self.runs[id] = present[id] and self.runs[id] or nil
  end
  return updates
end

--- Read the updates that have ended, in a task of its own.
---@param lists table<string, table[]> the rows of each workspace's list, by profile
---@param workspaces table<string, tarn.WorkspaceClient> by profile
function PipelineMetrics:collect(lists, workspaces)
  if self.collecting then
    return
  end
  self.collecting = true
  task.spawn(function()
    fault.call(pool.each, unread(self, lists, workspaces), function(one)
      local run, e = fault.try(read_run, one.ws, one.row, one.update)
      if e and e.kind == "cancelled" then
        fault.raise(e)
      end
      -- an update that could not be read is not tried again: each scrape would repeat the calls
      self.runs[one.row.pipeline_id] = run or { update_id = one.update.update_id }
    end, { limit = AT_ONCE })
    self.collecting = false
  end)
end

return M
