-- Criteria, pages and the text of events.

local events = require "tarn.events"
local fake = require "testing.fake"
local json = require "native.json"
local screens = require "output.screen"

local time = require "base.time"

local ID <const> = "00000001-0000-4000-8000-000000000000"
local ROUTE <const> = "GET /api/2.0/pipelines/" .. ID .. "/events"
local NOW <const> = 1787133072000

test("terms that the server's grammar has are sent, and no others", function(t)
  local function filter(wanted)
    return events.criteria("x", wanted).filter
  end
  t.equal(filter {}, nil)
  t.equal(filter { level = "error" }, "level = 'ERROR'")
  t.equal(filter { level = "warn,error" }, "level in ('WARN','ERROR')")
  t.equal(filter { type = "flow_progress" }, "event_type = 'flow_progress'")
  t.equal(filter { update = "6FC8A8AA-0000-4000-8000-000000000000" },
    "update_id = '6fc8a8aa-0000-4000-8000-000000000000'")
  t.equal(filter { update = "6fc8" }, nil, "a prefix of an id is tested locally")
  t.equal(filter { since = "2026-08-19", ["until"] = "2026-08-20", level = "INFO" },
    "timestamp >= '2026-08-19T00:00:00.000Z' AND timestamp <= '2026-08-20T00:00:00.000Z' "
      .. "AND level = 'INFO'")
  t.equal(filter { dataset = "silver", grep = "x" }, nil)
  for _, wrong in ipairs { { level = "x'y" }, { level = "," }, { type = "a b'" },
    { update = "nope" }, { since = "last week" }, { since = "2d", ["until"] = "3d" } } do
    t.equal(t.fault(events.criteria, "x", wrong).kind, "usage")
  end
end)

test("each event is tested locally, too", function(t)
  local event = { level = "ERROR", event_type = "flow_progress", message = "Flow is RUNNING.",
    timestamp = "2026-08-19T10:00:00.000Z",
    origin = { update_id = "6fc8a8aa-0000-4000-8000-000000000000", flow_name = "main.s.silver" },
    details = { flow_progress = { data_quality = { expectations = { { dataset = "v.raw" } } } } },
    error = { exceptions = { { class_name = "a.B", message = "Not found: X" } } } }
  for _, case in ipairs {
    { { level = "error" }, true }, { { level = "info,warn" }, false },
    { { type = "flow_progress" }, true }, { { type = "update_progress" }, false },
    { { update = "6fc8a8" }, true }, { { update = "7" }, false },
    { { since = "2026-08-19T10:00:00Z" }, true }, { { since = "2026-08-19T10:00:01Z" }, false },
    { { ["until"] = "2026-08-19T10:00:00Z" }, true }, { { ["until"] = "2026-08-19" }, false },
    { { dataset = "silver" }, true }, { { dataset = "main.s.silver" }, true },
    { { dataset = "S.SILVER" }, true }, { { dataset = "raw" }, true },
    { { dataset = "sil*" }, true },
    { { dataset = "ilver" }, false }, { { grep = "running" }, true },
    { { grep = "not found: x" }, true }, { { grep = "%w" }, false },
  } do
    t.equal(events.criteria("x", case[1]).matches(event), case[2], json.encode(case[1]))
  end
end)

