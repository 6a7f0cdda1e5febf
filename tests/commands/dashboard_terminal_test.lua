-- `tarn dashboard` in a window and in a pipe: what is worth most is on the screen.

local fake = require "testing.fake"
local json = require "native.json"
local program = require "testing.program"
local terminal = require "support.terminal"
local time = require "base.time"

local CAUSE <const> = "[STREAM_FAILED] Query terminated with exception: job aborted in stage 41: "
  .. "FileNotFoundException: part-00017.parquet SQLSTATE: XXKST"

local function id_of(i)
  return ("%08d-0000-4000-8000-000000000000"):format(i)
end

local function ago(minutes)
  return time.iso(time.now() - minutes * 60000)
end

-- Events of an update, newest first.
local function failure_log()
  return { events = {
    { id = "3", event_type = "update_progress", level = "ERROR", message = "Update u is FAILED.",
      timestamp = ago(10), origin = { update_id = "u" } },
    { id = "2", event_type = "flow_progress", level = "ERROR", message = "Flow 'a' has failed.",
      timestamp = ago(11), origin = { update_id = "u", flow_name = "a" },
      error = { exceptions = { { class_name = "E", message = CAUSE .. "\n  at x.y(z)" } } } },
    { id = "1", event_type = "flow_progress", level = "ERROR", message = "of an older update",
      timestamp = ago(90), origin = { update_id = "before" } },
  } }
end

local function running_log()
  local events = {}
  for i = 1, 18 do
    events[i] = { id = "r" .. i, event_type = "flow_progress", level = "INFO",
      message = ("Flow '%s' is RUNNING."):format(i % 2 == 0 and "silver" or "bronze"),
      timestamp = ago(i), origin = { update_id = "u", flow_name = i % 2 == 0 and "silver"
        or "bronze" }, details = { flow_progress = { status = "RUNNING" } } }
  end
  events[19] = { id = "s", event_type = "flow_progress", level = "INFO", message = "done",
    timestamp = ago(20), origin = { update_id = "u", flow_name = "done" },
    details = { flow_progress = { status = "COMPLETED" } } }
  events[20] = { id = "p", event_type = "update_progress", level = "INFO", message = "Setting up.",
    timestamp = ago(21), origin = { update_id = "u" },
    details = { update_progress = { state = "SETTING_UP_TABLES" } } }
  return { events = events }
end

