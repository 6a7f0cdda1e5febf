-- The dashboard of many workspaces, and its watch.

local changes = require "tarn.dashboard.changes"
local dashboard = require "tarn.dashboard"
local fake = require "testing.fake"
local fault = require "base.fault"
local json = require "native.json"
local task = require "native.task"
local time = require "base.time"

local LONG_AGO <const> = "2026-01-02T03:04:05.000Z"

local function id_of(i)
  return ("%08d-0000-4000-8000-000000000000"):format(i)
end

local function item(i, fields)
  local one = { pipeline_id = id_of(i), name = "p" .. i, state = "IDLE", health = "HEALTHY",
    latest_updates = { { update_id = "u" .. i, state = "COMPLETED", creation_time = LONG_AGO } } }
  for key, value in pairs(fields or {}) do
    one[key] = value
  end
  return one
end

local function failed(i)
  return item(i, { health = "UNHEALTHY",
    latest_updates = { { update_id = "u" .. i, state = "FAILED", creation_time = LONG_AGO } } })
end

local function event(id, timestamp)
  return { id = id, event_type = "update_progress", level = "INFO", message = id,
    timestamp = timestamp or LONG_AGO, origin = { update_id = "u1" } }
end

-- A workspace that lists `items`, whose ids rise, a hundred a page; `logs` holds the events by
-- pipeline number.
local function workspace(items, logs)
  local answers = { ["GET /api/2.0/pipelines"] = function(request)
    local from = math.tointeger(request.query:match "page_token=(%d+)" or 0)
    local falls = request.query:find("id%20desc", 1, true)
    local page = json.array {}
    for i = from + 1, math.min(#items, from + 100) do
      page[#page + 1] = items[falls and #items + 1 - i or i]
    end
    return { statuses = page, next_page_token = from + 100 < #items and tostring(from + 100)
      or nil }
  end }
  for i, log in pairs(logs or {}) do
    answers[("GET /api/2.0/pipelines/%s/events"):format(id_of(i))] = function(request)
      return type(log) == "function" and log(request) or { events = log }
    end
  end
  return fake.workspace(answers)
end

local function source(profile, ws)
  return { profile = profile, workspace = profile .. ".example.com", client = ws }
end

test("a workspace that refuses or does not answer is unknown, not empty", function(t)
  local good <close> = workspace({ item(1), failed(2) }, { [2] = { event "e" } })
  local shut <close> = fake.workspace { ["GET /api/2.0/pipelines"] =
    fake.refusal(403, "PERMISSION_DENIED", "not yours") }
  local slow <close> = fake.workspace { ["GET /api/2.0/pipelines"] = function()
    task.sleep(30)
  end }
  local data = dashboard.many({ source("good", good), source("shut", shut),
    source("slow", slow) }, { seconds = 4 })()
  t.is_true(data.partial)
  t.equal({ data.summary.total, data.summary.failed, data.summary.workspaces,
    data.summary.unanswered }, { 2, 1, 3, 2 })
  local answers, kinds = {}, {}
  for i, one in ipairs(data.workspaces) do
    answers[i] = one.answer
    kinds[i] = one.problems[1] and one.problems[1].kind or false
  end
  t.equal(answers, { "complete", "unknown", "unknown" })
  t.equal(kinds, { false, "auth", "timeout" })
  t.equal({ data.workspaces[2].summary, data.workspaces[2].pipelines }, { json.null, json.null })
  t.equal({ data.problems[1].profile, data.problems[1].code, data.problems[1].message },
    { "shut", "PERMISSION_DENIED", "not yours" })
  t.match(data.problems[2].message, "no answer in 4 seconds")
  t.equal({ data.recent_events[1].profile, data.recent_events[1].id }, { "good", "e" })
end)

test("a workspace that answers 429 is asked again and does not delay the others", function(t)
  local calls, answered = 0, nil
  local busy <close> = fake.workspace { ["GET /api/2.0/pipelines"] = function()
    calls = calls + 1
    if calls == 1 then
      return fake.reply { status = 429, headers = { ["Retry-After"] = "1" },
        body = json.encode { error_code = "REQUEST_LIMIT_EXCEEDED", message = "slowly" } }
    end
    return { statuses = { item(1) } }
  end }
  local good <close> = workspace { item(2) }
  local began = task.now()
  local data = dashboard.many({ source("busy", busy), source("good", good) }, {
    seconds = 30, read = function(one)
      local read = dashboard.read(one.client)
      answered = answered or { one.profile, task.now() - began }
      return read
    end })()
  t.equal(answered[1], "good")
  t.is_true(task.now() - began >= 1)
  t.equal({ data.partial, data.summary.total, calls }, { false, 2, 2 })
end)

test("if no workspace answers, a fault names each of them", function(t)
  local shut <close> = fake.workspace { ["GET /api/2.0/pipelines"] =
    fake.refusal(403, "PERMISSION_DENIED", "not yours") }
  local e = t.fault(dashboard.many { source("a", shut), source("b", shut) })
  t.equal({ e.kind, e.status, e.code }, { "auth", 403, "PERMISSION_DENIED" })
  t.match(e.message, "none of 2 workspaces answered: a: not yours; b: not yours")
end)

test("a second poll of idle pipelines needs only the pages of the list", function(t)
  local items, logs = {}, {}
  for i = 1, 250 do
    items[i] = i <= 20 and failed(i) or item(i)
    logs[i] = { event("e" .. i) }
  end
  local ws <close> = workspace(items, logs)
  local memory = dashboard.memory()
  local first = dashboard.read(ws, { memory = memory })
  t.equal(#ws.seen, 3 + 20)
  local second = dashboard.read(ws, { memory = memory })
  t.equal(#ws.seen, 3 + 20 + 3)
  second.as_of = first.as_of
  t.equal(second, first)
end)

test("only new events of a running pipeline are asked for, and each is observed once", function(t)
  local now = time.now()
  local old = event("old", time.iso(now - 6000))
  old.origin.update_id = "u0" -- the observer does not get events of older updates
  local filters, log = {}, { event("a", time.iso(now - 5000)), old }
  local ws <close> = workspace({ item(1, { state = "RUNNING" }) }, { [1] = function(request)
    filters[#filters + 1] = request.query:match "filter=([^&]*)" or "none"
    return { events = log }
  end })
  local memory, observed = dashboard.memory(), {}
  local opts = { memory = memory, observe = function(e, row)
    observed[#observed + 1] = e.id .. " " .. row.name
  end }
  dashboard.read(ws, opts)
  -- newest first; one is new, and one came late
  log = { event("c", time.iso(now - 1000)), log[1], event("b", time.iso(now - 9000)) }
  local data = dashboard.read(ws, opts)
  t.equal(observed, { "a p1", "b p1", "c p1" })
  t.equal({ #data.recent_events, data.recent_events[1].id }, { 4, "c" })
  t.equal(filters[1], "none")
  t.match(filters[2], "timestamp")
end)

test("a pipeline that has changed is read again, and for a minute longer", function(t)
  local items, calls = { item(1, { state = "RUNNING" }) }, 0
  local ws <close> = workspace(items, { [1] = function()
    calls = calls + 1
    return { events = { event("e" .. calls) } }
  end })
  local memory = dashboard.memory()
  dashboard.read(ws, { memory = memory })
  items[1] = failed(1)
  dashboard.read(ws, { memory = memory })
  local data = dashboard.read(ws, { memory = memory }) -- the log comes later than the state
  t.equal(calls, 3)
  t.equal(#data.recent_events, 3)
end)

test("events that cannot be read are a problem beside the known events", function(t)
  local refuse = false
  local ws <close> = workspace({ item(1, { state = "RUNNING" }) }, { [1] = function()
    return refuse and fake.refusal(403, "PERMISSION_DENIED", "no longer") or
      { events = { event "e" } }
  end })
  local memory = dashboard.memory()
  dashboard.read(ws, { memory = memory })
  refuse = true
  local data = dashboard.read(ws, { memory = memory })
  t.equal({ #data.recent_events, data.problems[1].message }, { 1, "no longer" })
end)

test("a pipeline that is gone is forgotten", function(t)
  local items = { item(1), item(2) }
  local ws <close> = workspace(items)
  local memory = dashboard.memory()
  dashboard.read(ws, { memory = memory })
  items[2] = nil
  t.equal(dashboard.read(ws, { memory = memory }).summary.total, 1)
  t.is_nil(memory.pipelines[id_of(2)])
end)

test("a watch survives a failure: the last answer comes again as stale", function(t)
  local n, pauses = 0, {}
  local function poll()
    n = n + 1
    pauses[n] = task.now()
    if n == 2 or n == 3 then
      fault.raise { kind = "network", op = "x", message = "connection refused" }
    end
    return { summary = { total = 1 }, pipelines = json.array {}, recent_events = json.array {},
      problems = json.array {}, as_of = LONG_AGO }
  end
  local seen = {}
  for data, changed in dashboard.watch(poll, { interval = 0.05, refreshes = 4 }) do
    seen[#seen + 1] = { data.stale and data.stale.message or false, changed }
    t.equal(data.summary.total, 1)
  end
  t.equal(seen, { { false, true }, { "connection refused", true },
    { "connection refused", false }, { false, true } })
  t.is_true(pauses[4] - pauses[3] >= 0.2, "the pause grows")
end)

test("a watch whose first poll fails raises the fault", function(t)
  local watch = dashboard.watch(function()
    fault.raise { kind = "auth", op = "x", message = "who?" }
  end)
  t.equal(t.fault(watch).kind, "auth")
end)

test("a workspace of several that fails later keeps its numbers", function(t)
  local n = 0
  local one <close> = workspace { item(1) }
  local other <close> = fake.workspace { ["GET /api/2.0/pipelines"] = function()
    n = n + 1
    return n == 1 and { statuses = { item(2) } } or fake.refusal(403, "PERMISSION_DENIED", "no")
  end }
  local poll = dashboard.many({ source("one", one), source("other", other) },
    { keep_last = true })
  poll()
  local data = poll()
  t.equal({ data.partial, data.summary.total, data.summary.unanswered,
    data.workspaces[2].answer, data.workspaces[2].stale.message }, { true, 2, 0, "stale", "no" })
end)

local function answer(rows, fields)
  local data = { summary = { total = #rows }, pipelines = rows, recent_events = {},
    problems = {}, as_of = LONG_AGO }
  for key, value in pairs(fields or {}) do
    data[key] = value
  end
  return data
end

local function row(i, state)
  return { pipeline_id = id_of(i), name = "p" .. i, state = state, health = json.null,
    latest_update = json.null }
end

test("there is a row for each new, changed and deleted pipeline", function(t)
  local old = answer { row(1, "IDLE"), row(2, "IDLE") }
  local list = changes.between(old, answer { row(2, "RUNNING"), row(3, "IDLE") })
  local found = {}
  for i, one in ipairs(list) do
    found[i] = { one.pipeline_name, one.change, one.was ~= json.null and one.was.state or false,
      one.now ~= json.null and one.now.state or false }
  end
  t.equal(found, { { "p2", "changed", "IDLE", "RUNNING" }, { "p3", "new", false, "IDLE" },
    { "p1", "gone", "IDLE", false } })
  t.equal(changes.between(old, old), {})
  t.equal(changes.between(nil, old)[1].kind, "summary")
end)

test("a workspace that does not answer is no change of its pipelines", function(t)
  local known = answer({ row(1, "IDLE") }, { answer = "complete", profile = "a" })
  local unknown = { answer = "unknown", profile = "a", pipelines = json.null,
    summary = json.null, problems = { { message = "refused" } } }
  local function of(one)
    return { workspaces = { one }, summary = { total = 1 }, partial = true, as_of = LONG_AGO }
  end
  for _, pair in ipairs { { of(known), of(unknown), "unknown" }, { of(unknown), of(known),
    "complete" } } do
    local list = changes.between(pair[1], pair[2])
    t.equal({ #list, list[1].kind, list[1].now, list[1].profile }, { 1, "workspace", pair[3],
      "a" })
  end
end)
