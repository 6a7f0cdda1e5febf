-- `tarn dashboard --watch` and many workspaces, on the command line and in a real terminal.

local program = require "testing.program"
local fake = require "testing.fake"
local json = require "native.json"
local workspace = require "testing.workspace"
local terminal = require "support.terminal"

local ID <const> = "00000001-0000-4000-8000-000000000000"

-- A workspace with two pipelines. The first has the state `world.state`; with `world.refuse` the
-- workspace refuses requests.
local function fake_workspace(world)
  local function item(id, name, state)
    return { pipeline_id = id, name = name, state = state, health = "HEALTHY",
      creator_user_name = "me@x.com", latest_updates = { { update_id = "u", state = "COMPLETED",
        creation_time = "2026-01-02T03:04:05.000Z" } } }
  end
  return fake.workspace {
    ["GET /api/2.0/pipelines"] = function()
      if world.refuse then
        return fake.refusal(403, "PERMISSION_DENIED", "shut for the night")
      end
      return { statuses = { item(ID, "sales\27]0;x\7", world.state),
        item("00000002-0000-4000-8000-000000000000", "quiet", "IDLE") } }
    end,
    ["GET /api/2.0/pipelines/" .. ID .. "/events"] = { events = json.array {} },
  }
end

local function env_of(ws)
  return program.env(ws:host(), { TZ = "UTC" })
end

-- The screen without the time in its first line.
local function timeless(screen)
  return (screen:gsub("%d%d%d%d%-%d%d%-%d%d %d%d:%d%d:%d%d\n", "TIME\n"))
end

test("on a terminal the page is redrawn in place and at a new size, and Ctrl-C ends it",
  function(t)
    local world = { state = "RUNNING" }
    local ws <close> = fake_workspace(world)
    local term <close> = terminal.start({ "/bin/sh", "-c",
      'trap : INT; "$TARN" dashboard --watch --interval 0.2; echo "status $?"; stty -a; sleep 99' },
      { cols = 90, rows = 20, env = env_of(ws) })
    term:wait "running 1"
    local age = term:screen():match "RUNNING +(%d+ d)"
    t.equal(timeless(term:screen()), ([[
Pipelines  %s, TIME
  total 2  failed 0  running 1  idle 1  other 0  healthy 2  unhealthy 0  unknown 0

Running
  sales ]0;x   RUNNING  %s
and 1 idle; `tarn list` shows all]]):format(ws:host(), age))
    world.state = "FAILED"
    local screen = term:wait "failed 1"
    t.match(screen, "Failed\n  sales ]0;x +%d+ d  FAILED, newest update COMPLETED", true)
    t.no_match(screen, "running 1")
    t.equal(select(2, screen:gsub("Pipelines", "")), 1)
    term:resize(60, 5)
    term:wait "too small"
    term:resize(100, 30)
    screen = term:wait "sales ]0;x"
    t.equal(select(2, screen:gsub("Failed\n", "")), 1, screen)
    term:key "C-c"
    screen = term:wait "status 130"
    t.match(screen, "failed 1")
    t.match(term:wait " echoctl", " echo ")
  end)

test("on a terminal an old answer has its age and the reason", function(t)
  local world = { state = "RUNNING" }
  local ws <close> = fake_workspace(world)
  local term <close> = terminal.start({ "/bin/sh", "-c",
    '"$TARN" dashboard --watch --interval 0.2; sleep 100' },
    { cols = 100, rows = 20, env = env_of(ws) })
  term:wait "running 1"
  world.refuse = true
  local screen = term:wait("data is %d s old, there is no newer answer: shut for the night", true)
  t.match(screen, "running 1")
  term:wait("[2-9] s old", true)
  world.refuse = false
  world.state = "IDLE"
  t.no_match(term:wait "idle 2", "old")
end)

