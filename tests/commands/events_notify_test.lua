-- `--notify` of `tarn events --follow` and `tarn dashboard --watch`.

local program = require "testing.program"
local fake = require "testing.fake"
local fs = require "native.fs"
local json = require "native.json"
local terminal = require "support.terminal"
local wait = require "testing.wait"
local workspace = require "testing.workspace"

-- A folder with a program `receive` that keeps its messages, and a function that reads them.
local function receiver()
  local dir = program.dir()
  local path = dir.write("receive", ('#!/bin/sh\ncat >> "%s/received"\n'):format(dir.path))
  program.shell(('chmod +x "%s"'):format(path))
  function dir.received(kind)
    local list = {}
    for line in (dir.read "received" or ""):gmatch "[^\n]+" do
      local note = json.decode(line)
      if not kind or note.kind == kind then
        list[#list + 1] = note
      end
    end
    return list
  end
  return dir
end

test("a failure is sent once by --follow, by another --follow, and by --watch", function(t)
  local w <close> = workspace.start { scenario = "demo" }
  local dir <close> = receiver()
  local failed = "sales_promotions"
  local env = w:env { XDG_STATE_HOME = dir.path }
  for _ = 1, 2 do
    -- --type limits the output, not the messages
    local r = program.run({ "events", failed, "--follow", "--once", "--type", "user_action",
      "--notify", "failed", "--notify-run", dir.path .. "/receive" }, { env = env })
    t.equal(r.status, 0, r.stderr)
    t.no_match(r.stdout, "update_progress")
    t.equal(#dir.received(), 1)
  end
  local note = dir.received()[1]
  t.equal({ note.kind, note.rule, note.pipeline_name, note.version },
    { "failed", "failed", failed, 1 })
  t.match(note.link, w.url .. "/#joblist/pipelines/" .. note.pipeline_id .. "/updates/")
  t.match(note.text, failed .. ": update ")
  for _ = 1, 2 do
    local r = program.run({ "dashboard", "--watch", "--refreshes", "1", "-o", "jsonl", "--notify",
      "failed", "--notify", "stuck=1m", "--notify-run", dir.path .. "/receive" }, { env = env })
    t.equal(r.status, 0, r.stderr)
    local names = {}
    for _, received in ipairs(dir.received "failed") do
      t.is_nil(names[received.pipeline_name], received.pipeline_name)
      names[received.pipeline_name] = true
    end
    t.is_true(names[failed])
    t.is_true(#dir.received "failed" >= 4)
    t.equal(#dir.received "stuck", 1)
  end
end)

test("an update that fails while it is followed is sent", function(t)
  local w <close> = workspace.start { run_ms = 300 }
  local dir <close> = receiver()
  local id = w:pipeline { name = "p1" }
  w:run(id, { refresh_selection = { "no_such_table" } })
  local running <close> = program.start({ "events", id, "--follow", "--interval", "0.2",
    "--notify", "failed", "--notify-run", dir.path .. "/receive" },
    { env = w:env { XDG_STATE_HOME = dir.path } })
  wait.until_true(function() return #dir.received() > 0 end, "the message")
  running:signal "INT"
  local r = running:result()
  t.equal(#dir.received "failed", 1, r.stderr)
  t.match(dir.received()[1].message, "failed: ")
end)

test("a message that a killed program has not sent is sent by the next program", function(t)
  local w <close> = workspace.start { scenario = "demo" }
  local dir <close> = program.dir()
  local status = 503
  local webhook <close> = fake.server(function()
    return fake.reply { status = status, body = "" }
  end)
  local opts = { env = w:env { XDG_STATE_HOME = dir.path, HOOK = webhook.url } }
  local words = { "events", "sales_promotions", "--follow", "--notify", "failed",
    "--notify-webhook-env", "HOOK" }
  do
    local running <close> = program.start(words, opts)
    running:wait_for "trying again"
    running:signal "KILL"
    running:result()
  end
  local before = #webhook.seen
  status = 200
  words[#words + 1] = "--once"
  for _ = 1, 2 do
    local r = program.run(words, opts)
    t.equal({ r.status, #webhook.seen - before }, { 0, 1 }, r.stderr)
  end
end)

test("a breach is written as a gate", function(t)
  local w <close> = workspace.start { scenario = "demo" }
  local dir <close> = receiver()
  local r = program.run({ "events", "sales_promotions", "--follow", "--once", "-o", "jsonl",
    "--notify", "breach=campaign_known: failed <= 1%", "--notify",
    "breach=campaign_known: failed <= 100%", "--notify-run", dir.path .. "/receive" },
    { env = w:env { XDG_STATE_HOME = dir.path } })
  t.equal(r.status, 0, r.stderr)
  local received = dir.received()
  t.equal({ #received, received[1].kind, received[1].expectation, received[1].expression },
    { 1, "breach", "campaign_known", "campaign_known: failed <= 1%" })
end)

test("a Lua function of the user's own gets the message as a table", function(t)
  local w <close> = workspace.start { scenario = "demo" }
  local dir <close> = program.dir()
  dir.write("my/notify/page.lua", ('return function(note)\n  local f <close> = assert('
    .. 'io.open("%s/got", "w"))\n  f:write(note.pipeline_name, " ", note.kind)\nend\n')
    :format(dir.path))
  local r = program.run({ "--path", dir.path .. "/my", "events", "sales_promotions", "--follow",
    "--once", "--notify", "failed", "--notify-script", "page" },
    { env = w:env { XDG_STATE_HOME = dir.path } })
  t.equal(r.status, 0, r.stderr)
  t.equal(dir.read "got", "sales_promotions failed")
end)

test("the address of a webhook is not in output, traces or files", function(t)
  local w <close> = workspace.start { scenario = "demo" }
  local dir <close> = program.dir()
  local tries = 0
  local webhook <close> = fake.server(function()
    tries = tries + 1
    return fake.reply { status = tries == 1 and 503 or 200, body = "" }
  end)
  local r = program.run({ "-v", "-v", "events", "sales_promotions", "--follow", "--once",
    "--notify", "failed", "--notify-webhook-env", "SLACK" }, { env = w:env {
      XDG_STATE_HOME = dir.path, SLACK = webhook.url .. "/services/T0PS3CRET?k=T0PS3CRET" } })
  t.equal(r.status, 0, r.stderr)
  t.equal({ #webhook.seen, json.decode(webhook.seen[2].body).kind }, { 2, "failed" })
  t.match(r.stderr, "webhook $SLACK was not notified of sales_promotions: the answer was 503")
  t.match(r.stderr, ("POST %s/***"):format(webhook.url)) -- the request is in the trace
  t.no_match(r.stdout .. r.stderr, "T0PS3CRET")
  for _, name in ipairs(fs.list(dir.path .. "/tarn")) do
    if fs.find_stat(dir.path .. "/tarn/" .. name).type == "file" then
      t.no_match(fs.read(dir.path .. "/tarn/" .. name), "T0PS3CRET")
    end
  end
end)

test("on a terminal a message that cannot be sent is reported above the page", function(t)
  local ws <close> = fake.workspace { ["GET /api/2.0/pipelines"] = { statuses = {
    { pipeline_id = "00000001-0000-4000-8000-000000000000", name = "sales", state = "FAILED",
      latest_updates = { { update_id = "u", state = "FAILED",
        creation_time = "2026-01-02T03:04:05.000Z" } } } } } }
  local term <close> = terminal.start({ "/bin/sh", "-c", '"$TARN" dashboard --watch '
    .. '--interval 0.2 --notify failed --notify-run /bin/false; sleep 100' },
    { cols = 100, rows = 20, env = program.env(ws:host()) })
  local screen = term:wait "program /bin/false was not notified of sales: the exit status was 1"
  screen = screen:find "failed 1" and screen or term:wait "failed 1"
  t.equal(select(2, screen:gsub("Pipelines ", "")), 1, screen)
end)

test("a request to the server cannot name programs or addresses", function(t)
  local served = require("server.arguments").served
  for _, name in ipairs { "events", "dashboard" } do
    local count = 0
    for _, spec in ipairs(served(require("engine.script").load("@" .. name))) do
      t.is_true(not spec[1]:find "^notify", spec[1])
      count = count + 1
    end
    t.is_true(count > 0)
  end
end)

test("options that exclude or need each other are reported", function(t)
  for _, case in ipairs {
    { { "dashboard", "--notify", "failed" }, "--notify goes with --watch" },
    { { "events", "x", "--notify", "failed" }, "--notify goes with --follow" },
    { { "dashboard", "--watch", "--notify-run", "x" }, "--notify-run goes with --notify" },
    { { "dashboard", "--watch", "--notify", "failed" }, "there is no target for notifications" },
    { { "dashboard", "--watch", "--notify", "fialed", "--notify-run", "x" }, "is not a rule" },
    { { "dashboard", "--watch", "--notify", "failed", "--notify-script", "nope" },
      "no script notify/nope.lua" },
  } do
    local dir <close> = program.dir()
    local r = program.run(case[1],
      { env = program.env("http://127.0.0.1:1", { XDG_STATE_HOME = dir.path }) })
    t.equal(r.status, 2, r.stderr)
    t.match(r.stderr, case[2])
  end
end)
