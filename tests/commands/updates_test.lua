--- The history of updates: the promise T9, and one update with its causes.

local fake = require "testing.fake"
local json = require "native.json"
local workspace = require "testing.workspace"
local time = require "base.time"

local ID <const> = "6d1f0000-0000-4000-8000-000000000000"
local T0 <const> = 1787134272000 -- 2026-08-19T10:11:12Z

local function event(n, update_id, state, at, more)
  local e = { id = update_id .. "-" .. n, event_type = "update_progress", level = "INFO",
    timestamp = time.iso(at),
    message = ("Update %s is %s."):format(update_id, state),
    origin = { update_id = update_id, request_id = "r-" .. update_id },
    sequence = { control_plane_seq_no = at * 1000 + n },
    details = { update_progress = { state = state } } }
  for key, value in pairs(more or {}) do
    e[key] = value
  end
  return e
end

-- A workspace with these updates and events, both newest first, in pages of `size`.
local function fake_workspace(updates, events, size)
  local function page(list, field, query)
    local from = math.tointeger(query:match "page_token=(%d+)") or 0
    local out = { [field] = { table.unpack(list, from + 1, from + size) } }
    out.next_page_token = list[from + size + 1] and tostring(from + size) or nil
    return out
  end
  local base = "GET /api/2.0/pipelines/" .. ID
  return fake.workspace {
    [base] = { pipeline_id = ID, name = "p", state = "IDLE" },
    [base .. "/updates"] = function(request) return page(updates, "updates", request.query) end,
    [base .. "/events"] = function(request) return page(events, "events", request.query) end,
  }
end

