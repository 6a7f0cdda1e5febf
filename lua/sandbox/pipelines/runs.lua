--- The routes of updates: start, stop, list, get (api A.11).

local json = require "native.json"
local clock = require "sandbox.clock"
local errors = require "sandbox.http.errors"
local form = require "sandbox.pipelines.form"
local graph = require "sandbox.pipelines.graph"
local paging = require "sandbox.http.paging"
local reply = require "sandbox.http.reply"
local specs = require "sandbox.pipelines.spec"
local state = require "sandbox.pipelines.state"
local tree = require "sandbox.files.tree"
local updates = require "sandbox.pipelines.updates"

local M = {}

local DEFAULT_SIZE <const>, MAX_SIZE <const> = 25, 100

local CAUSES <const> = {
  API_CALL = true, INFRASTRUCTURE_MAINTENANCE = true, JOB_TASK = true, RETRY_ON_FAILURE = true,
  SCHEMA_CHANGE = true, SERVICE_UPGRADE = true, USER_ACTION = true,
}

-- The object paths of a pipeline's sources, as a set.
local function source_paths(w, row)
  local paths = {}
  for _, dataset in ipairs((graph.of(w, row.id, json.decode(row.spec)))) do
    if dataset.path then
      paths[dataset.path] = true
    end
  end
  return paths
end

local function check_paths(w, row, body)
  local known
  for _, field in ipairs(updates.by_path) do
    for _, path in ipairs(body[field] or {}) do
      known = known or source_paths(w, row)
      if not known[tree.path(path)] then
        errors.invalid("The path '%s' in %s is not a source file of pipeline %s that defines "
          .. "tables.", path, field, row.id)
      end
    end
  end
end

local function has_selection(body)
  for _, field in ipairs(updates.selections) do
    if field ~= "reset_checkpoint_selection" and #(body[field] or {}) > 0 then
      return true
    end
  end
  return false
end

local function find_flow(datasets, name)
  name = name:lower()
  for _, dataset in ipairs(datasets) do
    if dataset.full == name or dataset.table == name
      or dataset.schema .. "." .. dataset.table == name then
      return dataset
    end
  end
end

local function check_overrides(w, row, list)
  local flows = #list > 0 and graph.of(w, row.id, json.decode(row.spec))
  for i, override in ipairs(list) do
    local path = ("replace_where_overrides[%d]"):format(i - 1)
    local name = override.flow_name
    if not name or name == "" or not override.predicate_override then
      errors.invalid("%s must have 'flow_name' and 'predicate_override'.", path)
    end
    local flow = find_flow(flows, name)
    if not flow then
      errors.invalid("%s: the pipeline %s has no flow '%s'.", path, row.id, name)
    elseif not flow.replace_where then
      errors.invalid("%s: the flow '%s' is not a replace_where flow.", path, name)
    end
  end
end

local function check_rewind(w, row, rewind)
  if not rewind.rewind_timestamp then
    errors.invalid "'rewind_timestamp' must be set in rewind_spec."
  elseif not clock.find_ms(rewind.rewind_timestamp) then
    errors.invalid("'%s' is not a timestamp.", rewind.rewind_timestamp)
  end
  local flows = rewind.datasets and graph.of(w, row.id, json.decode(row.spec))
  for i, dataset in ipairs(rewind.datasets or {}) do
    if dataset.cascade == nil then
      errors.invalid "'cascade' must be set for every dataset of rewind_spec."
    elseif not dataset.identifier or not find_flow(flows, dataset.identifier) then
      errors.invalid("rewind_spec.datasets[%d]: the pipeline %s has no dataset '%s'.", i - 1,
        row.id, dataset.identifier or "")
    end
  end
end

local function check_start(w, row, body)
  if body.cause ~= nil and not CAUSES[body.cause] then
    errors.invalid("'%s' is not a cause of an update.", body.cause)
  elseif body.full_refresh and has_selection(body) then
    errors.invalid "'full_refresh' cannot be set together with a selection of tables."
  end
  check_paths(w, row, body)
  check_overrides(w, row, body.replace_where_overrides or {})
  if body.rewind_spec then
    check_rewind(w, row, body.rewind_spec)
  end
end

local function start(w, req)
  local body = req.body
  check_start(w, state.check_row(w, req, "CAN_RUN"), body)
  return w:write(function()
    local row = state.check_row(w, req, "CAN_RUN")
    local active = state.find_active(w, row.id)
    if active then
      errors.conflict(("An active update '%s' already exists for pipeline '%s'."):format(
        active.id, row.id))
    end
    local request = {
      cause = body.cause, full_refresh = body.full_refresh, validate_only = body.validate_only,
      parameters = body.parameters, development = body.development,
    }
    for _, field in ipairs(updates.selections) do
      request[field] = body[field]
    end
    return { update_id = (updates.begin(w, row, request, req.principal)) }
  end)
