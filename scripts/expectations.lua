local expectations = require "tarn.expectations"
local fault = require "base.fault"
local formats = require "output.formats"
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

-- The result for one pipeline, and a function that returns the rows for the gates.
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

-- As `of_one`, for all pipelines whose name matches a glob.
local function of_many(ws, arg, asked)
  if not SYSTEM[arg.source] or arg.update then
    fault.usage(OP, "for many pipelines only the system table has the counts, without --update",
      "name one pipeline, or omit --source and --update")
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

-- The failure rates as a bar chart in one line, and their direction.
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

local function named(value)
  return value == "" and "(not named)" or value
end

local COLUMNS <const> = {
  { "dataset" }, { "expectation", text = named },
  { "action", text = function(value) return type(value) == "string" and value or "-" end },
  { "passed", title = "RULE PASSED", align = "right", worth = 6, text = number },
  { "failed", title = "RULE FAILED", align = "right", worth = 7, text = number },
  { "pass_rate", title = "PASS RATE", align = "right", text = percent },
  { "dropped", title = "ROWS DROPPED", align = "right", text = number },
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

-- The expectations that ended an update.
local function show_violations(rows, screen)
  for _, row in ipairs(rows) do
    if row.violations > 0 then
      local name = row.name and row.name .. ": " or ""
      local count = row.violations == 1 and "an update" or ("%d updates"):format(row.violations)
      screen:line(screen:style("red", screen:clean(("%s%s.%s ended %s%s"):format(name, row.dataset,
        named(row.expectation), count,
        type(row.flow) == "string" and ", in flow " .. row.flow or ""))))
      if type(row.rule) == "string" then
        screen:line("  its rule: ", screen:clean(row.rule))
      end
    end
  end
end

local function show(data, screen)
  if #data.results > 0 then
    local _, left_out = screen:table(data.results, columns_for(data.by, not data.pipeline_id))
    if screen.terminal and #left_out > 0 then
      screen:line(screen:style("dim", ("not shown, there is no room: %s (-o json shows all)")
        :format(table.concat(left_out, ", "))))
    end
    show_violations(data.results, screen)
  else
    screen:line("no expectation has counts for this time")
  end
  local source = type(data.source) == "string" and data.source or "none"
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
  summary = "Show the expectations of a pipeline, and check them against gates.",
  effect = "read",
  route = { "GET", "/api/dlt/pipelines/{pipeline}/expectations" },
  returns = { pipeline_id = "string", source = "string", by = "string",
    window = { days = "integer", since = "string", ["until"] = "string" },
    results = { { dataset = "string", expectation = "string", passed = "integer",
      failed = "integer", ["pass_rate?"] = "number|null", ["last_seen?"] = "string|null",
      dropped = "integer|null", action = "string|null", rule = "string|null",
      violations = "integer", flow = "string|null" } },
    datasets = { { dataset = "string", dropped = "integer|null", expectations = "integer" } },
    events = "array", ["gate?"] = { passed = "boolean", breaches = "array" } },
  details = [[
Shows how often the rule of each expectation passed and failed, and how many rows each dataset
dropped; that number is the dataset's, and stands once, in its first row. An expectation that has
ended an update has a row, too: `violations` counts these updates, `flow` is the one that failed,
and `rule` the condition. The counts come from the first source that answers: the events of the
REST API; the event log, by its function or as a table; the system table. The result says which
source answered, and why the others did not. SQL sources need a warehouse; it adds up the counts,
so only sums are sent.

A pipeline with a * means all pipelines whose name matches. Their counts come from the system
table, in one statement.

A flow reports its counts several times in one update. --count auto sums the reports of the
micro-batches of streaming flows, and uses the last report of other flows: see
docs/guide/quality.md. In data, rates are numbers from 0 to 1.

A gate is a limit, which is checked for each expectation: --gate 'failed <= 1%'. 'total: failed <=
1%' checks the sums of all expectations, 'silver.valid_id: failed < 10' a single one. A gate
compares failed, passed or dropped with a number of rows or a percentage, by <, <=, >, >= or =. An
expectation that has ended an update breaks every gate that looks at it, whatever the limit is. If
a gate does not pass, or there are no counts, the exit status is 9.]],
  args = {
    { "pipeline", "pipeline", "Id, name, unique beginning of the name, or a glob." },
    { "days", "integer", "Days to look back.", default = 7, min = 1, max = 90,
      short = "d" },
    { "by", "choice", "Show one row for each expectation, for each update, or for each day.",
      default = "total", choices = { "total", "update", "day" } },
    { "update", "string", "Count only this update; 'latest' is the newest one.", optional = true,
      value = "ID", of = "update" },
    { "dataset", "string", "Show only datasets whose name matches this glob.", optional = true,
      of = "dataset" },
    { "gate", "list", "Limit to check, such as 'failed <= 1%' (repeatable).", optional = true,
      value = "GATE" },
    { "source", "choice", "Source of the counts.", default = "auto",
      choices = { "auto", "rest", "sql", "event_log", "system" } },
    { "count", "choice", "How to add up the reports of one update.", default = "auto",
      choices = { "auto", "sum", "last" } },
    { "warehouse", "string", "Id of the warehouse for SQL.", optional = true, value = "ID",
      of = "warehouse" },
  },
  examples = {
    { "expectations 'Sales daily'", "show the last seven days" },
    { "expectations sales --by day --days 30 -o csv", "print a row for each day, for a chart" },
    { "expectations sales --update latest --gate 'failed <= 1%'",
      "check the newest update, in CI" },
    { "expectations sales --source system", "read the system table" },
    { "expectations '*' --days 1 --gate 'failed <= 5%'", "check all pipelines, in one statement" },
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
    result.datasets = expectations.datasets(result.results)
    result.results = expectations.once_per_dataset(result.results)
    if formats.of(ctx.options).rows then
      return result.results
    end
    return result
  end,
}