-- A log of `n` events that ignores every filter; the newest has the highest number.
local function ignoring(n, asked)
  return function(request)
    asked[#asked + 1] = request.query
    local size = math.tointeger(request.query:match "max_results=(%d+)")
    local from = math.tointeger(request.query:match "page_token=(%d+)") or n
    local list = json.array {}
    for i = from, math.max(1, from - size + 1), -1 do
      list[#list + 1] = { id = tostring(i), level = i % 10 == 0 and "ERROR" or "INFO",
        timestamp = time.iso(NOW + i), message = "m" .. i, details = { x = { n = i } },
        new_field = i }
    end
    return { events = list, next_page_token = from > size and tostring(from - size) or nil }
  end
end

test("T6: --max-events is at most that many, newest first, in as few calls as possible",
  function(t)
    local asked = {}
    local ws <close> = fake.workspace { [ROUTE] = ignoring(4000, asked) }
    local data = fake.run("events", { pipeline = ID }, ws)
    t.equal({ data.pipeline_id, data.event_count, #data.events }, { ID, 100, 100 })
    t.equal({ data.events[1].id, data.events[100].id }, { "4000", "3901" })
    t.equal(asked, { "max_results=100" })
    asked[1] = nil
    t.equal(fake.run("events", { pipeline = ID, max_events = 2500 }, ws).event_count, 2500)
    t.equal(#asked, 3)
    for n = 1, 3 do
      asked[n] = nil
    end
    t.equal(#fake.run("events", { pipeline = ID, all = true }, ws), 4000)
    t.equal(#asked, 4)
  end)

test("a workspace that refuses large pages is asked for small ones, and once is enough", function(t)
  local asked = {}
  local give = ignoring(1000, asked)
  local refused = 0
  local ws <close> = fake.workspace { [ROUTE] = function(request)
    if math.tointeger(request.query:match "max_results=(%d+)") > 250 then
      refused = refused + 1
      return fake.refusal(400, "INVALID_PARAMETER_VALUE", "not so many results, please")
    end
    return give(request)
  end }
  t.equal(#fake.run("events", { pipeline = ID, all = true }, ws), 1000)
  t.equal({ refused, #asked }, { 1, 4 })
  t.equal(#fake.run("events", { pipeline = ID, all = true }, ws), 1000)
  t.equal({ refused, #asked }, { 1, 8 })
  local count = 0
  for _ in require("tarn.pipelines").events(ws, ID) do
    count = count + 1
  end
  t.equal({ refused, count }, { 1, 1000 })
end)

test("a request that is refused for another reason is not repeated with a smaller page",
  function(t)
    local asked = 0
    local ws <close> = fake.workspace { [ROUTE] = function()
      asked = asked + 1
      return fake.refusal(400, "INVALID_PARAMETER_VALUE", "Invalid order_by: 'x'")
    end }
    local e = t.fault(fake.run, "events", { pipeline = ID, all = true }, ws)
    t.match(e.message, "Invalid order_by")
    t.equal(asked, 1)
  end)

test("T6: a server that ignores the filter changes nothing but the number of calls", function(t)
  local asked = {}
  local ws <close> = fake.workspace { [ROUTE] = ignoring(1000, asked) }
  local data = fake.run("events", { pipeline = ID, level = "error", max_events = 30 }, ws)
  t.equal({ data.event_count, data.events[1].id, data.events[30].id }, { 30, "1000", "710" })
end)

test("a server that refuses undocumented terms is asked without them", function(t)
  local asked = {}
  local ws <close> = fake.workspace { [ROUTE] = function(request)
    if request.query:find "event_type" then
      return fake.refusal(400, "INVALID_PARAMETER_VALUE", "Unsupported filter")
    end
    asked[#asked + 1] = request.query
    return { events = {
      { id = "1", event_type = "flow_progress", timestamp = "2026-08-19T10:00:00.000Z" },
      { id = "2", event_type = "update_progress", timestamp = "2026-08-19T10:00:00.000Z" } } }
  end }
  local data = fake.run("events", { pipeline = ID, type = "flow_progress", since = "2026-08-19" },
    ws)
  t.equal({ data.event_count, data.events[1].id }, { 1, "1" })
  t.match(asked[1], "timestamp")
end)

test("details, error and unknown fields are kept", function(t)
  local ws <close> = fake.workspace { [ROUTE] = ignoring(1, {}) }
  local event = fake.run("events", { pipeline = ID }, ws).events[1]
  t.equal({ event.details.x.n, event.new_field, event.maturity_level }, { 1, 1, json.null })
end)

test("events of several pipelines are merged, newest first", function(t)
  local other = "00000002-0000-4000-8000-000000000000"
  local function list(...)
    local out = {}
    for i, at in ipairs { ... } do
      out[i] = { id = "e" .. at, timestamp = time.iso(NOW + at) }
    end
    return { events = out }
  end
  local ws <close> = fake.workspace { [ROUTE] = list(9, 5, 1),
    ["GET /api/2.0/pipelines/" .. other .. "/events"] = list(8, 7, 2) }
  local data = fake.run("events", { pipeline = ID, more = { other }, max_events = 3 }, ws)
  local ids = {}
  for i, event in ipairs(data.events) do
    ids[i] = event.id
  end
  t.equal(table.concat(ids, " "), "e9 e8 e7")
  t.equal(data.pipeline_ids, { ID, other })
end)

test("options that contradict each other are refused", function(t)
  for _, wrong in ipairs { { once = true }, { cursor = "x" }, { all = true, max_events = 5 },
    { follow = true, all = true }, { follow = true, ["until"] = "1d" },
    { follow = true, since = "1d", max_events = 5 } } do
    local ws <close> = fake.workspace {}
    wrong.pipeline = ID
    t.equal(t.fault(fake.run, "events", wrong, ws).kind, "usage", json.encode(wrong))
  end
end)

test("an event is a line, its exceptions are below it without repeats", function(t)
  local out = {}
  local screen = screens.new(function(text) out[#out + 1] = text end, { terminal = false })
  events.show({ timestamp = "2026-08-19T10:00:00.000Z", level = "ERROR", message = "It\27 failed.",
    pipeline_id = "p", details = { flow_progress = { metrics = { num_output_rows = 5 },
      data_quality = { dropped_records = 2, expectations = { { failed_records = 3 } } } } },
    error = { exceptions = { { class_name = "a.b.C", message = "one\n  at x" },
      { class_name = "D", message = "one\n  at y" }, { class_name = "D", message = "two" } } } },
    screen, true)
  t.equal(table.concat(out), [[
2026-08-19T10:00:00Z  ERROR    [p]  It  failed. (5 rows, 3 failed expectations, 2 dropped)
    C: one
    D: two
]])
end)
