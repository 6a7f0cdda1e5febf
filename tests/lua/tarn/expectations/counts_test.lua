-- Sum or last: how the reports of a flow are added up.

local counts = require "tarn.expectations.counts"
local gate = require "tarn.expectations.gate"
local json = require "native.json"
local time = require "base.time"

local DAY <const> = time.find_iso "2026-08-19T00:00:00Z"

local function report(fields)
  local passed, failed, dropped = table.unpack(fields.counts)
  return { update_id = fields.update or "u1", flow = fields.flow or "s.silver",
    dataset = fields.dataset or "s.silver", batch = fields.batch, at = DAY + (fields.at or 0),
    quality = { dropped_records = dropped, expectations = {
      { dataset = fields.on or "s.silver", name = "valid", passed_records = passed,
        failed_records = failed } } } }
end

local function rows(reports, by, count)
  local sum = counts.new()
  for _, fields in ipairs(reports) do
    sum:add(report(fields))
  end
  return sum:rows(by or "total", count or "auto", time.iso)
end

test("reports without batch ids are cumulative: the last one counts", function(t)
  local row = rows {
    { at = 1, counts = { 10, 1, 1 } }, { at = 3, counts = { 90, 9, 9 } },
    { at = 2, counts = { 50, 5, 5 } } }[1]
  t.equal({ row.passed, row.failed, row.dropped, row.counted, row.pass_rate },
    { 90, 9, 9, "last", 90 / 99 })
end)

test("batches are summed, and each counts once, by its last report", function(t)
  local row = rows {
    { at = 1, batch = 0, counts = { 10, 1, 1 } }, { at = 2, batch = 0, counts = { 20, 2, 2 } },
    { at = 3, batch = 1, counts = { 30, 0, 0 } }, { at = 4, batch = 2, counts = { 5, 5, 5 } } }[1]
  t.equal({ row.passed, row.failed, row.dropped, row.counted }, { 55, 7, 7, "sum of batches" })
end)

test("a report without a batch id beside reports with batch ids does not count", function(t)
  local row = rows { { at = 1, batch = 0, counts = { 10, 1 } },
    { at = 2, batch = 1, counts = { 10, 1 } }, { at = 3, counts = { 20, 2 } } }[1]
  t.equal({ row.passed, row.failed }, { 20, 2 })
end)

test("--count overrides the decision", function(t)
  local reports = { { at = 1, batch = 0, counts = { 10, 1 } },
    { at = 2, batch = 1, counts = { 20, 2 } }, { at = 3, counts = { 30, 3 } } }
  local sum, last = rows(reports, "total", "sum")[1], rows(reports, "total", "last")[1]
  t.equal({ sum.passed, sum.failed, sum.counted }, { 60, 6, "sum" })
  t.equal({ last.passed, last.failed, last.counted }, { 30, 3, "last" })
end)

test("each update is counted by itself before updates are summed", function(t)
  local reports = { { at = 1, counts = { 10, 0 } }, { at = 2, counts = { 20, 0 } },
    { at = 3, update = "u2", counts = { 7, 3 } } }
  local row = rows(reports)[1]
  t.equal({ row.passed, row.failed, row.update_count }, { 27, 3, 2 })
  local by = rows(reports, "update")
  t.equal({ by[1].update_id, by[1].passed, by[2].update_id, by[2].passed },
    { "u1", 20, "u2", 7 })
end)

test("two flows into one dataset are added up, and so are their dropped records", function(t)
  local row = rows { { flow = "a", counts = { 10, 1, 1 } },
    { flow = "b", counts = { 20, 2, 2 } } }[1]
  t.equal({ row.passed, row.failed, row.dropped }, { 30, 3, 3 })
end)

test("dropped records belong to the flow's own dataset, with or without its schema", function(t)
  local bare = rows { { dataset = "main.s.silver", on = "silver", counts = { 1, 1, 1 } } }[1]
  local view = rows { { on = "s.view", counts = { 1, 1, 1 } } }[1]
  t.equal({ bare.dropped, view.dropped }, { 1, json.null })
end)

