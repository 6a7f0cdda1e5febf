-- Streams of a command, the dashboard, a run and an event log, and broadcasts.

local fake = require "testing.fake"
local http = require "native.http"
local broadcast = require "server.broadcast"
local json = require "native.json"
local serving = require "support.serving"
local task = require "native.task"
local time = require "base.time"

-- Read a stream until it ends, in a task of its own.
local function read(s, path, headers)
  headers = headers or {}
  headers.Authorization, headers.Accept = "Bearer " .. serving.token, "text/event-stream"
  local got = { list = {} }
  got.task = task.spawn(function()
    local ok, answer = pcall(http.request, "GET", s.url .. path, { headers = headers,
      timeout = 20, retry = false })
    got.status, got.text = ok and answer.status, ok and answer.body or ""
    got.list, got.over = serving.events(got.text), true
  end)
  return got
end

local function wait(what, is_true)
  local due = task.now() + 20
  while not is_true() do
    assert(task.now() < due, what)
    task.sleep(0.01)
  end
end

test("the stream of a command has its progress and its result", function(t)
  local s <close> = serving.demo()
  local r = s:ask("GET", "/api/dlt/pipelines?filter=sales*",
    { headers = { Accept = "text/event-stream" } })
  t.match(r.headers["content-type"], "text/event-stream")
  local list = serving.events(r.body)
  t.equal(list[#list].event, "result")
  t.is_true(#list[#list].data > 3)
  local failed = serving.events(s:ask("GET", "/api/dlt/pipelines/none",
    { headers = { Accept = "text/event-stream" } }).body)
  t.equal(failed[1].event, "error")
  t.equal(failed[1].data.status, 404)
end)

-- A workspace with one pipeline and a log that the test writes.
local function logged(events)
  local asked = { events = 0, list = 0 }
  local function page(request)
    asked.events = asked.events + 1
    local list = json.array {}
    for _, event in ipairs(events) do
      list[#list + 1] = event
    end
    local ascending = request.query:find "asc"
    table.sort(list, function(a, b)
      if ascending then
        return a.timestamp < b.timestamp
      end
      return a.timestamp > b.timestamp
    end)
    return { events = list }
  end
  local ws = fake.workspace {
    ["GET /api/2.0/pipelines"] = function()
      asked.list = asked.list + 1
      return { statuses = json.array { { pipeline_id = "p", name = "sales", state = "IDLE" } } }
    end,
    ["GET /api/2.0/pipelines/p"] = { pipeline_id = "p", name = "sales", state = "IDLE" },
    ["GET /api/2.0/pipelines/p/events"] = page,
    ["GET /api/2.0/pipelines/p/updates"] = { updates = json.array {} },
  }
  return ws, asked
end

local function event(id, ms, level)
  return { id = id, timestamp = time.iso(ms), level = level or "INFO", message = id,
    event_type = "flow_progress", origin = { pipeline_id = "p", pipeline_name = "sales" } }
end

local function ids(list)
  local names = {}
  for _, one in ipairs(list) do
    names[#names + 1] = one.data.id
  end
  return table.concat(names, " ")
end

test("an event log is followed, resumed after an id, and filtered", function(t)
  local now = time.now()
  local log = { event("a", now - 3000), event("b", now - 2000, "ERROR"), event("c", now - 1000) }
  local ws <close>, asked = logged(log)
  local s = serving.start()
  s.server.workspaces.opened.demo = ws
  local path = "/api/dlt/pipelines/sales/events/stream"
  local all = read(s, path .. "?last=2")
  local errors_only = read(s, path .. "?level=ERROR")
  wait("streams", function() return s.server.broadcast.listeners == 2 end)
  local topics = 0
  for _ in pairs(s.server.broadcast.topics) do
    topics = topics + 1
  end
  t.equal(topics, 1)
  local _, topic = next(s.server.broadcast.topics)
  wait("ready", function() return topic.ready end)
  wait("what was before", function() return asked.events >= 3 end) -- by the topic, and by both
  task.sleep(0.3)
  log[#log + 1] = event("d", time.now(), "ERROR")
  wait("what is new", function() return topic.last >= 1 end)
  task.sleep(0.3)
  s.server.broadcast:close()
  wait("end", function() return all.over and errors_only.over end)
  t.equal(ids(all.list), "b c d")
  t.equal(ids(errors_only.list), "b d")
  s:close()
  local again = serving.start()
  again.server.workspaces.opened.demo = ws
  local before = asked.events
  local resumed = read(again, path, { ["Last-Event-ID"] = all.list[1].id })
  wait("what was missed", function() return asked.events >= before + 2 end)
  task.sleep(0.3)
  again.server.broadcast:close()
  wait("end", function() return resumed.over end)
  t.equal(ids(resumed.list), "c d")
  again:close()
end)

test("listeners of a dashboard share its calls, and get changes only", function(t)
  local ws <close>, asked = logged {}
  local s <close> = serving.start()
  s.server.workspaces.opened.demo = ws
  local streams = {}
  for i = 1, 10 do
    streams[i] = read(s, "/api/dlt/dashboard/stream")
  end
  wait("listeners", function() return s.server.broadcast.listeners == 10 end)
  local _, topic = next(s.server.broadcast.topics)
  wait("a look", function() return topic.last >= 1 end)
  task.sleep(0.3)
  t.equal(asked.list, 1)
  s.server.broadcast:close()
  wait("end", function() return streams[10].over and streams[1].over end)
  for _, stream in ipairs(streams) do
    t.equal(#stream.list, 1)
    t.equal(stream.list[1].event, "dashboard")
    t.equal(stream.list[1].data.summary.total, 1)
  end
  t.equal(s.server.broadcast.listeners, 0)
  t.equal(next(s.server.broadcast.topics), nil)
end)

test("each item of a run's stream is its whole state", function(t)
  local s <close> = serving.demo({}, 600)
  local stream = read(s, "/api/dlt/pipelines/sales_forecast/live")
  wait("listener", function() return s.server.broadcast.listeners == 1 end)
  local started = s:ask("POST", "/api/dlt/pipelines/sales_forecast/trigger", { body = {} }).data
  task.sleep(4)
  s.server.broadcast:close()
  wait("end", function() return stream.over end)
  local last = stream.list[#stream.list]
  t.equal(last.event, "snapshot")
  t.equal(last.data.update_id, started.update_id)
  t.equal(last.data.state, "COMPLETED")
  t.is_true(#last.data.flows > 0 and #last.data.phases > 0)
end)

test("a stream that cannot begin is answered with a status", function(t)
  local s <close> = serving.demo()
  local P = "/api/dlt/pipelines/"
  t.equal(s:ask("GET", P .. "none/live").status, 404)
  t.equal(s:ask("GET", P .. "none/events/stream").status, 404)
  t.equal(s:ask("GET", P .. "sales_forecast/events/stream?last=x").status, 400)
  t.equal(s:ask("GET", P .. "sales_forecast/events/stream?lst=1").status, 400)
  t.equal(s:ask("GET", "/api/dlt/dashboard/stream?profile=prod").status, 403)
  s.server.max_streams = 0
  local full = s:ask("GET", "/api/dlt/dashboard/stream")
  t.equal(full.status, 503)
  t.is_true(full.headers["retry-after"])
end)

-- ---- a broadcast by itself ----

test("a listener that is too slow for a log is told that it has lost items", function(t)
  local shared = broadcast.new()
  local listener <close> = shared:listen("log", 3, function(topic)
    for i = 1, 10 do
      topic:publish(i)
    end
    task.sleep(60)
  end)
  task.sleep(0.02)
  local item, why = listener:next(1)
  t.equal(item, nil)
  t.equal(why, "lost")
end)

test("a late listener of a topic with one item gets the newest item at once", function(t)
  local shared = broadcast.new()
  local function produce(topic)
    for i = 1, 10 do
      topic:publish(i)
    end
    task.sleep(60)
  end
  local first <close> = shared:listen("state", 1, produce)
  t.equal(first:next(1), 10)
  local item, why = first:next(0.01)
  t.equal(item, nil)
  t.equal(why, "idle")
  local second <close> = shared:listen("state", 1, produce)
  t.equal(second:next(1), 10)
end)

test("a fault of a source reaches all listeners; the next listener starts it again", function(t)
  local shared, begun = broadcast.new(), 0
  local function produce()
    begun = begun + 1
    require("base.fault").raise { kind = "network", op = "x", message = "gone" }
  end
  local first <close> = shared:listen("x", 1, produce)
  local second <close> = shared:listen("x", 1, produce)
  t.equal(t.fault(first.next, first, 1).message, "gone")
  t.equal(t.fault(second.next, second, 1).message, "gone")
  t.equal(begun, 1)
  local later <close> = shared:listen("x", 1, produce)
  t.fault(later.next, later, 1)
  t.equal(begun, 2)
end)

test("a source ends with its last listener", function(t)
  local shared, ended = broadcast.new(), false
  local function produce()
    local _ <close> = setmetatable({}, { __close = function() ended = true end })
    task.sleep(60)
  end
  local first, second = shared:listen("x", 1, produce), shared:listen("x", 1, produce)
  task.sleep(0.01)
  first:close()
  first:close()
  task.sleep(0.01)
  t.equal(ended, false)
  second:close()
  task.sleep(0.01)
  t.equal(ended, true)
  t.equal(shared.listeners, 0)
end)
