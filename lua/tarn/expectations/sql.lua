--- Results of expectations from SQL: the warehouse adds up the counts.

local counts = require "tarn.expectations.counts"
local fault = require "base.fault"
local json = require "native.json"
local statements = require "tarn.statements"
local systemtables = require("tarn.sql").systemtables
local time = require "base.time"
local violations = require "tarn.expectations.violations"

local M = {}

local OP <const> = "tarn expectations"
local DAY_MS <const> = 86400000
local PROBLEMS <const> = 20 -- newest warnings and errors that are shown

local text = systemtables.text

local function integer(cell)
  return math.tointeger(tonumber(text(cell)))
end

local HOW <const> = { sum = "sum", last = "last" }

local function how_of(ask, cells)
  return HOW[ask.count] or integer(cells.batches) > 0 and "sum of batches" or "last"
end

local function as_counted(ask, cells)
  return { update_id = text(cells.update_id), flow = cells.flow, dataset = cells.dataset,
    flow_dataset = text(cells.flow_dataset), expectation = cells.name,
    day = time.iso(integer(cells.day) * DAY_MS):sub(1, 10), passed = integer(cells.passed),
    failed = integer(cells.failed), dropped = integer(cells.dropped), how = how_of(ask, cells),
    began = time.find_iso(cells.began), newest = time.find_iso(cells.newest),
    reports = integer(cells.told) }
end

local function read_problems(ws, ask, from, form)
  local query, params = statements.quality.problems(from, form, ask, PROBLEMS)
  local rows <close> = ws:sql(query, params, { text = true, warehouse_id = ask.warehouse })
  local list = json.array {}
  for cells in rows do
    list[#list + 1] = { id = cells.id, timestamp = cells.at, level = cells.level,
      event_type = text(cells.event_type), message = text(cells.message),
      update_id = text(cells.update_id),
      pipeline_id = not ask.id and cells.pipeline_id or nil,
      name = not ask.id and cells.pipeline or nil }
  end
  return list
end

local function decoded(cell)
  local ok, value = pcall(json.decode, text(cell) or "", { nulls = false })
  return ok and type(value) == "table" and value or nil
end

-- Add the violated expectations and the definitions. An error that is no JSON, such as a struct as
-- a string, is searched as it is.
local function read_violations(ws, ask, from, form, found)
  local query, params = statements.quality.violations(from, form, ask)
  local rows <close> = ws:sql(query, params, { text = true, warehouse_id = ask.warehouse })
  for cells in rows do
    local of = not ask.id and { pipeline_id = cells.pipeline_id, name = cells.pipeline } or nil
    if cells.event_type == "dataset_definition" then
      found:define(text(cells.dataset), decoded(cells.definition), time.find_iso(cells.at) or 0,
        of and of.pipeline_id)
    else
      found:add({ level = "ERROR", timestamp = text(cells.at), message = text(cells.message),
        error = decoded(cells.error) or { exceptions = { { message = text(cells.error) } } },
        origin = { update_id = text(cells.update_id), flow_name = text(cells.flow),
          dataset_name = text(cells.dataset) } }, of)
    end
  end
end

-- Call `take(cells)` for each row of counts, and add what is violated to `found`. Returns the
-- newest problems.
local function from_sql(ws, ask, from, form, take, found)
  local query, params = statements.quality.counts(from, form, ask)
  do
    local rows <close> = ws:sql(query, params, { text = true, warehouse_id = ask.warehouse })
    for cells in rows do
      take(cells)
    end
  end
  read_violations(ws, ask, from, form, found)
  return read_problems(ws, ask, from, form)
end

local function read_counts(ws, ask, from, form)
  local sum = counts.new()
  local problems = from_sql(ws, ask, from, form, function(cells)
    sum:put(as_counted(ask, cells))
  end, sum.violations)
  return sum, problems
end

--- Counts and newest problems of a pipeline from its event log. The field `origin` is a JSON text
-- in the table function and in older tables, and a struct in newer tables.
---@param ws tarn.WorkspaceClient
---@param ask tarn.QualityAsk
---@param from string statements.event_log(...) or .event_log_table(...)
---@return tarn.Counts counts, table[] problems
function M.log(ws, ask, from)
  local sum, problems = fault.try(read_counts, ws, ask, from, "text")
  if sum then
    return sum, problems
  elseif problems.kind ~= "sql" or systemtables.is_missing(problems) then
    fault.raise(problems)
  end
  local again, rest = fault.try(read_counts, ws, ask, from, "struct")
  if not again then
    fault.raise(problems) -- the fault of the first form is the more useful one
  end
  return again, rest
end

--- The same from the table that holds the pipeline's event log.
---@param ws tarn.WorkspaceClient
---@param ask tarn.QualityAsk
---@return tarn.Counts counts, table[] problems
function M.log_table(ws, ask)
  local name = statements.event_log_table(ws.native:pipeline_get(ask.id))
  if not name then
    fault.raise { kind = "sql", op = OP, code = "TABLE_OR_VIEW_NOT_FOUND",
      message = "the pipeline has no catalog and schema, and so no event log table" }
  end
  return M.log(ws, ask, name)
end

--- Counts and newest problems of a pipeline from a system table.
---@param ws tarn.WorkspaceClient
---@param ask tarn.QualityAsk
---@param name string one of statements.quality.EVENTS
---@return tarn.Counts counts, table[] problems
function M.system(ws, ask, name)
  ask.workspace = ws:org_id()
  return read_counts(ws, ask, name, "system")
end

-- ---- many pipelines ----

local function share(part, all)
  return all > 0 and part / all or json.null
end

local function as_row(ask, cells)
  local passed, failed = integer(cells.passed), integer(cells.failed)
  local mixed = ask.count == "auto" and integer(cells.batches) > 0
    and integer(cells.least_batches) == 0
  local row = { pipeline_id = cells.pipeline_id, name = cells.pipeline, dataset = cells.dataset,
    expectation = cells.name, passed = passed, failed = failed,
    pass_rate = share(passed, passed + failed), dropped = integer(cells.dropped) or json.null,
    last_seen = cells.newest, update_count = integer(cells.updates),
    counted = mixed and "mixed" or how_of(ask, cells) }
  if ask.by == "update" then
    row.update_id, row.started = text(cells.update_id), cells.began
  elseif ask.by == "day" then
    row.day = time.iso(integer(cells.day) * DAY_MS):sub(1, 10)
  end
  return row
end

--- Rows and newest problems of all pipelines whose name matches `ask.name` from a system table.
---@param ws tarn.WorkspaceClient
---@param ask tarn.QualityAsk
---@param name string one of statements.quality.EVENTS
---@return table[] rows, table[] problems
function M.many(ws, ask, name)
  local rows, found = json.array {}, violations.new()
  local problems = from_sql(ws, ask, name, "system", function(cells)
    rows[#rows + 1] = as_row(ask, cells)
  end, found)
  found:put_into(rows, ask.by, time.iso)
  table.sort(rows, counts.before)
  return rows, problems
end

return M
