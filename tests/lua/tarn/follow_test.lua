--- Following event logs: no event is lost, none comes twice.

local program = require "testing.program"
local clock = require "testing.clock"
local databricks = require "native.databricks"
local events = require "tarn.events"
local fault = require "base.fault"
local follow = require "tarn.follow"
local json = require "native.json"
local sandbox = require "testing.workspace"
local task = require "native.task"
local time = require "base.time"
local workspace = require "tarn.workspace"

local BASE <const> = 1787133072000

-- A log in memory with pages like those of the API. `log.put(ms, id)` adds an event, and
-- `log.fail(fault)` makes the next call fail.
local function new_log(page_size)
  local log = { list = {}, calls = {} }
  function log.put(ms, id, fields)
    local event = { id = id, timestamp = time.iso(ms), ms = ms, level = "INFO",
      event_type = "flow_progress", message = id }
    for name, value in pairs(fields or {}) do
      event[name] = value
    end
    table.insert(log.list, event)
  end
  function log.fail(fields)
    log.failure = fields
  end
  local function selected(query)
    local from = query.filter and query.filter:match "timestamp >= '(.-)'"
    local level = query.filter and query.filter:match "level = '(.-)'"
    local found = {}
    for i, event in ipairs(log.list) do
      if (not from or event.ms >= time.find_iso(from)) and (not level or event.level == level) then
        found[#found + 1] = { event, i }
      end
    end
    local up = query.order_by == "timestamp asc"
    table.sort(found, function(a, b)
      if not up then
        a, b = b, a
      end
      return a[1].ms < b[1].ms or a[1].ms == b[1].ms and a[2] < b[2]
    end)
    return found
  end
  local queries = {}
  function log.page(query)
    log.calls[#log.calls + 1] = query
    if log.failure then
      local fields = log.failure
      log.failure = nil
      fault.raise(fields)
    end
    local from, key = 1, #queries + 1
    if query.page_token then
      key, from = query.page_token:match "^(%d+)|(%d+)$"
      query = queries[math.tointeger(key)]
    else
      queries[key] = query
    end
    local found, out = selected(query), {}
    from = math.tointeger(from)
    for i = from, math.min(#found, from + page_size - 1) do
      out[#out + 1] = found[i][1]
    end
    return { events = out, next_page_token = from + page_size <= #found
      and ("%s|%d"):format(key, from + page_size) or nil }
  end
  return log
end

local function workspace_of(logs)
  local native = {}
  function native:events(id, query) -- luacheck: ignore 212/self
    task.sleep(0)
    return logs[id].page(query)
  end
  function native:info() return { host = "https://fake" } end -- luacheck: ignore 212/self
  return workspace.wrap(native, "fake")
end

local function ids(follower)
  local list = {}
  for event in follower, nil, nil, follower do
    list[#list + 1] = event.id
  end
  return table.concat(list, " ")
end

test("follow begins with the newest events, oldest first", function(t)
  local log = new_log(3)
  for i = 1, 9 do
    log.put(BASE + i, "e" .. i)
  end
  local ws = workspace_of { p = log }
  t.equal(ids(follow.start(ws, { "p" }, { last = 2, once = true })), "e8 e9")
end)

test("follow begins where --since says and reads every page", function(t)
  local log = new_log(3)
  for i = 1, 9 do
    log.put(BASE + i * 1000, "e" .. i)
  end
  local ws = workspace_of { p = log }
  t.equal(ids(follow.start(ws, { "p" }, { since = BASE + 3000, once = true })),
    "e3 e4 e5 e6 e7 e8 e9")
  t.equal(log.calls[2].filter, nil, "later pages carry the token and the size only")
end)

test("after a saved cursor, late events and those of its millisecond come once", function(t)
  local log = new_log(2)
  log.put(BASE + 1000, "a")
  log.put(BASE + 5000, "b")
  local ws = workspace_of { p = log }
  local saved
  local function run()
    return ids(follow.start(ws, { "p" }, { since = BASE, cursors = saved, once = true,
      settled = function(f) saved = json.decode(json.encode(f())) end }))
  end
  t.equal(run(), "a b")
  t.equal(run(), "")
  log.put(BASE + 5000, "same")
  log.put(BASE + 2000, "late")
  t.equal(run(), "late same")
  log.put(BASE + 9000, "new")
  t.equal(run(), "new")
  t.equal(run(), "")
end)

test("an empty log's first event is not missed", function(t)
  local log = new_log(5)
  local ws = workspace_of { p = log }
  local saved
  local function run()
    return ids(follow.start(ws, { "p" }, { cursors = saved, once = true,
      settled = function(f) saved = f() end }))
  end
  t.equal(run(), "")
  for i = 1, 15 do
    log.put(BASE + i, "e" .. i)
  end
  t.equal(select(2, run():gsub("e", "")), 15)
  t.equal(run(), "")
end)

test("an event with a timestamp in the future hides no later event", function(t)
  local log = new_log(5)
  local now = time.now()
  log.put(now - 1000, "before")
  log.put(now + 3600000, "future")
  local ws = workspace_of { p = log }
  local saved
  local function run()
    return ids(follow.start(ws, { "p" }, { cursors = saved, once = true, since = now - 5000,
      settled = function(f) saved = f() end }))
  end
  t.equal(run(), "before future")
  log.put(now + 10, "after")
  t.equal(run(), "after")
end)

test("an event that was not used comes again", function(t)
  local log = new_log(5)
  for i = 1, 4 do
    log.put(BASE + i, "e" .. i)
  end
  local ws = workspace_of { p = log }
  local saved
  local function start()
    return follow.start(ws, { "p" }, { since = BASE, cursors = saved, once = true,
      settled = function(f) saved = f() end })
  end
  do
    local one <close> = start()
    t.equal(one().id, "e1")
    t.equal(one().id, "e2")
  end
  t.equal(ids(start()), "e2 e3 e4", "e2 was returned, but the next event was not asked for")
end)

test("a failed poll is reported and repeated without loss; a deleted pipeline ends", function(t)
  local log, gone = new_log(2), new_log(2)
  log.put(BASE, "a")
  gone.put(BASE, "z")
  local ws = workspace_of { p = log, q = gone }
  local told = {}
  local one <close> = follow.start(ws, { "p", "q" }, { since = BASE, interval = 0.01,
    problem = function(e, id, pause) told[#told + 1] = { id, e.status, pause ~= nil } end })
  local first, second = one().id, one().id
  t.equal(first .. second == "az" or first .. second == "za", true)
  log.fail { kind = "http", op = "test", message = "down", status = 503, retryable = true }
  gone.fail { kind = "http", op = "test", message = "no such pipeline", status = 404 }
  for i = 1, 5 do
    log.put(BASE + i, "b" .. i)
  end
  for i = 1, 5 do
    t.equal(one().id, "b" .. i)
  end
  table.sort(told, function(a, b) return a[1] < b[1] end)
  t.equal(told, { { "p", 503, true }, { "q", 404, false } })
end)

test("a sweep that fails goes on where it was", function(t)
  local log = new_log(1)
  for i = 1, 30 do
    log.put(BASE + i * 1000, "e" .. i)
  end
  local page, n = log.page, 0
  function log.page(query)
    n = n + 1
    if n % 3 == 0 then
      fault.raise { kind = "network", op = "http.request", message = "reset" }
    end
    return page(query)
  end
  local follower <close> = follow.start(workspace_of { p = log }, { "p" }, { since = BASE,
    interval = 0.001 })
  for i = 1, 30 do
    t.equal(follower().id, "e" .. i)
  end
  t.is_true(n < 100, n .. " calls: a sweep that begins anew never reaches the end")
end)

test("a first poll that is refused raises the fault", function(t)
  local log = new_log(2)
  log.fail { kind = "auth", op = "test", message = "not yours", status = 403 }
  local one <close> = follow.start(workspace_of { p = log }, { "p" })
  t.equal(t.fault(one).status, 403)
end)

test("the remembered ids are bounded in time and number", function(t)
  local cursor = follow.cursor()
  for i = 1, 10000 do
    cursor:add("id" .. i, BASE + i * 100)
    cursor:advance(BASE + i * 100)
    if i % 250 == 0 then
      cursor:trim(BASE + i * 100 - 60000, 300)
      t.is_true(cursor.count <= 310, cursor.count)
    end
  end
  t.is_true(cursor:has("id10000", BASE + 1000000))
  t.is_true(cursor.floor > BASE + 1000000 - 60000, "the floor says from when on they are complete")
  local again = follow.cursor(json.decode(json.encode(cursor:saved())))
  t.equal(again:saved(), cursor:saved())
end)

-- 100 pipelines, so that 1,000 ids of each are remembered. While the log of the first one is read
-- for the first time, a minute goes by in which 6,000 events arrive, and "late", whose timestamp
-- was already passed. "end" arrives two polls later.
local function crowd()
  local log, logs, names, base = new_log(100), {}, {}, time.now() - 2000
  for i = 1, 100 do
    names[i] = "p" .. i
    logs[names[i]] = new_log(1)
  end
  logs.p1 = log
  local page, polls = log.page, 0
  for i = 0, 199 do
    log.put(base + i * 10, "a" .. i)
  end
  function log.page(query)
    if #log.calls == 1 then
      clock.advance(60)
      log.put(base + 5, "late")
      for i = 200, 6199 do
        log.put(base + i * 10, "b" .. i)
      end
    elseif not query.page_token then
      polls = polls + 1
      if polls == 3 then
        log.put(base + 62000, "end")
      end
    end
    return page(query)
  end
  return workspace_of(logs), names, base
end

test("a burst of more events than can be remembered hides no late event", function(t)
  local ws, names, base = crowd()
  local seen, n, told = {}, 0, 0
  local follower <close> = follow.start(ws, names, { since = base, interval = 0.01,
    overlap = 1, crowded = function() told = told + 1 end })
  repeat
    local event = follower()
    t.is_nil(seen[event.id], event.id)
    seen[event.id], n = true, n + 1
  until event.id == "end"
  t.is_true(seen.late)
  t.equal({ n, told }, { 6202, 0 })
end)

test("more events within the overlap than can be remembered are reported once", function(t)
  local ws, names, base = crowd()
  local told, n = {}, 0
  local follower <close> = follow.start(ws, names, { since = base, once = true,
    overlap = 300, crowded = function(id, ms) told[#told + 1] = { id, ms > 5000, ms < 12000 } end })
  for _ in follower do
    n = n + 1
  end
  t.equal({ n, told }, { 6200, { { "p1", true, true } } })
end)

test("40,000 events in a burst come once each, in constant memory", function(t)
  local log = new_log(250)
  for i = 1, 40000 do
    log.put(BASE + i * 40, ("%036d"):format(i))
  end
  -- make the log itself cheap, so that only the follower is measured
  local sorted = {}
  for i, event in ipairs(log.list) do
    sorted[i] = event
  end
  function log.page(query)
    local from = math.tointeger(query.page_token or "1")
    return { events = table.move(sorted, from, math.min(from + 249, 40000), 1, {}),
      next_page_token = from + 250 <= 40000 and tostring(from + 250) or nil }
  end
  local follower <close> = follow.start(workspace_of { p = log }, { "p" }, { since = 1, once = true,
    overlap = 60 })
  collectgarbage()
  local before, most, n = collectgarbage "count", 0, 0
  for event in follower do
    n = n + 1
    t.equal(event.id, ("%036d"):format(n))
    if n % 10000 == 0 then
      collectgarbage()
      most = math.max(most, collectgarbage "count" - before)
    end
  end
  t.equal(n, 40000)
  t.is_true(most < 2048, ("%d KiB"):format(most // 1))
end)

test("with a server that ignores the order, no event is lost or comes twice", function(t)
  local log = new_log(2)
  local page = log.page
  function log.page(query)
    return page { filter = query.filter, page_token = query.page_token } -- the order is ignored
  end
  for i = 1, 9 do
    log.put(BASE + i * 400000, "e" .. i)
  end
  local saved
  local function run()
    local list = ids(follow.start(workspace_of { p = log }, { "p" }, { since = BASE, once = true,
      cursors = saved, settled = function(f) saved = f() end }))
    return select(2, list:gsub("e%d", "")), list
  end
  t.equal(run(), 9)
  log.put(BASE + 9 * 400000 + 1, "e0")
  local n, list = run()
  t.equal({ n, list }, { 1, "e0" })
end)

test("a cursor of another workspace, or a file that is no cursor, is refused", function(t)
  local dir <close> = program.dir()
  local ws = workspace_of {}
  local path = dir.path .. "/c"
  t.equal(follow.load("x", path, ws), {})
  follow.save(path, ws, { p = follow.cursor():saved() })
  t.equal(follow.load("x", path, ws).p.floor, "1970-01-01T00:00:00.000Z")
  dir.write("c", '{"workspace":"https://other","pipelines":{}}')
  t.match(t.fault(follow.load, "x", path, ws).message, "https://other")
  dir.write("c", "oops")
  t.equal(t.fault(follow.load, "x", path, ws).kind, "parse")
end)

test("a cursor without its times, or with impossible ones, is damaged", function(t)
  local dir <close> = program.dir()
  local ws = workspace_of {}
  local floor = '"floor":"1970-01-01T00:00:00.000Z"'
  for _, damage in ipairs { '"seen":{}', '"floor":"9999-12-31T23:59:59-23:59"',
    floor .. ',"at":"0722-01-01T00:00:00Z"', floor .. ',"seen":{"99999999999999999":["x"]}',
    floor .. ',"seen":{"-1":["x"]}', floor .. ',"seen":{"1.5":["x"]}' } do
    local path = dir.write("c", ('{"workspace":%s,"pipelines":{"p":{%s}}}')
      :format(json.encode(ws:key()), damage))
    t.match(t.fault(follow.load, "x", path, ws).message, "is not a cursor file", damage)
  end
  local path = dir.write("c", ('{"workspace":%s,"pipelines":{"p":{%s}}}')
    :format(json.encode(ws:key()), floor))
  t.equal(follow.cursor(follow.load("x", path, ws).p).floor, 0)
end)

-- ---- against the embedded workspace ----

local INSERT <const> = "INSERT INTO events(pipeline_id, ts, id, update_id, level, type, body) "
  .. "VALUES (?, ?, ?, NULL, 'INFO', 'flow_progress', ?)"

local function put(w, pipeline_id, ms, id)
  w.w.db:exec(INSERT, { pipeline_id, ms, id, json.encode { id = id, timestamp = time.iso(ms),
    level = "INFO", event_type = "flow_progress", message = id } })
end

-- The faults, and how often they happen. A refusal has a test of its own.
local FAULTS <const> = {
  { path = "*/events", nth = 2, action = "empty_page" },
  { path = "*/events", nth = 3, action = "truncate" },
  { path = "*/events", nth = 4, action = "429", retry_after = 0 },
  { path = "*/events", nth = 5, action = "not_json" },
  { path = "*/events", nth = 6, action = "reset_before" },
  { path = "*/events", nth = 7, action = "html_200" },
  { path = "*/events", nth = 8, action = "503", retry_after = 0 },
  { path = "*/events", nth = 9, action = "reset_after" },
  { path = "*/events", nth = 10, action = "500" },
  { path = "*/events", nth = 11, action = "drip", bytes = 4096, seconds = 0.001 },
  { path = "*/events", nth = 13, action = "empty_page" },
  { path = "*/events", probability = 0.03, count = 4, action = "500_empty" },
}

test("under faults, with late events and several pipelines, each event comes once", function(t)
  local w <close> = sandbox.start { faults = FAULTS }
  local a, b = w:pipeline { name = "a" }, w:pipeline { name = "b" }
  local ws = workspace.wrap(databricks.connect { host = w.url,
    credential = databricks.credential { token = "demo-token" } }, "test")
  local start = time.now() - 60000
  local total <const> = 3000
  local writer = task.spawn(function()
    local n = 0
    while n < total do
      w.w:write(function()
        for _ = 1, 150 do
          n = n + 1
          local lateness = n % 7 == 0 and 15000 or n % 3 == 0 and 900 or 0
          -- ten events share a millisecond
          put(w, n % 2 == 0 and a or b, start + 16000 + n // 10 - lateness, ("%06d"):format(n))
        end
      end)
      task.sleep(0.02)
    end
  end)
  local seen, n, doubled, saved = {}, 0, 0, nil
  local problems = 0
  -- The follower is stopped and resumed from its saved cursor on the way.
  for _, limit in ipairs { 700, 1900, total } do
    local follower <close> = follow.start(ws, { a, b }, { since = start, interval = 0.05,
      criteria = events.criteria("test", { type = "flow_progress" }), cursors = saved,
      problem = function() problems = problems + 1 end,
      settled = function(state) saved = json.decode(json.encode(state())) end })
    local event = follower()
    while event do
      doubled = doubled + (seen[event.id] and 1 or 0)
      n = n + (seen[event.id] and 0 or 1)
      seen[event.id] = true
      if n >= limit then
        break
      end
      event = follower()
    end
  end
  t.equal(n, total)
  t.is_true(doubled <= 2, "only the last event before a stop may come again")
  t.is_true(problems >= 2, "failures were reported")
  t.is_false(task.alive(writer))
  ws:close()
end)
