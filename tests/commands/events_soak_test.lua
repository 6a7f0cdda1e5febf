-- `tarn events --follow` with 200,000 events under faults: none is lost, none is doubled, and
-- memory stays flat. With sanitizers a fiftieth of the events, because a request takes so much
-- longer there; memory is not checked.
--
-- The events happen within 17 seconds; on a busy machine the command is minutes behind. So the
-- test waits for output as long as new output comes, and not for a time.

local program = require "testing.program"
local fake = require "testing.fake"
local fs = require "native.fs"
local task = require "native.task"
local time = require "base.time"

local SANITIZED <const> = (os.getenv "ASAN_OPTIONS" or "") ~= ""
  or fs.read "/proc/self/maps":find("libasan", 1, true) ~= nil
local TOTAL <const> = SANITIZED and 4000 or 200000
local PIPELINES <const> = 4
local EACH <const> = TOTAL // PIPELINES
local PAGE <const> = 250
local RATE <const> = SANITIZED and 100 or 3000 -- events a second of each pipeline
local SAME <const> = 5          -- events with the same timestamp
local LATE <const> = RATE * 8 // 10 -- events by which an event may be late: 0.8 seconds
local OVERLAP <const> = "1"     -- seconds
local PATIENCE <const> = 120    -- seconds without new output
local AT_MOST <const> = 1200    -- seconds

local function id_of(p)
  return ("6d1f0000-0000-4000-8000-%012d"):format(p)
end

-- ---- a log that is computed, not stored ----

local Log = {}
Log.__index = Log

function Log:at(i)
  return self.began + i // SAME * SAME * 1000 // RATE
end

-- The number of events that have happened by now.
function Log:head()
  return (time.now() - self.began) * RATE // 1000
end

-- Most events arrive in order, every eleventh much later.
local function has_arrived(i, head)
  return i + (i % 11 == 3 and (i * 7919) % LATE or 0) <= head
end

function Log:event(i)
  local id = ("%d-%08d"):format(self.p, i)
  return ('{"id":"%s","timestamp":"%s","level":"INFO","event_type":"flow_progress",'
    .. '"message":"flow of %s","origin":{"pipeline_id":"%s","update_id":"u"},'
    .. '"details":{"flow_progress":{"status":"RUNNING"}}}'):format(id, time.iso(self:at(i)), id,
    id_of(self.p))
end

