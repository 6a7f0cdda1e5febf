--- The dashboard from system tables: any number of pipelines in one statement.

local backend = require "tarn.dashboard.backend"
local program = require "testing.program"
local dashboard = require "tarn.dashboard"
local fake = require "testing.fake"
local json = require "native.json"
local workspace = require "testing.workspace"
local wait = require "testing.wait"
local warehouse = require "support.warehouse"

local HOUR <const> = 3600000
local OVER <const> = { COMPLETED = true, FAILED = true, CANCELED = true }

local function by_id(data)
  local found = {}
  for _, row in ipairs(data.pipelines) do
    found[row.pipeline_id] = row
  end
  return found
end

local function state_of(row)
  return row.latest_update ~= json.null and row.latest_update.state or nil
end

test("REST and SQL give the same dashboard of the demo, as far as the tables know it", function(t)
  local w <close> = workspace.start { scenario = "demo" }
  local ws <close> = workspace.client(w)
  local rest = fake.run("dashboard", { source = "rest" }, ws)
  local sql = fake.run("dashboard", { source = "sql" }, ws)
  t.equal({ rest.source, sql.source, sql.summary.total }, { "rest", "sql", rest.summary.total })
  local rows, known = by_id(sql), 0
  for _, row in ipairs(rest.pipelines) do
    local other = rows[row.pipeline_id]
    t.equal({ other.name, other.creator, other.run_as, other.state, other.health },
      { row.name, row.creator, row.run_as, "UNKNOWN", json.null })
    local a, b = row.latest_update, other.latest_update
    t.equal(b == json.null, a == json.null, row.name)
    if a ~= json.null then
      t.equal({ b.update_id, b.creation_time }, { a.update_id, a.creation_time }, row.name)
      t.is_true(b.state == a.state or b.state == "UNKNOWN" and not OVER[a.state], row.name)
      if OVER[a.state] and row.state == "IDLE" then
        t.equal(dashboard.status(other), dashboard.status(row), row.name)
        known = known + 1
      end
    end
  end
  t.is_true(known >= 20, known)
end)

test("fields that the tables do not have are unknown, and the answer has its age", function(t)
  local w <close> = workspace.start { run_ms = 1000 }
  local ws <close> = workspace.client(w)
  w:run(w:pipeline())
  w.clock:advance(30 * 60000)
  local data = fake.run("dashboard", { source = "sql" }, ws)
  t.equal({ data.summary.unknown, data.summary.idle, data.unknown },
    { 1, 1, json.array { "health", "state" } })
  local rows <close> = ws:sql("SELECT max(period_end_time) AS last FROM "
    .. "system.lakeflow.pipeline_update_timeline", nil, { text = true })
  t.equal(data.as_of, rows().last)
  t.is_true(data.age_ms >= 0)
end)

test("an update without an end runs; one without new rows is neither running nor idle", function(t)
  local w <close> = workspace.start { run_ms = 1000 }
  local ws <close> = workspace.client(w)
  local id = w:pipeline { name = "long",
    configuration = { ["sandbox.duration_ms"] = tostring(9 * HOUR) } }
  w:run(id)
  w.clock:advance(3 * HOUR)
  local data = fake.run("dashboard", { source = "sql" }, ws)
  t.equal({ data.summary.running, state_of(data.pipelines[1]) }, { 1, "UNKNOWN" })
  -- its rows end, and another pipeline has later ones
  w.w.db:exec("UPDATE updates SET ended = ?, result = NULL", { w.clock:now() })
  w.clock:advance(4 * HOUR)
  w:run(w:pipeline { name = "other", schema = "s2" })
  w.clock:advance(60000)
  data = fake.run("dashboard", { source = "sql" }, ws)
  t.equal({ data.summary.running, data.summary.other, data.summary.idle }, { 0, 1, 1 })
end)