-- `n` updates of ten seconds, a minute apart; the oldest has number 1.
local function many(n)
  local updates, events = {}, {}
  for i = n, 1, -1 do
    local id, at = "u" .. i, T0 + i * 60000
    updates[#updates + 1] = { update_id = id, state = "COMPLETED", cause = "JOB_TASK",
      creation_time = at, full_refresh = false }
    events[#events + 1] = event(4, id, "COMPLETED", at + 10000)
    events[#events + 1] = event(3, id, "RUNNING", at + 4000)
    events[#events + 1] = event(2, id, "INITIALIZING", at + 1000)
    events[#events + 1] = event(1, id, "QUEUED", at)
  end
  return updates, events
end

test("T9: the history has all pages, with end, duration, phases and cause", function(t)
  local updates, events = many(250)
  local ws <close> = fake_workspace(updates, events, 100)
  local rows = fake.run("updates", { pipeline = ID }, ws)
  t.equal({ #rows, rows[1].update_id, rows[250].update_id }, { 250, "u250", "u1" })
  for _, row in ipairs(rows) do
    t.equal({ row.duration_ms, row.end_time - row.creation_time, #row.phases, row.cause,
      row.error }, { 10000, 10000, 3, "JOB_TASK", json.null })
  end
  t.equal(rows[7].phases[2], { state = "INITIALIZING", start_time = rows[7].creation_time + 1000,
    duration_ms = 3000 })
  t.equal(#ws.seen, 1 + 3 + 10) -- the pipeline, pages of updates, pages of events
end)

test("T9: a failed update has its error in one line, an active update has no end", function(t)
  local ws <close> = fake_workspace({
    { update_id = "u2", state = "RUNNING", cause = "API_CALL", creation_time = T0 + 60000 },
    { update_id = "u1", state = "FAILED", cause = "API_CALL", creation_time = T0 },
    { update_id = "u0", state = "CANCELED", cause = "API_CALL", creation_time = T0 - 60000 },
  }, {
    event(9, "u2", "RUNNING", T0 + 61000),
    event(8, "u1", "FAILED", T0 + 5000, { level = "ERROR", error = { exceptions = {
      { class_name = "Outer", message = "it failed" },
      { class_name = "Inner", message = "[X] no file\n\tat a.b(C.scala:1)" } } } }),
    event(7, "u1", "QUEUED", T0),
    event(6, "u0", "CANCELED", T0 - 50000, { details = { update_progress = {
      state = "CANCELED", cancellation_cause = "USER_ACTION" } } }),
  }, 100)
  local rows = fake.run("updates", { pipeline = ID }, ws)
  t.equal({ rows[1].end_time, rows[1].duration_ms, rows[1].phases[1].duration_ms },
    { json.null, json.null, json.null })
  t.equal({ rows[2].error, rows[2].duration_ms, rows[2].request_id },
    { "[X] no file", 5000, "r-u1" })
  t.equal({ rows[3].cancellation_cause, rows[3].duration_ms, rows[3].error },
    { "USER_ACTION", 10000, json.null })
end)

test("T9: fields without events are null, not guessed", function(t)
  local updates = many(3)
  local ws <close> = fake_workspace(updates, {}, 100)
  for _, row in ipairs(fake.run("updates", { pipeline = ID }, ws)) do
    t.equal({ row.end_time, row.duration_ms, row.phases, row.state },
      { json.null, json.null, json.array {}, "COMPLETED" })
  end
end)

test("T9: a history that cannot be read is a fault, even if only its events are", function(t)
  for _, part in ipairs { "/updates", "/events" } do
    local updates, events = many(3)
    local refused <close> = fake.workspace {
      ["GET /api/2.0/pipelines/" .. ID] = { pipeline_id = ID, name = "p", state = "IDLE" },
      ["GET /api/2.0/pipelines/" .. ID .. "/updates"] = part ~= "/updates"
        and { updates = updates } or fake.refusal(403, "PERMISSION_DENIED", "not yours"),
      ["GET /api/2.0/pipelines/" .. ID .. "/events"] = part ~= "/events"
        and { events = events } or fake.refusal(403, "PERMISSION_DENIED", "not yours"),
    }
    t.equal(t.fault(fake.run, "updates", { pipeline = ID }, refused).status, 403)
  end
end)

test("--since and --max request no more pages than needed", function(t)
  local updates, events = many(250)
  local ws <close> = fake_workspace(updates, events, 100)
  local rows = fake.run("updates", { pipeline = ID, since = time.iso(T0 + 241 * 60000) }, ws)
  t.equal({ #rows, rows[#rows].update_id }, { 10, "u241" })
  t.is_true(#ws.seen <= 5, #ws.seen)
  local few <close> = fake_workspace(updates, events, 100)
  t.equal(#fake.run("updates", { pipeline = ID, max = 3 }, few), 3)
  t.match(few.seen[2].query, "max_results=3")
end)

test("--until leaves out what began later, and reads the events from there on", function(t)
  local updates, events = many(250)
  local ws <close> = fake_workspace(updates, events, 100)
  local rows = fake.run("updates", { pipeline = ID, ["until"] = time.iso(T0 + 120 * 60000),
    max = 3 }, ws)
  t.equal({ #rows, rows[1].update_id, rows[3].update_id }, { 3, "u120", "u118" })
  local bounded = 0
  for _, seen in ipairs(ws.seen) do
    bounded = bounded + ((seen.query or ""):find("timestamp", 1, true) and 1 or 0)
  end
  t.equal(bounded, 1, "the first page of events has a bound of time")
  rows = fake.run("updates", { pipeline = ID, since = time.iso(T0 + 118 * 60000),
    ["until"] = time.iso(T0 + 120 * 60000) }, ws)
  t.equal({ #rows, rows[1].duration_ms, rows[3].duration_ms }, { 3, 10000, 10000 })
  t.equal(#fake.run("updates", { pipeline = ID, ["until"] = time.iso(T0) }, ws), 0)
end)

test("a range that ends before it begins, or has no time, is refused", function(t)
  local ws <close> = fake_workspace({}, {}, 100)
  local function message(arg)
    arg.pipeline = ID
    return t.fault(fake.run, "updates", arg, ws).message
  end
  t.match(message { since = "1h", ["until"] = "2h" }, "--until is before --since")
  t.match(message { ["until"] = "2026-02-31" }, "--until: '2026-02-31' is not a time")
  t.match(message { update = "u1", ["until"] = "1h" }, "--until")
  t.equal(#ws.seen, 0)
end)

test("--until of many pipelines is the end of a day, by REST and by SQL", function(t)
  local w <close> = workspace.start { run_ms = 200 }
  local ws <close> = workspace.client(w)
  local id, ids = w:pipeline { name = "one" }, {}
  for i = 1, 4 do
    ids[i] = w:run(id)
    w.clock:advance(20 * 3600000)
  end
  local second = fake.run("updates", { pipeline = id }, ws)[3]
  t.equal(second.update_id, ids[2])
  for _, source in ipairs { "rest", "sql" } do
    local found = {}
    for _, row in ipairs(fake.run("updates", { pipeline = "on*", source = source,
      ["until"] = time.iso(second.creation_time + 60000) }, ws)) do
      found[#found + 1] = row.update_id
    end
    t.equal(found, { ids[2], ids[1] }, source)
  end
end)

test("--state takes the API's states and globs, in any case, with commas", function(t)
  local updates, events = many(6)
  updates[2].state, updates[4].state, updates[5].state = "FAILED", "CANCELED", "HIBERNATING"
  local ws <close> = fake_workspace(updates, events, 100)
  local function ids(state, max)
    local list = {}
    for i, row in ipairs(fake.run("updates", { pipeline = ID, state = state, max = max }, ws)) do
      list[i] = row.update_id
    end
    return list
  end
  t.equal(ids "failed,canceled", { "u5", "u3" })
  t.equal(ids "h*", { "u2" })
  t.equal(ids("completed", 2), { "u6", "u4" })
  t.equal(ids "nothing", {})
end)

test("phases are in the order of their sequence, and a repeated state is one phase", function(t)
  local updates = { { update_id = "u", state = "COMPLETED", creation_time = T0 } }
  local ws <close> = fake_workspace(updates, {
    event(5, "u", "COMPLETED", T0 + 9000),
    event(4, "u", "RUNNING", T0 + 3000),
    event(2, "u", "QUEUED", T0, { sequence = json.null }),
    event(3, "u", "RUNNING", T0 + 2000),
    event(1, "other", "RUNNING", T0 + 1),
  }, 100)
  local row = fake.run("updates", { pipeline = ID }, ws)[1]
  t.equal(row.phases, json.array {
    { state = "QUEUED", start_time = T0, duration_ms = 2000 },
    { state = "RUNNING", start_time = T0 + 2000, duration_ms = 7000 } })
end)

-- ---- against the embedded workspace ----

test("T9: a failed update of the embedded workspace has phases and a cause", function(t)
  local w <close> = workspace.start { run_ms = 200 }
  local ws <close> = workspace.client(w)
  local id = w:pipeline { configuration = { ["sandbox.fail"] = "flow" } }
  local update_id = w:run(id)
  w.clock:advance(5000)
  local rows = fake.run("updates", { pipeline = id }, ws)
  t.equal({ #rows, rows[1].update_id, rows[1].state }, { 1, update_id, "FAILED" })
  t.match(rows[1].error, "STREAM_FAILED")
  t.is_true(rows[1].duration_ms > 0 and #rows[1].phases >= 3)
  local one = fake.run("updates", { pipeline = id, update = update_id:sub(1, 6) }, ws)
  t.equal({ one.update_id, #one.causes, one.causes[1].class }, { update_id, 1,
    "org.apache.spark.SparkException" })
  t.is_nil(one.causes[1].stack)
  one = fake.run("updates", { pipeline = id, update = update_id, full_errors = true }, ws)
  t.match(one.causes[1].stack, "UpdateExecution.scala:641")
  t.match(one.causes[1].stack, "Caused by: org.apache.spark.SparkException")
end)

test("an update that does not exist is not found", function(t)
  local w <close> = workspace.start { run_ms = 200 }
  local ws <close> = workspace.client(w)
  local id = w:pipeline()
  t.equal(t.fault(fake.run, "updates", { pipeline = id, update = "6fc8a8" }, ws).code, "NOT_FOUND")
end)

test("selections by path and fields that Tarn does not know are told, and in JSON", function(t)
  local base = "/api/2.0/pipelines/" .. ID
  local given = {
    { update_id = "u2", state = "PAUSED_BY_POLICY", cause = "NEW_CAUSE", creation_time = T0,
      refresh_selection_by_path = { "/Workspace/a/b.sql" }, development = true, later = { x = 1 } },
    { update_id = "u1", state = "COMPLETED", cause = "API_CALL", creation_time = T0,
      full_refresh_selection_by_path = { "/Workspace/a/c.py" }, config = { name = "p" } },
  }
  local ws <close> = fake.workspace {
    ["GET " .. base] = { pipeline_id = ID, name = "p", state = "IDLE" },
    ["GET " .. base .. "/updates"] = { updates = given },
    ["GET " .. base .. "/updates/u1"] = { update = given[2] },
    ["GET " .. base .. "/events"] = { events = json.array {} },
  }
  local rows = fake.run("updates", { pipeline = ID }, ws)
  t.equal(rows[1].what, '/Workspace/a/b.sql; later: {"x":1}; development mode')
  t.equal({ rows[1].refresh_selection_by_path, rows[1].development, rows[1].later },
    { { "/Workspace/a/b.sql" }, true, { x = 1 } })
  t.equal({ rows[2].what, rows[2].full_refresh_selection_by_path },
    { "full: /Workspace/a/c.py", { "/Workspace/a/c.py" } })
  rows = fake.run("updates", { pipeline = ID }, ws, { output = "csv" })
  t.equal(rows[1].other, { later = { x = 1 } })
  t.equal(rows[2].other, nil)
  local columns = " " .. table.concat(require("engine.script").load("updates").render.fields, " ")
  for name in pairs(rows[1]) do
    t.match(columns .. " ", " " .. name .. " ")
  end
  for _, name in ipairs(require("tarn.pipelines").SELECTIONS) do
    t.match(columns .. " ", " " .. name .. " ")
  end
end)