-- The page that begins with the event `from`.
function Log:page(from)
  local list, i, head = {}, from, self:head()
  local last = math.min(head, EACH - 1)
  while i <= last and #list < PAGE do
    if has_arrived(i, head) then
      list[#list + 1] = self:event(i)
    end
    i = i + 1
  end
  local more = #list == PAGE and (',"next_page_token":"%d"'):format(i) or ""
  return ('{"events":[%s]%s}'):format(table.concat(list, ","), more)
end

function Log:answer(request)
  local token = request.query:match "page_token=(%d+)"
  local since = request.query:match "timestamp[^&]-(%d%d%d%d%-[^&']-Z)"
  local from = token and math.tointeger(token) or 0
  if since then
    local ms = time.find_iso((since:gsub("%%3A", ":"))) - self.began
    from = math.max(0, ms * RATE // 1000 - SAME)
    while self:at(from) < self.began + ms do
      from = from + 1
    end
  end
  return self:page(from)
end

-- ---- faults ----

local TROUBLES <const> = {
  function() return { status = 429, headers = { ["Retry-After"] = "0" }, body = "{}" } end,
  function() return { status = 503, headers = { ["Retry-After"] = "0" }, body = "{}" } end,
  function() return { reset = true } end,
  function(text) return { body = text, truncate = #text // 2 } end,
  function() return { status = 500, body = '{"error_code":"INTERNAL_ERROR","message":"x"}' } end,
  function() return { body = "<html>log in</html>", headers = { ["Content-Type"] = "text/html" } }
  end,
  function(text) return { body = text, reset = true } end,
  function(text) return { body = text, truncate = 1 } end,
}

-- The server. Every 17th answer is a fault, and every 391st a 429 with a Retry-After of a second.
local function start_server()
  local logs, answers, n, used = {}, {}, 0, {}
  for p = 1, PIPELINES do
    logs[p] = setmetatable({ p = p, began = time.now() }, Log)
    answers["GET /api/2.0/pipelines/" .. id_of(p)] = { pipeline_id = id_of(p), name = "p" .. p,
      state = "RUNNING" }
    answers[("GET /api/2.0/pipelines/%s/events"):format(id_of(p))] = function(request)
      n = n + 1
      local text = logs[p]:answer(request)
      if n % 17 ~= 5 then
        return fake.reply { body = text }
      elseif n % 391 == 5 then
        return fake.reply { status = 429, headers = { ["Retry-After"] = "1" }, body = "{}" }
      end
      local kind = n // 17 % #TROUBLES + 1
      used[kind] = (used[kind] or 0) + 1
      return fake.reply(TROUBLES[kind](text))
    end
  end
  return fake.workspace(answers), logs, used
end

-- ---- the test ----

-- The resident memory of a process in KiB; nil if it has ended.
local function resident(pid)
  local text = fs.find_read("/proc/" .. pid .. "/status")
  return text and math.tointeger(text:match "VmRSS:%s*(%d+)")
end

-- Reads the output so far: counts the events, and those that are doubled.
local function new_reader(path)
  local file, rest, seen = nil, "", {}
  local reader = { n = 0, doubled = 0 }
  function reader.read()
    file = file or io.open(path)
    local text = rest .. (file and file:read "a" or "")
    local whole = text:match "^.*\n" or ""
    rest = text:sub(#whole + 1)
    for id in whole:gmatch '"id":"([^"]+)"' do
      reader.n = reader.n + (seen[id] and 0 or 1)
      reader.doubled = reader.doubled + (seen[id] and 1 or 0)
      seen[id] = true
    end
    return reader.n
  end
  return reader
end

local function start(ws, since)
  local words = { "-q", "events" }
  for p = 1, PIPELINES do
    words[#words + 1] = id_of(p)
  end
  table.move({ "--follow", "--since", time.iso(since), "--interval", "0.5", "--overlap", OVERLAP,
    "-o", "jsonl" }, 1, 9, #words + 1, words)
  return program.start(words, { env = program.env(ws:host()), timeout = AT_MOST })
end

-- Wait until `n` events are printed, or nothing new comes for long, or the command has ended.
local function wait_for(reader, n, running, ws)
  local before, due = reader.n, task.now() + PATIENCE
  while reader.read() < n and task.now() < due and task.alive(running.task) do
    if reader.n > before then
      before, due = reader.n, task.now() + PATIENCE
    end
    task.sleep(0.5)
    for i = #ws.seen, 1, -1 do -- the test's own memory stays flat, too
      ws.seen[i] = nil
    end
  end
end

test(("%d events of %d pipelines under faults: none is lost, none is doubled, memory is flat")
  :format(TOTAL, PIPELINES), function(t)
  t.timeout(AT_MOST)
  local ws <close>, logs, used = start_server()
  local running <close> = start(ws, logs[1].began - 1000)
  local pid = running:pid()
  local reader = new_reader(running.dir.path .. "/stdout")
  wait_for(reader, TOTAL * 0.6, running, ws) -- more ids than the command keeps: 100,000
  local early = resident(pid)
  wait_for(reader, TOTAL, running, ws)
  t.equal({ reader.n, reader.doubled }, { TOTAL, 0 }, running.dir.read "stderr")
  local full = resident(pid)
  running:signal "INT"
  local r = running:result()
  t.equal({ reader.read(), reader.doubled, r.status }, { TOTAL, 0, 130 }, r.stderr)
  if not SANITIZED then
    t.equal(#used, #TROUBLES, "each fault was used")
    t.is_true(full < early * 1.25 + 2048, ("%d KiB became %d KiB"):format(early, full))
  end
  print(("%d KiB, then %d KiB"):format(early, full))
end)
