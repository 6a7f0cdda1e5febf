--- `GET /api/2.0/pipelines/{id}/events` (api B.1), and the event log of continuous pipelines.

local errors = require "sandbox.http.errors"
local filter = require "sandbox.pipelines.filter"
local graph = require "sandbox.pipelines.graph"
local ids = require "sandbox.ids"
local measure = require "sandbox.pipelines.measure"
local paging = require "sandbox.http.paging"
local reply = require "sandbox.http.reply"
local run = require "sandbox.pipelines.run"
local state = require "sandbox.pipelines.state"
local story = require "sandbox.pipelines.story"

local M = {}

local DEFAULT_SIZE <const>, MAX_SIZE <const> = 25, 1000
local TICK_MS <const> = 30000 -- between two reports of a flow of a continuous pipeline
local MAX_TICKS <const> = 40  -- reports written for a time in which nobody read the log
local BEHIND_BYTES <const> = 40000000 -- a larger backlog makes the report a warning

local function tell_tick(log, flow, at)
  local metrics = measure.metrics(ids.hash(flow.full) + at, flow, false)
  local behind = (metrics.backlog_bytes or 0) > BEHIND_BYTES
  flow.batch = at // TICK_MS
  log:flow(at, flow, "RUNNING", {
    metrics = metrics,
    data_quality = measure.quality(ids.hash(flow.full) + at, flow,
      metrics.num_output_rows or metrics.num_upserted_rows),
    level = behind and "WARN" or nil,
    message = behind and ("Flow '%s' is RUNNING and falls behind: %d files wait.")
      :format(flow.shown, metrics.backlog_files) or nil,
  })
end

local function tell_ticks(w, row, update, now)
  local spec = errors.decode(row.spec)
  local plan = { spec = spec, datasets = graph.of(w, row.id, spec) }
  run.set_shown(plan)
  local log = story.new(w, row, update)
  local first = math.max(update.told, now - MAX_TICKS * TICK_MS)
  local offset = ids.pick(ids.hash(row.id), TICK_MS) -- pipelines report at different times
  local at = first - (first - offset) % TICK_MS + TICK_MS
  while at <= now do
    log.salt = ids.hash(update.id) + at
    log.count = 0
    for _, flow in ipairs(plan.datasets) do
      if flow.type ~= "VIEW" then
        tell_tick(log, flow, at)
      end
    end
    at = at + TICK_MS
  end
  w.db:exec("UPDATE updates SET told = ? WHERE id = ?", { now, update.id })
end

local OPEN <const> = "SELECT id, request_id, cluster_id, told FROM updates WHERE pipeline_id = ? "
  .. "AND ended IS NULL AND told IS NOT NULL AND told <= ?"

--- Write the events of a continuous pipeline since the log was last read.
---@param w table
---@param row table of table `pipelines`
function M.catch_up(w, row)
  local now = w.clock:now()
  if w.db:find_row(OPEN, { row.id, now - TICK_MS }) then
    w:write(function()
      local update = w.db:find_row(OPEN, { row.id, now - TICK_MS })
      if update then -- another process may have written them
        tell_ticks(w, row, update, now)
      end
    end)
  end
end

--- The same for all pipelines of the workspace, before a statement reads the event tables.
---@param w table
function M.catch_up_all(w)
  local rows = w.db:query([[
    SELECT p.* FROM pipelines AS p JOIN updates AS u ON u.pipeline_id = p.id
    WHERE u.ended IS NULL AND u.told <= ? AND p.deleted IS NULL]], { w.clock:now() - TICK_MS })
  for _, row in ipairs(rows) do
    M.catch_up(w, row)
  end
end

local function is_ascending(order_by)
  local text = order_by or ""
  if type(text) == "table" then
    if #text > 1 then
      errors.invalid "order_by takes one field: 'timestamp asc' or 'timestamp desc'."
    end
    text = text[1]
  end
  local direction = text:lower():match "^%s*timestamp%s*(%a*)%s*$"
  if text ~= "" and direction ~= "" and direction ~= "asc" and direction ~= "desc" then
    errors.invalid("Invalid order_by: '%s'. Use 'timestamp asc' or 'timestamp desc'.", text)
  end
  return direction == "asc" or direction == "" and text ~= ""
end

-- The filter and order of a listing, and its position: from the request, or from the page token,
-- which holds those of the first page.
local function query_of(req, token)
  local query = req.query
  if not token then
    return query.filter or "", is_ascending(query.order_by)
  end
  if req.server.strict and (query.filter or query.order_by) then
    errors.invalid "page_token cannot be combined with any field but max_results."
  end
  local keys = paging.keys("events|" .. req.params.id, token)
  local ascending = keys[4] == "asc"
  if query.filter and query.filter ~= keys[5]
    or query.order_by and is_ascending(query.order_by) ~= ascending then
    errors.invalid "The page token is not valid for this request."
  end
  return keys[5], ascending, keys[1], keys[2], keys[3]
end

local SELECT <const> = "SELECT body, ts, n FROM events WHERE pipeline_id = ? AND ts <= ? "
  .. "AND %s AND %s ORDER BY ts %s, n %s LIMIT ?"

local function rows_of(w, params, where, after, ascending)
  local order = ascending and "ASC" or "DESC"
  local rows = {}
  local statement = w.db:prepare(SELECT:format(where, after, order, order))
  for row in statement:rows(params) do
    rows[#rows + 1] = row
  end
  statement:close()
  return rows
end

local function token_for(req, direction, row, ascending, text)
  return paging.token("events|" .. req.params.id, direction, row[2], row[3],
    ascending and "asc" or "desc", text)
end

local function list(w, req)
  local pipeline = state.check_row(w, req, "CAN_VIEW")
  M.catch_up(w, pipeline)
  local size = paging.size(req.query, DEFAULT_SIZE, MAX_SIZE)
  local text, ascending, direction, ts, n = query_of(req, paging.find_token(req.query))
  local params = { pipeline.id, w.clock:now() }
  local where = text:find "%S" and filter.sql(text, params) or "1"
  local back = direction == "prev"
  local after = "1"
  if direction then
    after = ("(ts, n) %s (?, ?)"):format((ascending ~= back) and ">" or "<")
    params[#params + 1], params[#params + 2] = ts, n
  end
  params[#params + 1] = size + 1
  local rows = rows_of(w, params, where, after, ascending ~= back)
  local more = #rows > size
  rows[size + 1] = nil
  local bodies = {}
  for i, row in ipairs(rows) do
    bodies[back and #rows - i + 1 or i] = row[1]
  end
  local first, last = rows[back and #rows or 1], rows[back and 1 or #rows]
  local out = {}
  if first then
    out[1] = '"events":[' .. table.concat(bodies, ",") .. "]"
  end
  if first and (back or more) then
    out[#out + 1] = ('"next_page_token":"%s"'):format(
      token_for(req, "next", last, ascending, text))
  end
  if first and (direction == "next" or back and more) then
    out[#out + 1] = ('"prev_page_token":"%s"'):format(
      token_for(req, "prev", first, ascending, text))
  end
  return reply.json("{" .. table.concat(out, ",") .. "}")
end

M.routes = {
  { "GET", "/api/2.0/pipelines/{id}/events", list },
}

return M
