--- The causes of a failed update: the first one of each flow, without repetitions.

local failure = require "tarn.updates.failure"
local json = require "native.json"

local STACK <const> = { { declaring_class = "a.B", method_name = "c", file_name = "B.scala",
  line_number = 7 } }

-- An error event; `...` are exceptions { class, message }, outermost first.
local function event(flow, ...)
  local exceptions = {}
  for i, e in ipairs { ... } do
    exceptions[i] = { class_name = e[1], message = e[2], stack = STACK }
  end
  return { event_type = flow and "flow_progress" or "update_progress", level = "ERROR",
    message = flow and "Flow has FAILED." or "Update 6fc8a8 is FAILED.",
    timestamp = "2026-08-19T10:11:12.345Z", origin = { flow_name = flow },
    error = #exceptions > 0 and { exceptions = exceptions } or nil }
end

local function causes(list, opts)
  local i = 0
  return failure.causes(function()
    i = i + 1
    return list[i]
  end, opts)
end

local function texts(list)
  local found = {}
  for i, cause in ipairs(list) do
    found[i] = ("%s: %s: %s"):format(table.concat(cause.flows, "+"), cause.class, cause.message)
  end
  return found
end

local OUTER <const> = { "FlowFailedException", "Failed to execute flow 'a'." }

test("the first cause of each flow counts, and equal causes are one", function(t)
  for _, case in ipairs {
    { why = "the flow's cause is the update's", { event("a", OUTER, { "X", "no file" }),
      event(nil, OUTER, { "X", "no file" }) }, { "a: X: no file" } },
    { why = "a flow that fails again",
      { event("a", { "X", "first" }), event("a", { "Y", "then" }) }, { "a: X: first" } },
    { why = "two flows, two causes", { event("a", { "X", "1" }), event("b", { "X", "2" }) },
      { "a: X: 1", "b: X: 2" } },
    { why = "two flows, one cause", { event("a", { "X", "1" }), event("b", { "X", "1" }) },
      { "a+b: X: 1" } },
    { why = "the update alone", { event(nil, { "X", "no node" }) }, { ": X: no node" } },
    { why = "an update without a cause", { event("a", { "X", "1" }), event(nil) },
      { "a: X: 1" } },
    { why = "an empty innermost exception", { event("a", { "X", "1" }, { "", "" }) },
      { "a: X: 1" } },
  } do
    t.equal(texts(causes(case[1])), case[2], case.why)
  end
end)

test("the message of an event without exceptions is the cause", function(t)
  local list = causes { event("a") }
  t.equal({ list[1].class, list[1].message }, { json.null, "Flow has FAILED." })
end)

test("a stack is removed from a message of several lines", function(t)
  local text = "[BAD] line one\nline two\n\tat org.apache.Spark.run(Spark.scala:1)\n\tat x.y(Z:2)"
  t.equal(causes { event("a", { "X", text }) }[1].message, "[BAD] line one\nline two")
  t.equal(failure.line(event("a", { "X", text })), "[BAD] line one")
end)

test("causes have stacks only with full", function(t)
  local events = { event("a", OUTER, { "X", "no file" }) }
  t.is_nil(causes(events)[1].stack)
  t.equal(causes(events, { full = true })[1].stack, "FlowFailedException: Failed to execute "
    .. "flow 'a'.\n    at a.B.c(B.scala:7)\nCaused by: X: no file\n    at a.B.c(B.scala:7)")
end)
