--- Results of expectations, from the first source that answers.
--
--     local expectations, time = require "tarn.expectations", tarn.time
--     local found = require("tarn.pipelines").find(ws, "sales_orders_etl")
--     local since, until_ms = expectations.window(30, time.now())
--     local read = expectations.read(ws, { id = found.pipeline_id, since = since,
--       until_ms = until_ms }, "auto")
--     for _, row in ipairs(read.counts:rows("total", "auto", time.iso)) do
--       print(row.dataset, row.expectation, row.failed)
--     end
--
-- The sources, in order: events over REST, which need only CAN_VIEW and no warehouse; the event log
-- as a table function and as a table, which its owner can read; the system table under its coming
-- name and under its current one. The answer names its source, and for each other source that was
-- tried the reason why it did not answer.

local counts = require "tarn.expectations.counts"
local events = require "tarn.events"
local fault = require "base.fault"
local json = require "native.json"
local pipelines = require "tarn.pipelines"
local sql = require "tarn.expectations.sql"
local statements = require "tarn.statements"
local systemtables = require("tarn.sql").systemtables
local time = require "base.time"
local warehouses = require("tarn.sql").warehouses

local M = {}

local OP <const> = "tarn expectations"
local DAY_MS <const> = 86400000
local PROBLEMS <const> = 20 -- newest warnings and errors that are shown
local BEGIN_MS <const> = 600000 -- an update has its first event within this time

---@class tarn.QualityAsk
---@field id string           of the pipeline
---@field since integer       ms
---@field until_ms integer    ms
---@field update? string      an id or its first characters
---@field dataset? string     a glob
---@field warehouse? string   id
---@field count? "auto"|"sum"|"last" how SQL adds up the counts (default "auto")
---@field progress? fun(events: integer) is told how many events were read

local function wanted(ask, extra)
  local all = { since = time.iso(ask.since), ["until"] = time.iso(ask.until_ms),
    update = ask.update, dataset = ask.dataset }
  for name, value in pairs(extra) do
    all[name] = value
  end
  return events.criteria(OP, all)
end

local function problem_of(event)
  return { id = event.id, timestamp = event.timestamp, level = event.level,
    event_type = event.event_type, message = event.message,
    update_id = event.origin and event.origin.update_id or nil }
end

-- ---- REST ----

-- The API keeps events for a shorter time than the event log does. If it has no events of a time in
-- which the pipeline ran, that is a fault. If its events begin after the first update, the answer
-- is partial: returns the time of the first event.
local function find_start_of_events(ws, ask)
  local oldest
  for update in pipelines.updates(ws, ask.id) do
    local at = math.tointeger(update.creation_time)
    if at and at < ask.since then
      break
    end
    oldest = at and at <= ask.until_ms and at or oldest
  end
  if not oldest then
    return nil
  end
  local first = events.list(ws, ask.id, { max = 1, order_by = "timestamp asc",
    criteria = wanted({ since = ask.since, until_ms = ask.until_ms }, {}) })()
  local at = first and events.at(first)
  if not at then
    fault.raise { kind = "http", op = OP, code = "NO_EVENTS",
      message = "there are no events of a time in which the pipeline ran" }
  end
  return at > oldest + BEGIN_MS and at or nil
end

