-- Notifications: rules, and delivery of each message once.

local program = require "testing.program"
local fake = require "testing.fake"
local json = require "native.json"
local notify = require "tarn.notify"
local rules = require "tarn.notify.rules"
local server = require "native.server"
local task = require "native.task"
local time = require "base.time"

local WORKSPACE <const> = { key = "w", host = "https://w.example.com", profile = "prod" }
local NOW <const> = 1787133072000
local MINUTE <const> = 60000

-- A watch for these rules, and the list of its findings.
local function watch(...)
  local found, parsed = {}, {}
  for i, text in ipairs { ... } do
    parsed[i] = rules.parse("x", text)
  end
  return rules.watch(parsed, function(finding) found[#found + 1] = finding end), found
end

local function row(fields, update)
  local one = { pipeline_id = "p", name = "sales", state = "IDLE", health = json.null,
    latest_update = json.null }
  for name, value in pairs(fields or {}) do
    one[name] = value
  end
  one.latest_update = update or json.null
  return one
end

local function progress(state, at, update_id)
  return { id = state .. at, event_type = "update_progress", timestamp = time.iso(at),
    origin = { update_id = update_id or "u1" },
    details = { update_progress = { state = state } } }
end

local function quality(at, passed, failed, update_id)
  return { id = "q" .. at, event_type = "flow_progress", timestamp = time.iso(at),
    origin = { update_id = update_id or "u1", flow_name = "f", dataset_name = "main.s.silver" },
    details = { flow_progress = { data_quality = { expectations = { { name = "valid",
      dataset = "main.s.silver", passed_records = passed, failed_records = failed } } } } } }
end

local function keys(found)
  local list = {}
  for i, finding in ipairs(found) do
    list[i] = finding.key
  end
  return list
end

test("rules are parsed, and other texts are refused", function(t)
  for _, case in ipairs { { "failed", "failed" }, { " stuck ", "stuck" }, { "stuck=30s", "stuck",
    30000 }, { "silent = 7d", "silent", 7 * 86400000 }, { "breach=failed <= 1%", "breach" },
    { "breach=silver.valid: failed < 10", "breach" } } do
    local rule = rules.parse("x", case[1])
    t.equal(rule.kind, case[2], case[1])
    t.equal(case[3] and rule.limit, case[3], case[1])
  end
  for _, text in ipairs { "", "failed=1", "silent", "silent=", "silent=2026-01-01", "stuck=x",
    "breach", "breach=what", "nonsense", "stuck=0x10m" } do
    t.equal(t.fault(rules.parse, "x", text).kind, "usage", text)
  end
end)

test("a failed update is found in the list and in the events, under one key", function(t)
  local w, found = watch "failed"
  w:row(WORKSPACE, row({}, { update_id = "u1", state = "COMPLETED" }), NOW)
  t.equal(found, {})
  w:row(WORKSPACE, row({}, { update_id = "u1", state = "FAILED" }), NOW)
  local event = progress("FAILED", NOW)
  event.error = { exceptions = { { message = "no such column\nat line 1" } } }
  w:event(WORKSPACE, event, "p")
  t.equal(keys(found), { "failed|w|p|u1||", "failed|w|p|u1||" })
  t.equal({ found[2].message, found[2].pipeline_name, found[2].profile },
    { "update u1 failed: no such column", "sales", "prod" })
  t.equal(found[1].link, "https://w.example.com/#joblist/pipelines/p/updates/u1")
end)

test("an update is stuck after it has waited for resources too long", function(t)
  local w, found = watch "stuck=15m"
  w:event(WORKSPACE, progress("WAITING_FOR_RESOURCES", NOW - 14 * MINUTE), "p", "sales")
  w:pulse(WORKSPACE, NOW)
  t.equal(found, {})
  w:pulse(WORKSPACE, NOW + MINUTE)
  t.equal(keys(found), { "stuck=15m|w|p|u1||" })
  t.match(found[1].message, "WAITING_FOR_RESOURCES for 15 min")
  w:event(WORKSPACE, progress("INITIALIZING", NOW + MINUTE), "p")
  w:pulse(WORKSPACE, NOW + 60 * MINUTE)
  t.equal(#found, 1)
end)

test("an update that waited in the past is not stuck, even if its events come late", function(t)
  local w, found = watch "stuck=15m"
  w:event(WORKSPACE, progress("WAITING_FOR_RESOURCES", NOW - 99 * MINUTE), "p")
  w:event(WORKSPACE, progress("RUNNING", NOW - 98 * MINUTE), "p")
  w:pulse(WORKSPACE, NOW)
  t.equal(found, {})
end)

test("without an event, waiting counts from the first poll that has seen it", function(t)
  local w, found = watch "stuck=15m"
  local waiting = row({ state = "STARTING" }, { update_id = "u1", state = "WAITING_FOR_RESOURCES",
    creation_time = time.iso(NOW - 99 * MINUTE) })
  w:row(WORKSPACE, waiting, NOW)
  w:row(WORKSPACE, waiting, NOW + 14 * MINUTE)
  t.equal(found, {})
  w:row(WORKSPACE, waiting, NOW + 15 * MINUTE)
  t.equal(#found, 1)
end)

test("a pipeline is silent when its newest update is too old, and none is active", function(t)
  local w, found = watch "silent=24h"
  local function at(hours, state)
    return row({ state = state or "IDLE" }, { update_id = "u" .. hours, state = "COMPLETED",
      creation_time = time.iso(NOW - hours * 60 * MINUTE) })
  end
  w:row(WORKSPACE, at(23), NOW)
  w:row(WORKSPACE, at(90, "RUNNING"), NOW)
  t.equal(found, {})
  w:row(WORKSPACE, at(24), NOW)
  w:row(WORKSPACE, row(), NOW)
  t.equal(keys(found), { "silent=24h|w|p|u24||", "silent=24h|w|p|||" })
  t.equal({ found[1].message, found[2].message }, { "no run for 24 h", "it has never run" })
end)

test("a breach belongs to an update, a dataset and an expectation", function(t)
  local w, found = watch("breach=failed <= 1%", "breach=no_such: failed < 1")
  w:event(WORKSPACE, quality(NOW, 1000, 10), "p", "sales")
  t.equal(found, {})
  w:event(WORKSPACE, quality(NOW + 1, 1000, 11), "p", "sales") -- the last report counts
  w:event(WORKSPACE, quality(NOW + 2, 0, 5, "u2"), "p", "sales")
  t.equal(keys(found), { "breach=failed <= 1%|w|p|u1|main.s.silver|valid",
    "breach=failed <= 1%|w|p|u2|main.s.silver|valid" })
  t.match(found[1].message, "main.s.silver.valid: failed is 1.088%, and should be failed <= 1%")
  w:event(WORKSPACE, quality(NOW + 3, 1000, 12, "u1"), "p", "sales") -- late, still of u1
  t.equal(found[3].key, found[1].key)
end)

-- ---- delivery ----

-- A webhook that records the messages; `answer` chooses its answers.
local function hook(answer)
  local got = { notes = {}, now = 0, most = 0 }
  local listener = server.listen({}, function(request)
    got.now = got.now + 1
    got.most = math.max(got.most, got.now)
    local note = json.decode(request.body)
    local reply = answer and answer(note, got) or { status = 200, body = "ok" }
    if reply.status == 200 then
      got.notes[#got.notes + 1] = note
    end
    got.now = got.now - 1
    return reply
  end)
  got.url = ("http://127.0.0.1:%d/services/T0P/S3CRET?key=S3CRET"):format(listener.port)
  return setmetatable(got, { __close = function() listener:close() end })
end

local function new(dir, opts)
  opts.state = opts.state or dir.path .. "/notified.db"
  return notify.new(opts)
end

local function note(i)
  return { key = "k" .. i, message = "m" .. i, pipeline_name = "p" .. i }
end

test("a message is delivered once, also by a later and by a parallel notifier", function(t)
  local dir <close> = program.dir()
  local got <close> = hook()
  local beside <close> = new(dir, { webhook = got.url })
  for _ = 1, 2 do
    local n <close> = new(dir, { webhook = got.url })
    n:send(note(1))
    n:send(note(1))
    beside:send(note(1))
    t.is_true(n:drain(20))
  end
  t.is_true(beside:drain(20))
  t.equal({ #got.notes, got.notes[1].message, got.notes[1].text }, { 1, "m1", "p1: m1" })
end)

test("a webhook that fails is tried again without delaying the caller", function(t)
  local dir <close> = program.dir()
  local tries, said = 0, {}
  local got <close> = hook(function()
    tries = tries + 1
    return tries <= 2 and { status = 500, body = "" } or nil
  end)
  local n <close> = new(dir, { webhook = got.url, warn = function(x) said[#said + 1] = x end })
  n:send(note(1))
  t.equal(tries, 0)
  t.is_true(n:drain(30))
  t.equal({ tries, #got.notes, #said }, { 3, 1, 2 })
  t.match(said[1], "webhook 127.0.0.1:")
  t.match(said[1], "was not notified of p1: the answer was 500; trying again in 1 s")
  t.match(said[2], "in 2 s")
  t.no_match(table.concat(said), "S3CRET")
end)

test("a webhook is tried again after the time of its Retry-After", function(t)
  local dir <close> = program.dir()
  local at = {}
  local got <close> = hook(function()
    at[#at + 1] = task.now()
    return #at == 1 and { status = 429, body = "", headers = { ["Retry-After"] = "2" } } or nil
  end)
  local n <close> = new(dir, { webhook = got.url })
  n:send(note(1))
  t.is_true(n:drain(30))
  t.is_true(at[2] - at[1] >= 1.9)
end)

-- A function that waits until the list has one more entry.
local function grown(list)
  local n, due = #list, task.now() + 30
  return function()
    while #list == n and task.now() < due do
      task.sleep(0.02)
    end
    return list[#list]
  end
end

test("a refused or undelivered message is delivered by the next notifier", function(t)
  local dir <close> = program.dir()
  local status, said = 404, {}
  local got <close> = hook(function() return { status = status, body = "" } end)
  local function warn(text) said[#said + 1] = text end
  for _, case in ipairs { { 404, "the answer was 404" }, { 503, "trying again" } } do
    status = case[1]
    local last = grown(said)
    local n <close> = new(dir, { webhook = got.url, warn = warn })
    n:send(note(1))
    t.match(last(), case[2])
    t.equal(n:drain(0), status == 404) -- a refused message is not repeated
  end
  status = 200
  local n <close> = new(dir, { webhook = got.url, warn = warn })
  t.is_true(n:drain(30))
  t.equal({ #got.notes, #said }, { 1, 2 })
end)

test("at most four messages are sent at once", function(t)
  local dir <close> = program.dir()
  local got <close> = hook(function()
    task.sleep(0.05)
  end)
  local n <close> = new(dir, { webhook = got.url })
  for i = 1, 20 do
    n:send(note(i))
  end
  t.is_true(n:drain(30))
  t.equal({ #got.notes, got.most }, { 20, 4 })
end)

-- A finding of a rule for one pipeline.
local function finding(i, workspace)
  return { key = "silent=1h|w|p" .. i, message = "no run for 2 h", pipeline_name = "p" .. i,
    pipeline_id = "id" .. i, rule = "silent=1h", kind = "silent", profile = "prod",
    workspace = workspace or "https://w.example.com" }
end

test("many findings of one rule are sent in one message that names each", function(t)
  local dir <close> = program.dir()
  local got <close> = hook()
  do
    local n <close> = new(dir, { webhook = got.url })
    for i = 1, 30 do
      n:send(finding(i))
    end
    n:send(note(1))
    n:send(finding(31, "https://other.example.com"))
    t.is_true(n:drain(30))
  end
  t.equal(#got.notes, 3, "messages of no rule or of another workspace are sent alone")
  table.sort(got.notes, function(a, b) return (a.count or 0) > (b.count or 0) end)
  local all = got.notes[1]
  t.equal({ all.count, #all.messages, all.rule, all.kind, all.workspace }, { 30, 30, "silent=1h",
    "silent", "https://w.example.com" })
  t.equal(all.text, "[prod] silent=1h: 30 at once: p1, p2, p3, p4, p5, p6, p7, p8, p9, p10 and "
    .. "20 more")
  t.equal(all.messages[30], { key = "silent=1h|w|p30", pipeline_id = "id30",
    pipeline_name = "p30", message = "no run for 2 h" })
  local again <close> = new(dir, { webhook = got.url })
  for i = 1, 30 do
    again:send(finding(i))
  end
  t.is_true(again:drain(30))
  t.equal(#got.notes, 3, "each was delivered before")
end)

test("twenty findings are sent one by one", function(t)
  local dir <close> = program.dir()
  local got <close> = hook()
  local n <close> = new(dir, { webhook = got.url })
  for i = 1, 20 do
    n:send(finding(i))
  end
  t.is_true(n:drain(30))
  t.equal({ #got.notes, got.notes[1].count }, { 20, nil })
end)

test("failed messages are repeated as one, and the next notifier delivers the remaining ones",
  function(t)
  local dir <close> = program.dir()
  local tries, status, said = 0, 503, {}
  local got <close> = hook(function()
    tries = tries + 1
    return { status = tries > 1 and status or 503, body = "" }
  end)
  local function begin()
    return new(dir, { webhook = got.url, warn = function(x) said[#said + 1] = x end })
  end
  do
    local n <close> = begin()
    for i = 1, 3000 do
      n:send(finding(i))
    end
    local tasks, due = 0, task.now() + 30
    repeat
      t.is_false(n:drain(0.05))
    until said[1] or task.now() > due
    for _ in pairs(n.queues[1].tasks) do
      tasks = tasks + 1
    end
    t.is_true(tasks <= 5, "one task dispatches, four send")
    t.is_true(#said < 20, "there are no 3,000 warnings")
    t.match(said[1], "was not notified of silent=1h: the answer was 503; trying again in 1 s")
  end
  status = 200
  local n <close> = begin()
  t.is_true(n:drain(30))
  local told, known = 0, {}
  for _, one in ipairs(got.notes) do
    for _, message in ipairs(one.messages) do
      told, known[message.key] = told + (known[message.key] and 0 or 1), true
    end
  end
  t.equal({ told, #got.notes }, { 3000, 3 }, "a thousand in each message")
end)

test("a message that always fails does not delay others", function(t)
  local dir <close> = program.dir()
  local got <close> = hook(function(one)
    return one.key == "k1" and { status = 500, body = "" } or nil
  end)
  local n <close> = new(dir, { webhook = got.url })
  for i = 1, 10 do
    n:send(note(i))
  end
  n:drain(0.1)
  local due = task.now() + 20
  while #got.notes < 9 and task.now() < due do
    task.sleep(0.02)
  end
  t.equal({ #got.notes, n:open() }, { 9, 1 })
end)

test("each target gets the message independently", function(t)
  local dir <close> = program.dir()
  local got <close> = hook()
  local called = {}
  local n <close> = new(dir, { webhook = got.url, call = function(x)
    called[#called + 1] = x.message
    if #called == 1 then
      error "a mistake in a script"
    end
  end, warn = function(x) called.said = x end })
  n:send(note(1))
  t.is_true(n:drain(10))
  t.equal({ #got.notes, #called }, { 1, 1 })
  t.match(called.said, "a mistake in a script")
end)

test("a program gets the message as JSON on its standard input, whatever it holds", function(t)
  local dir <close> = program.dir()
  local path = dir.write("tell", ('#!/bin/sh\ncat >> "%s/got"\n'):format(dir.path))
  program.shell(('chmod +x "%s"'):format(path))
  local n <close> = new(dir, { run = path })
  local name = "$(touch x)`id`'\"; rm -rf .\27]0;owned\7 <!channel> & co\n"
  n:send { key = "k", message = "failed: " .. name, pipeline_name = name }
  t.is_true(n:drain(30))
  local got = json.decode(dir.read "got")
  t.equal(got.pipeline_name, name)
  t.no_match(got.text, "\27")
  t.no_match(got.text, "<!channel>")
  t.match(got.text, "&lt;!channel&gt; &amp; co")
end)

test("a program that fails is tried again, and its error is shown", function(t)
  local dir <close> = program.dir()
  local path = dir.write("tell", ('#!/bin/sh\ntest -e "%s/once" && exit 0\n: > "%s/once"\n'
    .. 'echo "no network" >&2; exit 3\n'):format(dir.path, dir.path))
  program.shell(('chmod +x "%s"'):format(path))
  local said = {}
  local n <close> = new(dir, { run = path, warn = function(x) said[#said + 1] = x end })
  n:send(note(1))
  t.is_true(n:drain(30))
  t.equal(#said, 1)
  t.match(said[1], "the exit status was 3: no network; trying again in 1 s")
end)

test("a webhook's URL in a file is used and never shown", function(t)
  local dir <close> = program.dir()
  local ok <close> = hook()
  local n <close> = new(dir, { webhook_file = dir.write("url", ok.url .. "\n") })
  n:send(note(1))
  t.is_true(n:drain(20))
  t.equal(#ok.notes, 1)
  local said = {}
  local last = grown(said)
  local shut <close> = new(dir, { webhook_file = dir.write("shut",
    "http://127.0.0.1:1/S3CRET"), warn = function(x) said[#said + 1] = x end })
  shut:send(note(2))
  t.match(last(), "/shut was not notified of p2")
  t.no_match(said[1], "S3CRET")
  t.no_match(dir.read "notified.db", "S3CRET")
end)

test("a notifier without a target, or with a wrong URL, is refused", function(t)
  local dir <close> = program.dir()
  t.equal(t.fault(new, dir, { rules = { "failed" } }).kind, "usage")
  local e = t.fault(new, dir, { webhook = "file:///etc/S3CRET" })
  t.equal(e.kind, "usage")
  t.no_match(tostring(e), "S3CRET")
  t.equal(t.fault(new, dir, { script = "../x" }).kind, "usage")
  t.raises("unknown option 'ruels'", new, dir, { ruels = {} })
end)

test("the file of sent messages is private, and a wrong file is a fault", function(t)
  local dir <close> = program.dir()
  new(dir, { call = print }):close()
  t.match(program.shell(('stat -c %%a "%s/notified.db"'):format(dir.path)).stdout, "600")
  local e = t.fault(notify.new, { call = print, state = dir.write("odd", ("x"):rep(4096)) })
  t.equal(e.kind, "io")
  t.match(e.message, "the file of sent messages")
end)

test("a pipeline without events is polled", function(t)
  local dir <close> = program.dir()
  local ws <close> = fake.workspace { ["GET /api/2.0/pipelines/p"] = { pipeline_id = "p",
    name = "sales", state = "IDLE", latest_updates = { { update_id = "u", state = "COMPLETED",
      creation_time = "2026-01-02T03:04:05.000Z" } } } }
  local told = {}
  local n <close> = new(dir, { rules = { "silent=1h" }, call = function(x)
    told[#told + 1] = x.message
  end })
  n:poll(ws, { "p" })
  local due = task.now() + 20
  while #told == 0 and task.now() < due do
    task.sleep(0.02)
  end
  t.match(told[1], "no run for")
end)
