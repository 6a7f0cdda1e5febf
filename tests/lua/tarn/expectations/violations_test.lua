-- Expectations that have ended an update: the texts of errors, and what a gate says.

local counts = require "tarn.expectations.counts"
local datasets = require "tarn.expectations.datasets"
local gate = require "tarn.expectations.gate"
local json = require "native.json"
local time = require "base.time"
local violations = require "tarn.expectations.violations"

local AT <const> = "2026-11-30T10:00:00.000Z"

-- The error of a flow, with its messages from the outermost to the innermost.
local function failed(texts, more)
  local exceptions = {}
  for i, text in ipairs(texts) do
    exceptions[i] = { class_name = "x.Y", message = text }
  end
  local event = { level = "ERROR", timestamp = AT, event_type = "flow_progress",
    origin = { update_id = "u", flow_name = "c.s.orders", dataset_name = "c.s.orders" },
    error = { exceptions = exceptions }, message = "Flow 'c.s.orders' has FAILED." }
  for key, value in pairs(more or {}) do
    event[key] = value
  end
  return event
end

local ALL <const> = "[EXPECTATION_VIOLATION.VERBOSITY_ALL] Flow 'f' failed to meet the "
  .. "expectation. Violated expectations: %s. Input data: "
  .. "'{\"a\":\"Violated expectations: 'no'\"}'. "
  .. "Output record: '{}'. Missing input data: false"

-- Each with the names that the error tells; nil: it is about something else.
local TEXTS <const> = {
  { ALL:format "'positive'", { "positive" } },
  { ALL:format "'a', 'b', 'c d'", { "a", "b", "c d" } },
  { ALL:format "'it's ok', 'b'", { "it's ok", "b" } },
  { ALL:format "'a, b'", { "a, b" } },
  { ALL:format "'Ünï 100%_\\'", { "Ünï 100%_\\" } },
  { "[EXPECTATION_VIOLATION.VERBOSITY_NONE] Flow 'f' failed to meet the expectation. Violated "
    .. "expectations: 'a', 'b'.", { "a", "b" } },
  { "[EXPECTATION_VIOLATION.VERBOSITY_NONE] Flow 'f' failed to meet the expectation. Violated "
    .. "expectations: 'a'", { "a" } },
  { "[EXPECTATION_VIOLATION.VERBOSITY_PARTIAL] Flow 'f' failed to meet the expectation. Violated "
    .. "expectations: a, b. SQLSTATE: 22000", { "a", "b" } },
  { "[EXPECTATION_VIOLATION.VERBOSITY_NONE] Flow 'f' failed to meet the expectation.", { "" } },
  { "Flow 'f' failed to meet the expectation. Violated expectations: 'old'. Input data: x",
    { "old" } },
  { "[EXPECTATION_VIOLATION] Flow 'f' failed. Violated expectation: 'a' (x > 0). SQLSTATE: 22000",
    { "a" } },
  { "[STREAM_FAILED] Query terminated with exception: expectations were high", nil },
  { "Table 'expectation' was not found", nil },
}

