-- The state of a run, from events in any order.

local counts = require "tarn.expectations.counts"
local json = require "native.json"
local live = require "tarn.live"
local time = require "base.time"

local BASE <const> = 1780000000000

local counter = 0
local function event(at, kind, details, more)
  more = more or {}
  counter = counter + 1
  return {
    id = more.id or ("%012d"):format(counter), timestamp = time.iso(BASE + at), event_type = kind,
    level = more.level or "INFO", message = more.message or "", error = more.error,
    details = { [kind] = details },
    sequence = more.seq and { control_plane_seq_no = more.seq } or nil,
    origin = { update_id = more.update or "u1", flow_name = more.flow, dataset_name = more.flow,
      batch_id = more.batch, pipeline_id = "p1", pipeline_name = "sales", request_id = "r1" },
  }
end

local function step(at, state, more)
  return event(at, "update_progress", { state = state }, more)
end

local function flow(at, name, status, more)
  more = more or {}
  more.flow = name
  return event(at, "flow_progress", { status = status, metrics = more.metrics,
    data_quality = more.quality }, more)
end

local function quality(passed, failed, dropped)
  return { dropped_records = dropped, expectations = { { name = "valid_id", dataset = "orders",
    passed_records = passed, failed_records = failed } } }
end

-- A run with a batch flow, a streaming flow of three micro-batches, and one that fails.
local function run_events()
  counter = 0
  local exceptions = { fatal = true, exceptions = {
    { class_name = "UpdateException", message = "failed" },
    { class_name = "AnalysisException", message = "no such column\n  at a.b(C.java:1)" } } }
  return {
    event(0, "create_update", { cause = "USER_ACTION" }),
    step(0, "WAITING_FOR_RESOURCES"), step(1000, "INITIALIZING"), step(3000, "SETTING_UP_TABLES"),
    step(3000, "RUNNING"),
    flow(3001, "orders", "QUEUED"), flow(3001, "clicks", "QUEUED"), flow(3001, "bad", "QUEUED"),
    flow(3001, "orders", "STARTING"), flow(3002, "orders", "RUNNING"),
    flow(4000, "orders", "RUNNING", { metrics = { num_output_rows = 10, backlog_bytes = 500 },
      quality = quality(9, 1, 1) }),
    flow(5000, "orders", "RUNNING", { metrics = { num_output_rows = 30, backlog_files = 2 },
      quality = quality(28, 2, 2) }),
    flow(4000, "clicks", "RUNNING", { batch = 0, metrics = { num_output_rows = 5 } }),
    flow(4100, "clicks", "RUNNING", { batch = 0, metrics = { num_output_rows = 7 } }),
    flow(4200, "clicks", "RUNNING", { batch = 1, metrics = { num_output_rows = 4,
      backlog_bytes = 90 } }),
    flow(4300, "clicks", "RUNNING", { batch = 2, metrics = { num_upserted_rows = 3,
      backlog_bytes = 10 } }),
    flow(5500, "bad", "FAILED", { level = "ERROR", error = exceptions }),
    flow(6000, "orders", "COMPLETED"),
    step(6500, "FAILED", { level = "ERROR", error = exceptions }),
    event(4500, "a_type_of_tomorrow", { whatever = { 1, 2 } }, { flow = "orders" }),
  }
end

local function feed(list)
  local state = live.new()
  for _, e in ipairs(list) do
    state:take(e)
  end
  return state
end

local function by_name(snapshot)
  local rows = {}
  for _, row in ipairs(snapshot.flows) do
    rows[row.name] = row
  end
  return rows
end

