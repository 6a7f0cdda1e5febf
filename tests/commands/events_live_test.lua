-- The rows of a run that change in place, on a real terminal.

local program = require "testing.program"
local workspace = require "testing.workspace"
local terminal = require "support.terminal"

-- A workspace with a pipeline whose updates take `run_ms`, and its environment.
local function fixture(run_ms, spec)
  local w = workspace.start { run_ms = run_ms }
  local id = w:pipeline(spec)
  return w, id, w:env()
end

local function state_of(w, id, update)
  return w:ok("GET", ("/api/2.0/pipelines/%s/updates/%s"):format(id, update)).update.state
end

local function newest(w, id)
  return w:ok("GET", "/api/2.0/pipelines/" .. id).latest_updates[1].update_id
end

test("trigger --wait shows the flows of its update, and the last rows stay", function(t)
  local w <close>, id, env = fixture(2500)
  local term <close> = terminal.start({ "/bin/sh", "-c",
    '"$TARN" trigger p --wait; echo "status $?"; sleep 60' }, { cols = 100, rows = 30, env = env })
  local running = term:wait("FLOW +STATE +ROWS", true)
  t.match(running, "p  update " .. newest(w, id):sub(1, 6))
  local over = term:wait "status 0"
  t.match(over, "p  update %x+  COMPLETED", true)
  t.match(over, "> RUNNING %d", true)
  t.match(over, "\nsilver +COMPLETED +%d+", true)
  t.match(over, "\nbronze +COMPLETED", true)
  t.match(over, "outcome:       completed")
  t.equal(select(2, over:gsub("FLOW ", "")), 1, "all rows are redrawn in place")
end)

test("Ctrl-C on a terminal ends the wait, shows the cursor and says that the update goes on",
  function(t)
    local w <close>, id, env = fixture(60000)
    local term <close> = terminal.start({ "/bin/bash", "--norc" },
      { cols = 100, rows = 30, env = env })
    term:type 'PS1="ready "; "$TARN" trigger p --wait; echo "status $?"'
    term:key "Enter"
    term:wait "p  update "
    t.equal(term:cursor(), false)
    term:key "C-c"
    local screen = term:wait "status 130"
    t.match(screen, "goes on; `tarn wait` waits for it again, `tarn stop` stops it")
    term:wait "\nready"
    t.equal(term:cursor(), true)
    t.is_true(state_of(w, id, newest(w, id)) ~= "CANCELED")
  end)

test("in a pipe trigger --wait writes lines, and an interrupt says that the update goes on",
  function(t)
    local w <close>, id, env = fixture(1500)
    local data, r = program.data({ "trigger", "p", "--wait" }, { env = env })
    t.match(r.stderr, "is RUNNING (")
    t.no_match(r.stderr, "\27")
    t.equal(data.outcome, "completed")
    t.equal(state_of(w, id, newest(w, id)), "COMPLETED")
    local running <close> = program.start({ "trigger", "p", "--wait" }, { env = env })
    running:wait_for " is "
    running:signal "INT"
    r = running:result()
    t.equal(r.status, 130)
    t.match(r.stderr, "goes on;")
  end)

test("a failed flow is the first row, with its cause", function(t)
  local w <close>, _, env = fixture(1500, { configuration = { ["fake.fail"] = "true" } })
  local _ = w
  local term <close> = terminal.start({ "/bin/sh", "-c",
    '"$TARN" trigger p --wait; echo "status $?"; sleep 60' }, { cols = 120, rows = 40, env = env })
  local screen = term:wait "status 7"
  t.match(screen, "p  update %x+  FAILED", true)
  t.match(screen, "FAILED +%-", true)
end)

test("events --follow --live fits the window, also when it changes, and Ctrl-C ends it", function(t)
  local term <close> = terminal.start({ "/bin/bash", "--norc" }, { cols = 100, rows = 12 })
  term:type('PS1="ready "; clear; "$TARN" --profile demo events iot_telemetry_stream '
    .. 'iot_edge_backfill sales_promotions --follow --live')
  term:key "Enter"
  local screen = term:wait("sales_promotions  update %x+  FAILED.*RUNNING 4 min", true)
  t.match(screen, "2 flows: 2 RUNNING")
  term:resize(50, 9)
  term:wait("sales_promotions.*… > RUNNING", true)
  term:resize(120, 40)
  screen = term:wait("promotion_uplift +SKIPPED", true)
  t.match(screen, "edge_by_site +QUEUED", true)
  t.match(screen, "ExpectationException")
  t.equal(select(2, screen:gsub("iot_telemetry_stream  update", "")), 1)
  term:key "C-c"
  term:wait "\nready"
  t.equal(term:cursor(), true)
end)

test("events --follow --live writes lines without a terminal", function(t)
  local dir <close> = program.dir()
  local r = program.run({ "--profile", "demo", "events", "sales_promotions", "--follow", "--live",
    "--once" }, { env = { XDG_STATE_HOME = dir.path } })
  t.equal(r.status, 0)
  t.no_match(r.stdout, "\27")
  t.match(r.stdout, "is FAILED")
end)

test("--live is refused with options that it excludes", function(t)
  for _, words in ipairs { { "--live" }, { "--follow", "--live", "--level", "error" },
    { "--follow", "--live", "--cursor", "x" }, { "--follow", "--live", "--all" } } do
    local r = program.run { "--profile", "demo", "events", "x", table.unpack(words) }
    t.equal(r.status, 2)
    t.match(r.stderr, "%-%-%a+.* go%a* with", true)
  end
end)
