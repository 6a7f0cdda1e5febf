--- /api/2.0/sql/statements: submit, poll, fetch chunks, cancel (api D.1 to D.4).
--
-- A statement waits for its warehouse (PENDING), then for its duration (RUNNING), and is executed
-- by the first request after that. A comment in the statement may set the duration, the rows of a
-- chunk, how long links are valid, and that the result is gone once it was fetched:
-- `/* sandbox.duration_ms=3000 */`, `sandbox.chunk_rows=2`, `sandbox.link_seconds=1`,
-- `sandbox.closed=1`.

local task = require "native.task"
local errors = require "sandbox.http.errors"
local result = require "sandbox.sql.result"
local sql = require "sandbox.sql"
local sqlerror = require "sandbox.sql.error"
local types = require "sandbox.sql.types"
local warehouses = require "sandbox.sql.warehouses"

local M = {}

local DURATION_MS <const> = 20
local MAX_TEXT <const> = 16 * 1024 * 1024
local RESULT_MS <const> = 3600 * 1000      -- a result is kept for an hour
local STATEMENT_MS <const> = 12 * RESULT_MS -- a statement is kept for half a day
local MAX_STATEMENTS <const> = 500         -- kept in memory; the oldest are dropped
local POLL_SECONDS <const> = 0.05          -- between polls while a request waits

local ENDS <const> = { SUCCEEDED = true, FAILED = true, CANCELED = true, CLOSED = true }

local function new_id()
  local a, b = math.random(0), math.random(0)
  return ("01f1%04x-%04x-1%03x-8%03x-%012x"):format(a >> 48 & 0xffff, a >> 32 & 0xffff,
    a >> 20 & 0xfff, a & 0xfff, b & 0xffffffffffff)
end

local function is_text(value)
  return type(value) == "string" and value ~= ""
end

local function check_wait(body)
  local wait = body.wait_timeout or "10s"
  local seconds = math.tointeger(tonumber(wait:match "^(%d+)s$"))
  if not seconds or seconds ~= 0 and (seconds < 5 or seconds > 50) then
    errors.invalid("wait_timeout must be 0s, or between 5s and 50s: %s", wait)
  end
  local after = body.on_wait_timeout or "CONTINUE"
  if after ~= "CONTINUE" and after ~= "CANCEL" then
    errors.invalid("on_wait_timeout must be CONTINUE or CANCEL: %s", after)
  elseif after == "CANCEL" and seconds == 0 then
    errors.invalid "on_wait_timeout cannot be CANCEL when wait_timeout is 0s."
  end
  return seconds, after
end

local FORMATS <const> = { JSON_ARRAY = true, CSV = true, ARROW_STREAM = true }

local function check_format(body)
  local disposition, format = body.disposition or "INLINE", body.format or "JSON_ARRAY"
  if disposition ~= "INLINE" and disposition ~= "EXTERNAL_LINKS" then
    errors.invalid("disposition must be INLINE or EXTERNAL_LINKS: %s", disposition)
  elseif not FORMATS[format] then
    errors.invalid("format must be JSON_ARRAY, ARROW_STREAM or CSV: %s", format)
  elseif disposition == "INLINE" and format ~= "JSON_ARRAY" then
    errors.invalid("The format %s is only supported with disposition EXTERNAL_LINKS.", format)
  elseif format == "ARROW_STREAM" then
    errors.raise(501, "NOT_IMPLEMENTED", "The embedded workspace does not write ARROW_STREAM.")
  end
  return disposition, format
end

local function check_limit(body, name)
  local value = body[name]
  if value == nil then
    return nil
  end
  local limit = value
  if limit < 1 then
    errors.invalid("%s must be a positive integer.", name)
  end
  return limit
end

-- Parameters by name; and the failure of the statement if a value does not fit its type.
local function check_parameters(list)
  local params, bad = {}, nil
  for _, param in ipairs(list or {}) do
    if not is_text(param.name) then
      errors.invalid "Each parameter needs a name."
    end
    local kind, value = param.type or "STRING", param.value
    if not types.is_scalar(kind) then
      errors.invalid("Parameter %s has the unsupported type %s.", param.name, kind)
    end
    local ok, converted = true, nil
    if value then
      ok, converted = pcall(types.value, value, kind)
      bad = bad or not ok and converted or nil
    end
    params[param.name] = { value = ok and converted or nil, type = kind }
  end
  return params, bad
end

local function hints(text)
  local found = {}
  for name, value in text:gmatch "sandbox%.([%w_]+)%s*=%s*(%d+)" do
    found[name] = math.tointeger(tonumber(value))
  end
  return found
end

local function check(w, body)
  if not is_text(body.warehouse_id) then
    errors.invalid "warehouse_id is required."
  elseif not is_text(body.statement) then
    errors.invalid "statement is required."
  elseif #body.statement > MAX_TEXT then
    errors.invalid("The statement is longer than %d bytes.", MAX_TEXT)
  elseif body.query_tags and #body.query_tags > 20 then
    errors.invalid "At most 20 query_tags can be given."
  end
  return warehouses.find(w, body.warehouse_id)
    or errors.invalid("%s is not a valid endpoint id.", body.warehouse_id)
end

local function statements_of(w)
  w.cache.statements = w.cache.statements or { by_id = {}, order = {} }
  return w.cache.statements
