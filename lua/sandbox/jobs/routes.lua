--- /api/2.1/jobs and /api/2.2/jobs: run-now, runs/submit, runs/get, runs/list, runs/get-output,
--- runs/cancel, runs/cancel-all, runs/delete.

local json = require "native.json"
local errors = require "sandbox.http.errors"
local fields = require "sandbox.http.fields"
local form = require "sandbox.jobs.form"
local grants = require "sandbox.identity.grants"
local jobs = require "sandbox.jobs"
local paging = require "sandbox.http.paging"
local runs = require "sandbox.jobs.runs"
local view = require "sandbox.jobs.view"

local M = {}

M.schema = runs.schema

local DEFAULT_SIZE <const>, MAX_SIZE <const> = 20, 25 -- runs on a page

local function may_see(w, principal, run)
  if principal.admin or principal.user_name == run.creator then
    return true
  end
  local job = run.job_id and w.db:find_row("SELECT * FROM jobs WHERE id = ?", { run.job_id })
  return job and grants.allows(w, principal, "jobs", ("%d"):format(job.id), job.creator, "CAN_VIEW")
end

-- The run of that id, or the run whose task has it, which is given as well.
local function find(w, principal, id)
  if not id then
    errors.invalid "Missing required field: run_id"
  end
  local task = w.db:find_row("SELECT * FROM run_tasks WHERE id = ?", { id })
  local run = w.db:find_row("SELECT * FROM job_runs WHERE id = ?", { task and task.run_id or id })
  if not run or not may_see(w, principal, run) then
    errors.invalid("Run %d does not exist.", id)
  end
  return run, task
end

