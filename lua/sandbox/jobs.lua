--- /api/2.1/jobs and /api/2.2/jobs: list, get, create, update, reset, delete. Their runs are in
--- sandbox.jobs.runs; nothing starts a job by its schedule.

local json = require "native.json"
local errors = require "sandbox.http.errors"
local fields = require "sandbox.http.fields"
local form = require "sandbox.jobs.form"
local grants = require "sandbox.identity.grants"
local paging = require "sandbox.http.paging"
local people = require "sandbox.identity.people"

local M = {}

-- The jobs, each with its settings as JSON.
M.schema = [[
CREATE TABLE IF NOT EXISTS jobs(
  id INTEGER PRIMARY KEY, creator TEXT NOT NULL, created INTEGER NOT NULL,
  settings TEXT NOT NULL);
]]

local DEFAULT_SIZE <const>, MAX_SIZE <const> = 20, 100 -- jobs on a page
local FIRST_ID <const>, STEP <const> = 481730562190447, 6173 -- ids are long, and grow

--- The row of a job; 400 if it does not exist, 403 if the caller does not have that level.
---@param w table
---@param principal table
---@param id integer?
---@param level string
---@return table row
function M.check_row(w, principal, id, level)
  if not id then
    errors.invalid "Missing required field: job_id"
  end
  local row = w.db:find_row("SELECT * FROM jobs WHERE id = ?", { id })
    or errors.invalid("Job %d does not exist.", id)
  if not grants.allows(w, principal, "jobs", ("%d"):format(id), row.creator, level) then
    errors.denied(("User %s does not have %s permission on job %d."):format(
      principal.user_name, level, id))
  end
  return row
end

local function info(row, with_tasks)
  local settings = json.decode(row.settings)
  if not with_tasks then
    settings.tasks, settings.job_clusters = nil, nil
  end
  return { job_id = row.id, creator_user_name = row.creator, created_time = row.created,
    settings = settings }
end

