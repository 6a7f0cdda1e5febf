local fault = require "base.fault"
local program = require "testing.program"
local report = require "engine.report"

test("each fault has its exit status", function(t)
  for _, case in ipairs {
    { 1, { kind = "network" } }, { 1, { kind = "http", status = 500 } }, { 1, { kind = "sql" } },
    { 1, { kind = "io" } }, { 1, { kind = "parse" } },
    { 2, { kind = "usage" } },
    { 3, { kind = "http", status = 404 } },
    { 3, { kind = "http", status = 400, code = "RESOURCE_DOES_NOT_EXIST" } },
    { 3, { kind = "usage", code = "NOT_FOUND" } },
    { 4, { kind = "auth", status = 401 } }, { 4, { kind = "auth" } },
    { 4, { kind = "http", status = 403 } },
    { 5, { kind = "conflict" } }, { 5, { kind = "http", status = 409 } },
    { 5, { kind = "http", status = 400, code = "RESOURCE_ALREADY_EXISTS" } },
    { 6, { kind = "timeout" } }, { 7, { kind = "http", code = "UPDATE_FAILED" } },
    { 8, { kind = "http", code = "UPDATE_CANCELED" } }, { 9, { kind = "conflict", code = "GATE" } },
    { 70, { kind = "bug" } }, { 130, { kind = "cancelled" } },
  } do
    t.equal(report.status(fault.new(case[2])), case[1], case[2].kind)
  end
end)

local NOT_FOUND <const> = { kind = "http", op = "databricks.request", message = "no such pipeline",
  status = 404, code = "RESOURCE_DOES_NOT_EXIST", request_id = "r-1", hint = "tarn list" }

test("the text of a fault is a line and a hint; with -v it has all fields", function(t)
  local f = fault.new(NOT_FOUND)
  t.equal(report.text(f), "tarn: no such pipeline\nhint: tarn list\n")
  t.equal(report.text(f, true), "tarn: no such pipeline\n  op: databricks.request\n  status: 404\n"
    .. "  code: RESOURCE_DOES_NOT_EXIST\n  request_id: r-1\nhint: tarn list\n")
end)

test("the cause of a fault is shown with -v and as data", function(t)
  local f = fault.new { kind = "conflict", op = "clone", message = "taken",
    cause = fault.new { kind = "http", op = "x", message = "why", status = 409 } }
  t.match(report.text(f, true), "caused by: x: why (http)")
  t.equal(report.fields(f).cause.status, 409)
end)

test("a bug of Tarn's own is shown with its traceback, and has a status of its own", function(t)
  local ours = fault.new { kind = "bug", op = "tarn", message = "bundle/lua/tarn/x.lua:3: oops",
    traceback = "bundle/lua/tarn/x.lua:3: oops\nstack traceback:\n\tbundle/lua/tarn/x.lua:3: in f" }
  t.match(report.text(ours), "this is a bug in tarn; please report it")
  t.match(report.text(ours), "stack traceback")
  t.equal({ report.status(ours), report.fields(ours).kind }, { 70, "bug" })
end)

-- The text of the fault that a script with this text ends with, its status, and its fields.
local function run(text, verbose)
  local dir <close> = program.dir()
  local path = dir.write("s.lua", text)
  local _, e = fault.call(assert(load(text, "@" .. path)))
  local found = {} -- without those of this test
  for _, frame in ipairs(fault.frames(e)) do
    found[#found + 1] = frame.name == path and frame or nil
  end
  fault.set_frames(e, found)
  return (report.text(e, verbose):gsub("[^ ]*/s%.lua", "s.lua")), report.status(e), report.fields(e)
end

test("a mistake in a script names its file and line, and shows the line with marks", function(t)
  local text, status, fields = run "local function f(row)\n  return row.x.y\nend\nlocal v = f {}\n"
  t.equal(text, "tarn: s.lua:2: attempt to index a nil value (field 'x')\n"
    .. "    return row.x.y\n               ^\n  called from s.lua:4\nhint: 'x' is nil here\n")
  t.equal({ status, fields.kind, fields.line, fields.traceback }, { 1, "script", 2 })
  t.match(fields.file, "/s.lua")
  t.match(run("error 'mine'", true), "stack traceback")
end)

test("a wrong call of the library is shown at the line that calls it", function(t)
  local begin = "local tarn = require 'tarn'\n"
  local text, status = run(begin .. "local x = tarn.map(nil, print)\n")
  t.match(text, "tarn: s.lua:2: map: attempt to call a nil value\n")
  t.match(text, "                 ^^^\n")
  t.no_match(text, "bundle/")
  t.no_match(text, "bug in tarn")
  t.equal(status, 1)
  t.match(run(begin .. "tarn.sleep 'x'\n"), "s.lua:2: bad argument #1 to 'sleep'")
  t.match(run(begin .. "tarn.all(5)\n"), "s.lua:2: bad argument #1 to 'all' (a list or")
  -- a tail call leaves no frame of the script
  for _, code in ipairs { "return tarn.map(nil, print)", "return tarn.sleep 'x'",
    "return tarn.each({ 1 }, function() return tarn.map(nil, print) end)" } do
    local dir <close> = program.dir()
    local r = program.run { "run", dir.write("s.lua", begin .. code) }
    t.match(r.stderr, "^tarn: [^\n]*/s.lua: ", true)
    t.equal(r.status, 1)
  end
end)

test("frequent mistakes say what to write", function(t)
  local begin = "local tarn = require 'tarn'\n"
  for code, hint in pairs {
    ["print(arg[1])"] = "in `...`",
    ["for row in tarn.lst {} do end"] = "did you mean 'tarn.list'?",
    ["for row in { 1 } do print(row) end"] = "for i, row in ipairs(list) do",
    ["print(json.null)"] = "write tarn.json",
    ["tosring(1)"] = "did you mean 'tostring'?",
    ["table.sort { {}, {} }"] = "table.sort(rows, function(a, b)",
    ["list { state = 'failed' }"] = "tarn.list { ... }",
  } do
    local text, status = run(begin .. code .. "\n")
    t.match(text, "tarn: s.lua:2: ")
    t.match(text, hint)
    t.equal(status, 1)
  end
end)

test("a fault of a script says which line it comes from", function(t)
  local text, status = run "local tarn = require 'tarn'\nlocal rows = tarn.list { stat = 'x' }\n"
  t.match(text, "tarn: unknown argument 'stat'\n  s.lua:2: local rows = tarn.list { stat = 'x' }\n")
  t.equal(status, 2)
end)

test("try raises bugs, and returns other faults", function(t)
  local value, e = fault.try(fault.raise, { kind = "http", op = "x", message = "no" })
  t.is_nil(value)
  t.equal(e.retryable, false)
  t.equal(fault.try(function() return 1 end), 1)
  local bug = t.fault(fault.try, function() error "bug" end)
  t.equal(bug.kind, "bug")
end)
