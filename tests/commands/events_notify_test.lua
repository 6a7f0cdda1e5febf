-- `--notify` of `tarn events --follow` and `tarn dashboard --watch`.

local program = require "testing.program"
local fake = require "testing.fake"
local fs = require "native.fs"
local json = require "native.json"
local workspace = require "testing.workspace"
local server = require "native.server"
local terminal = require "support.terminal"

-- A folder with a program `tell` that keeps what it is told, and how to read it.
local function teller()
  local dir = program.dir()
  local path = dir.write("tell", ('#!/bin/sh\ncat >> "%s/told"\n'):format(dir.path))
  program.shell(('chmod +x "%s"'):format(path))
  function dir.told(kind)
    local list = {}
    for line in (dir.read "told" or ""):gmatch "[^\n]+" do
      local note = json.decode(line)
      if not kind or note.kind == kind then
        list[#list + 1] = note
      end
    end
    return list
  end
  return dir
end

local function env_of(w, dir, more)
  local env = { DATABRICKS_HOST = w.url, DATABRICKS_TOKEN = "demo-token",
    XDG_STATE_HOME = dir.path }
  for name, value in pairs(more or {}) do
    env[name] = value
  end
  return env
end

test("a failure is told once: by who follows, who follows again, and who watches", function(t)
  local w <close> = workspace.start { scenario = "demo" }
  local dir <close> = teller()
  local failed = "sales_promotions"
  for _ = 1, 2 do
    -- what is shown is narrower than what is told of
    local r = program.run({ "events", failed, "--follow", "--once", "--type", "user_action",
      "--notify", "failed", "--notify-run", dir.path .. "/tell" }, { env = env_of(w, dir) })
    t.equal(r.status, 0, r.stderr)
    t.no_match(r.stdout, "update_progress")
    t.equal(#dir.told(), 1)
  end
  local note = dir.told()[1]
  t.equal({ note.kind, note.rule, note.pipeline_name, note.version },
    { "failed", "failed", failed, 1 })
  t.match(note.link, w.url .. "/#joblist/pipelines/" .. note.pipeline_id .. "/updates/")
  t.match(note.text, failed .. ": update ")
  for _ = 1, 2 do
    local r = program.run({ "dashboard", "--watch", "--refreshes", "1", "-o", "jsonl", "--notify",
      "failed", "--notify", "stuck=1m", "--notify-run", dir.path .. "/tell" },
      { env = env_of(w, dir) })
    t.equal(r.status, 0, r.stderr)
    local names = {}
    for _, told in ipairs(dir.told "failed") do
      t.is_nil(names[told.pipeline_name], told.pipeline_name)
      names[told.pipeline_name] = true
    end
    t.is_true(names[failed])
    t.is_true(#dir.told "failed" >= 4)
    t.equal(#dir.told "stuck", 1)
  end
end)

test("an update that fails while it is followed is told of", function(t)
  local w <close> = workspace.start { run_ms = 300 }
  local dir <close> = teller()
  local id = w:pipeline { name = "p1" }
  w:run(id, { refresh_selection = { "no_such_table" } })
  local r = program.shell(('timeout -s INT 28 sh -c \'"$TARN" events %s --follow --interval 0.2 '
    .. '--notify failed --notify-run "%s/tell" & trap "kill -INT $!" INT; '
    .. 'while ! test -s "%s/told"; do sleep 0.1; done; kill -INT $!; wait $!\'')
    :format(id, dir.path, dir.path), { env = env_of(w, dir) })
  t.equal(#dir.told "failed", 1, r.stderr)
  t.match(dir.told()[1].message, "failed: ")
end)

test("what a killed program left untold is told by the next", function(t)
  local w <close> = workspace.start { scenario = "demo" }
  local dir <close> = teller()
  local asked, status = 0, 503
  local listener = server.listen({}, function()
    asked = asked + 1
    return { status = status, body = "" }
  end)
  local _ <close> = setmetatable({}, { __close = function() listener:close() end })
  local env = env_of(w, dir, { HOOK = "http://127.0.0.1:" .. listener.port })
  local command = "events sales_promotions --follow --notify failed --notify-webhook-env HOOK"
  -- it fails, and is killed while it waits to try again
  program.shell(('"$TARN" %s 2> "%s/said" & while ! grep -q "trying again" "%s/said"; do sleep 0.1; '
    .. 'done; kill -9 $!'):format(command, dir.path, dir.path), { env = env })
  local before = asked
  status = 200
  local r = program.shell('"$TARN" ' .. command .. " --once", { env = env })
  t.equal({ r.status, asked - before }, { 0, 1 }, r.stderr)
  r = program.shell('"$TARN" ' .. command .. " --once", { env = env })
  t.equal({ r.status, asked - before }, { 0, 1 }, r.stderr)
end)

test("a breach takes the words of a gate", function(t)
  local w <close> = workspace.start { scenario = "demo" }
  local dir <close> = teller()
  local r = program.run({ "events", "sales_promotions", "--follow", "--once", "-o", "jsonl",
    "--notify", "breach=campaign_known: failed <= 1%", "--notify",
    "breach=campaign_known: failed <= 100%", "--notify-run", dir.path .. "/tell" },
    { env = env_of(w, dir) })
  t.equal(r.status, 0, r.stderr)
  local told = dir.told()
  t.equal({ #told, told[1].kind, told[1].expectation, told[1].expression }, { 1, "breach",
    "campaign_known", "campaign_known: failed <= 1%" })
end)

test("a Lua function of the user's own gets the message as a table", function(t)
  local w <close> = workspace.start { scenario = "demo" }
  local dir <close> = program.dir()
  dir.write("my/notify/page.lua", ('return function(note)\n  local f <close> = assert('
    .. 'io.open("%s/got", "w"))\n  f:write(note.pipeline_name, " ", note.kind)\nend\n')
    :format(dir.path))
  local r = program.run({ "--path", dir.path .. "/my", "events", "sales_promotions", "--follow",
    "--once", "--notify", "failed", "--notify-script", "page" }, { env = env_of(w, dir) })
  t.equal(r.status, 0, r.stderr)
  t.equal(dir.read "got", "sales_promotions failed")
end)

test("the address of a webhook is nowhere to be read", function(t)
  local w <close> = workspace.start { scenario = "demo" }
  local dir <close> = program.dir()
  local bodies, tries = {}, 0
  local listener = server.listen({}, function(request)
    tries = tries + 1
    if tries == 1 then
      return { status = 503, body = "" }
    end
    bodies[#bodies + 1] = json.decode(request.body)
    return { status = 200, body = "ok" }
  end)
  local _ <close> = setmetatable({}, { __close = function() listener:close() end })
  local r = program.run({ "-v", "-v", "events", "sales_promotions", "--follow", "--once",
    "--notify", "failed", "--notify-webhook-env", "SLACK" }, { env = env_of(w, dir, { SLACK =
      ("http://127.0.0.1:%d/services/T0PS3CRET?k=T0PS3CRET"):format(listener.port) }) })
  t.equal(r.status, 0, r.stderr)
  t.equal({ #bodies, bodies[1].kind }, { 1, "failed" })
  t.match(r.stderr, "webhook $SLACK was not told of sales_promotions: it answered 503")
  t.match(r.stderr, ("POST http://127.0.0.1:%d/***"):format(listener.port)) -- it was traced
  t.no_match(r.stdout .. r.stderr, "T0PS3CRET")
  for _, name in ipairs(fs.list(dir.path .. "/tarn")) do
    if fs.find_stat(dir.path .. "/tarn/" .. name).type == "file" then
      t.no_match(fs.read(dir.path .. "/tarn/" .. name), "T0PS3CRET")
    end
  end
end)

test("on a terminal what could not be told stands above the page", function(t)
  local ws <close> = fake.workspace { ["GET /api/2.0/pipelines"] = { statuses = {
    { pipeline_id = "00000001-0000-4000-8000-000000000000", name = "sales", state = "FAILED",
      latest_updates = { { update_id = "u", state = "FAILED",
        creation_time = "2026-01-02T03:04:05.000Z" } } } } } }
  local term <close> = terminal.start({ "/bin/sh", "-c", '"$TARN" dashboard --watch '
    .. '--interval 0.2 --notify failed --notify-run /bin/false; sleep 100' },
    { cols = 100, rows = 20, env = { DATABRICKS_HOST = ws:host(), DATABRICKS_TOKEN = "x" } })
  local screen = term:wait "program /bin/false was not told of sales: it ended with 1"
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

test("what does not go together is said", function(t)
  for _, case in ipairs {
    { { "dashboard", "--notify", "failed" }, "--notify goes with --watch" },
    { { "events", "x", "--notify", "failed" }, "--notify goes with --follow" },
    { { "dashboard", "--watch", "--notify-run", "x" }, "--notify-run: of what?" },
    { { "dashboard", "--watch", "--notify", "failed" }, "nobody is to be told" },
    { { "dashboard", "--watch", "--notify", "fialed", "--notify-run", "x" }, "is no rule" },
    { { "dashboard", "--watch", "--notify", "failed", "--notify-script", "nope" },
      "no script notify/nope.lua" },
  } do
    local dir <close> = program.dir()
    local r = program.run(case[1], { env = { XDG_STATE_HOME = dir.path,
      DATABRICKS_HOST = "http://127.0.0.1:1", DATABRICKS_TOKEN = "x" } })
    t.equal(r.status, 2, r.stderr)
    t.match(r.stderr, case[2])
  end
end)
