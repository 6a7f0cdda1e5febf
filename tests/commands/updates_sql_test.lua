--- The history of updates from system tables: the promise T9, and the choice of the source.

local program = require "testing.program"
local fake = require "testing.fake"
local json = require "native.json"
local workspace = require "testing.workspace"
local tarn_updates = require "tarn.updates.sql"
local warehouse = require "support.warehouse"

local HOUR <const> = 3600000

-- Fields that both sources have; also the state of an update that has ended.
local SHARED <const> = { "update_id", "cause", "creation_time", "end_time", "duration_ms",
  "full_refresh", "validate_only", "error", "phases", "request_id", "attempt", "attempts",
  "cluster_id", "cancellation_cause", "refresh_selection" }

local function shared(row)
  local part = { state = row.end_time ~= json.null and row.state or "active" }
  for _, name in ipairs(SHARED) do
    part[name] = row[name]
  end
  return part
end

test("the history of each pipeline of the demo is the same from REST and from SQL", function(t)
  local w <close> = workspace.start { scenario = "demo" }
  local ws <close> = workspace.client(w)
  local count, going = 0, 0
  for pipeline in ws:pipelines() do
    local id = pipeline.pipeline_id
    local rest = fake.run("updates", { pipeline = id, source = "rest" }, ws)
    local sql = fake.run("updates", { pipeline = id, source = "sql" }, ws)
    t.equal(#sql, #rest, pipeline.name)
    for i, row in ipairs(rest) do
      t.equal({ row.source, sql[i].source }, { "rest", "sql" })
      t.equal(shared(sql[i]), shared(row), pipeline.name)
      count = count + 1
      if row.end_time == json.null then
        going = going + 1
        t.equal({ sql[i].state, sql[i].duration_ms }, { "UNKNOWN", json.null })
      end
    end
  end
  t.is_true(count > 100 and going > 0, count .. " updates, of which go on " .. going)
end)

test("an update of several hours has several rows and is one update", function(t)
  local w <close> = workspace.start { run_ms = 1000 }
  local ws <close> = workspace.client(w)
  local id = w:pipeline { configuration = { ["sandbox.duration_ms"] = tostring(3 * HOUR) } }
  local update_id = w:run(id)
  w.clock:advance(5 * HOUR)
  local slices = warehouse.rows(ws, "SELECT result_state FROM "
    .. "system.lakeflow.pipeline_update_timeline WHERE update_id = :id", { id = update_id })
  t.is_true(#slices >= 3, #slices)
  local rows = fake.run("updates", { pipeline = id, source = "sql" }, ws)
  t.equal({ #rows, rows[1].update_id, rows[1].state }, { 1, update_id, "COMPLETED" })
  t.is_true(rows[1].duration_ms >= 3 * HOUR, rows[1].duration_ms)
end)

test("the state of an active update is unknown, and it has no end", function(t)
  local w <close> = workspace.start { run_ms = 1000 }
  local ws <close> = workspace.client(w)
  local id = w:pipeline { configuration = { ["sandbox.duration_ms"] = tostring(9 * HOUR) } }
  w:run(id)
  w.clock:advance(5 * HOUR)
  local row = fake.run("updates", { pipeline = id, source = "sql" }, ws)[1]
  t.equal({ row.state, row.end_time, row.duration_ms, row.error },
    { "UNKNOWN", json.null, json.null, json.null })
end)

test("retries are attempts of one request", function(t)
  local w <close> = workspace.start { run_ms = 500 }
  local ws <close> = workspace.client(w)
  local id = w:pipeline { development = false, configuration = { ["sandbox.fail"] = "flow" } }
  w:run(id)
  w.clock:advance(60000)
  for _, source in ipairs { "rest", "sql" } do
    local rows = fake.run("updates", { pipeline = id, source = source }, ws)
    t.equal(#rows, 3)
    for i, row in ipairs(rows) do
      t.equal({ row.attempt, row.attempts, row.request_id }, { 4 - i, 3, rows[1].request_id },
        source)
      t.match(row.error, "STREAM_FAILED")
    end
  end
  -- a list that ends inside of a request does not have the number of its attempts
  local newest = fake.run("updates", { pipeline = id, source = "rest", max = 1 }, ws)[1]
  t.equal({ newest.attempt, newest.attempts }, { json.null, json.null })
  newest = fake.run("updates", { pipeline = id, source = "sql", max = 1 }, ws)[1]
  t.equal({ newest.attempt, newest.attempts }, { 3, 3 })
end)

test("--state, --since, --max and --update are parameters of the statement", function(t)
  local w <close> = workspace.start { run_ms = 500 }
  local ws <close> = workspace.client(w)
  local id = w:pipeline { configuration = { ["sandbox.fail"] = "flow" } }
  w:run(id)
  w.clock:advance(2 * HOUR)
  w:ok("PUT", "/api/2.0/pipelines/" .. id, { id = id, name = "p", catalog = "main", schema = "s",
    serverless = true, development = true,
    libraries = { { notebook = { path = "/Shared/etl" } } } })
  local good = w:run(id)
  w.clock:advance(HOUR)
  warehouse.hint(ws)
  local function ids(arg)
    arg.pipeline, arg.source = id, "sql"
    local list = {}
    for i, row in ipairs(fake.run("updates", arg, ws)) do
      list[i] = row.state
    end
    return list
  end
  t.equal(ids {}, { "COMPLETED", "FAILED" })
  t.equal(ids { state = "fail*" }, { "FAILED" })
  t.equal(ids { state = "canceled,completed" }, { "COMPLETED" })
  t.equal(ids { state = "%" }, {}, "SQL's wildcard is a plain character")
  t.equal(ids { max = 1 }, { "COMPLETED" })
  for _, text in ipairs(ws.statements) do
    t.no_match(text, "fail")
    t.no_match(text, id)
  end
  local one = fake.run("updates", { pipeline = id, source = "sql", update = good:sub(1, 8) }, ws)
  t.equal({ one.update_id, one.state, one.pipeline_id }, { good, "COMPLETED", id })
  t.equal(t.fault(fake.run, "updates", { pipeline = id, source = "sql", update = "ffffffff" }, ws)
    .code, "NOT_FOUND")
end)

test("the updates of many pipelines are one statement, without deleted pipelines", function(t)
  local w <close> = workspace.start { run_ms = 500 }
  local ws <close> = workspace.client(w)
  local kept = w:pipeline { name = "kept" }
  local gone = w:pipeline { name = "kept_not" }
  local other = w:pipeline { name = "other_100%" }
  for _, id in ipairs { kept, gone, other } do
    w:run(id)
  end
  w.clock:advance(60000)
  w:ok("DELETE", "/api/2.0/pipelines/" .. gone)
  w.clock:advance(60000)
  warehouse.hint(ws)
  local function names(pattern, source)
    local set = {}
    for _, row in ipairs(fake.run("updates", { pipeline = pattern, source = source }, ws)) do
      set[#set + 1] = row.name
    end
    table.sort(set)
    return set
  end
  t.equal(names("*", "sql"), { "kept", "other_100%" })
  t.equal(#ws.statements, 4, "the history, the age, and the errors under two names of the table")
  t.equal(names("kept*", "sql"), { "kept" })
  t.equal(names("*_100%", "sql"), { "other_100%" })
  for _, pattern in ipairs { "*", "kept*", "*0%" } do
    t.equal(names(pattern, "rest"), names(pattern, "sql"))
  end
  t.equal(names("*", "auto"), names("*", "sql"))
  -- a deleted pipeline has a history if it is named
  t.equal(#fake.run("updates", { pipeline = gone, source = "sql" }, ws), 1)
end)

test("the history is the same for every size of chunks", function(t)
  local w <close> = workspace.start { scenario = "demo" }
  local ws <close> = workspace.client(w)
  local function read()
    local rows = fake.run("updates", { pipeline = "*", source = "sql", since = "60d" }, ws)
    for _, row in ipairs(rows) do
      row.state = row.end_time ~= json.null and row.state -- that of an active update changes
    end
    return rows
  end
  local all = read()
  t.is_true(#all > 100, #all)
  for _, size in ipairs { 1, 7, #all - 1, #all, #all + 1 } do
    warehouse.hint(ws, "sandbox.chunk_rows=" .. size)
    t.equal(read(), all, size)
  end
  local empty <close> = workspace.start()
  local none <close> = workspace.client(empty)
  t.equal(fake.run("updates", { pipeline = "*", source = "sql" }, none), {})
end)

test("without a table of events only phases and errors are unknown", function(t)
  local w <close> = workspace.start { run_ms = 500 }
  local ws <close> = workspace.client(w)
  local id = w:pipeline { configuration = { ["sandbox.fail"] = "flow" } }
  w:run(id)
  w.clock:advance(60000)
  warehouse.switch_off(w, "lakeflow_pipeline_events_preview")
  local warned = {}
  local rows = tarn_updates.history(ws, { pipeline = id,
    warn = function(text) warned[#warned + 1] = text end })
  local row = rows()
  t.equal({ row.state, row.error, #row.phases }, { "FAILED", json.null, 0 })
  t.is_true(row.duration_ms > 0)
  t.match(table.concat(warned, "\n"), "phases and errors are unknown: [TABLE_OR_VIEW_NOT_FOUND]")
end)

test("without the timeline, or the privilege to read it, SQL is a fault", function(t)
  local w <close> = workspace.start { run_ms = 500 }
  local ws <close> = workspace.client(w)
  local id = w:pipeline()
  local viewer <close> = workspace.client(w, nil, "demo-viewer-token")
  t.match(t.fault(fake.run, "updates", { pipeline = id, source = "sql" }, viewer).message,
    "USE SCHEMA")
  warehouse.switch_off(w, "lakeflow")
  t.match(t.fault(fake.run, "updates", { pipeline = id, source = "sql" }, ws).message,
    "TABLE_OR_VIEW_NOT_FOUND")
end)

test("auto uses SQL where REST refuses, and keeps REST's reason if both refuse", function(t)
  local w <close> = workspace.start { run_ms = 500, faults = {
    { path = "*/updates", method = "GET", action = "403" } } }
  local ws <close> = workspace.client(w)
  local id = w:pipeline()
  w:run(id)
  w.clock:advance(60000)
  t.equal(fake.run("updates", { pipeline = id }, ws)[1].source, "sql")
  warehouse.switch_off(w, "lakeflow")
  local e = t.fault(fake.run, "updates", { pipeline = id }, ws)
  t.equal(e.status, 403)
  t.match(e.hint, "sql did not answer either: [TABLE_OR_VIEW_NOT_FOUND]")
end)

test("auto starts no warehouse; --source sql starts it and waits", function(t)
  local w <close> = workspace.start { run_ms = 500 }
  local ws <close> = workspace.client(w)
  w:run(w:pipeline())
  w.clock:advance(60000)
  local function state()
    return w:ok("GET", "/api/2.0/sql/warehouses/" .. warehouse.WAREHOUSE).state
  end
  warehouse.stop(w)
  t.equal(state(), "STOPPED")
  t.equal(fake.run("updates", { pipeline = "*" }, ws)[1].source, "rest")
  t.equal(state(), "STOPPED")
  t.equal(fake.run("updates", { pipeline = "*", source = "sql" }, ws)[1].source, "sql")
  t.equal(state(), "RUNNING")
end)

test("the source and the age of its data are shown on stderr", function(t)
  local dir <close> = program.dir()
  local env = { env = { XDG_STATE_HOME = dir.path } }
  local rows, result = program.data({ "-p", "demo", "updates", "sales*" }, env)
  t.match(result.stderr, "SQL first: for many pipelines")
  t.match(result.stderr, "system tables have data until ")
  t.equal(rows[1].source, "sql")
  local quiet = program.run({ "-p", "demo", "-q", "updates", "sales*", "-o", "json" }, env)
  t.equal({ quiet.status, quiet.stderr }, { 0, "" })
end)

test("names are the same to list, to REST and to SQL, by Unicode's rules", function(t)
  local w <close> = workspace.start { run_ms = 1000 }
  local ws <close> = workspace.client(w)
  local names = { "ÜBERSICHT", "İstanbul", "ΣΊΣΥΦΟΣ", "Straße", "plain" }
  for i, name in ipairs(names) do
    w:run(w:pipeline { name = name, schema = "s" .. i, expectations = true })
  end
  w.clock:advance(60000)
  local function found(command, arg)
    local set = {}
    for _, row in ipairs(fake.run(command, arg, ws)) do
      set[#set + 1] = row.name
    end
    table.sort(set)
    return set
  end
  for _, pattern in ipairs { "ÜBER*", "über*", "İST*", "?stan*", "i*", "σίσ*", "ΣΊΣ*", "*σ", "*Σ",
    "*ς", "stra?e*", "STRAẞ*", "strass*", "PLAIN*" } do
    local listed = found("list", { filter = pattern })
    if pattern:find("*", 1, true) then
      t.equal(found("updates", { pipeline = pattern, source = "sql" }), listed, pattern)
      t.equal(found("updates", { pipeline = pattern, source = "rest" }), listed, pattern)
    end
    t.equal(#listed, (pattern == "strass*" or pattern == "i*") and 0 or 1, pattern)
  end
end)

test("attempts before the time that is read count all the same", function(t)
  local w <close> = workspace.start { run_ms = 1000 }
  local ws <close> = workspace.client(w)
  local id, day = w:pipeline(), 24 * HOUR
  for _ = 1, 3 do
    w:run(id)
    w.clock:advance(60000)
  end
  local now = w.clock:now()
  -- three attempts of one request, which took days each
  for n, row in ipairs(w.w.db:query "SELECT id FROM updates ORDER BY created") do
    local from = ({ 9.5, 4.9, 0.5 })[n] * day // 1
    w.w.db:exec("UPDATE updates SET created = ?, ended = ?, request_id = 'r' WHERE id = ?",
      { now - from, now - from + (n < 3 and 4.4 or 0.1) * day // 1, row.id })
  end
  local function numbers(since)
    local list = {}
    for i, row in ipairs(fake.run("updates", { pipeline = id, source = "sql", since = since },
      ws)) do
      list[i] = { row.attempt, row.attempts }
    end
    return list
  end
  t.equal(numbers(nil), { { 3, 3 }, { 2, 3 }, { 1, 3 } })
  t.equal(numbers "1d", { { 3, 3 } })
  t.equal(numbers "5d", { { 3, 3 }, { 2, 3 } })
end)