end

local function keep(w, statement)
  local all = statements_of(w)
  all.by_id[statement.id] = statement
  all.order[#all.order + 1] = statement.id
  if #all.order > MAX_STATEMENTS then
    all.by_id[table.remove(all.order, 1)] = nil
  end
end

local function submit(w, principal, body, warehouse)
  local disposition, format = check_format(body)
  local params, bad = check_parameters(body.parameters)
  local hint = hints(body.statement)
  local now = w.clock:now()
  local ready = math.max(now, warehouses.wake(w, warehouse))
  local statement = {
    id = new_id(), principal = principal, text = body.statement, params = params, bad = bad,
    created = now, warehouse_id = warehouse.id,
    catalog = is_text(body.catalog) and body.catalog or nil,
    schema = is_text(body.schema) and body.schema or nil,
    row_limit = check_limit(body, "row_limit"), byte_limit = check_limit(body, "byte_limit"),
    disposition = disposition, format = format, hint = hint, ready = ready,
    finish = ready + (hint.duration_ms or DURATION_MS),
  }
  keep(w, statement)
  return statement
end

local function fail(statement, e)
  statement.state, statement.failure = "FAILED", e
end

local function execute(w, s)
  if s.bad then
    return fail(s, s.bad)
  end
  local ok, rows = pcall(sql.run, w, s, s.text, s.params, s.row_limit)
  if not ok then
    if not sqlerror.is(rows) then
      error(rows, 0)
    end
    return fail(s, rows)
  end
  local made, failure = result.make(s, rows)
  if failure then
    return fail(s, { error_code = "BAD_REQUEST", message = failure })
  end
  s.result, s.state, s.rows = made, "SUCCEEDED", made.manifest.total_row_count
end

-- Bring a statement to its present state, which is returned.
local function settle(w, s)
  local now = w.clock:now()
  if s.state == "SUCCEEDED" and (now > s.finish + RESULT_MS or s.hint.closed and s.seen) then
    s.state, s.result = "CLOSED", nil
  elseif not ENDS[s.state] then
    s.state = now < s.ready and "PENDING" or "RUNNING"
    if now >= s.finish then
      execute(w, s)
    end
  end
  return s.state
end

--- The statements that are kept, the newest first, each in its present state.
---@param w table
---@return table[]
function M.all(w)
  local all, list = statements_of(w), {}
  for i = #all.order, 1, -1 do
    local s = all.by_id[all.order[i]]
    settle(w, s)
    list[#list + 1] = s
  end
  return list
end

local function show(s, req)
  local status = { state = s.state }
  if s.failure then
    status.error = { error_code = s.failure.error_code, message = s.failure.message }
    status.sql_state = s.failure.sql_state
  end
  local answer = { statement_id = s.id, status = status }
  if s.state == "SUCCEEDED" then
    answer.manifest = s.result.manifest
    answer.result = result.chunk(s, 0, req) or {}
    s.seen = true
  end
  return answer
end

local function cancel(s)
  if not ENDS[s.state] then
    s.state = "CANCELED"
  end
end

local function post(w, req)
  local warehouse = check(w, req.body)
  local seconds, after = check_wait(req.body)
  local s = submit(w, req.principal, req.body, warehouse)
  local deadline = task.now() + seconds
  while not ENDS[settle(w, s)] and task.now() < deadline do
    local left = math.max(s.finish - w.clock:now(), 1) / 1000
    task.sleep(math.min(left, POLL_SECONDS, deadline - task.now()))
  end
  if after == "CANCEL" then
    cancel(s)
  end
  return show(s, req)
end

local function find(w, req)
  local id = req.params.id
  local s = statements_of(w).by_id[id]
  local gone = s and w.clock:now() > s.finish + STATEMENT_MS
  if not s or gone or s.principal.user_name ~= req.principal.user_name then
    errors.missing("The statement %s was not found.", id)
  end
  settle(w, s)
  return s
end

local function get(w, req)
  return show(find(w, req), req)
end

local function chunk(w, req)
  local s = find(w, req)
  local n = math.tointeger(tonumber(req.params.chunk))
  if s.state == "CLOSED" then
    errors.missing("The result of statement %s is no longer available.", s.id)
  elseif s.state ~= "SUCCEEDED" then
    errors.invalid("The statement %s has no result: its state is %s.", s.id, s.state)
  end
  return n and result.chunk(s, n, req)
    or errors.invalid("The chunk %s does not exist.", req.params.chunk)
end

local function post_cancel(w, req)
  cancel(find(w, req))
  return {}
end

local FORM <const> = {
  warehouse_id = "string", statement = "string", catalog = "string", schema = "string",
  wait_timeout = "string", on_wait_timeout = "string", disposition = "string",
  format = "string", row_limit = "integer", byte_limit = "integer",
  parameters = { { name = "string", value = "string", type = "string" } },
  query_tags = { { key = "string", value = "string" } },
}

local PATH <const> = "/api/2.0/sql/statements"

M.routes = {
  { "POST", PATH, post, { body = FORM } },
  { "GET", PATH .. "/{id}", get },
  { "GET", PATH .. "/{id}/result/chunks/{chunk}", chunk },
  { "POST", PATH .. "/{id}/cancel", post_cancel },
  { "GET", "/external/{token}", result.download, { public = true } },
}

return M
