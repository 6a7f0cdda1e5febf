local jobs = require "tarn.jobs"
local json = require("tarn").json

local function next_text(_, row)
  if row.paused then
    return "paused"
  elseif row.next_run_time == json.null then
    return "-"
  end
  local utc = row.next_run_time:sub(1, 16):gsub("T", " ")
  return row.timezone == "UTC" and utc .. " UTC"
    or ("%s UTC, %s there"):format(utc, row.next_in_zone:sub(-5))
end

local function schedule_text(_, row)
  return row.timezone ~= json.null and row.timezone ~= "UTC"
    and ("%s %s"):format(row.schedule, row.timezone) or row.schedule
end

local function pipelines_text(list, row)
  local names = {}
  for i, task in ipairs(list) do
    names[i] = task.name or task.pipeline_id
  end
  local others = row.tasks - #list
  return table.concat(names, ", ")
    .. (others > 0 and (" and %d other task%s"):format(others, others > 1 and "s" or "") or "")
end

local function add_names(ws, rows)
  local names = {}
  for item in ws:pipelines() do
    names[item.pipeline_id] = item.name
  end
  for _, row in ipairs(rows) do
    for _, task in ipairs(row.pipelines) do
      task.name = names[task.pipeline_id]
    end
  end
end

return {
  summary = "List the jobs that run pipelines, and when they run next.",
  effect = "read",
  route = { "GET", "/api/dlt/jobs" },
  returns = { { job_id = "integer", name = "string", schedule = "string", paused = "boolean",
    ["timezone~"] = "string", ["next_run_time~"] = "string", ["next_in_zone~"] = "string",
    ["creator~"] = "string", tasks = "integer", url = "string",
    pipelines = { { pipeline_id = "string", ["name?"] = "string", task_key = "string" } } } },
  details = [[
Schedules are told in words. The next time is given in UTC, and as the clock of the job's time
zone. A schedule that is paused has no next time, nor has a job that is started by files, tables or
hand. Only jobs that you may see are listed.]],
  args = {
    { "pipeline", "pipeline", "Only jobs that run this pipeline.", optional = true,
      positional = true },
  },
  examples = {
    { "jobs", "all jobs that run pipelines" },
    { "jobs sales", "which jobs run this one" },
    { "jobs -o csv", "print CSV, for a spreadsheet" },
  },
  see = { "clone", "updates" },
  render = {
    columns = { { "name", title = "JOB" }, { "schedule", text = schedule_text },
      { "next_run_time", title = "NEXT", text = next_text },
      { "pipelines", title = "RUNS", text = pipelines_text } },
    fields = { "job_id", "name", "schedule", "timezone", "paused", "next_run_time",
      "next_in_zone", "tasks", "pipelines", "creator", "url" },
  },

  run = function(ctx, arg)
    local ws = ctx.workspace
    local id = arg.pipeline and require("tarn.pipelines").find_id(ws, arg.pipeline)
    local rows = jobs.list(ws, id)
    add_names(ws, rows)
    return rows
  end,
}