-- The run that a request with the same idempotency token has made.
local function find_same(w, token, job_id)
  if token and #token > 64 then
    errors.invalid("The idempotency token can have at most 64 characters, but has %d.", #token)
  end
  return token and w.db:find_row("SELECT id FROM job_runs WHERE token = ? AND job_id IS ?",
    { token, job_id })
end

-- The tasks of a run: all, or those that `only` names, without dependencies on others.
local function chosen_tasks(settings, only)
  local wanted, list = {}, {}
  for _, key in ipairs(only or {}) do
    wanted[key] = true
  end
  for _, task in ipairs(settings.tasks or {}) do
    if not only or wanted[task.task_key] then
      wanted[task.task_key] = nil
      task.depends_on = not only and task.depends_on or nil
      list[#list + 1] = { spec = task }
    end
  end
  if only and next(wanted) then
    errors.invalid("The job has no task '%s'.", (next(wanted)))
  end
  return list
end

local function active_runs(w, job_id)
  return w.db:find_row("SELECT count(*) AS n FROM job_runs WHERE job_id = ? AND ended IS NULL",
    { job_id }).n
end

local function run_now(w, req)
  local body = req.body
  local job = jobs.check_row(w, req.principal, body.job_id, "CAN_MANAGE_RUN")
  local same = find_same(w, body.idempotency_token, job.id)
  if same then
    return { run_id = same.id, number_in_job = same.id }
  end
  local settings, now = json.decode(job.settings), w.clock:now()
  local tasks, skipped = chosen_tasks(settings, body.only), nil
  local most = settings.max_concurrent_runs or 1
  if active_runs(w, job.id) >= most then
    skipped = ("An existing run for the job is active and limit of active runs for this job is %d.")
      :format(most)
  end
  local id = w:write(function()
    return runs.insert(w, {
      job_id = job.id, name = settings.name, creator = req.principal.user_name, created = now,
      ask = { pipeline_params = body.pipeline_params, job_parameters = body.job_parameters },
      settings = settings, kind = "ONE_TIME", token = body.idempotency_token,
      ended = skipped and now, result = skipped and "SKIPPED", message = skipped,
    }, skipped and {} or tasks)
  end)
  runs.advance(w)
  return { run_id = id, number_in_job = id }
end

local function submit(w, req)
  local body = req.body
  if not body.tasks or #body.tasks == 0 then
    errors.invalid "Missing required field: tasks"
  end
  jobs.check_tasks(w, body.tasks, "tasks")
  local same = find_same(w, body.idempotency_token)
  if same then
    return { run_id = same.id }
  end
  local id = w:write(function()
    return runs.insert(w, { name = body.run_name or "Untitled", kind = "SUBMIT",
      creator = req.principal.user_name, created = w.clock:now(), settings = body,
      token = body.idempotency_token }, chosen_tasks(body))
  end)
  runs.advance(w)
  return { run_id = id }
end

local function get(w, req)
  local run, task = find(w, req.principal, fields.integer(req.query, "run_id", nil, 0))
  if not task then
    return view.run(w, req, run, true)
  end
  local out = view.task(w, req, run, task)
  out.job_id, out.run_name, out.creator_user_name = run.job_id, run.name, run.creator
  out.original_attempt_run_id, out.run_type, out.trigger = task.id, "JOB_RUN", "ONE_TIME"
  return out
end

local function get_output(w, req)
  local run, task = find(w, req.principal, fields.integer(req.query, "run_id", nil, 0))
  if not task then
    local tasks = runs.tasks(w, run.id)
    if #tasks ~= 1 then
      errors.invalid("Retrieving the output of runs with multiple tasks is not supported. Please "
        .. "retrieve the output of each individual task run instead.")
    end
    task = tasks[1]
  end
  local spec = json.decode(task.spec)
  return {
    metadata = view.task(w, req, run, task),
    error = task.result == "FAILED" and task.message or nil,
    notebook_output = spec.notebook_task and {} or nil,
  }
end

local SELECT <const> = [[
SELECT * FROM job_runs WHERE (?1 IS NULL OR job_id = ?1) AND (?2 IS NULL OR created >= ?2)
  AND (?3 IS NULL OR created <= ?3) AND (?4 IS NULL OR (ended IS NULL) = ?4) AND id < ?5
  AND (?6 IS NULL OR (kind = 'SUBMIT') = ?6) ORDER BY id DESC]]

local RUN_TYPES <const> = { JOB_RUN = 0, SUBMIT_RUN = 1, WORKFLOW_RUN = 0 }

local function list_parameters(query)
  local active = fields.flag(query, "active_only")
  if active and fields.flag(query, "completed_only") then
    errors.invalid "active_only and completed_only cannot both be true."
  end
  local open = json.null
  if active or fields.flag(query, "completed_only") then
    open = active and 1 or 0
  end
  local kind = query.run_type
  if kind and kind ~= "" and not RUN_TYPES[kind] then
    errors.invalid("'%s' is not a run_type.", kind)
  end
  return {
    fields.integer(query, "job_id", json.null, 0),
    fields.integer(query, "start_time_from", json.null, 0),
    fields.integer(query, "start_time_to", json.null, 0), open, math.maxinteger,
    RUN_TYPES[kind] or json.null,
  }
end

local function list(w, req)
  local query = req.query
  local size = fields.integer(query, "limit", DEFAULT_SIZE, 1, MAX_SIZE)
  local skip = fields.integer(query, "offset", 0, 0)
  local params = list_parameters(query)
  local kind = ("runs|%s|%s|%s"):format(params[1], params[4], params[6])
  local token = paging.find_token(query)
  params[5] = token and paging.keys(kind, token)[1] or params[5]
  local tasks = fields.flag(query, "expand_tasks")
  local found, more = {}, false
  for _, run in ipairs(w.db:query(SELECT, params)) do
    if may_see(w, req.principal, run) then
      skip = skip - 1
      more = skip < 0 and #found == size
      if more then
        break
      end
      found[#found + 1] = skip < 0 and view.run(w, req, run, tasks) or nil
    end
  end
  return { runs = #found > 0 and found or nil, has_more = more,
    next_page_token = more and paging.token(kind, found[#found].run_id) or nil }
end

-- A run may outlive its job.
local function check_manage(w, principal, run)
  if w.db:find_row("SELECT 1 AS yes FROM jobs WHERE id = ?", { run.job_id or json.null }) then
    jobs.check_row(w, principal, run.job_id, "CAN_MANAGE_RUN")
  elseif not principal.admin and principal.user_name ~= run.creator then
    errors.denied(("User %s does not have CAN_MANAGE_RUN permission on run %d."):format(
      principal.user_name, run.id))
  end
end

local function cancel(w, req)
  local run = find(w, req.principal, req.body.run_id)
  check_manage(w, req.principal, run)
  if not run.ended then
    w:write(function()
      runs.cancel(w, run)
    end)
  end
  return {}
end

local function cancel_all(w, req)
  local job = jobs.check_row(w, req.principal, req.body.job_id, "CAN_MANAGE_RUN")
  w:write(function()
    for _, run in ipairs(w.db:query("SELECT * FROM job_runs WHERE job_id = ? AND ended IS NULL",
      { job.id })) do
      runs.cancel(w, run)
    end
  end)
  return {}
end

local function delete(w, req)
  local run = find(w, req.principal, req.body.run_id)
  check_manage(w, req.principal, run)
  if not run.ended then
    errors.invalid("Run %d is active and cannot be deleted.", run.id)
  end
  w:write(function()
    w.db:exec("DELETE FROM run_tasks WHERE run_id = ?", { run.id })
    w.db:exec("DELETE FROM job_runs WHERE id = ?", { run.id })
  end)
  return {}
end

M.routes = jobs.routes_of {
  { "POST", "run-now", run_now, form.run_now }, { "POST", "runs/submit", submit, form.submit },
  { "GET", "runs/get", get }, { "GET", "runs/list", list },
  { "GET", "runs/get-output", get_output }, { "POST", "runs/cancel", cancel, form.run },
  { "POST", "runs/cancel-all", cancel_all, form.cancel_all },
  { "POST", "runs/delete", delete, form.run },
}

return M
