-- move-schedules.lua: create the jobs that run pipelines for the copies of these pipelines.
--
-- The schedule of a pipeline is a job with a pipeline task. If the journal has copies of all
-- pipelines of a job in the other workspace, the script creates the same job there, paused. It does
-- not change an existing job of that name.

local journal = require "tarn.journal"
local tarn = require "tarn"

local function all_jobs(ws)
  local list, token = {}, nil
  repeat
    local page = ws:request("GET", "/api/2.2/jobs/list",
      { query = { limit = 100, expand_tasks = true, page_token = token } })
    table.move(page.jobs or {}, 1, #(page.jobs or {}), #list + 1, list)
    token = page.has_more and page.next_page_token or nil
  until not token
  return list
end

local function org_of(ws)
  ws:me() -- any answer has the number
  return ws.native:info().org_id
end

-- The tasks with copies instead of the pipelines; or nil and the reason.
local function tasks_there(tasks, from_org, to_org)
  local moved = tarn.json.array {}
  for i, task in ipairs(tasks) do
    local id = task.pipeline_task and task.pipeline_task.pipeline_id
    local copy = id and journal.find_copy { source = { org_id = from_org, pipeline_id = id },
      target_org_id = to_org }
    if not copy then
      return nil, id and task.task_key .. " has no copy there"
        or task.task_key .. " runs no pipeline"
    end
    moved[i] = { task_key = task.task_key, depends_on = task.depends_on,
      pipeline_task = { pipeline_id = copy.pipeline_id,
        full_refresh = task.pipeline_task.full_refresh } }
  end
  return moved, #moved == 0 and "has no tasks" or nil
end

local function settings_there(settings, tasks)
  local schedule = settings.schedule and { pause_status = "PAUSED",
    quartz_cron_expression = settings.schedule.quartz_cron_expression,
    timezone_id = settings.schedule.timezone_id }
  return { name = settings.name, schedule = schedule, tasks = tasks, tags = settings.tags,
    max_concurrent_runs = settings.max_concurrent_runs }
end

return {
  summary = "Create the jobs that run pipelines for their copies in another workspace.",
  effect = "write",
  args = {
    { "to", "workspace", "The workspace that has the copies.", positional = false },
    { "dry_run", "flag", "Only show what would be created." },
  },
  examples = { { "-p prod move-schedules --to dr", "after `clone --match '*' --to dr`" } },
  render = { columns = { "job", "outcome", "why" } },

  run = function(ctx, arg)
    local from_org, to_org = org_of(ctx.workspace), org_of(arg.to)
    local there, rows = {}, tarn.json.array {}
    for _, job in ipairs(all_jobs(arg.to)) do
      there[job.settings.name] = true
    end
    for _, job in ipairs(all_jobs(ctx.workspace)) do
      local settings = job.settings
      local tasks, why = tasks_there(settings.tasks or {}, from_org, to_org)
      local row = { job = settings.name, outcome = "skipped", why = why }
      if there[settings.name] then
        row.outcome, row.why = "exists", nil
      elseif tasks and not why then
        row.outcome = arg.dry_run and "would be created" or "created, paused"
        if not arg.dry_run then
          local made, e = tarn.fault.try(function()
            return (arg.to:request("POST", "/api/2.2/jobs/create",
              { body = settings_there(settings, tasks) }))
          end)
          if tarn.fault.is(e, "cancelled") then
            error(e, 0)
          elseif e then
            row.outcome, row.why = "refused", e.message
            ctx.finish "failed" -- the other jobs are created all the same
          else
            row.job_id = made.job_id
          end
        end
      end
      rows[#rows + 1] = row
    end
    return rows
  end,
}
