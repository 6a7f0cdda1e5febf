--- Results of expectations, from the best source that answers.
--
-- REST events come first: they need no more than CAN_VIEW and no warehouse. Then the event log by
-- its function and as its table, which are the owner's; then the system table under the name it
-- is to have and under the one it has today (reference C.3, C.4). The source that answered is
-- named, and of each other one that was tried the reason why it did not.

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
local PAGE <const> = 250
local PROBLEMS <const> = 20 -- newest warnings and errors that are shown
local BEGIN_MS <const> = 600000 -- an update has its first event within that time

---@class tarn.QualityAsk
---@field id string
---@field since integer
---@field until_ms integer
---@field update? string      an id or its beginning
---@field dataset? string     a glob
---@field warehouse? string
---@field count? "auto"|"sum"|"last" what SQL adds up by (default "auto")
---@field progress? fun(events: integer)

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

local function add_event(sum, event)
  local report = counts.find_report(event)
  if report then
    sum:add(report)
  end
end

-- Events are kept for a shorter time than logs: silence about a time in which the pipeline ran is
-- no answer, and a log that begins later is half of one. Returns from when on events are there,
-- where that is later than the first update.
local function find_reach(ws, ask)
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
      message = "there are no events, although the pipeline ran in that time" }
  end
  return at > oldest + BEGIN_MS and at or nil
end

local function from_rest(ws, ask)
  local reach = not ask.update and find_reach(ws, ask) or nil
  local sum, flows = counts.new(), 0
  local criteria = wanted(ask, { type = "flow_progress" })
  local query = { max_results = PAGE, order_by = "timestamp asc" }
  for list in events.pages(ws, ask.id, query, criteria, function() return true end) do
    for _, event in ipairs(list) do
      if criteria.matches(event) then
        flows = flows + 1
        add_event(sum, event)
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
  end
  return sum, problems, reach
end

-- Each with the name that results and reasons carry.
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

--- What --source may be -> which sources, in their order.
M.sources = {
  auto = { REST, LOGS[1], LOGS[2], SYSTEMS[1], SYSTEMS[2] },
  rest = { REST },
  sql = { LOGS[1], LOGS[2], SYSTEMS[1], SYSTEMS[2] },
  event_log = LOGS,
  system = SYSTEMS,
}

--- True if a fault says that the source does not exist: an empty result, with this reason.
---@param e tarn.Fault
---@return boolean
function M.is_missing(e)
  return e.code == "NO_EVENTS" or systemtables.is_missing(e)
end

-- Nobody answered. What is not there is an empty result; anything else is a fault.
local function refuse(tried, faults)
  for i, e in ipairs(faults) do
    if not M.is_missing(e) then
      local others = {}
      for j, one in ipairs(tried) do
        others[#others + 1] = j ~= i and ("%s: %s"):format(one.source, one.reason) or nil
      end
      fault.raise { kind = e.kind, op = OP, status = e.status, code = e.code, cause = e,
        message = ("%s did not answer: %s"):format(tried[i].source, e.message),
        hint = #others > 0 and "tried as well: " .. table.concat(others, "; ") or e.hint }
    end
  end
end

-- A pipeline that is not there, or credentials that are none, are so for every source.
local function is_final(source, e)
  return e.kind == "cancelled" or source == REST and (e.status == 404 or e.status == 401)
end

local function result_of(source, tried, sum, problems, reach)
  return { source = source, tried = tried, tally = sum, events = problems,
    covered_since = reach and time.iso(reach) }
end

--- Read the counts: the tally and the newest problems of the first source that answers. One
-- whose events begin too late is used only if no other answers.
---@param ws tarn.WorkspaceClient
---@param ask tarn.QualityAsk
---@param which string a key of `sources`
---@return table { source, tried, tally, events, covered_since? }
function M.read(ws, ask, which)
  ask.count = ask.count or "auto"
  wanted(ask, {}) -- what is no id of an update is refused, whoever is asked
  local tried, faults, partial = json.array {}, {}, nil
  for _, source in ipairs(M.sources[which]) do
    local sum, problems, reach = fault.try(source[2], ws, ask)
    if sum and not reach then
      tried[#tried + 1] = { source = source[1], answered = true }
      return result_of(source[1], tried, sum, problems)
    elseif sum then
      partial = result_of(source[1], tried, sum, problems, reach)
      tried[#tried + 1] = { source = source[1], answered = false, code = "PARTIAL",
        reason = "its events begin at " .. time.iso(reach) .. ", after the first update" }
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

--- The counts of all pipelines whose name matches `ask.name`, added up by `ask.by` in one
-- statement over the system table; there is no trend. Where no such table is, the result is empty
-- and `source` null, with the reasons.
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

--- The exact time that `days` stands for.
---@param days integer
---@param now integer
---@return integer since, integer until
function M.window(days, now)
  return now - days * DAY_MS, now
end

-- What other subjects use of the parts.
return require("base.lazy").fields(M, {
  check_gates = "tarn.expectations.gate:check",
  find_report = "tarn.expectations.counts:find_report",
  new_counts = "tarn.expectations.counts:new",
  parse_gate = "tarn.expectations.gate:parse",
})
