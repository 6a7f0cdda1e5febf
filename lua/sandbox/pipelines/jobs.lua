--- /api/2.2/jobs: list, get, create, update, delete; as much of it as schedules of pipelines need.
-- Jobs are stored and shown; nothing runs them.

local errors = require "sandbox.http.errors"
local json = require "native.json"
local paging = require "sandbox.http.paging"

local M = {}

M.schema = [[
CREATE TABLE IF NOT EXISTS jobs(
  id INTEGER PRIMARY KEY, creator TEXT NOT NULL, created INTEGER NOT NULL,
  settings TEXT NOT NULL);
]]

local DEFAULT_SIZE <const>, MAX_SIZE <const> = 20, 100 -- jobs on a page

local function row_of(w, id)
  id = math.tointeger(tonumber(id))
  if not id then
    errors.invalid "Missing required field: job_id"
  end
  return w.db:find_row("SELECT * FROM jobs WHERE id = ?", { id })
    or errors.raise(400, "INVALID_PARAMETER_VALUE", ("Job %d does not exist."):format(id))
end

local function info(row, with_tasks)
  local settings = json.decode(row.settings)
  if not with_tasks then
    settings.tasks = nil
  end
  return { job_id = row.id, creator_user_name = row.creator, created_time = row.created,
    settings = settings }
end

local function page_size(query)
  local size = math.tointeger(tonumber(query.limit or DEFAULT_SIZE))
  if not size or size < 1 or size > MAX_SIZE then
    errors.invalid("limit must be between 1 and %d, inclusive", MAX_SIZE)
  end
  return size
end

local function list(w, req)
  local size = page_size(req.query)
  local kind = "jobs " .. (req.query.name or "")
  local token = paging.find_token(req.query)
  local before = token and paging.keys(kind, token)[1] or math.maxinteger
  local rows = w.db:query("SELECT * FROM jobs WHERE id < ? AND (? IS NULL OR "
    .. "lower(json_extract(settings, '$.name')) = lower(?)) ORDER BY id DESC LIMIT ?",
    { before, req.query.name or json.null, req.query.name or json.null, size + 1 })
  local jobs = {}
  for i = 1, math.min(size, #rows) do
    jobs[i] = info(rows[i], req.query.expand_tasks == "true")
  end
  local more = #rows > size
  return { jobs = #jobs > 0 and jobs or nil, has_more = more,
    next_page_token = more and paging.token(kind, jobs[#jobs].job_id) or nil }
end

local function get(w, req)
  local row = row_of(w, req.query.job_id)
  local job = info(row, true)
  job.run_as_user_name = row.creator
  return job
end

local function check(w, settings)
  for i, task in ipairs(settings.tasks or {}) do
    if type(task.task_key) ~= "string" then
      errors.invalid("Missing required field: settings.tasks[%d].task_key", i - 1)
    end
    local id = task.pipeline_task and task.pipeline_task.pipeline_id
    if id and not w.db:find_row("SELECT 1 FROM pipelines WHERE id = ?", { id }) then
      errors.raise(404, "RESOURCE_DOES_NOT_EXIST",
        ("The specified pipeline %s was not found."):format(id))
    end
  end
end

local function create(w, req)
  local settings = req.body
  settings.name = settings.name or "Untitled"
  settings.format = "MULTI_TASK"
  settings.max_concurrent_runs = settings.max_concurrent_runs or 1
  check(w, settings)
  return w:write(function()
    w.db:exec("INSERT INTO jobs(creator, created, settings) VALUES (?, ?, ?)",
      { req.principal.user_name, w.clock:now(), json.encode(settings) })
    return { job_id = w.db:find_row("SELECT max(id) AS id FROM jobs").id }
  end)
end

-- An update replaces whole fields, but merges the tasks by their keys.
local function merge_tasks(old, new)
  local positions = {}
  for i, task in ipairs(old) do
    positions[task.task_key] = i
  end
  for _, task in ipairs(new) do
    local i = positions[task.task_key] or #old + 1
    old[i], positions[task.task_key] = task, i
  end
  return old
end

local function update(w, req)
  local row = row_of(w, req.body.job_id)
  local settings = json.decode(row.settings)
  for _, name in ipairs(req.body.fields_to_remove or {}) do
    settings[name] = nil
  end
  for name, value in pairs(req.body.new_settings or {}) do
    settings[name] = name == "tasks" and merge_tasks(settings.tasks or {}, value) or value
  end
  check(w, settings)
  w:write(function()
    w.db:exec("UPDATE jobs SET settings = ? WHERE id = ?", { json.encode(settings), row.id })
  end)
  return {}
end

local function delete(w, req)
  local row = row_of(w, req.body.job_id)
  w:write(function()
    w.db:exec("DELETE FROM jobs WHERE id = ?", { row.id })
  end)
  return {}
end

M.routes = {}
for _, version in ipairs { "2.1", "2.2" } do
  local base = "/api/" .. version .. "/jobs/"
  for _, route in ipairs { { "GET", "list", list }, { "GET", "get", get },
    { "POST", "create", create }, { "POST", "update", update }, { "POST", "delete", delete } } do
    M.routes[#M.routes + 1] = { route[1], base .. route[2], route[3] }
  end
end

--- Store a job: for scenarios.
---@param w table
---@param job { name: string, cron: string, pipelines: string[] } runs the pipelines in sequence
function M.add(w, job)
  local tasks = {}
  for i, name in ipairs(job.pipelines) do
    local row = w.db:find_row("SELECT id FROM pipelines WHERE name = ?", { name })
    tasks[i] = { task_key = name, pipeline_task = { pipeline_id = row.id },
      depends_on = i > 1 and { { task_key = job.pipelines[i - 1] } } or nil }
  end
  w.db:exec("INSERT INTO jobs(creator, created, settings) VALUES (?, ?, ?)",
    { w.principal.user_name, w.clock:now(), json.encode { name = job.name,
      format = "MULTI_TASK", max_concurrent_runs = 1, tasks = tasks,
      schedule = { quartz_cron_expression = job.cron, timezone_id = "UTC",
        pause_status = "UNPAUSED" } } })
end

return M