-- The states of the pipeline, one for each poll; "refuse": the workspace refuses the poll.
local function in_turn(...)
  local states, n = { ... }, 0
  return setmetatable({}, { __index = function(_, key)
    if key == "refuse" then
      n = n + 1
      return states[math.min(n, #states)] == "refuse"
    end
    return states[math.min(n, #states)]
  end })
end

test("in a pipe each change is a line", function(t)
  local ws <close> = fake_workspace(in_turn("RUNNING", "RUNNING", "FAILED", "refuse", "FAILED"))
  local r = program.run({ "dashboard", "--watch", "--interval", "0.1", "--refreshes", "5" },
    { env = env_of(ws) })
  t.equal(r.status, 0, r.stderr)
  local lines = {}
  for line in r.stdout:gmatch "([^\n]*)\n" do
    lines[#lines + 1] = line:match "^%S+Z  (.*)$"
  end
  t.equal(lines, {
    "total 2 running 1 failed 0 idle 1 other 0 healthy 2 unhealthy 0 unknown 0",
    "sales ]0;x : RUNNING HEALTHY update COMPLETED -> FAILED HEALTHY update COMPLETED",
    "total 2 running 0 failed 1 idle 1 other 0 healthy 2 unhealthy 0 unknown 0",
    "answers: stale (shut for the night)", "answers: complete",
  })
end)

test("with -o jsonl each change is an object", function(t)
  local ws <close> = fake_workspace(in_turn("RUNNING", "IDLE"))
  local r = program.run({ "dashboard", "--watch", "--interval", "0.1", "--refreshes", "2", "-o",
    "jsonl" }, { env = env_of(ws) })
  local kinds = {}
  for line in r.stdout:gmatch "[^\n]+" do
    local row = json.decode(line)
    kinds[#kinds + 1] = row.kind .. (row.now and " " .. row.now.state or "")
  end
  t.equal(kinds, { "summary", "pipeline IDLE", "summary" })
end)

test("options that --watch excludes or needs are reported", function(t)
  for _, case in ipairs {
    { { "--watch", "-o", "json" }, "it has no end" },
    { { "--watch", "-o", "csv" }, "it has no end" },
    { { "--interval", "3" }, "goes with --watch" },
    { { "--refreshes", "3" }, "goes with --watch" },
    { { "--profiles", "," }, "names no profile" },
    { { "--profiles", "a", "--all-profiles" }, "exclude each other" },
  } do
    local r = program.run { "dashboard", table.unpack(case[1]) }
    t.equal(r.status, 2)
    t.match(r.stderr, case[2])
  end
end)

test("all profiles of the config file are one answer, with each workspace once", function(t)
  local home <close> = program.dir()
  local w <close> = workspace.start { scenario = "demo" }
  local other <close> = workspace.start {}
  home.write(".databrickscfg", w:config { one = "demo-token" } .. w:config { again = "demo-token" }
    .. other:config { shut = "wrong" })
  local r = program.run({ "dashboard", "--all-profiles", "-o", "json" }, { home = home.path })
  t.equal(r.status, 0, r.stderr)
  t.match(r.stderr, "again is the same workspace as one")
  t.match(r.stderr, "shut: ")
  t.match(r.stderr, "the totals do not include it")
  local data = json.decode(r.stdout)
  t.equal({ data.partial, data.summary.workspaces, data.summary.unanswered }, { true, 2, 1 })
  t.equal(data.summary.total, data.workspaces[1].summary.total)
  t.equal({ data.workspaces[2].answer, data.workspaces[2].problems[1].kind }, { "unknown",
    "auth" })
  r = program.run({ "dashboard", "--profiles", "shut" }, { home = home.path })
  t.equal(r.status, 4, r.stderr)
end)

test("demo and demo-dr are two workspaces, although they share a server", function(t)
  local state <close> = program.dir()
  local data = program.data({ "dashboard", "--profiles", "demo,demo-dr" },
    { env = { XDG_STATE_HOME = state.path } })
  t.equal({ data.partial, #data.workspaces }, { false, 2 })
  t.equal(data.summary.total, data.workspaces[1].summary.total + data.workspaces[2].summary.total)
end)

test("an option that would have no effect is refused", function(t)
  for line, word in pairs {
    ["-p demo dashboard --profiles demo,demo-dr"] = "--profile and --profiles exclude each other",
    ["-p demo dashboard --patience 3"] = "--patience goes with --profiles",
    ["-p demo dashboard --source rest --warehouse w"] = "leave out --warehouse",
    ["-p demo updates '*' --source rest --warehouse w"] = "leave out --warehouse",
    ["-p demo events sales_orders_etl --interval 3"] = "--interval goes with --follow",
    ["-p demo events sales_orders_etl --overlap 3"] = "--overlap goes with --follow",
    ["-p demo trigger sales_orders_etl --full-errors"] = "--full-errors goes with --wait",
    ["-p demo wait sales_orders_etl --for idle --full-errors"] = "does not go with --for",
  } do
    local r = program.shell('"$TARN" ' .. line)
    t.equal(r.status, 2, line)
    t.match(r.stderr, word)
  end
end)

test("the text of a workspace's refusal cannot move the cursor", function(t)
  local ws <close> = fake.workspace { ["GET /api/2.0/pipelines"] = function()
    return fake.refusal(403, "PERMISSION_DENIED", "no\27]0;owned\7\27[2J")
  end }
  local r = program.shell('"$TARN" dashboard; "$TARN" dashboard --source auto',
    { env = env_of(ws) })
  t.match(r.stderr, "no ]0;owned")
  t.no_match(r.stderr, "\27")
end)
