--- Undo steps on jobs: created ones are deleted.

local fault = require "base.fault"
local jobs = require "tarn.jobs"
local json = require "native.json"

local M = {}

local create = {}
M["job.create"] = create

function create.key(step)
  return step.result and ("job %d"):format(step.result.job_id)
end

function create.find_outcome(target, step)
  for _, row in ipairs(jobs.list(target.ws, step.what.runs)) do
    if row.name == step.what.name then
      return "done", { job_id = row.job_id }
    end
  end
  return "failed"
end

-- The API answers 400 for a job that does not exist.
local function find(target, id)
  local job, e = fault.try(jobs.get, target.ws, id)
  if e and (e.status == 404 or e.status == 400 and e.message:find "does not exist") then
    return nil
  elseif e then
    fault.raise(e)
  end
  return job
end

local function schedule_text(settings)
  return json.encode { settings.schedule or false, settings.trigger or false,
    settings.continuous or false, settings.tasks and #settings.tasks or 0 }
end

function create.plan(target, step)
  local id = step.result.job_id
  local action = ("delete job '%s' (%d)"):format(step.what.name, id)
  local job = find(target, id)
  if not job then
    return { verdict = "already", action = action, reason = "it does not exist" }
  end
  local sent = step.what.job or {}
  return { verdict = "undo", action = action,
    change = schedule_text(job.settings or {}) ~= schedule_text(sent)
      and "its schedule or its tasks were changed" or nil }
end

function create.undo(target, step, _, op)
  local id = step.result.job_id
  op:perform({ kind = "job.delete", request = "POST /api/2.2/jobs/delete",
    what = { job_id = id, name = step.what.name, undoes = { op = step.op, n = step.n } } },
    function()
      local _, e = fault.try(target.ws.request, target.ws, "POST", "/api/2.2/jobs/delete",
        { body = { job_id = id } })
      if e and find(target, id) then
        fault.raise(e)
      end
      return { job_id = id }
    end)
end

return M
