-- The promises of the product's page for the commands that run and watch pipelines, on the command
-- line and against a whole workspace.

local program = require "testing.program"
local fake = require "testing.fake"
local json = require "native.json"
local workspace = require "testing.workspace"
local time = require "base.time"

local ID <const> = "6d1f0000-0000-4000-8000-000000000000"
local BASE <const> = "GET /api/2.0/pipelines/" .. ID

-- A demo workspace, and a function that runs the program against it and returns the data.
local function demo()
  local w = workspace.start { scenario = "demo", run_ms = 200 }
  local dir = program.dir()
  local function run(...)
    return (program.data({ ... }, { env = w:env { XDG_STATE_HOME = dir.path } }))
  end
  return setmetatable({ w = w, run = run }, { __close = function()
    w:close()
    dir.close()
  end })
end

local function names(rows)
  local list = {}
  for i, row in ipairs(rows) do
    list[i] = row.name
  end
  table.sort(list)
  return list
end

-- ---- T17: the search box, the config in the detail, the run history ----

test("T17: a search finds names in any case, and nothing else", function(t)
  local d <close> = demo()
  local all = {}
  for _, item in ipairs(d.w:all("/api/2.0/pipelines?max_results=100", "statuses")) do
    if item.name:lower():find("finance", 1, true) then
      all[#all + 1] = item.name
    end
  end
  table.sort(all)
  t.is_true(#all >= 5)
  t.equal(names(d.run("list", "--filter", "*finance*")), all)
  t.equal(names(d.run("list", "--filter", "*FINANCE*")), all)
  t.equal(names(d.run("list", "--filter", "*'Q4'*")), { "marketing: campañas 'Q4' 100%_final" })
  t.equal(d.run("list", "--filter", "*no such name*"), {})
end)

test("T17: the detail has the whole config with its unknown fields", function(t)
  local d <close> = demo()
  local id = d.w:pipeline { name = "detailed", a_field_of_tomorrow = { deep = { 1, 2.5, "x" } },
    configuration = { ["a.b"] = "c" }, tags = { team = "data" } }
  local spec = d.w:ok("GET", "/api/2.0/pipelines/" .. id).spec
  t.equal(spec.a_field_of_tomorrow.deep[2], 2.5)
  local detail = d.run("get", "detailed")
  t.equal(detail.spec, spec)
  t.equal({ detail.pipeline_id, detail.name, detail.state }, { id, "detailed", "IDLE" })
end)

test("T17: the run history is newest first, each run with its cause and outcome",
  function(t)
    local d <close> = demo()
    local found = d.w:ok("GET", "/api/2.0/pipelines?filter=name%20LIKE%20'sales_promotions'")
    local id = found.statuses[1].pipeline_id
    local all = d.w:all("/api/2.0/pipelines/" .. id .. "/updates?max_results=25", "updates")
    local rows = d.run("updates", "sales_promotions")
    t.equal(#rows, #all)
    for i, row in ipairs(rows) do
      t.equal({ row.update_id, row.state, row.cause, row.creation_time },
        { all[i].update_id, all[i].state, all[i].cause, all[i].creation_time })
      t.is_true(row.duration_ms == json.null or row.duration_ms > 0)
    end
    t.is_true(#rows[1].phases > 0)
    t.match(rows[1].error, "EXPECTATION_VIOLATION")
  end)

-- ---- T8, T9: numbers with their source, a history with its times ----

test("T8: if no source has expectations, the answer has the reason of each source", function(t)
  local ws <close> = fake.workspace {
    [BASE] = { pipeline_id = ID, name = "p", state = "IDLE", spec = { id = ID, name = "p" } },
    [BASE .. "/events"] = { events = json.array {} },
    [BASE .. "/updates"] = { updates = json.array {} },
    ["GET /api/2.0/sql/warehouses"] = { warehouses = json.array {} },
  }
  local data = fake.run("expectations", { pipeline = ID }, ws)
  t.equal(#data.results, 0)
  t.is_true(#data.sources >= 1)
  for _, one in ipairs(data.sources) do
    t.is_true(one.answered or type(one.reason) == "string" and #one.reason > 0, one.source)
  end
end)

test("T9: the history of the command line has start, end and duration of a completed run",
  function(t)
    local d <close> = demo()
    local id = d.w:pipeline { name = "timed" }
    local began = time.now()
    local report = d.run("trigger", "timed", "--wait")
    local row = d.run("updates", "timed")[1]
    t.equal({ row.update_id, row.state }, { report.update_id, "COMPLETED" })
    t.is_true(math.abs(row.creation_time - began) < 60000)
    t.equal(row.end_time - row.creation_time, row.duration_ms)
    local sum = 0
    for _, phase in ipairs(row.phases) do
      sum = sum + phase.duration_ms
    end
    t.is_true(sum <= row.duration_ms, "the phases are within the run")
    t.equal(d.w:ok("GET", "/api/2.0/pipelines/" .. id).latest_updates[1].update_id, row.update_id)
  end)

-- ---- T10: a refusal is never an empty list ----

test("T10: refused events, history and permissions are faults, not empty lists", function(t)
  local refusal = fake.refusal(403, "PERMISSION_DENIED", "not yours")
  local ws <close> = fake.workspace {
    [BASE] = { pipeline_id = ID, name = "p", state = "IDLE" },
    [BASE .. "/events"] = refusal, [BASE .. "/updates"] = refusal,
    ["GET /api/2.0/permissions/pipelines/" .. ID] = refusal,
  }
  for _, command in ipairs { "events", "updates", "permissions" } do
    local e = t.fault(fake.run, command, { pipeline = ID }, ws)
    t.equal({ e.kind, e.status, require("engine.report").status(e) }, { "auth", 403, 4 }, command)
  end
  local following = { pipeline = ID, follow = true, once = true }
  t.equal(t.fault(fake.run, "events", following, ws).status, 403)
end)

test("T10: a log that fails on a later page is a fault", function(t)
  local ws <close> = fake.workspace {
    [BASE .. "/events"] = function(request)
      if request.query:find "page_token" then
        return fake.refusal(400, "INVALID_PARAMETER_VALUE", "what token?")
      end
      return { events = { { id = "a", level = "INFO" } }, next_page_token = "more" }
    end,
  }
  t.equal(t.fault(fake.run, "events", { pipeline = ID, all = true }, ws).code,
    "INVALID_PARAMETER_VALUE")
end)

-- ---- T11: one update from one request ----

test("T11: a trigger whose answer is lost starts one update, and reports it",
  function(t)
    local w <close> = workspace.start { run_ms = 60000, faults = {
      { path = "*/updates", method = "POST", count = 1, action = "reset_after" } } }
    local id = w:pipeline()
    local report = program.data({ "trigger", "p" }, { env = w:env() })
    local updates = w:all("/api/2.0/pipelines/" .. id .. "/updates?max_results=100", "updates")
    t.equal({ #updates, updates[1].update_id }, { 1, report.update_id })
  end)

-- ---- T12: the API's own words ----

test("T12: unknown words of the API pass through every command", function(t)
  local event = { id = "e1", timestamp = "2026-08-19T10:11:12.345Z", level = "CURIOUS",
    event_type = "moon_phase", message = "full", maturity_level = "RIPE",
    origin = { update_id = "u1", flow_name = "f" },
    details = { moon_phase = { state = "FULL", unknown = { 1 } } } }
  local progress = { id = "e2", timestamp = "2026-08-19T10:11:13.345Z", level = "INFO",
    event_type = "update_progress", message = "", origin = { update_id = "u1" },
    details = { update_progress = { state = "HIBERNATING" } } }
  local flow = { id = "e3", timestamp = "2026-08-19T10:11:14.345Z", level = "INFO",
    event_type = "flow_progress", message = "", origin = { update_id = "u1", flow_name = "f" },
    details = { flow_progress = { status = "DREAMING" } } }
  local ws <close> = fake.workspace {
    [BASE] = { pipeline_id = ID, name = "p", state = "ORBITING", health = "SO_SO" },
    [BASE .. "/events"] = { events = { flow, progress, event } },
    [BASE .. "/updates"] = { updates = { { update_id = "u1", state = "HIBERNATING",
      cause = "SOLAR_FLARE", creation_time = 1787134272345 } } },
  }
  local got = fake.run("get", { pipeline = ID }, ws)
  t.equal({ got.state, got.health }, { "ORBITING", "SO_SO" })
  local row = fake.run("updates", { pipeline = ID }, ws)[1]
  t.equal({ row.state, row.cause, row.phases[1].state },
    { "HIBERNATING", "SOLAR_FLARE", "HIBERNATING" })
  local seen = fake.run("events", { pipeline = ID }, ws).events[3]
  t.equal({ seen.level, seen.event_type, seen.maturity_level, seen.details },
    { "CURIOUS", "moon_phase", "RIPE", event.details })
  local state = require("tarn.live").new()
  for _, one in ipairs { event, progress, flow } do
    state:take(one)
  end
  local snapshot = state:snapshot()
  t.equal({ snapshot.state, snapshot.flows[1].state }, { "HIBERNATING", "DREAMING" })
end)

-- ---- T18: an exact window ----

test("T18: --since and --until are sent in UTC, to the millisecond", function(t)
  local asked
  local ws <close> = fake.workspace {
    [BASE .. "/events"] = function(request)
      asked = request.query
      local list = json.array {}
      for ms = 0, 9 do
        list[ms + 1] = { id = tostring(ms), level = "INFO",
          timestamp = ("2026-08-19T10:11:12.%03dZ"):format(340 + ms) }
      end
      return { events = list }
    end,
  }
  local data = fake.run("events", { pipeline = ID, since = "2026-08-19T12:11:12.342+02:00",
    ["until"] = "2026-08-19T10:11:12.345Z" }, ws)
  t.match(asked, "2026-08-19T10%3A11%3A12.342Z")
  t.match(asked, "2026-08-19T10%3A11%3A12.345Z")
  local ids = {}
  for i, event in ipairs(data.events) do
    ids[i] = event.id
  end
  t.equal(ids, { "2", "3", "4", "5" }, "a server that ignores the filter changes nothing")
end)

test("T18: --days N begins N times 24 hours ago, whatever the hour", function(t)
  local d <close> = demo()
  local before = time.now()
  local window = d.run("expectations", "sales_orders_etl", "--days", "2").window
  local after = time.now()
  local since, last = time.find_iso(window.since), time.find_iso(window["until"])
  t.equal(last - since, 2 * 86400000)
  t.is_true(last >= before and last <= after, window["until"])
end)
