-- The promises of the product's page, by their numbers.

local fake = require "testing.fake"
local json = require "native.json"
local pipelines = require "tarn.pipelines"

local function state(n, fields)
  local item = {
    pipeline_id = ("%08x-0000-4000-8000-000000000000"):format(n), name = "p" .. n,
    state = "IDLE", creator_user_name = "ana@example.com",
  }
  for key, value in pairs(fields or {}) do
    item[key] = value
  end
  return item
end

test("T5: healthy, unhealthy and unknown are counted exactly, and add up", function(t)
  local ws <close> = fake.workspace {
    ["GET /api/2.0/pipelines"] = { statuses = {
      state(1, { health = "HEALTHY" }), state(2, { health = "UNHEALTHY" }),
      state(3, { health = "UNHEALTHY" }), state(4), state(5, { health = "NEW_WORD" }),
    } },
  }
  local summary = fake.run("dashboard", {}, ws).summary
  t.equal(summary, { total = 5, running = 0, failed = 0, idle = 5, other = 0,
    healthy = 1, unhealthy = 2, unknown = 2 })
end)

test("T5: a pipeline that is IDLE after a failed update counts as failed", function(t)
  local function newest(update_state)
    return { { update_id = "u", state = update_state, creation_time = "2026-08-19T10:11:12.345Z" } }
  end
  local events = { events = json.array {} }
  local ws <close> = fake.workspace {
    ["GET /api/2.0/pipelines"] = { statuses = {
      state(1, { latest_updates = newest "FAILED" }),
      state(2, { state = "RUNNING", latest_updates = newest "RUNNING" }),
      state(3, { state = "FAILED" }), state(4, { state = "STOPPING" }),
      state(5, { latest_updates = newest "COMPLETED" }), state(6, { state = "STARTING" }),
    } },
    ["GET /api/2.0/pipelines/00000001-0000-4000-8000-000000000000/events"] = events,
    ["GET /api/2.0/pipelines/00000002-0000-4000-8000-000000000000/events"] = events,
    ["GET /api/2.0/pipelines/00000003-0000-4000-8000-000000000000/events"] = events,
    ["GET /api/2.0/pipelines/00000006-0000-4000-8000-000000000000/events"] = events,
  }
  local data = fake.run("dashboard", {}, ws)
  t.equal(data.problems, {})
  t.equal({ data.summary.running, data.summary.failed, data.summary.idle, data.summary.other },
    { 2, 2, 1, 1 })
end)

