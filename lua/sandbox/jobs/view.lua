--- Runs of jobs as the API shows them: the whole run, and the run of one task.

local json = require "native.json"
local runs = require "sandbox.jobs.runs"

local M = {}

local CODES <const> = {
  SUCCESS = "SUCCESS", FAILED = "RUN_EXECUTION_ERROR", CANCELED = "USER_CANCELED",
  UPSTREAM_FAILED = "UPSTREAM_FAILED", EXCLUDED = "SUCCESS",
  SKIPPED = "MAX_CONCURRENT_RUNS_EXCEEDED",
}

-- `state` and `status` of a run or of a task.
local function put_state(out, row, started, is_run)
  local life, result = "PENDING", nil
  if row.result == "SKIPPED" then
    life = "SKIPPED"
  elseif row.ended then
    -- A run whose task failed is an internal error; the task itself has ended.
    life, result = row.result == "FAILED" and is_run and "INTERNAL_ERROR" or "TERMINATED",
      row.result
  elseif started then
    life = "RUNNING"
  end
  out.state = { life_cycle_state = life, result_state = result,
    state_message = row.message or "", user_cancelled_or_timedout = row.result == "CANCELED" }
  local ended = row.ended ~= nil
  out.status = {
    state = ended and "TERMINATED" or life,
    termination_details = ended and {
      code = CODES[row.result], message = row.message,
      type = (row.result == "FAILED" or row.result == "UPSTREAM_FAILED") and "CLIENT_ERROR"
        or "SUCCESS" } or nil,
  }
end

local function put_times(out, started, ended)
  out.start_time, out.end_time = started, ended or 0
  out.setup_duration, out.cleanup_duration = 0, 0
  out.execution_duration = ended and ended - started or 0
  out.run_duration = ended and ended - started or nil
end

-- The address of a run in the browser.
local function page(w, server, req, job_id, run_id)
  return ("%s/?o=%s#job/%d/run/%d"):format(server:url(req), w.org_text, job_id or 0, run_id)
end

--- The run of a task.
---@param w table
---@param req table
---@param run table row of table `job_runs`
---@param task table row of table `run_tasks`
---@return table
function M.task(w, req, run, task)
  local out = json.decode(task.spec)
  out.run_id, out.attempt_number = task.id, 0
  out.run_if = out.run_if or "ALL_SUCCESS"
  out.run_page_url = page(w, req.server, req, run.job_id, task.id)
  put_state(out, task, task.started)
  put_times(out, task.started or run.created, task.ended)
  return out
end

--- A run of a job, with its tasks if they are wanted.
---@param w table
---@param req table
---@param run table row of table `job_runs`
---@param with_tasks boolean?
---@return table
function M.run(w, req, run, with_tasks)
  local settings, ask = json.decode(run.settings), json.decode(run.ask)
  local tasks, started = runs.tasks(w, run.id), false
  local out = {
    job_id = run.job_id or run.id, run_id = run.id, number_in_job = run.id,
    original_attempt_run_id = run.id, creator_user_name = run.creator, run_name = run.name,
    run_type = run.kind == "SUBMIT" and "SUBMIT_RUN" or "JOB_RUN", format = "MULTI_TASK",
    trigger = run.kind == "PERIODIC" and "PERIODIC" or "ONE_TIME",
    schedule = run.kind == "PERIODIC" and settings.schedule or nil,
    run_page_url = page(w, req.server, req, run.job_id, run.id),
    overriding_parameters = ask.pipeline_params
      and { pipeline_params = ask.pipeline_params } or nil,
  }
  for _, task in ipairs(tasks) do
    started = started or task.started ~= nil
  end
  for name, value in pairs(ask.job_parameters or {}) do
    out.job_parameters = out.job_parameters or json.array {}
    out.job_parameters[#out.job_parameters + 1] = { name = name, value = value }
  end
  put_state(out, run, started, true)
  put_times(out, run.created, run.ended)
  if with_tasks then
    out.tasks = json.array {}
    for i, task in ipairs(tasks) do
      out.tasks[i] = M.task(w, req, run, task)
    end
  end
  return out
end

return M
