local fault = require "base.fault"
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

test("a bug is shown with its traceback, and with whose file raised it", function(t)
  local _, ours = fault.call(function() error("bundle/lua/tarn/x.lua:3: oops", 0) end)
  t.match(report.text(ours), "please report it")
  t.match(report.text(ours), "stack traceback")
  local _, theirs = fault.call(function() error("/home/me/x.lua:3: oops", 0) end)
  t.match(report.text(theirs), "the error is in /home/me/x.lua, line 3")
end)

test("try raises bugs, and returns other faults", function(t)
  local value, e = fault.try(fault.raise, { kind = "http", op = "x", message = "no" })
  t.is_nil(value)
  t.equal(e.retryable, false)
  t.equal(fault.try(function() return 1 end), 1)
  local bug = t.fault(fault.try, function() error "bug" end)
  t.equal(bug.kind, "bug")
end)
