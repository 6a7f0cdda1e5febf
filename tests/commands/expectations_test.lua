-- The counts of expectations: the promises T8 and T18, and the sources.

local program = require "testing.program"
local fake = require "testing.fake"
local json = require "native.json"
local querystring = require "base.querystring"
local time = require "base.time"
local warehouse = require "support.warehouse"
local workspace = require "testing.workspace"

local ID <const> = "00000001-0000-4000-8000-000000000000"
local EVENTS <const> = "GET /api/2.0/pipelines/" .. ID .. "/events"
local UPDATES <const> = "GET /api/2.0/pipelines/" .. ID .. "/updates"
local GET <const> = "GET /api/2.0/pipelines/" .. ID

-- A pipeline of the embedded workspace with two updates in the last minutes.
local function ran(w)
  w.clock:advance(-180000)
  local id = w:pipeline()
  for _ = 1, 2 do
    w:complete(id)
  end
  return id
end

-- The sums of the pipeline's events: a streaming table reports once in an update.
local function counted(w, id)
  local passed, failed, dropped = 0, 0, 0
  for _, event in ipairs((w:all("/api/2.0/pipelines/" .. id .. "/events?max_results=250",
    "events"))) do
    local quality = (event.details.flow_progress or {}).data_quality
    if quality then
      passed = passed + quality.expectations[1].passed_records
      failed = failed + quality.expectations[1].failed_records
      dropped = dropped + quality.dropped_records
    end
  end
  return passed, failed, dropped
end

