--- /api/2.0/sql/history/queries: the statements that the workspace has run, the newest first.

local errors = require "sandbox.http.errors"
local fields = require "sandbox.http.fields"
local paging = require "sandbox.http.paging"
local statements = require "sandbox.sql.statements"

local M = {}

local PAGE <const>, MAX_PAGE <const> = 100, 1000

local STATUS <const> = {
  PENDING = "QUEUED", RUNNING = "RUNNING", SUCCEEDED = "FINISHED", CLOSED = "FINISHED",
  FAILED = "FAILED", CANCELED = "CANCELED",
}

local FINAL <const> = { FINISHED = true, FAILED = true, CANCELED = true }

local KINDS <const> = { SELECT = "SELECT", WITH = "SELECT", SHOW = "SHOW", DESCRIBE = "DESCRIBE" }

local function info(s, with_metrics)
  local status = STATUS[s.state]
  local duration = s.finish - s.created
  return {
    query_id = s.id, status = status, query_text = s.text, user_name = s.principal.user_name,
    user_id = s.principal.id, executed_as_user_name = s.principal.user_name,
    executed_as_user_id = s.principal.id, warehouse_id = s.warehouse_id,
    endpoint_id = s.warehouse_id, query_start_time_ms = s.created,
    execution_end_time_ms = FINAL[status] and s.finish or nil,
    query_end_time_ms = FINAL[status] and s.finish or nil,
    duration = FINAL[status] and duration or nil, is_final = FINAL[status] or false,
    rows_produced = s.rows, error_message = s.failure and s.failure.message or nil,
    statement_type = KINDS[(s.text:match "^%s*(%a+)" or ""):upper()] or "OTHER",
    metrics = with_metrics and { total_time_ms = duration, rows_produced_count = s.rows or 0,
      execution_time_ms = duration } or nil,
  }
end

-- Does a query pass the filters of the request?
local function test_of(query)
  local statuses = fields.set(query["filter_by.statuses"])
  local ids = fields.set(query["filter_by.statement_ids"])
  local users = fields.set(query["filter_by.user_ids"])
  local warehouses = fields.set(query["filter_by.warehouse_ids"])
  for status in pairs(statuses or {}) do
    if status ~= "QUEUED" and status ~= "RUNNING" and not FINAL[status] then
      errors.invalid("'%s' is not a status of a query.", status)
    end
  end
  local range = "filter_by.query_start_time_range."
  local from = fields.integer(query, range .. "start_time_ms", math.mininteger, 0)
  local to = fields.integer(query, range .. "end_time_ms", math.maxinteger, 0)
  return function(q)
    return (not statuses or statuses[q.status]) and (not ids or ids[q.query_id])
      and (not users or users[("%d"):format(q.user_id)])
      and (not warehouses or warehouses[q.warehouse_id])
      and q.query_start_time_ms >= from and q.query_start_time_ms <= to
  end
end

local function list(w, req)
  local query, principal = req.query, req.principal
  local test = test_of(query)
  local size = fields.integer(query, "max_results", PAGE, 1, MAX_PAGE)
  local metrics, found = fields.flag(query, "include_metrics"), {}
  for _, s in ipairs(statements.all(w)) do
    local mine = principal.admin or s.principal.user_name == principal.user_name
    local q = mine and info(s, metrics)
    if q and test(q) then
      found[#found + 1] = q
    end
  end
  local page, more = paging.page(query, "history", found, size, "query_id")
  return { res = #page > 0 and page or nil, next_page_token = more, has_next_page = more ~= nil }
end

local LISTS <const> = {
  ["filter_by.statuses"] = true, ["filter_by.statement_ids"] = true,
  ["filter_by.user_ids"] = true, ["filter_by.warehouse_ids"] = true,
}

M.routes = {
  { "GET", "/api/2.0/sql/history/queries", list, { lists = LISTS } },
}

return M