local function list(w, req)
  local query = req.query
  local size = fields.integer(query, "limit", DEFAULT_SIZE, 1, MAX_SIZE)
  local skip = fields.integer(query, "offset", 0, 0)
  local tasks = fields.flag(query, "expand_tasks")
  local kind, token = "jobs " .. (query.name or ""), paging.find_token(query)
  local before = token and paging.keys(kind, token)[1] or math.maxinteger
  local jobs, more = {}, false
  for _, row in ipairs(w.db:query("SELECT * FROM jobs WHERE id < ?1 AND (?2 IS NULL OR "
    .. "lower(json_extract(settings, '$.name')) = lower(?2)) ORDER BY id DESC",
    { before, query.name or json.null })) do
    if not grants.allows(w, req.principal, "jobs", ("%d"):format(row.id), row.creator,
      "CAN_VIEW") then
      goto continue
    elseif skip > 0 then
      skip = skip - 1
      goto continue
    elseif #jobs == size then
      more = true
      break
    end
    jobs[#jobs + 1] = info(row, tasks)
    ::continue::
  end
  return { jobs = #jobs > 0 and jobs or nil, has_more = more,
    next_page_token = more and paging.token(kind, jobs[#jobs].job_id) or nil }
end

-- The principal as whom the job runs.
local function run_as(row, settings)
  local chosen = settings.run_as or {}
  return chosen.user_name or chosen.service_principal_name or chosen.group_name or row.creator
end

local function get(w, req)
  local id = fields.integer(req.query, "job_id", nil, 0)
  local row = M.check_row(w, req.principal, id, "CAN_VIEW")
  local job = info(row, true)
  job.run_as_user_name = run_as(row, job.settings)
  return job
end

local function check_run_as(w, principal, chosen)
  for kind, name in pairs(chosen or {}) do
    if not people.exists(w.people, kind, name) then
      errors.invalid("The run_as principal '%s' does not exist.", tostring(name))
    elseif not principal.admin and name ~= principal.user_name then
      errors.denied(("User %s is not allowed to run a job as %s."):format(
        principal.user_name, name))
    end
  end
end

local function check_dependencies(tasks, path)
  local keys = {}
  for i, task in ipairs(tasks) do
    if not task.task_key or task.task_key == "" then
      errors.invalid("Missing required field: %s[%d].task_key", path, i - 1)
    elseif keys[task.task_key] then
      errors.invalid("Task keys must be unique, but '%s' is used twice.", task.task_key)
    end
    keys[task.task_key] = true
  end
  for _, task in ipairs(tasks) do
    for _, on in ipairs(task.depends_on or {}) do
      if not keys[on.task_key or ""] or on.task_key == task.task_key then
        errors.invalid("Task '%s' depends on task '%s', which is not in the job.", task.task_key,
          tostring(on.task_key))
      end
    end
  end
end

--- Refuse tasks that are not valid. `path` is their place in the request.
---@param w table
---@param tasks table[]
---@param path string
function M.check_tasks(w, tasks, path)
  if #tasks > 1000 then
    errors.invalid("A job can have at most 1000 tasks, but has %d.", #tasks)
  end
  check_dependencies(tasks, path)
  for _, task in ipairs(tasks) do
    local id = task.pipeline_task and task.pipeline_task.pipeline_id
    if task.pipeline_task and not id then
      errors.invalid("Missing required field: %s.pipeline_task.pipeline_id", path)
    elseif id and not w.db:find_row("SELECT 1 AS yes FROM pipelines WHERE id = ?", { id }) then
      errors.missing("The specified pipeline %s was not found.", id)
    end
  end
end

local function check(w, principal, settings)
  check_run_as(w, principal, settings.run_as)
  M.check_tasks(w, settings.tasks or {}, "settings.tasks")
end

local function completed(settings)
  settings.name = settings.name or "Untitled"
  settings.format = "MULTI_TASK"
  settings.max_concurrent_runs = settings.max_concurrent_runs or 1
  settings.timeout_seconds = settings.timeout_seconds or 0
  settings.email_notifications = settings.email_notifications or {}
  settings.access_control_list = nil
  return settings
end

-- Store a new job; its id.
local function insert(w, creator, settings)
  local id = w.store:new_id("job", FIRST_ID, STEP)
  w.db:exec("INSERT INTO jobs VALUES (?, ?, ?, ?)",
    { id, creator, w.clock:now(), json.encode(settings) })
  return id
end

local function create(w, req)
  local settings = completed(req.body)
  check(w, req.principal, settings)
  return w:write(function()
    return { job_id = insert(w, req.principal.user_name, settings) }
  end)
end

-- An update replaces whole fields, but merges the tasks by their keys.
local function merge_tasks(old, new)
  local positions = {}
  for i, task in ipairs(old) do
    positions[task.task_key] = i
  end
  for _, task in ipairs(new) do
    local key = task.task_key or ""
    local i = positions[key] or #old + 1
    old[i], positions[key] = task, i
  end
  return old
end

local function save(w, row, settings)
  w:write(function()
    w.db:exec("UPDATE jobs SET settings = ? WHERE id = ?", { json.encode(settings), row.id })
  end)
  return {}
end

local function update(w, req)
  local row = M.check_row(w, req.principal, req.body.job_id, "CAN_MANAGE")
  local settings = json.decode(row.settings)
  for _, name in ipairs(req.body.fields_to_remove or {}) do
    settings[name] = nil
  end
  for name, value in pairs(req.body.new_settings or {}) do
    settings[name] = name == "tasks" and merge_tasks(settings.tasks or {}, value) or value
  end
  check(w, req.principal, settings)
  return save(w, row, settings)
end

local function reset(w, req)
  local row = M.check_row(w, req.principal, req.body.job_id, "CAN_MANAGE")
  if not req.body.new_settings then
    errors.invalid "Missing required field: new_settings"
  end
  local settings = completed(req.body.new_settings)
  check(w, req.principal, settings)
  return save(w, row, settings)
end

local function delete(w, req)
  local row = M.check_row(w, req.principal, req.body.job_id, "CAN_MANAGE")
  w:write(function()
    w.db:exec("DELETE FROM jobs WHERE id = ?", { row.id })
    w.db:exec("DELETE FROM grants WHERE kind = 'jobs' AND object_id = ?",
      { ("%d"):format(row.id) })
  end)
  return {}
end

--- The routes of a version of the API for each of these: method, last part, handler, form.
---@param list table[]
---@return table[]
function M.routes_of(list_of_routes)
  local routes = {}
  for _, version in ipairs { "2.0", "2.1", "2.2" } do
    for _, route in ipairs(list_of_routes) do
      routes[#routes + 1] = { route[1], ("/api/%s/jobs/%s"):format(version, route[2]), route[3],
        { body = route[4] } }
    end
  end
  return routes
end

M.routes = M.routes_of {
  { "GET", "list", list }, { "GET", "get", get }, { "POST", "create", create, form.settings },
  { "POST", "update", update, form.change }, { "POST", "reset", reset, form.change },
  { "POST", "delete", delete, form.job },
}

--- Store a job: for scenarios.
---@param w table
---@param job { name: string, cron: string, pipelines: string[] } runs the pipelines in sequence
---@return integer id
---@return table[] tasks
function M.add(w, job)
  local tasks = json.array {}
  for i, name in ipairs(job.pipelines) do
    local row = w.db:find_row("SELECT id FROM pipelines WHERE name = ?", { name })
    tasks[i] = { task_key = name, pipeline_task = { pipeline_id = row.id },
      depends_on = i > 1 and json.array { { task_key = job.pipelines[i - 1] } } or nil }
  end
  return insert(w, w.principal.user_name, completed { name = job.name, tasks = tasks,
    schedule = { quartz_cron_expression = job.cron, timezone_id = "UTC",
      pause_status = "UNPAUSED" } }), tasks
end

return M
