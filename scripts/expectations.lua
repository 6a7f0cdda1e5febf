local expectations = require "tarn.expectations"
local fault = require "base.fault"
local gate = require "tarn.expectations.gate"
local pipelines = require "tarn.pipelines"
local time = require "base.time"

local OP <const> = "tarn expectations"
local BARS <const> = { "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" }

local function find_update(ws, id, update)
  if update ~= "latest" then
    return update
  end
  local newest = pipelines.updates(ws, id, { max = 1 })()
  if not newest then
    fault.not_found(OP, "the pipeline has no update yet")
  end
  return newest.update_id
end

-- The result, and a function that gives the rows that gates are held against.
local function of_one(ws, arg, asked)
  local id = pipelines.find_id(ws, arg.pipeline)
  asked.id = id
  asked.update = arg.update and find_update(ws, id, arg.update)
  local read = expectations.read(ws, asked, arg.source)
  local result = { pipeline_id = id, source = read.source, sources = read.tried,
    results = read.counts:rows(arg.by, arg.count, time.iso), events = read.events,
    reports = read.counts.reports, covered_since = read.covered_since }
  return result, function()
    return arg.by == "total" and result.results or read.counts:rows("total", arg.count, time.iso)
  end
end

local SYSTEM <const> = { auto = true, sql = true, system = true }

local function of_many(ws, arg, asked)
  if not SYSTEM[arg.source] or arg.update then
    fault.usage(OP, "of many pipelines there is only the system table, and no --update",
      "name one pipeline, or leave out --source")
  end
  asked.name = arg.pipeline
  local read = expectations.read_many(ws, asked)
  local result = { source = read.source, sources = read.tried, results = read.rows,
    events = read.events }
  return result, function()
    if arg.by == "total" then
      return read.rows
    end
    asked.by = "total"
    return expectations.read_many(ws, asked).rows
  end
end

-- ---- text ----

local function percent(value)
  return type(value) == "number" and ("%.2f%%"):format(100 * value) or "-"
end

