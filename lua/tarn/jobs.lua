--- The jobs that run pipelines, and when.
--
--     local jobs = require "tarn.jobs"
--     for _, job in ipairs(jobs.list(ws)) do print(job.name, job.schedule, job.next_run_time) end

local cron = require "tarn.jobs.cron"
local json = require "native.json"
local pages = require "base.pages"
local time = require "base.time"
local workspace = require "tarn.workspace"

local M = {}

local PATH <const>, PAGE <const> = "/api/2.2/jobs/", 100

---@class tarn.JobRow
---@field job_id integer
---@field name string
---@field pipelines { pipeline_id: string, task_key: string }[] in the order of the tasks
---@field tasks integer    the number of all tasks
---@field schedule string  in words: "every day at 06:00", "when files arrive", "by hand"
---@field timezone string|json.null
---@field paused boolean   true: the schedule is paused
---@field next_run_time string|json.null UTC; null: not by time, paused, or not known here
---@field next_in_zone string|json.null  the clock of the time zone then
---@field creator string|json.null
---@field url string

-- What starts a job: words, zone, paused, when next.
local function trigger_of(settings, now)
  local schedule, trigger = settings.schedule, settings.trigger
  if type(schedule) == "table" then
    local parsed, zone = cron.parse(schedule.quartz_cron_expression or ""), schedule.timezone_id
      or "UTC"
    local paused = schedule.pause_status == "PAUSED"
    local due, wall = nil, nil
    if not paused then
      due, wall = parsed:find_next(zone, now)
    end
    return parsed:words_of(), zone, paused, due and time.iso(due), wall
  elseif type(settings.continuous) == "table" then
    return "without a pause", nil, settings.continuous.pause_status == "PAUSED"
  elseif type(trigger) == "table" then
    local periodic, words = trigger.periodic, "by a trigger"
    if type(periodic) == "table" then
      words = ("every %s %s"):format(periodic.interval, tostring(periodic.unit):lower())
    elseif trigger.file_arrival then
      words = "when files arrive"
    elseif trigger.table_update or trigger.table then
      words = "when tables change"
    end
    return words, nil, trigger.pause_status == "PAUSED"
  end
  return "by hand", nil, false
end

local function pipelines_of(settings)
  local list = json.array {}
  for _, task in ipairs(settings.tasks or {}) do
    local run = task.pipeline_task
    if type(run) == "table" and run.pipeline_id then
      list[#list + 1] = { pipeline_id = run.pipeline_id, task_key = task.task_key }
    end
  end
  return list
end

--- A job as a row.
---@param ws tarn.WorkspaceClient
---@param job table of the API
---@param now integer ms
---@return tarn.JobRow
function M.row(ws, job, now)
  local settings = job.settings or {}
  local words, zone, paused, due, wall = trigger_of(settings, now)
  return { job_id = job.job_id, name = settings.name or "Untitled",
    pipelines = pipelines_of(settings), tasks = #(settings.tasks or {}), schedule = words,
    timezone = zone or json.null, paused = paused, next_run_time = due or json.null,
    next_in_zone = wall or json.null, creator = job.creator_user_name or json.null,
    url = workspace.url.job(ws, job.job_id) }
end

--- One job with all its tasks, as the API returns it.
---@param ws tarn.WorkspaceClient
---@param job_id integer
---@return table
function M.get(ws, job_id)
  return (ws:request("GET", PATH .. "get", { query = { job_id = job_id } }))
end

local function each_job(ws)
  return pages.items(function(query)
    return (ws:request("GET", PATH .. "list", { query = { limit = PAGE, expand_tasks = "true",
      page_token = query.page_token } }))
  end, "jobs", { op = "jobs.list", id = "job_id" })
end

local function runs(row, pipeline_id)
  for _, task in ipairs(row.pipelines) do
    if not pipeline_id or task.pipeline_id == pipeline_id then
      return true
    end
  end
  return false
end

--- The jobs that run pipelines, or one pipeline; those that are due next come first.
---@param ws tarn.WorkspaceClient
---@param pipeline_id? string
---@param now? integer ms
---@return tarn.JobRow[]
function M.list(ws, pipeline_id, now)
  local rows = json.array {}
  now = now or time.now()
  for job in each_job(ws) do
    -- a list has the first 100 tasks of a job
    local row = M.row(ws, job.has_more and M.get(ws, job.job_id) or job, now)
    if runs(row, pipeline_id) then
      rows[#rows + 1] = row
    end
  end
  local function due(row)
    return row.next_run_time ~= json.null and row.next_run_time or "~"
  end
  table.sort(rows, function(a, b)
    if due(a) ~= due(b) then
      return due(a) < due(b)
    elseif a.name ~= b.name then
      return a.name < b.name
    end
    return a.job_id < b.job_id
  end)
  return rows
end

return M