test("T6: max_events is at most that many, newest first, in as few calls as possible", function(t)
  local asked = {}
  local ws <close> = fake.workspace {
    ["GET /api/2.0/pipelines/x/events"] = function(request)
      asked[#asked + 1] = request.query
      local size = math.tointeger(request.query:match "max_results=(%d+)")
      local from = math.tointeger(request.query:match "page_token=(%d+)") or 10000
      local events = {}
      for i = 1, size do
        events[i] = { id = tostring(from - i), level = "INFO" }
      end
      return { events = events, next_page_token = tostring(from - size) }
    end,
  }
  local function take(max)
    local list = {}
    asked = {}
    for event in pipelines.events(ws, "x", { max = max }) do
      list[#list + 1] = event.id
    end
    return list
  end
  t.equal(#take(100), 100)
  t.equal(asked, { "max_results=100" })
  local list = take(2500)
  t.equal({ #list, list[1], list[2500] }, { 2500, "9999", "7500" })
  t.equal(#asked, 3)
  t.match(asked[2], "page_token=9000")
end)

test("T10: a refused list is a fault, never an empty workspace", function(t)
  local ws <close> = fake.workspace {
    ["GET /api/2.0/pipelines"] = fake.refusal(403, "PERMISSION_DENIED", "not yours"),
  }
  for _, command in ipairs { "list", "dashboard" } do
    local e = t.fault(fake.run, command, {}, ws)
    t.equal({ e.kind, e.status, e.code }, { "auth", 403, "PERMISSION_DENIED" })
  end
end)

test("T10: a list that fails on a later page is a fault too", function(t)
  local ws <close> = fake.workspace {
    ["GET /api/2.0/pipelines"] = function(request)
      if request.query:find "page_token" then
        return fake.refusal(400, "INVALID_PARAMETER_VALUE", "what token?")
      end
      return { statuses = { state(1) }, next_page_token = "more" }
    end,
  }
  t.equal(t.fault(fake.run, "list", {}, ws).code, "INVALID_PARAMETER_VALUE")
  t.equal(t.fault(fake.run, "dashboard", {}, ws).code, "INVALID_PARAMETER_VALUE")
end)

test("T10: events that cannot be read are reported as a problem, and the rest is kept", function(t)
  local ws <close> = fake.workspace {
    ["GET /api/2.0/pipelines"] = { statuses = { state(1, { state = "RUNNING" }),
      state(2, { state = "RUNNING" }) } },
    ["GET /api/2.0/pipelines/00000001-0000-4000-8000-000000000000/events"] =
      fake.refusal(403, "PERMISSION_DENIED", "not yours"),
    ["GET /api/2.0/pipelines/00000002-0000-4000-8000-000000000000/events"] =
      { events = { { id = "e", level = "INFO", timestamp = "2026-08-19T10:11:12.345Z" } } },
  }
  local data = fake.run("dashboard", {}, ws)
  t.equal(data.summary.running, 2)
  t.equal(#data.recent_events, 1)
  t.equal({ data.problems[1].pipeline_name, data.problems[1].kind }, { "p1", "auth" })
end)

test("an empty page with a token is not the end of the list", function(t)
  local ws <close> = fake.workspace {
    ["GET /api/2.0/pipelines"] = function(request)
      if request.query:find "page_token" then
        return { statuses = { state(1) } }
      end
      return { next_page_token = "more" }
    end,
  }
  t.equal(#fake.run("list", {}, ws), 1)
end)

test("T12: states are the API's own words, unknown ones too", function(t)
  local ws <close> = fake.workspace {
    ["GET /api/2.0/pipelines"] = { statuses = { state(1, { state = "RUNNING" }),
      state(2, { state = "HIBERNATING" }), state(3, { health = "UNHEALTHY" }) } },
  }
  local rows = fake.run("list", {}, ws)
  t.equal({ rows[1].state, rows[2].state, rows[3].health },
    { "RUNNING", "HIBERNATING", "UNHEALTHY" })
  t.match(rows[1].url, "/pipelines/" .. rows[1].pipeline_id)
  rows[1].url = nil -- the port differs
  t.equal(json.encode(rows[1]),
    '{"cluster_id":null,"creator":"ana@example.com","health":null,"latest_update":null,'
    .. '"name":"p1","pipeline_id":"00000001-0000-4000-8000-000000000000","run_as":null,'
    .. '"state":"RUNNING"}')
end)

test("the newest events come first, and at the same time errors come first", function(t)
  local function event(id, level, timestamp)
    return { id = id, level = level, timestamp = timestamp, event_type = "update_progress",
      message = id }
  end
  local same = "2026-08-19T10:11:12.345Z"
  local ws <close> = fake.workspace {
    ["GET /api/2.0/pipelines"] = { statuses = { state(1, { state = "RUNNING" }),
      state(2, { state = "FAILED" }) } },
    ["GET /api/2.0/pipelines/00000001-0000-4000-8000-000000000000/events"] =
      { events = { event("a", "INFO", same), event("b", "WARN", same) } },
    ["GET /api/2.0/pipelines/00000002-0000-4000-8000-000000000000/events"] =
      { events = { event("c", "INFO", "2026-08-19T10:11:13.000Z"), event("d", "ERROR", same) } },
  }
  local ids = {}
  for i, recent in ipairs(fake.run("dashboard", {}, ws).recent_events) do
    ids[i] = recent.id .. recent.pipeline_name
  end
  t.equal(ids, { "cp2", "dp2", "bp1", "ap1" })
end)