-- The rates of failure as a small picture, and where it goes.
local function trend(value)
  if type(value) ~= "table" or #value.failed_rates < 2 then
    return "-"
  end
  local most, bars = 0, {}
  for _, rate in ipairs(value.failed_rates) do
    most = math.max(most, rate)
  end
  for i, rate in ipairs(value.failed_rates) do
    bars[i] = BARS[most > 0 and 1 + (rate / most * 7 + 0.5) // 1 | 0 or 1]
  end
  return table.concat(bars) .. " " .. value.direction
end

local function number(value)
  return type(value) == "number" and ("%d"):format(value) or "-"
end

local COLUMNS <const> = {
  { "dataset" }, { "expectation" },
  { "passed", align = "right", text = number },
  { "failed", align = "right", text = number },
  { "pass_rate", title = "PASS RATE", align = "right", text = percent },
  { "dropped", align = "right", text = number },
}
local LAST <const> = { "last_seen", title = "LAST SEEN" }
local MORE <const> = {
  total = { { "trend", title = "FAILURES", text = trend }, LAST },
  update = { { "started" }, { "update_id", title = "UPDATE" } },
  day = { LAST },
}

local function columns_for(by, many)
  local columns = by == "day" and { { "day" } } or {}
  columns[#columns + 1] = many and { "name", title = "PIPELINE" } or nil
  table.move(COLUMNS, 1, #COLUMNS, #columns + 1, columns)
  return table.move(MORE[by], 1, #MORE[by], #columns + 1, columns)
end

local function show(data, screen)
  if #data.results > 0 then
    screen:table(data.results, columns_for(data.by, not data.pipeline_id))
  else
    screen:line("no expectation was counted in this time")
  end
  local source = type(data.source) == "string" and data.source or "none: no source has it"
  screen:line(screen:style("dim", ("from %s to %s, source %s"):format(
    screen:time(data.window.since), screen:time(data.window["until"]), source)))
  if data.window.covered_since then
    screen:line(screen:style("yellow", "counts before " .. screen:time(data.window.covered_since)
      .. " are unknown"))
  end
  for _, one in ipairs(data.sources) do
    if not one.answered then
      screen:line(screen:style("yellow", ("%s did not answer: %s"):format(one.source,
        screen:clean(one.reason:match "^.-%. " or one.reason))))
    end
  end
  if data.gate then
    for _, breach in ipairs(data.gate.breaches) do
      screen:line(screen:style("red", ("gate '%s': %s"):format(breach.gate, breach.message)))
    end
    if data.gate.passed then
      screen:line(screen:style("green", "all gates passed"))
    end
  end
end

return {
  summary = "Show what the expectations of a pipeline counted, and hold it against a gate.",
  effect = "read",
  route = { "GET", "/api/dlt/pipelines/{pipeline}/expectations" },
  returns = { pipeline_id = "string", source = "string", by = "string",
    window = { days = "integer", since = "string", ["until"] = "string" },
    results = { { dataset = "string", expectation = "string", passed = "integer",
      failed = "integer", ["pass_rate?"] = "number|null", ["last_seen?"] = "string|null" } },
    events = "array", ["gate?"] = { passed = "boolean", breaches = "array" } },
  details = [[
Passed and failed rows for each dataset and expectation, and the rows its flows dropped. The
source is the first that answers: REST events; the event log, by its function and as a table; the
system table, under both its names. The result says which one it was, and why others did not
answer. SQL sources need a warehouse, which adds up the counts: only sums are sent.

A pipeline with a * in it means all whose name matches, from the system table, in one statement.

A flow reports many times in one update. --count auto sums the micro-batches of streaming flows,
told apart by their ids, and takes the last report of all others; see docs/guide/quality.md. Rates
are of 0 to 1 in data.

--gate 'failed <= 1%' is for each expectation, 'total: failed <= 1%' for all together, and
'silver.valid_id: failed < 10' for one. What may stand in it: failed, passed, dropped; <, <=, >,
>=, =; a number of rows, or of percent. If one does not pass, or nothing was measured, the exit
status is 9.]],
  args = {
    { "pipeline", "pipeline", "Id, name, unique beginning of the name, or a glob." },
    { "days", "integer", "Of so many days back from now.", default = 7, min = 1, max = 90,
      short = "d" },
    { "by", "choice", "One row for each expectation in all, by update, or by day.",
      default = "total", choices = { "total", "update", "day" } },
    { "update", "string", "Only of this update; 'latest' is the newest.", optional = true,
      value = "ID", of = "update" },
    { "dataset", "string", "Only of datasets whose name matches.", optional = true },
    { "gate", "list", "What must hold, such as 'failed <= 1%' (repeatable).", optional = true,
      value = "GATE" },
    { "source", "choice", "Where to look.", default = "auto",
      choices = { "auto", "rest", "sql", "event_log", "system" } },
    { "count", "choice", "How the reports of one update add up.", default = "auto",
      choices = { "auto", "sum", "last" } },
    { "warehouse", "string", "Id of the warehouse for SQL.", optional = true, value = "ID",
      of = "warehouse" },
  },
  examples = {
    { "expectations 'Sales daily'", "of the last seven days" },
    { "expectations sales --by day --days 30 -o csv", "for a chart" },
    { "expectations sales --update latest --gate 'failed <= 1%'", "in CI, after a run" },
    { "expectations sales --source system", "from the system table" },
    { "expectations '*' --days 1 --gate 'failed <= 5%'", "of all pipelines, in one statement" },
  },
  see = { "events", "updates" },
  render = { text = show },

  run = function(ctx, arg)
    local gates = {}
    for i, text in ipairs(arg.gate or {}) do
      gates[i] = gate.parse(OP, text)
    end
    local ws = ctx.workspace
    local since, last = expectations.window(arg.days, time.now())
    local asked = { since = since, until_ms = last, dataset = arg.dataset, count = arg.count,
      warehouse = arg.warehouse, by = arg.by,
      progress = function(n) ctx.progress(n, nil, "events of flows read") end }
    local result, totals = (arg.pipeline:find("*", 1, true) and of_many or of_one)(ws, arg, asked)
    result.by = arg.by
    result.window = { days = arg.days, since = time.iso(since), ["until"] = time.iso(last),
      covered_since = result.covered_since }
    result.covered_since = nil
    if #gates > 0 then
      result.gate = gate.check(gates, totals())
      if not result.gate.passed then
        ctx.finish "gate"
      end
    end
    if ctx.options.output == "csv" or ctx.options.output == "jsonl" then
      return result.results
    end
    return result
  end,
}