test("the state of a run follows from its events", function(t)
  local s = feed(run_events()):snapshot()
  t.equal({ s.update_id, s.pipeline_name, s.request_id, s.state, s.cause },
    { "u1", "sales", "r1", "FAILED", "USER_ACTION" })
  t.equal({ s.start_time, s.end_time, s.duration_ms }, { BASE, BASE + 6500, 6500 })
  local phases = {}
  for i, phase in ipairs(s.phases) do
    phases[i] = phase.state .. " " .. tostring(phase.duration_ms)
  end
  t.equal(phases, { "WAITING_FOR_RESOURCES 1000", "INITIALIZING 2000", "SETTING_UP_TABLES 0",
    "RUNNING 3500" })
  local rows = by_name(s)
  t.equal({ rows.orders.state, rows.orders.rows_written, rows.orders.backlog_bytes,
    rows.orders.backlog_files, rows.orders.passed, rows.orders.failed, rows.orders.dropped },
    { "COMPLETED", 30, 500, 2, 28, 2, 2 }, "reports without a batch are cumulative")
  t.equal({ rows.orders.start_time, rows.orders.end_time }, { BASE + 3001, BASE + 6000 })
  t.equal(rows.orders.failing, { { dataset = "orders", expectation = "valid_id", passed = 28,
    failed = 2 } })
  t.equal({ rows.clicks.state, rows.clicks.rows_written, rows.clicks.rows_upserted,
    rows.clicks.backlog_bytes, rows.clicks.passed },
    { "RUNNING", 11, 3, 10, json.null }, "micro-batches add up")
  t.equal(rows.bad.state, "FAILED")
  t.equal(s.flow_states, { COMPLETED = 1, RUNNING = 1, FAILED = 1 })
  t.equal(s.totals, { rows_written = 41, rows_upserted = 3, passed = 28, failed = 2, dropped = 2 })
  t.equal(#s.errors, 1, "the flow and the update say the same")
  t.equal({ s.errors[1].flows, s.errors[1].class, s.errors[1].message },
    { { "bad" }, "AnalysisException", "no such column" })
end)

test("the order of events and repeats make no difference", function(t)
  local want = json.encode(feed(run_events()):snapshot())
  for seed = 1, 200 do
    math.randomseed(seed)
    local list = run_events()
    for _ = 1, math.random(0, 20) do
      list[#list + 1] = list[math.random(#list)]
    end
    for i = #list, 2, -1 do
      local j = math.random(i)
      list[i], list[j] = list[j], list[i]
    end
    t.equal(json.encode(feed(list):snapshot()), want, "seed " .. seed)
  end
end)

test("sequence numbers of the control plane take precedence over timestamps", function(t)
  local s = feed {
    step(900, "RUNNING", { seq = 2 }), step(1000, "INITIALIZING", { seq = 1 }),
    flow(2000, "a", "RUNNING", { seq = 3 }), flow(1990, "a", "COMPLETED", { seq = 4 }),
  }:snapshot()
  t.equal(s.state, "RUNNING")
  t.equal(s.flows[1].state, "COMPLETED")
end)

test("the newest of several updates is shown, unless one is pinned", function(t)
  local state = feed {
    step(5000, "RUNNING", { update = "second" }), step(0, "RUNNING", { update = "first" }),
    step(900, "FAILED", { update = "first" }),
  }
  t.equal(state:snapshot().update_id, "second")
  state:pin "first"
  t.equal({ state:snapshot().update_id, state:snapshot().state }, { "first", "FAILED" })
  state:pin "unheard of"
  t.equal({ state:snapshot().update_id, state:snapshot().state }, { "unheard of", json.null })
  state:pin(nil)
  t.equal(state:snapshot().state, "RUNNING")
end)

test("the newer of the API's answer and the events counts", function(t)
  local state = live.new()
  state:know { update_id = "u1", state = "QUEUED", creation_time = BASE - 50, cause = "API_CALL" }
  local s = state:snapshot()
  t.equal({ s.update_id, s.state, s.start_time, s.cause, #s.phases },
    { "u1", "QUEUED", BASE - 50, "API_CALL", 0 })
  state:take(step(10, "RUNNING"))
  t.equal(state:snapshot().state, "RUNNING", "an event is newer than the last answer")
  state:know { update_id = "u1", state = "COMPLETED", creation_time = BASE - 50 }
  t.equal(state:snapshot().state, "COMPLETED", "an answer is newer than the events")
  state:know { update_id = "u1", state = "HIBERNATED" }
  t.equal(state:snapshot().state, "HIBERNATED", "unknown states are kept")
end)

test("counts are those of the command `expectations`", function(t)
  local state, sums = live.new(), counts.new()
  math.randomseed(7)
  for i = 1, 300 do
    local passed, failed = math.random(0, 50), math.random(0, 5)
    local e = flow(i * 10, "orders", "RUNNING", { batch = i // 3,
      quality = quality(passed, failed, failed) })
    state:take(e)
    sums:add { update_id = "u1", flow = "orders", dataset = "orders", batch = i // 3,
      at = BASE + i * 10, order = 0, quality = e.details.flow_progress.data_quality }
  end
  local want = sums:rows("total", "auto", time.iso)[1]
  local row = state:snapshot().flows[1]
  t.equal({ row.passed, row.failed, row.dropped }, { want.passed, want.failed, want.dropped })
end)

test("malformed events are ignored", function(t)
  local state = live.new()
  for _, e in ipairs { {}, { origin = 1 }, { origin = { update_id = 5 } },
    { origin = { update_id = "u" } }, { origin = { update_id = "u" }, timestamp = "yesterday" } } do
    t.equal(state:take(e), false)
  end
  t.equal(state.changes, 0)
  local s = state:snapshot()
  t.equal({ s.update_id, s.state, #s.flows, #s.phases }, { json.null, json.null, 0, 0 })
  for _, details in ipairs { 1, "text", json.null, { status = 5, metrics = "x",
    data_quality = { expectations = { 1, "x", { passed_records = "many" } } } } } do
    for _, kind in ipairs { "flow_progress", "update_progress", "create_update" } do
      local e = event(0, kind, details, { flow = "f", level = "ERROR" })
      t.is_true(state:take(e))
      e.details, e.error = details, details
      t.is_true(state:take(e))
    end
  end
  state:take(flow(1, nil, "RUNNING"))
  t.equal(state:snapshot().flows[1].state, json.null)
  t.is_true(#json.encode(state:snapshot()) > 0)
end)

test("later events do not change a snapshot, and empty lists stay lists", function(t)
  local state = live.new()
  local text = json.encode(state:snapshot())
  t.match(text, '"flows":[]')
  t.match(text, '"phases":[]')
  t.match(text, '"errors":[]')
  state:take(flow(0, "a", "RUNNING"))
  local before = state:snapshot()
  state:take(flow(1, "a", "COMPLETED"))
  t.equal(before.flows[1].state, "RUNNING")
end)

-- Memory in use after a full collection.
local function kilobytes()
  collectgarbage()
  collectgarbage()
  return collectgarbage "count"
end

test("memory is bounded whatever events come", function(t)
  local state = live.new()
  state:pin "u"
  local function storm(from, to)
    for i = from, to do
      local update = i % 10 == 0 and "u" .. i or "u"
      state:take(flow(i, "f" .. i % 50, "RUNNING", { update = update, batch = i,
        metrics = { num_output_rows = 1 }, quality = quality(1, 0) }))
      state:take(step(i, i % 2 == 0 and "RUNNING" or "RESETTING", { update = update }))
      state:take(flow(i, "e" .. i, "FAILED", { level = "ERROR", update = update,
        message = ("x"):rep(10) .. i }))
    end
  end
  storm(1, 6000)
  local full = kilobytes()
  storm(6001, 18000)
  local later = kilobytes()
  t.is_true(later < full * 1.1 + 100, ("%.0f KB grew to %.0f KB"):format(full, later))
  local s = state:snapshot()
  t.equal({ s.update_id, s.flows_left_out, #s.flows, #s.errors }, { "u", true, 4000, 200 })
end)

test("a flow that runs for months needs constant memory", function(t)
  local state = live.new()
  for i = 1, 1000 do
    state:take(flow(i, "a", "RUNNING", { batch = i, metrics = { num_output_rows = 2 } }))
  end
  local full = kilobytes()
  for i = 1001, 20000 do
    state:take(flow(i, "a", "RUNNING", { batch = i, metrics = { num_output_rows = 2 } }))
  end
  t.is_true(kilobytes() < full + 50)
  t.equal(state:snapshot().flows[1].rows_written, 40000)
  state:take(flow(1, "a", "RUNNING", { batch = 1, metrics = { num_output_rows = 2 } }))
  t.equal(state:snapshot().flows[1].rows_written, 40000, "an old batch that comes again")
end)