test("the error names the violated expectations, in all its forms", function(t)
  for _, case in ipairs(TEXTS) do
    local names
    for _, v in ipairs(violations.of(failed { "Failed to execute flow 'c.s.orders'.", case[1] })) do
      names = names or {}
      names[#names + 1] = v.expectation
      t.equal({ v.update_id, v.flow, v.dataset }, { "u", "c.s.orders", "c.s.orders" })
    end
    t.equal(names, case[2], case[1])
  end
end)

test("a text of an error in a few words begins with the name of the expectation", function(t)
  for _, case in ipairs {
    { ALL:format "'a', 'b'", "expectations a, b violated in flow f" },
    { "[EXPECTATION_VIOLATION] Flow 'f' failed. Violated expectation: 'a' (x > 0). SQLSTATE: 22000",
      "expectation a violated (x > 0)" },
    { "[EXPECTATION_VIOLATION.VERBOSITY_NONE] Flow 'f' failed to meet the expectation.", nil },
    { "[STREAM_FAILED] something else", nil },
  } do
    t.equal(violations.find_brief(case[1]), case[2], case[1])
  end
end)

test("only errors tell of violations, wherever the text stands", function(t)
  local text = ALL:format "'a'"
  t.equal(#violations.of(failed({ text }, { level = "WARN" })), 0)
  t.equal(#violations.of(failed({}, { message = text })), 1)
  t.equal(#violations.of(failed({ text, "caused by something", "else" })), 1)
  local v = violations.of(failed({ text }, { origin = { update_id = "u" } }))[1]
  t.equal({ v.flow, v.dataset }, { "f", "f" })
end)

test("an update and its flow tell of one violation, which has one row", function(t)
  local sum, text = counts.new(), ALL:format "'positive'"
  sum:add_event(failed({ text }, { event_type = "update_progress", origin = { update_id = "u" } }))
  sum:add_event(failed { text })
  sum:add_event(failed { text })
  sum:add_event(failed { "[EXPECTATION_VIOLATION.VERBOSITY_NONE] failed to meet the expectation." })
  sum:add_event { timestamp = AT, event_type = "dataset_definition",
    origin = { dataset_name = "c.s.orders" }, details = { dataset_definition = { expectations = {
      { name = "positive", constraint = "amount > 0", action = "FAIL" },
      { name = "other", constraint = "id IS NOT NULL", action = "DROP" } } } } }
  sum:add_event { timestamp = AT, event_type = "flow_progress",
    origin = { dataset_name = "c.s.orders", flow_name = "c.s.orders", update_id = "t" },
    details = { flow_progress = { data_quality = { dropped_records = 3, expectations = {
      { name = "other", dataset = "c.s.orders", passed_records = 7, failed_records = 3 } } } } } }
  for _, by in ipairs { "total", "update", "day" } do
    local rows = sum:rows(by, "auto", time.iso)
    t.equal(#rows, 2, by)
    local other = rows[1].expectation == "other" and rows[1] or rows[2]
    local row = other == rows[1] and rows[2] or rows[1]
    t.equal({ row.expectation, row.violations, row.action, row.rule, row.passed, row.failed,
      row.pass_rate }, { "positive", 1, "fail", "amount > 0", 0, 0, json.null }, by)
    t.equal({ other.violations, other.action, other.rule, other.flow },
      { 0, "drop", "id IS NOT NULL", json.null }, by)
  end
end)

test("a violated expectation breaks every gate that looks at it", function(t)
  local sum = counts.new()
  sum:add_event(failed { ALL:format "'positive'" })
  local rows = sum:rows("total", "auto", time.iso)
  for _, text in ipairs { "failed = 0", "failed <= 100%", "passed >= 0", "dropped = 0",
    "total: failed = 0", "total: passed >= 0%", "orders: failed = 0",
    "orders.positive: failed < 10" } do
    local checked = gate.check({ gate.parse("t", text) }, rows)
    t.equal(checked.passed, false, text)
    t.match(checked.breaches[1].message, "ended by a violated expectation")
  end
  local other = { dataset = "c.s.other", expectation = "x", passed = 1, failed = 0, dropped = 0 }
  rows[#rows + 1] = other
  t.equal(gate.check({ gate.parse("t", "other: failed = 0") }, rows).passed, true)
end)

test("the records that a dataset dropped are given once", function(t)
  local rows = { { dataset = "a", dropped = 5 }, { dataset = "a", dropped = 5 },
    { dataset = "b", dropped = json.null }, { dataset = "a", day = "2026-11-30", dropped = 2 },
    { dataset = "a", pipeline_id = "p", dropped = 1 } }
  local dropped = {}
  for i, row in ipairs(datasets.once(rows)) do
    dropped[i] = row.dropped
  end
  t.equal(dropped, { 5, json.null, json.null, 2, 1 })
  t.equal(rows[2].dropped, 5, "the rows of the caller stay")
  local list = datasets.of(rows)
  t.equal({ #list, list[1].dropped, list[1].expectations }, { 4, 5, 2 })
end)
