-- Runs as lines for a terminal.

local json = require "native.json"
local screen = require "output.screen"
local term = require "native.term"
local view = require "tarn.live.view"

local NOW <const> = 1780000100000

local function screen_of(width, colour)
  return screen.new(function() error "nothing is printed" end,
    { terminal = true, width = width, colour = colour or false })
end

local function flow(name, state, more)
  local row = { name = name, state = state, rows_written = json.null, backlog_bytes = json.null,
    backlog_files = json.null, backlog_records = json.null, passed = json.null,
    failed = json.null, dropped = json.null, rows_upserted = json.null, rows_deleted = json.null }
  for key, value in pairs(more or {}) do
    row[key] = value
  end
  return row
end

local function run_of(flows, more)
  local snapshot = { update_id = "6fc8a8b1-0000", pipeline_name = "sales", state = "RUNNING",
    start_time = NOW - 65000, end_time = json.null, duration_ms = json.null, errors = {},
    flows = flows, flows_left_out = false, phases = {
      { state = "INITIALIZING", start_time = NOW - 65000, duration_ms = 5000 },
      { state = "RUNNING", start_time = NOW - 60000, duration_ms = json.null } } }
  for key, value in pairs(more or {}) do
    snapshot[key] = value
  end
  return snapshot
end

local function text_of(snapshots, width, rows, colour)
  local lines = view.lines(snapshots, screen_of(width, colour), rows, NOW)
  return screen_of(width, colour):finish(table.concat(lines, "\n"))
end

test("a run has its state, its phases and a row for each flow, in the order of names", function(t)
  t.equal(text_of({ run_of {
    flow("main.s.bronze", "COMPLETED", { rows_written = 1200, backlog_bytes = 5 }),
    flow("main.s.gold", "QUEUED"),
    flow("main.s.silver", "RUNNING", { rows_written = 10, backlog_bytes = 3355443,
      backlog_files = 12, passed = 8, failed = 2, dropped = 2 }),
  } }, 100, 20), [[
sales  update 6fc8a8  RUNNING  1 min 5 s
INITIALIZING 5.0 s > RUNNING 1 min 0 s
FLOW    STATE      ROWS            BACKLOG    EXPECTATIONS  DROPPED
bronze  COMPLETED  1200                  -               -        -
gold    QUEUED        -                  -               -        -
silver  RUNNING      10  3.2 MiB, 12 files  2 of 10 failed        2]])
end)

test("the states of flows have colours", function(t)
  local text = text_of({ run_of { flow("a", "FAILED"), flow("b", "COMPLETED") } }, 80, 20, true)
  t.match(text, "\27[31mFAILED")
  t.match(text, "\27[32mCOMPLETED")
end)

test("if there is no room for all flows, failed and active ones come first, others are counted",
  function(t)
    local flows = {}
    for i = 1, 40 do
      flows[i] = flow(("f%02d"):format(i), i == 30 and "FAILED" or i == 20 and "RUNNING"
        or i == 19 and "STARTING" or i <= 10 and "QUEUED" or "COMPLETED")
    end
    t.equal(text_of({ run_of(flows) }, 60, 9), [[
sales  update 6fc8a8  RUNNING  1 min 5 s
INITIALIZING 5.0 s > RUNNING 1 min 0 s
FLOW  STATE     ROWS  BACKLOG  EXPECTATIONS
f30   FAILED       -        -             -
f19   STARTING     -        -             -
f20   RUNNING      -        -             -
f01   QUEUED       -        -             -
f02   QUEUED       -        -             -
and 35 more: 8 QUEUED, 27 COMPLETED]])
    t.equal(text_of({ run_of(flows) }, 60, 3):match "[^\n]*$",
      "40 flows: 1 FAILED, 1 STARTING, 1 RUNNING, 10 QUEUED, 27 COMPLETED")
  end)

test("there are never more lines than rows, and no line of the table is too wide", function(t)
  local flows = {}
  for i = 1, 30 do
    flows[i] = flow("catalog.schema." .. ("n"):rep(i * 3) .. i,
      i % 3 == 0 and "RUNNING" or "QUEUED",
      { rows_written = i * 1000, passed = i, failed = i % 2 })
  end
  local errors = {}
  for i = 1, 5 do
    errors[i] = { flows = { "f" .. i }, class = "org.apache.E", message = "first line\nsecond" }
  end
  local runs = {}
  for n = 1, 12 do
    runs[n] = run_of(flows, { errors = errors })
    for rows = 1, 60 do
      for _, width in ipairs { 19, 40, 120 } do
        local lines = view.lines(runs, screen_of(width), rows, NOW)
        t.is_true(#lines <= rows, ("%d runs, %d rows, %d lines"):format(n, rows, #lines))
        t.is_true(#lines > 0)
        for _, line in ipairs(lines) do
          t.is_true(not line:find "\n")
          t.is_true(not line:find "^FLOW" or term.width(line) <= width or width < 20)
        end
      end
    end
  end
end)

test("errors are below the flows, each in a line", function(t)
  local text = text_of({ run_of({ flow("a", "FAILED") }, { errors = {
    { flows = { "a", "b" }, class = "org.apache.spark.AnalysisException", message = "no\nstack" },
    { flows = {}, class = json.null, message = "the update failed" } } }) }, 80, 20)
  t.match(text, "\na, b: AnalysisException: no\nthe update: the update failed")
end)

test("several runs share the rows, and a small run leaves rows to the others", function(t)
  local many = {}
  for i = 1, 30 do
    many[i] = flow("f" .. i, "RUNNING")
  end
  local small, big = run_of { flow("a", "RUNNING") }, run_of(many, { pipeline_name = "big" })
  local lines = view.lines({ small, big }, screen_of(60), 20, NOW)
  t.equal(#lines, 20)
  t.match(lines[5], "big")
  local few = view.lines({ run_of(many), run_of(many), run_of(many) }, screen_of(60), 2, NOW)
  t.equal(few[2], "and 2 more pipelines")
end)

test("the first phases are left out on a narrow screen", function(t)
  local line = view.lines({ run_of {} }, screen_of(30), 9, NOW)[2]
  t.equal(line, "… > RUNNING 1 min 0 s")
end)

test("a pipeline that never ran has a line that says so", function(t)
  t.equal(text_of({ run_of({}, { update_id = json.null, state = json.null, phases = {},
    start_time = json.null }) }, 60, 9), "sales  no update yet")
end)

test("the name of a pipeline cannot move the cursor", function(t)
  local text = text_of({ run_of({ flow("a\27[2Jb", "RUN\27NING") }, { pipeline_name = "x\27[H" }) },
    80, 20)
  t.no_match(text, "\27")
end)

test("bytes are shown in a fitting unit", function(t)
  t.equal({ view.bytes(0), view.bytes(1023), view.bytes(1536), view.bytes(5 * 1024 ^ 4) },
    { "0 B", "1023 B", "1.5 KiB", "5.0 TiB" })
end)
