local warehouse = require "support.warehouse"
local workspace = require "testing.workspace"

local function tasks_for(id)
  return { { task_key = "run", pipeline_task = { pipeline_id = id } } }
end

local function new_pipeline(w)
  return w:ok("POST", "/api/2.0/pipelines", { name = "p", serverless = true, catalog = "main",
    schema = "x", libraries = { { notebook = { path = "/Shared/x" } } } }).pipeline_id
end

test("a job is created, read, changed and deleted", function(t)
  local w <close> = workspace.start()
  local id = new_pipeline(w)
  local job = w:ok("POST", "/api/2.2/jobs/create", { name = "nightly", tasks = tasks_for(id),
    schedule = { quartz_cron_expression = "0 0 6 * * ?", timezone_id = "UTC" } }).job_id
  local found = w:ok("GET", "/api/2.2/jobs/get?job_id=" .. job)
  t.equal(found.settings.tasks[1].pipeline_task.pipeline_id, id)
  w:ok("POST", "/api/2.2/jobs/update", { job_id = job, new_settings = { name = "hourly" },
    fields_to_remove = { "schedule" } })
  found = w:ok("GET", "/api/2.1/jobs/get?job_id=" .. job)
  t.equal(found.settings.name, "hourly")
  t.equal(found.settings.schedule, nil)
  t.equal(#found.settings.tasks, 1)
  w:ok("POST", "/api/2.2/jobs/delete", { job_id = job })
  t.equal((w:call("GET", "/api/2.2/jobs/get?job_id=" .. job)), 400)
end)

test("a list has pages, and has tasks only with expand_tasks", function(t)
  local w <close> = workspace.start()
  local id = new_pipeline(w)
  for i = 1, 5 do
    w:ok("POST", "/api/2.2/jobs/create", { name = "j" .. i, tasks = tasks_for(id) })
  end
  local names, token = {}, ""
  repeat
    local page = w:ok("GET", "/api/2.2/jobs/list?limit=2&expand_tasks=true&page_token=" .. token)
    for _, job in ipairs(page.jobs) do
      names[#names + 1] = job.settings.name
      t.equal(#job.settings.tasks, 1)
    end
    token = page.next_page_token or ""
  until not page.has_more
  t.equal(table.concat(names, " "), "j5 j4 j3 j2 j1")
  t.equal(w:ok("GET", "/api/2.2/jobs/list").jobs[1].settings.tasks, nil)
  t.equal(#w:ok("GET", "/api/2.2/jobs/list?name=J3").jobs, 1)
  t.equal((w:call("GET", "/api/2.2/jobs/list?limit=101")), 400)
end)

test("a job for a pipeline that does not exist is refused", function(t)
  local w <close> = workspace.start()
  t.equal((w:call("POST", "/api/2.2/jobs/create",
    { name = "x", tasks = tasks_for "00000000-0000-0000-0000-000000000000" })), 404)
end)

test("the usage of updates is in system.billing", function(t)
  local w <close> = workspace.start { scenario = "demo" }
  local answer = w:ok("POST", "/api/2.0/sql/statements", { warehouse_id = warehouse.WAREHOUSE,
    wait_timeout = "10s", statement = "SELECT usage_metadata.dlt_pipeline_id AS id, "
      .. "sum(usage_quantity) AS dbus FROM system.billing.usage GROUP BY 1 ORDER BY 2 DESC" })
  t.is_true(#answer.result.data_array > 10)
  t.is_true(tonumber(answer.result.data_array[1][2]) > 0)
end)
