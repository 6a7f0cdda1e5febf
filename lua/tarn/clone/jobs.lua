--- The jobs that run the source of a clone: reported, or copied for the copy.
--
-- A copied job has the tasks that run the source, which run the copy instead, and no others: those
-- would run other pipelines twice, or are not there in another workspace. It is paused.

local fault = require "base.fault"
local jobs = require "tarn.jobs"
local json = require "native.json"
local secrets = require "base.secrets"
local spec = require "tarn.spec"
local warnings = require "tarn.clone.warnings"

local M = {}

-- Settings that a copy does not have: compute and code of other tasks, who runs and deploys it.
local LEFT_OUT <const> = { "job_clusters", "environments", "git_source", "deployment", "edit_mode",
  "run_as", "format" }
local OF_ONE_WORKSPACE <const> = { "webhook_notifications", "budget_policy_id" }

-- Take out the dependencies on tasks that are left out.
local function keep_dependencies(task, kept)
  local list = json.array {}
  for _, dependency in ipairs(task.depends_on or {}) do
    if kept[dependency.task_key] then
      list[#list + 1] = dependency
    end
  end
  task.depends_on = #list > 0 and list or nil
end

-- The tasks that run the source, and the keys of the others.
local function tasks_of(settings, source_id)
  local tasks, others, kept = json.array {}, {}, {}
  for _, task in ipairs(settings.tasks or {}) do
    local run = task.pipeline_task
    if type(run) == "table" and run.pipeline_id == source_id then
      tasks[#tasks + 1], kept[task.task_key] = spec.copy(task), true
    else
      others[#others + 1] = task.task_key
    end
  end
  for _, task in ipairs(tasks) do
    keep_dependencies(task, kept)
  end
  return tasks, others
end

-- The settings of the copied job; its tasks run the source until `apply` knows the copy's id.
local function settings_of(job, plan)
  local settings = spec.copy(job.settings)
  for _, name in ipairs(LEFT_OUT) do
    settings[name] = nil
  end
  for _, name in ipairs(plan.same_workspace and {} or OF_ONE_WORKSPACE) do
    settings[name] = nil
  end
  for _, name in ipairs { "schedule", "trigger", "continuous" } do
    if type(settings[name]) == "table" then
      settings[name].pause_status = "PAUSED"
    end
  end
  local others
  settings.tasks, others = tasks_of(settings, plan.source.pipeline_id)
  settings.name = plan.same_workspace and ("%s (%s)"):format(job.settings.name or "Untitled",
    plan.name) or job.settings.name
  return settings, others
end

local function names_of(rows)
  local names = {}
  for _, row in ipairs(rows) do
    names[row.name] = true
  end
  return names
end

-- The names of the jobs that run the copy already.
local function find_made(plan, target)
  return plan.copy and names_of(jobs.list(target, plan.copy.pipeline_id)) or {}
end

local function plan_copy(plan, source, row, made)
  local settings, others = settings_of(jobs.get(source, row.job_id), plan)
  row.copy_name = settings.name
  if made[settings.name] then
    row.verdict, row.reason = "same", "a job of this name runs the copy already"
    return
  end
  row.verdict, row.settings = "copy", settings
  row.reason = "paused" .. (#others > 0
    and "; left out are tasks that do not run the source: " .. table.concat(others, ", ") or "")
end

--- Plan what happens to the jobs. Sets `jobs` of the plan, and adds steps.
---@param plan tarn.ClonePlan
---@param source tarn.WorkspaceClient
---@param target tarn.WorkspaceClient
---@param options tarn.CloneOptions
function M.plan(plan, source, target, options)
  if not options.with_jobs then
    return
  end
  local rows, e = fault.try(jobs.list, source, plan.source.pipeline_id)
  if e and (e.kind == "cancelled" or options.with_jobs == "copy") then
    fault.raise(e)
  elseif e then
    warnings.add(plan, "the jobs that run the source cannot be read: %s", e.message)
    return
  end
  plan.jobs = rows
  local made = options.with_jobs == "copy" and find_made(plan, target)
  for _, row in ipairs(rows) do
    row.verdict, row.reason = "report", "runs the source; --with-jobs copy makes one for the copy"
    if made then
      plan_copy(plan, source, row, made)
    end
    if row.verdict == "copy" then
      plan.steps[#plan.steps + 1] = { kind = "job.create", what = row.copy_name,
        request = "POST /api/2.2/jobs/create" }
    end
  end
  if plan.action == "unchanged" and #plan.steps > 0 then
    plan.action = "update"
  end
end

local function create(ws, settings, pipeline_id)
  local function search()
    for _, row in ipairs(jobs.list(ws, pipeline_id)) do
      if row.name == settings.name then
        return { job_id = row.job_id, resolved = true }
      end
    end
  end
  return require("tarn.pipelines").send_once("jobs.create", function()
    return (ws:request("POST", "/api/2.2/jobs/create", { body = settings }))
  end, search, ws, { not_done = "the workspace has no such job: nothing was created, try again",
    unknown = "it may have been created: check with `tarn jobs` before you try again" })
end

--- Create the jobs of a plan, each as a step.
---@param plan tarn.ClonePlan
---@param pipeline_id string of the copy
---@param op tarn.Operation
function M.apply(plan, pipeline_id, op)
  for _, row in ipairs(plan.jobs or {}) do
    if row.verdict == "copy" then
      for _, task in ipairs(row.settings.tasks) do
        task.pipeline_task.pipeline_id = pipeline_id
      end
      local made = op:perform({ kind = "job.create", request = "POST /api/2.2/jobs/create",
        what = { name = row.copy_name, runs = pipeline_id, job = secrets.masked(row.settings) } },
        create, plan.target_ws, row.settings, pipeline_id)
      row.verdict, row.copy_id = "copied", made.job_id
    end
  end
end

--- The jobs of a plan as data for output.
---@param plan tarn.ClonePlan
---@return table[]?
function M.data(plan)
  if not plan.jobs then
    return nil
  end
  local list = json.array {}
  for i, row in ipairs(plan.jobs) do
    list[i] = { job_id = row.job_id, name = row.name, schedule = row.schedule, paused = row.paused,
      timezone = row.timezone, next_run_time = row.next_run_time, verdict = row.verdict,
      reason = row.reason, copy_name = row.copy_name, copy_id = row.copy_id }
  end
  return list
end

return M