test("batches count for their day, and cumulative reports for the day of the last one", function(t)
  local day = 86400000
  local batches = rows({ { at = 1, batch = 0, counts = { 1, 1 } },
    { at = day + 1, batch = 1, counts = { 2, 2 } },
    { at = day + 2, batch = 2, counts = { 4, 4 } } }, "day")
  t.equal({ batches[1].day, batches[1].passed, batches[2].day, batches[2].passed },
    { "2026-08-19", 1, "2026-08-20", 6 })
  t.equal(batches[1].last_seen, "2026-08-19T00:00:00.001Z")
  local whole = rows({ { at = day - 1, counts = { 5, 0 } },
    { at = day, counts = { 9, 0 } } }, "day")
  t.equal({ #whole, whole[1].day, whole[1].passed }, { 1, "2026-08-20", 9 })
end)

test("the trend compares the newest update with those before it", function(t)
  local function direction(...)
    local reports = {}
    for i, failed in ipairs { ... } do
      reports[i] = { at = i, update = "u" .. i, counts = { 100 - failed, failed } }
    end
    return rows(reports)[1].trend.direction
  end
  t.equal({ direction(1), direction(1, 5), direction(5, 1), direction(3, 3, 3) },
    { "new", "worse", "better", "same" })
end)

test("the trend of a single update is by day", function(t)
  local trend = rows { { at = 1, batch = 0, counts = { 9, 1 } },
    { at = 86400001, batch = 1, counts = { 5, 5 } } }[1].trend
  t.equal(trend, { direction = "worse", by = "day", failed_rates = { 0.1, 0.5 } })
end)

test("no rows have no rate", function(t)
  t.equal(rows { { counts = { 0, 0 } } }[1].pass_rate, json.null)
  t.equal(rows {}, {})
end)

-- ---- gates ----

local ROWS <const> = {
  { dataset = "main.s.silver", expectation = "valid_id", passed = 990, failed = 10, dropped = 10 },
  { dataset = "main.s.silver", expectation = "positive", passed = 1000, failed = 0, dropped = 10 },
  { dataset = "gold", expectation = "known", passed = 0, failed = 0, dropped = json.null },
}

test("gates pass and fail by their limits", function(t)
  for _, case in ipairs {
    { "failed <= 1%", true }, { "failed < 1%", false }, { "failed<11", true },
    { "failed = 10", false }, { "passed >= 99%", true }, { "passed > 99%", false },
    { "total: failed <= 0.5%", true }, { "total: failed < 10", false },
    { "total: dropped <= 10", true }, { "TOTAL: dropped < 10", false },
    { "silver.positive: failed = 0", true }, { "main.s.silver.valid_id: failed = 0", false },
    { "silver: failed <= 1%", true }, { "g*: failed = 0%", true }, { "gold: passed >= 100%", true },
    { "nothing: failed <= 1%", false },
  } do
    t.equal(gate.check({ gate.parse("x", case[1]) }, ROWS).passed, case[2], case[1])
  end
end)

test("a breach names the expectation and its value", function(t)
  local breach = gate.check({ gate.parse("x", "failed < 0.5%") }, ROWS).breaches[1]
  t.equal({ breach.gate, breach.dataset, breach.expectation, breach.value },
    { "failed < 0.5%", "main.s.silver", "valid_id", 1.0 })
  t.match(breach.message, "main.s.silver.valid_id: failed is 1%")
end)

test("a gate without any results has not passed", function(t)
  t.equal(gate.check({ gate.parse("x", "failed <= 100%") }, {}).passed, false)
  t.equal(gate.check({ gate.parse("x", "total: failed <= 100%") }, {}).passed, false)
end)

test("a text that is no gate is refused", function(t)
  for _, wrong in ipairs { "", "failed", "failed 1", "failed == 1", "failed <= x", "rows < 1",
    ": failed < 1", "failed <= 1%%", "failed <= -1" } do
    t.equal(t.fault(gate.parse, "x", wrong).kind, "usage", wrong)
  end
end)
