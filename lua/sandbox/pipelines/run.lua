--- Plans one attempt of an update from its start to its end: phases, events, tables.
--
-- Knows how long each phase takes and which events it has. Writes nothing but events.

local errors = require "sandbox.http.errors"
local failures = require "sandbox.pipelines.failures"
local graph = require "sandbox.pipelines.graph"
local ids = require "sandbox.ids"
local measure = require "sandbox.pipelines.measure"
local selection = require "sandbox.pipelines.selection"
local specs = require "sandbox.pipelines.spec"
local story = require "sandbox.pipelines.story"
local tables = require "sandbox.tables"

local M = {}

-- When each phase begins, as a part of the duration.
local CLASSIC <const> = {
  { "QUEUED", 0 }, { "WAITING_FOR_RESOURCES", 0.03 }, { "INITIALIZING", 0.25 },
  { "RESETTING", 0.38 }, { "SETTING_UP_TABLES", 0.44 }, { "RUNNING", 0.54 },
}
local SERVERLESS <const> = {
  { "QUEUED", 0 }, { "INITIALIZING", 0.05 }, { "RESETTING", 0.2 },
  { "SETTING_UP_TABLES", 0.28 }, { "RUNNING", 0.4 },
}

local function phases_of(run)
  local list = {}
  for _, phase in ipairs(run.serverless and SERVERLESS or CLASSIC) do
    local state = phase[1]
    if not (state == "RESETTING" and not run.full_refresh
      or state == "RUNNING" and run.validate_only) then
      list[#list + 1] = { state = state, at = run.start + math.floor(run.total * phase[2]) }
    end
    if run.failure and run.failure.phase == state then
      break
    end
  end
  return list
end

-- Serverless compute does not wait for resources: such a failure comes one phase later. Validation
-- does not run the flows.
local function adapt_failure(run)
  local failure = run.failure
  if failure and run.serverless and failure.phase == "WAITING_FOR_RESOURCES" then
    failure.phase = "INITIALIZING"
  end
  if failure and run.validate_only and failure.phase == "RUNNING" then
    run.failure = nil
  end
end

local function set_end(run)
  local last = run.phases[#run.phases]
  if run.failure then
    run.result = "FAILED"
    run.ended = math.max(last.at + run.total // 8,
      run.failure.phase == "RUNNING" and run.start + run.total * 9 // 10 or 0)
  elseif run.mode == "CONTINUOUS" and not run.validate_only then
    return -- the update goes on until it is stopped
  else
    run.result = "COMPLETED"
    run.ended = run.validate_only and last.at + run.total // 6 or run.start + run.total
  end
  run.phases[#run.phases + 1] = { state = run.result, at = run.ended }
end

--- Set the names of datasets that the event log shows: without catalog and schema in legacy
-- publishing mode.
---@param run table { spec, datasets }
function M.set_shown(run)
  local legacy = specs.find_publishing_mode(run.spec) ~= "DEFAULT_PUBLISHING_MODE"
  local by_name = {}
  for _, dataset in ipairs(run.datasets) do
    by_name[dataset.full] = dataset
    dataset.shown = legacy and dataset.table or dataset.full
  end
  for _, dataset in ipairs(run.datasets) do
    dataset.shown_inputs, dataset.views = {}, {}
    for i, input in ipairs(dataset.inputs) do
      local inner = by_name[input]
      dataset.shown_inputs[i] = inner and inner.shown or input
      dataset.views[#dataset.views + 1] = inner and inner.type == "VIEW" and inner or nil
    end
  end
end

--- Plan an attempt.
---@param w table
---@param row table of table `pipelines`
---@param request table { id, request_id, cause, attempt, start, total, full_refresh?,
--   validate_only?, development?, refresh_selection?, full_refresh_selection?, ... }
---@return table run with phases, ended, result, failure, datasets
function M.plan(w, row, request)
  local run = tables.merged({ pipeline_id = row.id, spec = errors.decode(row.spec),
    now = request.start }, request)
  if run.development ~= nil then
    run.spec.development = run.development
  end
  run.serverless = specs.is_serverless(run.spec)
  run.mode = run.spec.continuous and "CONTINUOUS" or "DEFAULT"
  run.problems = {}
  if not run.datasets then -- a retry has the graph of the first attempt
    run.datasets, run.steps, run.problems = graph.of(w, row.id, run.spec)
  end
  selection.set(run)
  if not run.serverless then
    run.cluster_id = ids.cluster(run.start, ids.hash(run.id))
  end
  M.set_shown(run)
  run.failure = failures.find(w, run)
  adapt_failure(run)
  run.phases = phases_of(run)
  set_end(run)
  return run
end

local function fail(run, log)
  local failure = run.failure
  local detail = story.error(failure.fatal, table.unpack(failure.exceptions))
  if failure.flow then
    log:flow(run.ended - 1, failure.flow, "FAILED", {
      level = "ERROR", error = detail,
      message = ("Flow '%s' has FAILED%s."):format(failure.flow.shown, failure.fatal
        and " fatally" or ""),
    })
  end
  log:progress(run.ended, "FAILED", { level = "ERROR", error = detail })
end

local function is_failing(run, flow)
  return run.failure and run.failure.flow and run.failure.flow.full == flow.full
end

local function seed_of(run, flow)
  return ids.hash(run.id .. flow.full)
end

-- A streaming flow reports its rows while it runs, a materialized view when it is complete.
local function tell_flow(run, log, flow, from, to)
  local seed, full = seed_of(run, flow), run.full_refresh
    or selection.has(run.reset, flow)
  local function at(part)
    return from + math.floor((to - from) * part)
  end
  log:flow(at(0), flow, "STARTING")
  if flow.type == "MATERIALIZED_VIEW" then
    log:planning(at(0.1), flow, not full and ids.pick(seed, 4) ~= 0)
  end
  local metrics = measure.metrics(seed, flow, full)
  local rows = metrics.num_output_rows or metrics.num_upserted_rows
  local quality = measure.quality(seed, flow, rows)
  if flow.type == "STREAMING_TABLE" then
    flow.batch = 0
    if #flow.inputs == 0 then
      log:operation(at(0.2), flow)
    end
    log:flow(at(0.3), flow, "RUNNING", { metrics = metrics, data_quality = quality })
    flow.batch = nil
  else
    log:flow(at(0.3), flow, "RUNNING")
  end
  if is_failing(run, flow) or run.mode == "CONTINUOUS" then
    return
  elseif flow.type == "STREAMING_TABLE" then
    log:flow(at(1), flow, "COMPLETED", { metrics = { executor_time_ms = 900 } })
  else
    log:flow(at(1), flow, "COMPLETED", { metrics = metrics, data_quality = quality })
  end
end

local function tell_flows(run, log, from, to)
  local step = (to - from) // run.steps
  local failed_depth = run.failure and run.failure.flow and run.failure.flow.depth
  for _, flow in ipairs(run.datasets) do
    if flow.type == "VIEW" then
      goto continue
    elseif #run.selection > 0 and not selection.has(run.selection, flow) then
      log:flow(from, flow, "EXCLUDED")
    elseif failed_depth and (flow.depth > failed_depth
      or flow.depth == failed_depth and not is_failing(run, flow)) then
      log:flow(from, flow, "QUEUED")
      log:flow(to - 2, flow, "SKIPPED", { level = "WARN",
        message = ("Flow '%s' was SKIPPED because an upstream failed."):format(flow.shown) })
    else
      log:flow(from, flow, "QUEUED")
      local begin = from + step * flow.depth + 1
      tell_flow(run, log, flow, begin, begin + step - 3)
    end
    ::continue::
  end
end

local RUNTIMES <const> = { CURRENT = "dlt:17.1.3-delta-pipelines", PREVIEW = "dlt:17.3.0-preview" }

local function tell_compute(run, log, at)
  log:add(at, "runtime_details", "Runtime version: " .. (RUNTIMES[(run.spec.channel or "CURRENT")
    :upper()] or RUNTIMES.CURRENT), {
      dbr_version = run.spec.channel == "PREVIEW" and "17.3" or "17.1",
      effective_environment_version = run.serverless and "4" or nil,
    })
  if not run.serverless then
    log:add(at + 1, "cluster_resources", "Cluster resources.", {
      task_slot_metrics = {
        summary_duration_ms = 60000, num_task_slots = 16, avg_num_task_slots = 16.0,
        avg_task_slot_utilization = 0.42, num_executors = 4, avg_num_queued_tasks = 1.5,
      },
      autoscale_info = { state = "SUCCEEDED", optimal_num_executors = 4,
        latest_requested_num_executors = 4, request_pending_seconds = 0 },
    }, { level = "METRICS" })
    log:add(at + 2, "autoscale", "Autoscale cluster to 4 executors.", {
      status = "SUCCEEDED", optimal_num_executors = 4, requested_num_executors = 4,
    })
  end
end

local function tell_phase(run, log, phase, next_at)
  local at = phase.at
  if phase.state == "INITIALIZING" then
    tell_compute(run, log, at + 1)
  elseif phase.state == "SETTING_UP_TABLES" then
    for i, flow in ipairs(run.datasets) do
      log:define(at + i, flow)
    end
  elseif phase.state == "RUNNING" then
    tell_flows(run, log, at + 1, next_at)
  end
end

local function create_details(run, row)
  return ("Update %s started by %s."):format(run.id:sub(1, 6), run.cause), {
      cause = run.cause, run_as = row.run_as_name, config = specs.effective(run.spec),
      full_refresh = run.full_refresh, validate_only = run.validate_only,
      refresh_selection = run.refresh_selection,
      full_refresh_selection = run.full_refresh_selection,
      refresh_selection_by_path = run.refresh_selection_by_path,
      full_refresh_selection_by_path = run.full_refresh_selection_by_path,
    }
end

--- Write the events of an attempt of long ago that still matter: its start, its end, and the
-- records of its expectations.
---@param w table
---@param row table of table `pipelines`
---@param run table
function M.tell_briefly(w, row, run)
  local log = story.new(w, row, run)
  local message, details = create_details(run, row)
  log:add(run.start, "create_update", message, details, { control = true })
  for _, flow in ipairs(run.failure and {} or run.datasets) do
    local seed = seed_of(run, flow)
    local metrics = measure.metrics(seed, flow, false)
    local quality = flow.type ~= "VIEW" and measure.quality(seed, flow,
      metrics.num_output_rows or metrics.num_upserted_rows)
    if quality then
      log:flow(run.ended - 5, flow, "COMPLETED", { metrics = metrics, data_quality = quality })
    end
  end
  if run.failure then
    fail(run, log)
  else
    log:progress(run.ended, run.result)
  end
end

--- Write the events of a planned attempt.
---@param w table
---@param row table of table `pipelines`
---@param run table
---@param principal? table the user who started it; nil: not a user
function M.tell(w, row, run, principal)
  local log = story.new(w, row, run)
  if principal then
    log:action(run.start, "START", principal)
  end
  local message, details = create_details(run, row)
  log:add(run.start, "create_update", message, details, { control = true })
  for i, phase in ipairs(run.phases) do
    if phase.state == "FAILED" then
      fail(run, log)
    else
      log:progress(phase.at, phase.state)
      local following = run.phases[i + 1]
      tell_phase(run, log, phase, following and following.at or run.start + run.total)
    end
  end
end

return M