-- A workspace with so many failed, running and idle pipelines.
local function fleet(failed, running, idle)
  local items, answers = json.array {}, {}
  local function add(name, state, update_state, log)
    local id = id_of(#items + 1)
    items[#items + 1] = { pipeline_id = id, name = name, state = state, health = "HEALTHY",
      creator_user_name = "me@x.com", latest_updates = { { update_id = "u", state = update_state,
        creation_time = ago(30 + #items) } } }
    answers[("GET /api/2.0/pipelines/%s/events"):format(id)] = log
  end
  for i = 1, failed do
    add(("finance_revenue_recognition_%02d"):format(i), "IDLE", "FAILED", failure_log())
  end
  for i = 1, running do
    add(("iot_telemetry_%02d"):format(i), "RUNNING", "RUNNING", running_log())
  end
  for i = 1, idle do
    add(("quiet_%02d"):format(i), "IDLE", "COMPLETED")
  end
  answers["GET /api/2.0/pipelines"] = function() return { statuses = items } end
  return fake.workspace(answers)
end

local function window(ws, cols, rows, more)
  local env = program.env(ws:host(), { TZ = "UTC" })
  for name, value in pairs(more or {}) do
    env[name] = value
  end
  local term <close> = terminal.start({ "/bin/sh", "-c",
    '"$TARN" dashboard; printf "prompt"; sleep 60' }, { cols = cols, rows = rows, env = env })
  return term:wait "prompt"
end

test("the page fits the window: numbers, failures and their causes, what runs, events", function(t)
  local ws <close> = fleet(4, 3, 20)
  for _, size in ipairs { { 80, 24 }, { 120, 40 } } do
    local screen = window(ws, size[1], size[2])
    t.match(screen, "^Pipelines  http", true, "nothing has scrolled away")
    t.match(screen, "total 27  failed 4  running 3  idle 20")
    for i = 1, 4 do
      t.match(screen, ("finance_revenue_recognition_%02d +%%d+ min  %%[STREAM_FA"):format(i), true)
    end
    t.match(screen, "parquet", "the end of the cause is there")
    t.no_match(screen, "older update")
    t.no_match(screen, "SQLSTATE")
    t.match(screen, "iot_telemetry_01  SETTING_UP_TABLES +%d+ min  2 flows running, 1 done", true)
    t.match(screen, "Newest events\n")
    t.match(screen, "and 20 idle")
    t.no_match(screen, "narrow")
    t.no_match(screen, "no room")
  end
end)

test("where many failed the rest is counted, and what runs keeps its place", function(t)
  local ws <close> = fleet(40, 10, 5)
  local screen = window(ws, 80, 24)
  t.match(screen, "^Pipelines", true)
  t.match(screen, "more; `tarn updates '*' --state failed` lists all")
  t.match(screen, "more; `tarn list --state running` lists all")
  t.match(screen, "Newest events")
end)

test("events that say the same are one line, errors first", function(t)
  local ws <close> = fleet(1, 1, 0)
  local screen = window(ws, 120, 40)
  local events = screen:match "Newest events\n(.*)"
  t.match(events, "^  finance_revenue_recognition_01 .-ERROR", true)
  t.match(events, "18 times: Flow 'bronze' is RUNNING")
end)

test("small windows keep the beginning", function(t)
  local ws <close> = fleet(3, 3, 3)
  for _, size in ipairs { { 40, 12 }, { 30, 8 } } do
    local screen = window(ws, size[1], size[2])
    t.match(screen, "^Pipelines", true)
    t.match(screen, "Failed\n")
  end
end)

test("NO_COLOR takes the colours and nothing else; a pipe gets everything", function(t)
  local ws <close> = fleet(2, 1, 1)
  local plain = window(ws, 80, 24, { NO_COLOR = "1" })
  t.equal((plain:gsub("%d+:%d+:%d+", "")), (window(ws, 80, 24):gsub("%d+:%d+:%d+", "")))
  local r = program.run({ "dashboard" }, { env = program.env(ws:host()) })
  t.equal(r.stderr, "")
  t.no_match(r.stdout, "\27")
  t.match(r.stdout, (CAUSE:gsub(" SQLSTATE.*", "")))
  t.match(r.stdout, "me@x.com")
  t.equal(select(2, r.stdout:gsub("is RUNNING%.", "")), 16, "no event is folded")
end)

test("the cause and the progress are data too", function(t)
  local ws <close> = fleet(1, 1, 0)
  local data = program.data({ "dashboard" }, { env = program.env(ws:host()) })
  t.equal(data.pipelines[1].cause, CAUSE)
  t.equal(data.pipelines[2].progress, { phase = "SETTING_UP_TABLES", flows_running = 2,
    flows_done = 1 })
end)

test("numbers that are older than a minute tell their age", function(t)
  local show = require "tarn.dashboard.show"
  local screens = require "output.screen"
  local parts = {}
  local screen = screens.new(function(text) parts[#parts + 1] = text end,
    { terminal = true, colour = false, width = 80 })
  local data = { summary = require("tarn.dashboard.summary").new(), pipelines = {},
    recent_events = {}, problems = {}, workspace = "w", as_of = ago(32) }
  show.show(data, screen)
  t.match(table.concat(parts), ", 32 min old\n")
  t.is_true(show.is_old(data))
  data.as_of = ago(0)
  t.is_true(not show.is_old(data))
end)

-- The dashboard of the embedded workspace, in a window of this width.
local function demo(t, words, columns)
  local dir <close> = program.dir()
  local r = program.run({ "-p", "demo", "dashboard", table.unpack(words) },
    { env = { COLUMNS = columns, XDG_STATE_HOME = dir.path } })
  t.equal(r.status, 0, r.stderr)
  return r.stdout, r.stderr
end

test("a violated expectation is named, however narrow the window is", function(t)
  for _, columns in ipairs { "60", "80", "120" } do
    t.match((demo(t, {}, columns):gsub("%s+", " ")), "expectation discount_in_range violated")
  end
  t.match(demo(t, {}), "[EXPECTATION_VIOLATION") -- a pipe gets the text as it is
end)

test("the rows of --columns, --each and CSV are the pipelines, with nested fields", function(t)
  t.match(demo(t, { "--columns", "name,latest_update.state", "-o", "csv" }),
    "\nsales_promotions,FAILED\r\n")
  t.match(demo(t, { "-o", "csv" }), "^pipeline_id,name,state", true)
  t.match(demo(t, { "--each", "it.cause and it.name" }), "sales_promotions\n")
  t.match(demo(t, { "-o", "jsonl", "--columns", "name" }), '^{"name":"[^\n]+"}\n{"name"', true)
  t.match(demo(t, { "--columns", "summary.failed,as_of", "-o", "csv" }),
    "^summary.failed,as_of\r\n%d+,20[^\n]+\n$", true)
  local _, stderr = demo(t, { "--columns", "pipelines.name" })
  t.match(stderr, "no row has a field 'pipelines.name'; there are cause")
end)

test("rows of several workspaces have their profile", function(t)
  local dir <close> = program.dir()
  local r = program.run({ "dashboard", "--profiles", "demo,demo-dr", "--columns", "profile,name",
    "-o", "csv" }, { env = { XDG_STATE_HOME = dir.path } })
  t.match(r.stdout, "\ndemo,sales_promotions\r\n")
  t.match(r.stdout, "\ndemo-dr,")
end)
