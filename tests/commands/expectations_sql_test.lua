--- Expectations that the warehouse adds up: the promises T8 and T18 with SQL.

local expectations = require "tarn.expectations"
local fake = require "testing.fake"
local json = require "native.json"
local workspace = require "testing.workspace"
local statements = require "tarn.statements"
local time = require "base.time"
local warehouse = require "support.warehouse"

local function read(ws, arg)
  local data = fake.run("expectations", arg, ws)
  return data.results, data
end

-- The pipelines that get no new events while the test reads them.
local function idle(ws)
  local next_row = ws:pipelines()
  return function()
    for row in next_row do
      if row.state == "IDLE" then
        return row
      end
    end
  end
end

for _, by in ipairs { "total", "update", "day" } do
  test("T8: SQL counts what REST counts by " .. by .. ", for each pipeline of the demo", function(t)
    local w <close> = workspace.start { scenario = "demo" }
    local ws <close> = workspace.client(w)
    local counted, ways = 0, {}
    for pipeline in idle(ws) do
      local arg = { pipeline = pipeline.pipeline_id, by = by, days = 30, source = "rest" }
      local rest, data = read(ws, arg)
      if #rest > 0 then
        arg.source = "system"
        local sql, other = read(ws, arg)
        t.equal(sql, rest, pipeline.name)
        t.equal(other.reports, data.reports, pipeline.name)
      end
      counted = counted + #rest
      for _, row in ipairs(rest) do
        ways[row.counted] = true
      end
    end
    t.is_true(counted > 20 and (ways.last and ways["sum of batches"] or ways.mixed), counted)
  end)
end

test("T8: --count sum and --count last give the same counts from SQL", function(t)
  local w <close> = workspace.start { scenario = "demo" }
  local ws <close> = workspace.client(w)
  for _, count in ipairs { "sum", "last" } do
    for _, name in ipairs { "sales_orders_etl", "iot_telemetry_stream", "sales_customers_scd" } do
      local rest = read(ws, { pipeline = name, source = "rest", count = count })
      for _, source in ipairs { "event_log", "system" } do
        t.equal(read(ws, { pipeline = name, source = source, count = count }), rest,
          name .. " " .. count .. " " .. source)
      end
    end
  end
end)

test("T8: a dataset and an update limit SQL as they limit REST", function(t)
  local w <close> = workspace.start { scenario = "demo" }
  local ws <close> = workspace.client(w)
  local update = read(ws, { pipeline = "sales_orders_etl", by = "update" })[1].update_id
  for _, limit in ipairs { { dataset = "silver*" }, { dataset = "orders.silver_orders" },
    { dataset = "SALES.*" }, { dataset = "silver" }, { dataset = "%" }, { update = update },
    { update = update:sub(1, 7) } } do
    local arg = { pipeline = "sales_orders_etl", source = "rest", dataset = limit.dataset,
      update = limit.update }
    local rest = read(ws, arg)
    arg.source = "sql"
    t.equal(read(ws, arg), rest, (limit.dataset or "") .. (limit.update or ""))
  end
end)

