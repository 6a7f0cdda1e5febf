local json = require "native.json"
local workspace = require "testing.workspace"

local JOBS <const> = "/api/2.2/jobs/"
local MV <const> = "CREATE OR REFRESH MATERIALIZED VIEW %s AS SELECT 1 AS id\n"

-- A pipeline with one table; `conf` is its configuration.
local function pipeline(w, name, conf)
  local http = require "native.http"
  w:ok("POST", "/api/2.0/workspace/import", { path = "/Shared/" .. name, format = "SOURCE",
    language = "SQL", overwrite = true, content = http.base64_encode(MV:format(name)) })
  return w:ok("POST", "/api/2.0/pipelines", { name = name, catalog = "main", schema = "jobs",
    serverless = true, development = true, configuration = conf,
    libraries = { { notebook = { path = "/Shared/" .. name } } } }).pipeline_id
end

local function task(key, id, ...)
  local after = {}
  for i, other in ipairs { ... } do
    after[i] = { task_key = other }
  end
  return { task_key = key, pipeline_task = { pipeline_id = id },
    depends_on = json.array(after) }
end

local function job(w, tasks)
  return w:ok("POST", JOBS .. "create", { name = "j", tasks = tasks }).job_id
end

local function start(w, id, more)
  local body = { job_id = id }
  for key, value in pairs(more or {}) do
    body[key] = value
  end
  return w:ok("POST", JOBS .. "run-now", body).run_id
end

local function get(w, run_id)
  return w:ok("GET", JOBS .. "runs/get?run_id=" .. run_id)
end

local function states(run)
  local list = {}
  for i, one in ipairs(run.tasks) do
    list[i] = one.state.result_state or one.state.life_cycle_state
  end
  return table.concat(list, " ") .. ": " .. (run.state.result_state or run.state.life_cycle_state)
end

local function updates(w, id)
  return w:ok("GET", ("/api/2.0/pipelines/%s/updates"):format(id)).updates or {}
end

test("a run starts an update of each pipeline when the tasks before it are done", function(t)
  local w <close> = workspace.start()
  local a, b = pipeline(w, "a"), pipeline(w, "b")
  local run = start(w, job(w, { task("x", a), task("y", b, "x") }))
  t.equal(states(get(w, run)), "RUNNING PENDING: RUNNING")
  t.equal(#updates(w, b), 0)
  w.clock:advance(5000)
  t.equal(states(get(w, run)), "SUCCESS RUNNING: RUNNING")
  w.clock:advance(60000)
  local done = get(w, run)
  t.equal(states(done), "SUCCESS SUCCESS: SUCCESS")
  local first, second = updates(w, a)[1], updates(w, b)[1]
  t.equal({ first.cause, second.cause }, { "JOB_TASK", "JOB_TASK" })
  t.equal(second.creation_time, done.tasks[1].end_time, "it started when it was due")
end)

test("a failed task fails the run and holds back what depends on it", function(t)
  local w <close> = workspace.start()
  local bad, good = pipeline(w, "a", { ["sandbox.fail"] = "flow" }), pipeline(w, "b")
  local tasks = { task("x", bad), task("y", good, "x"), task("z", good, "y") }
  tasks[3].run_if = "ALL_DONE"
  local run = start(w, job(w, tasks))
  w.clock:advance(60000)
  get(w, run)
  w.clock:advance(60000)
  local done = get(w, run)
  t.equal(states(done), "FAILED UPSTREAM_FAILED SUCCESS: FAILED")
  t.equal(done.state.life_cycle_state, "INTERNAL_ERROR")
  t.match(done.state.state_message, "Task x failed")
  local output = w:ok("GET", JOBS .. "runs/get-output?run_id=" .. done.tasks[1].run_id)
  t.match(output.error, "failed")
  t.equal((w:call("GET", JOBS .. "runs/get-output?run_id=" .. run)), 400, "of several tasks")
end)

test("a pipeline that is stopped cancels its task; a run that is cancelled stops it", function(t)
  local w <close> = workspace.start()
  local a = pipeline(w, "a", { ["sandbox.duration_ms"] = "60000" })
  local id = job(w, { task("x", a) })
  local run = start(w, id)
  w:ok("POST", ("/api/2.0/pipelines/%s/stop"):format(a))
  w.clock:advance(2000)
  t.equal(states(get(w, run)), "CANCELED: CANCELED")
  run = start(w, id)
  w.clock:advance(2000)
  w:ok("POST", JOBS .. "runs/cancel", { run_id = run })
  t.equal(states(get(w, run)), "CANCELED: CANCELED")
  w.clock:advance(2000)
  t.equal(updates(w, a)[1].state, "CANCELED")
end)

test("a pipeline that is busy fails the task", function(t)
  local w <close> = workspace.start()
  local a = pipeline(w, "a")
  w:ok("POST", ("/api/2.0/pipelines/%s/updates"):format(a))
  local done = get(w, start(w, job(w, { task("x", a) })))
  t.equal(states(done), "FAILED: FAILED")
  t.match(done.tasks[1].state.state_message, "An active update")
end)

test("run-now takes a part of the tasks, parameters, and a token for one run", function(t)
  local w <close> = workspace.start()
  local a, b = pipeline(w, "a"), pipeline(w, "b")
  local id = job(w, { task("x", a), task("y", b, "x") })
  local run = start(w, id, { only = { "y" }, idempotency_token = "once",
    pipeline_params = { full_refresh = true } })
  t.equal(start(w, id, { idempotency_token = "once" }), run)
  t.is_true(updates(w, b)[1].full_refresh)
  t.equal(#updates(w, a), 0)
  local skipped = get(w, start(w, id))
  t.equal(skipped.state.life_cycle_state, "SKIPPED", "one run at a time")
  t.equal((w:call("POST", JOBS .. "run-now", { job_id = id, only = { "no" } })), 400)
end)

test("an id of a job or a run is not used again", function(t)
  local w <close> = workspace.start()
  local a = pipeline(w, "a")
  local id = job(w, { task("x", a) })
  local run = start(w, id)
  w:ok("POST", JOBS .. "delete", { job_id = id })
  w.clock:advance(60000)
  t.equal(states(get(w, run)), "SUCCESS: SUCCESS", "a run outlives its job")
  w:ok("POST", JOBS .. "runs/delete", { run_id = run })
  t.is_true(job(w, { task("x", a) }) > id)
  t.is_true(w:ok("POST", JOBS .. "runs/submit", { tasks = { task("x", a) } }).run_id > run)
end)

test("system tables name the job and the run that started an update", function(t)
  local w <close> = workspace.start { scenario = "demo" }
  local id = job(w, { task("x", pipeline(w, "a")) })
  local run = start(w, id)
  w.clock:advance(60000)
  local done = get(w, run)
  local answer = w:ok("POST", "/api/2.0/sql/statements", { warehouse_id = "475b94ddc7cd5211",
    statement = "SELECT trigger_details.job_task.job_id, trigger_details.job_task.job_task_run_id "
      .. "FROM system.lakeflow.pipeline_update_timeline WHERE trigger_type = 'JOB_TASK' "
      .. "AND trigger_details.job_task.job_id = '" .. id .. "'" })
  t.equal(answer.result.data_array, { { ("%d"):format(id), ("%d"):format(done.tasks[1].run_id) } })
end)
