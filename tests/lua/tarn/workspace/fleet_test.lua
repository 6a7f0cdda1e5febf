-- Several workspaces: each once, and those that do not answer are told.

local fault = require "base.fault"
local fleet = require("tarn.workspace").fleet
local task = require "native.task"

test("a second profile of the same workspace is left out with a warning", function(t)
  local told = {}
  local list = fleet.open({ "a", "b", "c" }, function(name)
    if name == "c" then
      fault.usage("x", "no such profile")
    end
    return { key = function() return "same" end, host = function() return "host" end }
  end, function(text) told[#told + 1] = text end)
  t.equal({ #list, list[1].profile, list[2].profile, list[2].fault.message },
    { 2, "a", "c", "no such profile" })
  t.match(told[1], "b is the same workspace as a")
end)


local LIST <const> = { { profile = "a" }, { profile = "b" }, { profile = "c", fault =
  fault.new { kind = "auth", op = "x", message = "no such profile" } } }

test("those that answer have answers, the others have reasons", function(t)
  local answers, faults = fleet.ask("tarn x", LIST, function(one)
    if one.profile == "b" then
      task.sleep(60)
    end
    return "of " .. one.profile
  end, 0.1)
  t.equal({ answers[1], answers[2], answers[3] }, { "of a" })
  t.equal({ faults[1], faults[2].message, faults[3].message },
    { nil, "no answer in 0.1 seconds", "no such profile" })
end)

test("if none answers, the fault tells all reasons", function(t)
  local e = t.fault(fleet.ask, "tarn x", LIST, function(one)
    fault.raise { kind = "http", op = "y", status = 500, message = "broken " .. one.profile }
  end)
  t.equal({ e.kind, e.op, e.status }, { "http", "tarn x", 500 })
  t.match(e.message, "none of 3 workspaces answered: a: broken a; b: broken b; c: no such profile")
end)