test("the counts are the same for every size of chunks, and none without events", function(t)
  local w <close> = workspace.start { scenario = "demo" }
  local ws <close> = workspace.client(w)
  local arg = { pipeline = "sales_orders_etl", source = "sql", by = "update" }
  local all = read(ws, arg)
  for _, size in ipairs { 1, 2, #all, 1000 } do
    warehouse.hint(ws, "sandbox.chunk_rows=" .. size)
    t.equal(read(ws, arg), all, size)
  end
  local empty <close> = workspace.start()
  local none <close> = workspace.client(empty)
  local id = empty:pipeline()
  local results, data = read(none, { pipeline = id, source = "sql" })
  t.equal({ #results, data.source, #data.events }, { 0, "event_log", 0 })
end)

-- Insert an event into the log of a pipeline.
local function put(w, id, event)
  local now = w.clock:now() - 1000
  event.timestamp, event.id = time.iso(now), event.id or "00000000-0000-7000-8000-000000000001"
  w.w.db:exec("INSERT INTO events(pipeline_id, ts, id, update_id, level, type, body) "
    .. "VALUES (?, ?, ?, ?, ?, ?, ?)", { id, now, event.id, event.origin.update_id, "INFO",
    event.event_type, json.encode(event) })
end

test("SQL counts a report without names, batches or numbers as REST does", function(t)
  local w <close> = workspace.start()
  local ws <close> = workspace.client(w)
  local id = w:pipeline()
  put(w, id, { event_type = "flow_progress", origin = { pipeline_id = id, flow_name = "f" },
    details = { flow_progress = { data_quality = { expectations = {
      { name = "x", dataset = "s.d", passed_records = 5 },
      { name = "y", dataset = "s.d", failed_records = 0 } } } } } })
  local rest = read(ws, { pipeline = id, source = "rest" })
  t.equal({ #rest, rest[1].passed, rest[1].failed, rest[2].pass_rate }, { 2, 5, 0, json.null })
  for _, source in ipairs { "event_log", "system" } do
    t.equal(read(ws, { pipeline = id, source = source }), rest, source)
  end
end)

test("one statement counts for many pipelines, with the same counts as for each", function(t)
  local w <close> = workspace.start { scenario = "demo" }
  local ws <close> = workspace.client(w)
  local is_idle = {}
  for row in idle(ws) do
    is_idle[row.pipeline_id] = true
  end
  warehouse.hint(ws)
  local results, data = read(ws, { pipeline = "*" })
  t.equal(data.source, statements.quality.EVENTS[2])
  t.equal(#ws.statements, 4,
    "the counts under two names of the table, violated expectations, and the newest problems")
  t.no_match(table.concat(ws.statements), ws:org_id())
  local seen = 0
  for _, by in ipairs { "total", "day" } do
    local by_pipeline = {}
    for _, row in ipairs(by == "total" and results or read(ws, { pipeline = "*", by = by })) do
      if is_idle[row.pipeline_id] then
        by_pipeline[row.pipeline_id] = by_pipeline[row.pipeline_id] or {}
        table.insert(by_pipeline[row.pipeline_id], row)
      end
    end
    for id, rows in pairs(by_pipeline) do
      local sums = { 0, 0, 0 }
      for _, row in ipairs(rows) do
        sums = { sums[1] + row.passed, sums[2] + row.failed, sums[3] + 1 }
      end
      local one = { 0, 0, 0 }
      for _, row in ipairs(read(ws, { pipeline = id, source = "rest", by = by })) do
        one = { one[1] + row.passed, one[2] + row.failed, one[3] + 1 }
      end
      t.equal(sums, one, id .. " by " .. by)
      seen = seen + 1
    end
  end
  t.is_true(seen > 20, seen)
  for _, row in ipairs(read(ws, { pipeline = "sales*" })) do
    t.match(row.name, "sales")
  end
  local gated, status = fake.run("expectations", { pipeline = "*", by = "day",
    gate = { "failed <= 0%" } }, ws)
  t.equal({ gated.gate.passed, status }, { false, 9 })
  t.is_true(gated.gate.breaches[1].pipeline_id ~= nil)
end)

test("for many pipelines, missing tables are an empty result with a reason, a refusal is a fault",
  function(t)
    local w <close> = workspace.start { scenario = "demo" }
    local ws <close> = workspace.client(w)
    local viewer <close> = workspace.client(w, nil, "demo-viewer-token")
    t.match(t.fault(fake.run, "expectations", { pipeline = "*" }, viewer).message, "USE SCHEMA")
    warehouse.switch_off(w, "lakeflow_pipeline_events_preview")
    local results, data = read(ws, { pipeline = "*" })
    t.equal({ data.source, #results, #data.sources }, { json.null, 0, 2 })
    t.match(data.sources[2].reason, "TABLE_OR_VIEW_NOT_FOUND")
    local e = t.fault(fake.run, "expectations", { pipeline = "*", source = "rest" }, ws)
    t.equal(e.kind, "usage")
  end)

test("T18: no value of a user is part of a statement's text", function(t)
  local evil <const> = "x' OR 1=1 --"
  local query = { name = evil, dataset = evil, update = "abc", workspace = evil, since = 0,
    until_ms = 1, count = "auto", by = "total" }
  for _, statement in ipairs { statements.quality.counts, statements.quality.problems } do
    local text, params = statement(statements.quality.EVENTS[1], "system", query, 20)
    t.no_match(text, "1=1")
    t.equal({ params.workspace, params.name1, params.dataset1, params.dataset2 },
      { evil, evil, evil, "%." .. evil })
    t.equal({ params.since.value, params.since.type }, { "1970-01-01T00:00:00.000Z", "TIMESTAMP" })
  end
  local text, params = statements.fleet.history { workspace = evil, name = evil, states = { evil },
    update = evil, since = 0, from = 0, max = 7 }
  t.no_match(text, "1=1")
  t.equal({ params.state1, params.max }, { evil, 7 })
  t.is_true(expectations.window(7, 86400000 * 8) == 86400000)
end)