local function from_rest(ws, ask)
  local start = not ask.update and find_start_of_events(ws, ask) or nil
  local sum, flows = counts.new(), 0
  local criteria = wanted(ask, { type = "flow_progress,dataset_definition" })
  local query = { max_results = events.PAGE, order_by = "timestamp asc" }
  for list in events.pages(ws, ask.id, query, criteria, function() return true end) do
    for _, event in ipairs(list) do
      if criteria.matches(event) then
        flows = flows + 1
        sum:add_event(event)
      end
    end
    if ask.progress then
      ask.progress(flows)
    end
  end
  local problems = json.array {}
  for event in events.list(ws, ask.id, { max = PROBLEMS,
    criteria = wanted(ask, { level = "WARN,ERROR" }) }) do
    problems[#problems + 1] = problem_of(event)
    sum.violations:add(event) -- that of the update may tell more than that of the flow
  end
  return sum, problems, start
end

-- The sources, each with the name that answers give it.
local REST <const> = { "rest", from_rest }
local LOGS <const> = {
  { "event_log", function(ws, ask)
    return sql.log(ws, ask, statements.event_log(ask.id))
  end },
  { "event_log_table", sql.log_table },
}
local SYSTEMS <const> = {}
for i, name in ipairs(statements.quality.EVENTS) do
  SYSTEMS[i] = { name, function(ws, ask)
    return sql.system(ws, ask, name)
  end }
end

--- The values of --source, each with its sources in order.
M.sources = {
  auto = { REST, LOGS[1], LOGS[2], SYSTEMS[1], SYSTEMS[2] },
  rest = { REST },
  sql = { LOGS[1], LOGS[2], SYSTEMS[1], SYSTEMS[2] },
  event_log = LOGS,
  system = SYSTEMS,
}

--- True if a fault says that the source does not exist. Such a source counts as empty.
---@param e tarn.Fault
---@return boolean
function M.is_missing(e)
  return e.code == "NO_EVENTS" or systemtables.is_missing(e)
end

-- No source has answered. If all of them do not exist, the result is empty; else raise a fault.
local function refuse(tried, faults)
  for i, e in ipairs(faults) do
    if not M.is_missing(e) then
      local others = {}
      for j, one in ipairs(tried) do
        others[#others + 1] = j ~= i and ("%s: %s"):format(one.source, one.reason) or nil
      end
      fault.raise { kind = e.kind, op = OP, status = e.status, code = e.code, cause = e,
        message = ("%s did not answer: %s"):format(tried[i].source, e.message),
        hint = #others > 0 and "also tried: " .. table.concat(others, "; ") or e.hint }
    end
  end
end

-- True for a fault that every source would meet: a missing pipeline, wrong credentials.
local function is_final(source, e)
  return e.kind == "cancelled" or source == REST and (e.status == 404 or e.status == 401)
end

local function result_of(source, tried, sum, problems, start)
  return { source = source, tried = tried, counts = sum, events = problems,
    covered_since = start and time.iso(start) }
end

--- Read the counts and the newest warnings and errors of a pipeline from the first source that
-- answers. A source whose events begin too late is used only if no other one answers.
---@param ws tarn.WorkspaceClient
---@param ask tarn.QualityAsk
---@param which string a key of `sources`: "auto", "rest", "sql", "event_log", "system"
---@return table { source, tried, counts, events, covered_since? }
function M.read(ws, ask, which)
  ask.count = ask.count or "auto"
  wanted(ask, {}) -- refuses a wrong update id, whichever source is asked
  local tried, faults, partial = json.array {}, {}, nil
  for _, source in ipairs(M.sources[which]) do
    local sum, problems, start = fault.try(source[2], ws, ask)
    if sum and not start then
      tried[#tried + 1] = { source = source[1], answered = true }
      return result_of(source[1], tried, sum, problems)
    elseif sum then
      partial = result_of(source[1], tried, sum, problems, start)
      tried[#tried + 1] = { source = source[1], answered = false, code = "PARTIAL",
        reason = "its events begin at " .. time.iso(start) .. ", after the first update" }
    elseif is_final(source, problems) then
      fault.raise(problems)
    else
      tried[#tried + 1] = { source = source[1], answered = false, reason = problems.message,
        kind = problems.kind, code = problems.code }
      faults[#tried] = problems
    end
  end
  if partial then
    return partial
  end
  refuse(tried, faults)
  return result_of(json.null, tried, counts.new(), json.array {})
end

-- ---- many pipelines ----

--- Read the counts of all pipelines whose name matches `ask.name`, added up by `ask.by`, with one
-- statement over the system table. Rows have no trend. If the table does not exist, the result is
-- empty, `source` is null, and `tried` has the reasons.
---@param ws tarn.WorkspaceClient
---@param ask tarn.QualityAsk
---@return table { source, tried, rows, events }
function M.read_many(ws, ask)
  ask.count = ask.count or "auto"
  ask.warehouse = ask.warehouse or warehouses.chosen(ws)
  ask.workspace = ws:org_id()
  local answer, tried, faults = nil, json.array {}, {}
  for i, name in ipairs(statements.quality.EVENTS) do
    local rows, problems = fault.try(sql.many, ws, ask, name)
    if rows then
      tried[i] = { source = name, answered = true }
      answer = { source = name, tried = tried, rows = rows, events = problems }
      break
    elseif problems.kind == "cancelled" then
      fault.raise(problems)
    end
    tried[i] = { source = name, answered = false, reason = problems.message,
      kind = problems.kind, code = problems.code }
    faults[i] = problems
  end
  if not answer then
    refuse(tried, faults)
  end
  return answer or { source = json.null, tried = tried, rows = json.array {},
    events = json.array {} }
end

--- The time window of the last `days` days.
---@param days integer
---@param now integer ms
---@return integer since ms
---@return integer until ms
function M.window(days, now)
  return now - days * DAY_MS, now
end

-- Parts that other subjects use.
return require("base.lazy").fields(M, {
  check_gates = "tarn.expectations.gate:check",
  datasets = "tarn.expectations.datasets:of",
  find_brief = "tarn.expectations.violations:find_brief",
  find_report = "tarn.expectations.counts:find_report",
  new_counts = "tarn.expectations.counts:new",
  once_per_dataset = "tarn.expectations.datasets:once",
  parse_gate = "tarn.expectations.gate:parse",
})