end

local function stop(w, req)
  state.check_row(w, req, "CAN_RUN")
  return w:write(function()
    updates.cancel(w, state.check_row(w, req, "CAN_RUN"), req.principal)
    return {}
  end)
end

-- An update as the API shows it.
---@param w table
---@param row table of table `updates`
---@return table
function M.info(w, row)
  local now = w.clock:now()
  local current = state.of_update(row, now)
  local out = row.ask and errors.decode(row.ask) or {}
  out.update_id, out.pipeline_id, out.state = row.id, row.pipeline_id, current
  out.cause, out.creation_time = row.cause, row.created
  out.full_refresh, out.validate_only = row.full_refresh ~= 0, row.validate_only ~= 0
  out.cluster_id = row.cluster_id
  return out
end

local function get(w, req)
  state.check_row(w, req, "CAN_VIEW")
  local id = req.params.update_id
  local row = w.db:find_row("SELECT * FROM updates WHERE id = ? AND pipeline_id = ? "
    .. "AND created <= ?", { id, req.params.id, w.clock:now() })
  if not row then
    errors.missing("The specified update %s was not found.", id)
  end
  local out = M.info(w, row)
  out.mode = row.mode
  local settings = row.config
  if not settings then
    settings = w.db:find_row("SELECT spec FROM pipelines WHERE id = ?", { req.params.id }).spec
  end
  out.config = specs.effective(errors.decode(settings))
  return { update = out }
end

local LIST <const> = [[
SELECT * FROM updates WHERE pipeline_id = :pipeline AND created <= :now
  AND (created, seq) >= (:until, :until_seq) AND %s ORDER BY created %s, seq %s LIMIT :limit]]

local function find_limit(w, req)
  local id = req.query.until_update_id
  if id == nil or id == "" then
    return 0, 0
  end
  local row = w.db:find_row("SELECT created, seq FROM updates WHERE id = ? AND pipeline_id = ?",
    { id, req.params.id })
  if not row then
    errors.missing("The specified update %s was not found.", id)
  end
  return row.created, row.seq
end

-- The rows of a page, newest first: `next` are older than the token's row, `prev` newer.
local function page_rows(w, params, direction)
  local position, order = "1", "DESC"
  if direction == "next" then
    position = "(created, seq) < (:at, :seq)"
  elseif direction == "prev" then
    position, order = "(created, seq) > (:at, :seq)", "ASC"
  end
  local rows = w.db:query(LIST:format(position, order, order), params)
  local more = #rows == params.limit
  rows[params.limit] = nil
  if direction == "prev" then
    for i = 1, #rows // 2 do
      rows[i], rows[#rows - i + 1] = rows[#rows - i + 1], rows[i]
    end
  end
  return rows, more
end

local function list(w, req)
  state.check_row(w, req, "CAN_VIEW")
  local size = paging.size(req.query, DEFAULT_SIZE, MAX_SIZE)
  local kind = ("updates|%s|%s"):format(req.params.id, tostring(req.query.until_update_id))
  local params = { pipeline = req.params.id, now = w.clock:now(), limit = size + 1 }
  params["until"], params.until_seq = find_limit(w, req)
  local token, direction = paging.find_token(req.query), "first"
  if token then
    local keys = paging.keys(kind, token)
    direction, params.at, params.seq = keys[1], keys[2], keys[3]
  end
  local rows, more = page_rows(w, params, direction)
  local out = {}
  for i, row in ipairs(rows) do
    out[i] = M.info(w, row)
  end
  local first, last = rows[1], rows[#rows]
  local has_next = direction == "prev" and first ~= nil or direction ~= "prev" and more
  local has_prev = direction == "next" and first ~= nil or direction == "prev" and more
  return reply.value {
    updates = #out > 0 and out or nil,
    next_page_token = has_next and paging.token(kind, "next", last.created, last.seq) or nil,
    prev_page_token = has_prev and paging.token(kind, "prev", first.created, first.seq) or nil,
  }
end

local PATH <const> = "/api/2.0/pipelines/{id}"

M.routes = {
  { "POST", PATH .. "/updates", start, { body = form.start } },
  { "GET", PATH .. "/updates", list },
  { "GET", PATH .. "/updates/{update_id}", get },
  { "POST", PATH .. "/stop", stop },
}

return M
