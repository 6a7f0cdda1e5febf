-- tarn clone --with-jobs: the jobs of the source are reported, or copied, paused, for the copy.

local journal = require "tarn.journal"
local journaled = require "support.journaled"
local json = require "native.json"

local function start()
  local j = journaled.start()
  local id, other = j.w:pipeline { name = "p", catalog = "main", schema = "s" },
    j.w:pipeline { name = "other" }
  j.w:ok("POST", "/api/2.2/jobs/create", { name = "nightly", tags = { a = "1" }, tasks = {
    { task_key = "before", pipeline_task = { pipeline_id = other } },
    { task_key = "main", pipeline_task = { pipeline_id = id, full_refresh = true },
      depends_on = { { task_key = "before" } } },
    { task_key = "again", pipeline_task = { pipeline_id = id },
      depends_on = { { task_key = "main" } } },
    { task_key = "report", notebook_task = { notebook_path = "/x" },
      depends_on = { { task_key = "again" } } } },
    schedule = { quartz_cron_expression = "0 0 6 * * ?", timezone_id = "UTC",
      pause_status = "UNPAUSED" } })
  j:forget()
  return j, id
end

local function clone(j, ...)
  return j:run { "-p", "there", "-ojson", "clone", "p", "--name", "copy", "--schema", "s2", ... }
end

local function jobs_of(j, id)
  return j:data { "-p", "there", "jobs", id }
end

test("the report names the jobs and creates none", function(t)
  local j <close> = start()
  local data = json.decode(clone(j, "--with-jobs", "report").stdout)
  t.equal({ data.jobs[1].name, data.jobs[1].verdict, data.jobs[1].schedule },
    { "nightly", "report", "every day at 06:00" })
  t.equal(#jobs_of(j, data.new_pipeline_id), 0)
end)

test("a copied job is paused and has the tasks alone that run the source", function(t)
  local j <close> = start()
  local r = clone(j, "--with-jobs", "copy")
  t.equal(r.status, 0, r.stderr)
  local data = json.decode(r.stdout)
  t.equal({ data.jobs[1].verdict, data.jobs[1].copy_name }, { "copied", "nightly (copy)" })
  t.match(data.jobs[1].reason, "before, report")
  local made = j.w:ok("GET", "/api/2.2/jobs/get?job_id=" .. data.jobs[1].copy_id)
  t.equal({ made.settings.name, made.settings.tags, made.settings.schedule.pause_status },
    { "nightly (copy)", { a = "1" }, "PAUSED" })
  local id = data.new_pipeline_id
  t.equal(made.settings.tasks, {
    { task_key = "main", pipeline_task = { pipeline_id = id, full_refresh = true } },
    { task_key = "again", pipeline_task = { pipeline_id = id },
      depends_on = { { task_key = "main" } } } })
end)

test("a second run makes no second job, and undo deletes the job and the copy", function(t)
  local j <close> = start()
  local data = json.decode(clone(j, "--with-jobs", "copy").stdout)
  local again = json.decode(clone(j, "--with-jobs", "copy").stdout)
  t.equal({ again.status, again.jobs[1].verdict }, { "unchanged", "same" })
  t.equal(#jobs_of(j, data.new_pipeline_id), 1)
  local undone = j:data { "undo", data.operation, "--yes" }
  t.equal({ undone.status, journal.find(data.operation).status }, { "undone", "undone" })
  t.equal(#j:data { "-p", "there", "jobs" }, 1)
  t.equal(j.w:call("GET", "/api/2.0/pipelines/" .. data.new_pipeline_id), 404)
end)

test("the dry run has a step for each job, and makes none", function(t)
  local j <close> = start()
  local data = json.decode(clone(j, "--with-jobs", "copy", "--dry-run").stdout)
  t.equal(data.steps[#data.steps].kind, "job.create")
  t.equal(#j:data { "-p", "there", "jobs" }, 1)
  local text = j:run({ "-p", "there", "clone", "p", "--name", "copy", "--schema", "s2",
    "--with-jobs", "copy", "--dry-run" }).stdout
  t.match(text, "copy  nightly, every day at 06:00: nightly (copy), paused; left out are tasks")
end)

test("a job that was changed since is not deleted without --force", function(t)
  local j <close> = start()
  local data = json.decode(clone(j, "--with-jobs", "copy").stdout)
  j.w:ok("POST", "/api/2.2/jobs/update", { job_id = data.jobs[1].copy_id, new_settings = {
    schedule = { quartz_cron_expression = "0 0 7 * * ?", timezone_id = "UTC",
      pause_status = "UNPAUSED" } } })
  local r = j:run { "undo", data.operation, "--yes" }
  t.equal(r.status, 5, r.stdout)
  t.match(r.stderr, "its schedule or its tasks were changed")
  t.equal(j:run({ "undo", data.operation, "--yes", "--force" }).status, 0)
end)

test("a create of a job that fails is a problem beside the copy", function(t)
  local j <close> = start()
  j.on_request = function(request, answer)
    if request.path:find "jobs/create" then
      return { status = 403, headers = {}, body = '{"error_code":"PERMISSION_DENIED",'
        .. '"message":"no jobs"}' }
    end
    return answer()
  end
  local r = clone(j, "--with-jobs", "copy")
  t.equal(r.status, 4)
  local data = json.decode(r.stdout)
  t.equal(data.status, "created")
  t.match(data.problems[1].message, "no jobs")
end)