test("T8: counts per dataset and expectation, the same from each source", function(t)
  local w <close> = workspace.start { run_ms = 1000 }
  local id = ran(w)
  local ws <close> = workspace.client(w)
  local passed, failed, dropped = counted(w, id)
  t.is_true(passed > 0)
  for _, case in ipairs {
    { "auto", "rest" }, { "rest", "rest" }, { "event_log", "event_log" }, { "sql", "event_log" },
    { "system", "system.lakeflow_pipeline_events_preview.pipeline_events" },
  } do
    local data = fake.run("expectations", { pipeline = id, source = case[1] }, ws)
    t.equal(data.source, case[2])
    t.equal(#data.results, 1, case[1])
    local row = data.results[1]
    t.equal({ row.dataset, row.expectation, row.passed, row.failed, row.dropped },
      { "main.s.silver", "valid_id", passed, failed, dropped }, case[1])
  end
end)

test("T8: the answer names its source, and the reasons why the others gave none", function(t)
  local w <close> = workspace.start { run_ms = 1000 }
  local id = ran(w)
  local ws <close> = workspace.client(w)
  local data = fake.run("expectations", { pipeline = id, source = "system" }, ws)
  t.equal({ data.sources[1].source, data.sources[1].answered, data.sources[2].answered },
    { "system.lakeflow.pipeline_events", false, true })
  t.match(data.sources[1].reason, "TABLE_OR_VIEW_NOT_FOUND")
end)

test("T8: missing system tables are an empty result with its reason", function(t)
  local w <close> = workspace.start { run_ms = 1000 }
  local id = ran(w)
  local ws <close> = workspace.client(w)
  warehouse.switch_off(w, "lakeflow_pipeline_events_preview")
  local data = fake.run("expectations", { pipeline = id, source = "system",
    gate = { "failed <= 1%" } }, ws)
  t.equal({ data.source, #data.results, #data.sources }, { json.null, 0, 2 })
  t.match(data.sources[2].reason, "TABLE_OR_VIEW_NOT_FOUND")
  t.is_false(data.gate.passed, "a gate without counts has not passed")
end)

test("T8: if all sources refuse, it is a fault, not an empty result", function(t)
  local w <close> = workspace.start { run_ms = 1000 }
  local id = ran(w)
  local viewer <close> = workspace.client(w, nil, "demo-viewer-token")
  local e = t.fault(fake.run, "expectations", { pipeline = id, source = "system" }, viewer)
  t.equal(e.kind == "sql" or e.kind == "auth", true)
  t.match(e.message, "USE SCHEMA")
end)

test("T8: when REST refuses, the next source is asked, and the reason is kept", function(t)
  local w <close> = workspace.start { run_ms = 1000, faults = {
    { path = "*/events", action = "403" } } }
  local id = ran(w)
  local ws <close> = workspace.client(w)
  local data = fake.run("expectations", { pipeline = id }, ws)
  t.equal({ data.source, data.sources[1].source, data.sources[1].kind, #data.results },
    { "event_log", "rest", "auth", 1 })
end)

test("T18: the window is exact, and sent as such", function(t)
  local filter
  local now = time.now()
  local function event(id, at)
    return { id = id, timestamp = time.iso(at), event_type = "flow_progress",
      origin = { update_id = id, flow_name = "s" }, details = { flow_progress = { data_quality = {
        expectations = { { name = "x", dataset = "s", passed_records = 1 } } } } } }
  end
  local day = 86400000
  local ws <close> = fake.workspace {
    [EVENTS] = function(request)
      filter = filter or querystring.parse(request.query).filter
      -- a server that ignores the filter
      return { events = { event("out", now - 7 * day - 5000), event("in", now - 7 * day + 5000) } }
    end,
    [UPDATES] = { updates = json.array {} },
  }
  local data = fake.run("expectations", { pipeline = ID, days = 7 }, ws)
  t.equal(data.results[1].passed, 1)
  local since, last = time.find_iso(data.window.since), time.find_iso(data.window["until"])
  t.equal(last - since, 7 * day)
  t.is_true(since >= now - 7 * day and since <= now - 7 * day + 5000)
  t.equal(filter, ("timestamp >= '%s' AND timestamp <= '%s' AND event_type in "
    .. "('flow_progress','dataset_definition')")
    :format(data.window.since, data.window["until"]))
end)

-- Answers to statements: notes each in `seen`, and fails it.
local function failing(seen)
  return function(request)
    local body = json.decode(request.body)
    seen[#seen + 1] = body
    return { statement_id = "s", status = { state = "FAILED", error = { error_code = "BAD_REQUEST",
      message = "[TABLE_OR_VIEW_NOT_FOUND] The table or view cannot be found." } } }
  end
end

test("T18: values of the caller are bound, and names are quoted", function(t)
  local seen = {}
  local ws <close> = fake.workspace {
    ["GET /api/2.0/sql/warehouses/default"] = { id = "w1" },
    ["POST /api/2.0/sql/statements"] = failing(seen),
    ["POST /api/2.0/sql/statements/"] = failing(seen),
    [GET] = { pipeline_id = ID, spec = { catalog = "a`b", schema = "s; DROP" } },
    ["GET /api/2.0/preview/scim/v2/Me"] = function()
      return fake.reply { body = "{}", headers = { ["X-Databricks-Org-Id"] = "77" } }
    end,
  }
  local data = fake.run("expectations", { pipeline = ID, source = "sql", days = 3 }, ws)
  t.equal({ data.source, #data.sources, #seen }, { json.null, 4, 4 })
  t.match(seen[1].statement, "FROM event_log('" .. ID .. "')")
  t.match(seen[2].statement,
    "FROM `a``b`.`s; DROP`.`event_log_00000001_0000_4000_8000_000000000000`")
  t.match(seen[3].statement, "FROM system.lakeflow.pipeline_events")
  t.match(seen[4].statement, "FROM system.lakeflow_pipeline_events_preview.pipeline_events")
  for _, body in ipairs(seen) do
    local values = {}
    for _, parameter in ipairs(body.parameters) do
      values[parameter.name] = parameter.value
    end
    t.equal({ values.since, values["until"] }, { data.window.since, data.window["until"] })
    t.no_match(body.statement, data.window.since)
  end
  local last = seen[4].parameters
  t.equal({ last[1].name, last[1].value, last[#last].name, last[#last].value },
    { "pipeline", ID, "workspace", "77" })
end)

-- The expectations of a pipeline with an update `ran_ago` ms ago, and events since `events_ago`.
local function reaching(ran_ago, events_ago)
  local now = time.now()
  local list = json.array {}
  if events_ago then
    list[1] = { id = "e", timestamp = time.iso(now - events_ago), event_type = "create_update" }
  end
  local ws <close> = fake.workspace {
    [EVENTS] = { events = list },
    [UPDATES] = { updates = { { update_id = "u", creation_time = now - ran_ago } } },
    [GET] = { pipeline_id = ID, name = "p", spec = { catalog = "main" } },
  }
  return fake.run("expectations", { pipeline = ID, source = "rest" }, ws)
end

test("without the events of a time in which the pipeline ran there is no answer", function(t)
  local hour <const> = 3600000
  t.equal(reaching(30 * 24 * hour).source, "rest", "it did not run: no counts are the answer")
  local data = reaching(hour)
  t.equal(data.source, json.null)
  t.match(data.sources[1].reason, "of a time in which the pipeline ran")
  t.equal(reaching(hour, hour).window.covered_since, nil, "it ran and counted nothing")
end)

test("events that begin after the first update are a partial answer, which says so", function(t)
  local data = reaching(5 * 86400000, 2 * 86400000)
  t.equal({ data.source, data.sources[1].answered, data.sources[1].code },
    { "rest", false, "PARTIAL" })
  t.is_true(data.window.covered_since > data.window.since)
end)

test("if the events of REST begin too late, the next source is asked", function(t)
  local now = time.now()
  local ws <close> = fake.workspace {
    [EVENTS] = { events = { { id = "e", timestamp = time.iso(now - 2 * 86400000) } } },
    [UPDATES] = { updates = { { update_id = "u", creation_time = now - 5 * 86400000 } } },
    ["GET /api/2.0/sql/warehouses/default"] = { id = "w1" },
    ["POST /api/2.0/sql/statements"] = { statement_id = "s", status = { state = "SUCCEEDED" },
      manifest = { schema = { columns = {} }, total_chunk_count = 0 }, result = {} },
  }
  local data = fake.run("expectations", { pipeline = ID }, ws)
  t.equal({ data.source, data.sources[1].code, data.window.covered_since },
    { "event_log", "PARTIAL", nil })
end)

test("a pipeline that does not exist is requested once", function(t)
  local ws <close> = fake.workspace {
    [UPDATES] = fake.refusal(404, "RESOURCE_DOES_NOT_EXIST", "no such pipeline"),
  }
  t.equal(t.fault(fake.run, "expectations", { pipeline = ID }, ws).status, 404)
  t.equal(#ws.seen, 1)
end)

test("a gate that does not pass ends with status 9", function(t)
  local dir <close> = program.dir()
  local function with(gate)
    return program.run({ "-p", "demo", "expectations", "sales_orders_etl", "--gate", gate },
      { env = { XDG_STATE_HOME = dir.path } })
  end
  local bad = with "failed = 0"
  t.equal(bad.status, 9)
  t.match(bad.stdout, "gate 'failed = 0': sales.orders.silver_orders.valid_order_id: failed is ")
  local good = with "failed <= 50%"
  t.equal({ good.status, good.stderr }, { 0, "" })
  t.match(good.stdout, "all gates passed")
  t.equal(with("failed is 0").status, 2)
end)

local FAILS <const> = [[
-- Databricks notebook source
CREATE OR REFRESH STREAMING TABLE calm (CONSTRAINT known EXPECT (id IS NOT NULL))
  AS SELECT * FROM STREAM read_files('/Volumes/a/b');
CREATE OR REFRESH STREAMING TABLE strict (
  CONSTRAINT positive EXPECT (amount > 0) ON VIOLATION FAIL UPDATE,
  CONSTRAINT has_id EXPECT (id IS NOT NULL) ON VIOLATION DROP ROW
) AS SELECT * FROM STREAM(calm);
]]

test("an update that an expectation ended breaks every gate, from each source", function(t)
  local w <close> = workspace.start { run_ms = 1000 }
  w.clock:advance(-180000)
  local id = w:pipeline { configuration = { ["sandbox.fail"] = "expectation" } }
  w:ok("POST", "/api/2.0/workspace/import", { path = "/Shared/etl", format = "SOURCE",
    language = "SQL", overwrite = true, content = require("native.http").base64_encode(FAILS) })
  w:complete(id)
  local ws <close> = workspace.client(w)
  for _, arg in ipairs { { source = "rest" }, { source = "event_log" }, { source = "system" },
    { source = "system", many = true }, { source = "rest", by = "update" },
    { source = "rest", update = "latest" } } do
    local what = json.encode(arg)
    local asked = { pipeline = arg.many and "*" or id, source = arg.source, by = arg.by,
      update = arg.update, gate = { "failed <= 100%" } }
    local data, status = fake.run("expectations", asked, ws)
    t.equal(status, 9, what)
    local row
    for _, one in ipairs(data.results) do
      row = one.violations > 0 and one or row
    end
    t.equal({ row.dataset, row.expectation, row.action, row.rule, row.flow },
      { "main.s.strict", "positive", "fail", "amount > 0", "main.s.strict" }, what)
    t.match(data.gate.breaches[1].message, "positive")
    local csv = fake.run("expectations", asked, ws, { output = "csv", quiet = true })
    t.is_true(csv[1].violations ~= nil, "CSV")
  end
end)
