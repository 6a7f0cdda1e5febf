-- tarn jobs: the jobs that run pipelines, and when.

local journaled = require "support.journaled"

local function start()
  local j = journaled.start()
  local a, b = j.w:pipeline { name = "a" }, j.w:pipeline { name = "b" }
  local function job(fields)
    j.w:ok("POST", "/api/2.2/jobs/create", fields)
  end
  local function task(key, id)
    return { task_key = key, pipeline_task = { pipeline_id = id } }
  end
  job { name = "nightly", tasks = { task("one", a), task("two", b),
    { task_key = "report", notebook_task = { notebook_path = "/x" } } },
    schedule = { quartz_cron_expression = "0 0 6 * * ?", timezone_id = "Europe/Berlin",
      pause_status = "UNPAUSED" } }
  job { name = "stopped", tasks = { task("one", b) }, schedule = {
    quartz_cron_expression = "0 0 * * * ?", timezone_id = "UTC", pause_status = "PAUSED" } }
  job { name = "files", tasks = { task("one", b) },
    trigger = { file_arrival = { url = "s3://x" } } }
  job { name = "hand", tasks = { task("one", a) } }
  job { name = "other", tasks = { { task_key = "x", notebook_task = { notebook_path = "/x" } } } }
  return j
end

local function names(rows)
  local list = {}
  for i, row in ipairs(rows) do
    list[i] = row.name
  end
  return list
end

test("all jobs that run a pipeline are listed, those due next first", function(t)
  local j <close> = start()
  local rows = j:data { "-p", "there", "jobs" }
  t.equal(names(rows), { "nightly", "files", "hand", "stopped" })
  local nightly, stopped = rows[1], rows[4]
  t.equal({ nightly.schedule, nightly.timezone, nightly.paused, nightly.tasks,
    nightly.pipelines[1].name, nightly.next_in_zone:sub(-5) },
    { "every day at 06:00", "Europe/Berlin", false, 3, "a", "06:00" })
  t.equal({ stopped.schedule, stopped.paused }, { "every hour", true })
  t.equal({ rows[2].schedule, rows[3].schedule }, { "when files arrive", "by hand" })
end)

test("a pipeline narrows it", function(t)
  local j <close> = start()
  t.equal(names(j:data { "-p", "there", "jobs", "a" }), { "nightly", "hand" })
  t.equal(j:run({ "-p", "there", "jobs", "zzz" }).status, 3)
end)

test("the text says what runs when", function(t)
  local j <close> = start()
  local out = j:run({ "-p", "there", "jobs" }).stdout
  t.match(out, "nightly +every day at 06:00 Europe/Berlin +%d+%-%d+%-%d+ 0[45]:00 UTC, 06:00 there"
    .. " +a, b and 1 other task", true)
  t.match(out, "stopped +every hour +paused +b\n", true)
end)

test("more jobs than a page are all seen", function(t)
  local j <close> = journaled.start()
  local id = j.w:pipeline { name = "p" }
  for i = 1, 130 do
    j.w:ok("POST", "/api/2.2/jobs/create", { name = "job " .. i, tasks = {
      { task_key = "x", pipeline_task = { pipeline_id = id } } } })
  end
  t.equal(#j:data { "-p", "there", "jobs" }, 130)
end)

test("a refusal is a fault, not an empty list", function(t)
  local j <close> = start()
  j.on_request = function(request, answer)
    if request.path:find "jobs/list" then
      return { status = 403, headers = {}, body = '{"error_code":"PERMISSION_DENIED",'
        .. '"message":"no"}' }
    end
    return answer()
  end
  t.equal(j:run({ "-p", "there", "jobs" }).status, 4)
end)