test("deleted pipelines are left out", function(t)
  local w <close> = workspace.start { run_ms = 1000 }
  local ws <close> = workspace.client(w)
  local kept, gone = w:pipeline { name = "kept" }, w:pipeline { name = "gone" }
  w:run(gone)
  w.clock:advance(60000)
  w:ok("DELETE", "/api/2.0/pipelines/" .. gone)
  w.clock:advance(60000)
  local versions = warehouse.rows(ws, "SELECT pipeline_id FROM system.lakeflow.pipelines "
    .. "WHERE delete_time IS NULL AND pipeline_id = :id", { id = gone })
  t.is_true(#versions > 0, "an older row of the pipeline is not deleted")
  local data = fake.run("dashboard", { source = "sql" }, ws)
  t.equal({ #data.pipelines, data.pipelines[1].pipeline_id }, { 1, kept })
end)

test("the rows are the same for every size of chunks, and none in an empty workspace", function(t)
  local w <close> = workspace.start { scenario = "demo" }
  local ws <close> = workspace.client(w)
  local all = dashboard.read(ws, { source = "sql" })
  local n = #all.pipelines
  for _, size in ipairs { 1, 7, n - 1, n, n + 1 } do
    warehouse.hint(ws, "sandbox.chunk_rows=" .. size)
    local again = dashboard.read(ws, { source = "sql" })
    t.equal({ again.summary, #again.recent_events }, { all.summary, #all.recent_events }, size)
    for i, row in ipairs(again.pipelines) do
      t.equal(row.pipeline_id, all.pipelines[i].pipeline_id)
    end
  end
  local empty <close> = workspace.start()
  local none <close> = workspace.client(empty)
  local data = dashboard.read(none, { source = "sql" })
  t.equal({ data.summary.total, #data.pipelines, #data.recent_events, #data.problems },
    { 0, 0, 0, 0 })
end)

test("all pipelines are read by one statement, with workspace and time as parameters", function(t)
  local w <close> = workspace.start { scenario = "large:300,10,5" }
  local ws <close> = workspace.client(w)
  warehouse.hint(ws)
  local before = ws.native:stats().calls
  local data = fake.run("dashboard", { source = "sql" }, ws)
  t.equal({ data.summary.total, data.summary.running, #data.pipelines }, { 300, 10, 300 })
  t.equal(#ws.statements, 4,
    "the pipelines, the age, and the events under two names of the table")
  t.is_true(ws.native:stats().calls - before <= 12, ws.native:stats().calls - before)
  local unbounded = {}
  for _, text in ipairs(ws.statements) do
    t.no_match(text, ws:org_id())
    t.match(text, text:find "pipeline_events" and "event_time >= :since"
      or "period_start_time >= :from")
    local _, scans = text:gsub("FROM system%.lakeflow%.pipeline_update_timeline", "")
    t.is_true(scans <= 1, "the table of updates is read once: " .. text)
    unbounded[#unbounded + 1] = not text:find("workspace_id = :workspace", 1, true) and text or nil
  end
  t.equal(unbounded, { (require("tarn.statements").fleet.age(0)) },
    "only the age of the table is that of all workspaces")
end)

test("a missing table of events is a problem, and the pipelines are shown", function(t)
  local w <close> = workspace.start { scenario = "demo" }
  local ws <close> = workspace.client(w)
  warehouse.switch_off(w, "lakeflow_pipeline_events_preview")
  local data = fake.run("dashboard", { source = "sql" }, ws)
  t.equal({ data.summary.total > 0, #data.recent_events, #data.problems }, { true, 0, 1 })
  t.equal(data.problems[1].part, "recent_events")
  t.match(data.problems[1].message, "TABLE_OR_VIEW_NOT_FOUND")
  warehouse.switch_off(w, "lakeflow")
  t.match(t.fault(fake.run, "dashboard", { source = "sql" }, ws).message,
    "TABLE_OR_VIEW_NOT_FOUND")
end)

test("auto uses REST, for many pipelines SQL, and REST again if SQL does not answer", function(t)
  local w <close> = workspace.start { scenario = "large:250,5,2" }
  local ws <close> = workspace.client(w)
  local warnings = {}
  local function read(many, memory)
    return backend.read(ws, { source = "auto", many = many, memory = memory,
      warn = function(text) warnings[#warnings + 1] = text end })
  end
  t.equal({ read(250).source, #warnings }, { "rest", 0 })
  local data = read(100)
  t.equal({ data.source, data.summary.total, data.sources[1].code },
    { "sql", 250, "TOO_MANY_PIPELINES" })
  t.match(warnings[1], "rest did not answer (there are more than 100 pipelines); asking sql")
  t.equal(read(100, dashboard.memory()).source, "rest", "repeated reads use REST")
  warehouse.switch_off(w, "lakeflow")
  data = read(100)
  t.equal({ data.source, data.summary.total }, { "rest", 250 })
end)

test("auto uses SQL where REST refuses", function(t)
  local w <close> = workspace.start { scenario = "demo", faults = {
    { path = "/api/2.0/pipelines", method = "GET", action = "403" } } }
  local ws <close> = workspace.client(w)
  local data = fake.run("dashboard", {}, ws)
  t.equal({ data.source, data.sources[1].status }, { "sql", 403 })
  warehouse.stop(w)
  local e = t.fault(fake.run, "dashboard", {}, ws)
  t.equal(e.status, 403)
  t.match(e.hint, "auto does not start one")
end)

test("newest updates that are older than the days that are read are shown all the same", function(t)
  local w <close> = workspace.start { run_ms = 1000 }
  local ws <close> = workspace.client(w)
  local day = 24 * HOUR
  local function ran(name, ago, duration)
    local id = w:pipeline { name = name, schema = name }
    w:run(id)
    w.clock:advance(60000)
    w.w.db:exec("UPDATE updates SET created = ?, ended = ? WHERE pipeline_id = ?",
      { w.clock:now() - ago, w.clock:now() - ago + duration, id })
    return id
  end
  local started = {}
  for name, ago in pairs { fresh = day, early = 8 * day, old = 40 * day, long = 12 * day } do
    local id = ran(name, ago, name == "long" and 11 * day or 60000)
    started[id] = warehouse.rows(ws, "SELECT min(period_start_time) AS at FROM "
      .. "system.lakeflow.pipeline_update_timeline WHERE pipeline_id = :id", { id = id })[1].at
  end
  w:pipeline { name = "never", schema = "never" }
  local found = 0
  for _, row in ipairs(fake.run("dashboard", { source = "sql" }, ws).pipelines) do
    if row.name == "never" then
      t.equal({ row.latest_update, row.status }, { json.null, "idle" })
    else
      t.equal({ row.latest_update.state, row.latest_update.creation_time },
        { "COMPLETED", started[row.pipeline_id] }, row.name)
      found = found + 1
    end
  end
  t.equal(found, 4)
end)

-- The states of all statements of an embedded workspace.
local function statement_states(w)
  local states = {}
  for i, id in ipairs((w.w.cache.statements or { order = {} }).order) do
    states[i] = w.w.cache.statements.by_id[id].state or "PENDING"
  end
  return states
end

test("Ctrl-C cancels the statements at the warehouse", function(t)
  local w <close> = workspace.start { scenario = "demo" }
  warehouse.stop(w)
  local offset = w.clock.offset
  -- the warehouse never runs, because its clock stands still: the statements stay PENDING
  function w.clock.now() return 1790000000000 + offset end
  local dir <close> = program.dir()
  local running <close> = program.start({ "dashboard", "--source", "sql" },
    { env = w:env { XDG_STATE_HOME = dir.path } })
  wait.until_true(function() return #statement_states(w) == 2 end, "both statements")
  t.equal(statement_states(w), { "PENDING", "PENDING" })
  running:signal "INT"
  t.equal(running:result().status, 130)
  t.equal(statement_states(w), { "CANCELED", "CANCELED" })
end)
