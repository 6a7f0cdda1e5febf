--- Updates: their tables, how they start and stop, and the datasets that they publish.
--
-- Starting an update plans it to its end, with its retries, and stores the plan. `cancel` deletes
-- the part of the plan that lies in the future.

local json = require "native.json"
local errors = require "sandbox.http.errors"
local graph = require "sandbox.pipelines.graph"
local ids = require "sandbox.ids"
local phases = require "sandbox.pipelines.phases"
local planner = require "sandbox.pipelines.run"
local state = require "sandbox.pipelines.state"
local story = require "sandbox.pipelines.story"
local tables = require "sandbox.tables"
local unity = require "sandbox.unity"

local M = {}

-- Other parts may read these tables. An update exists from `created` on and has its `result` from
-- `ended` on; both may lie in the future. A dataset exists from `published` on, unless `deleted`.
-- `ask` is the request as JSON, `config` the settings at the start. `told` is the time up to which
-- the events of a continuous update are written.
M.schema = [[
CREATE TABLE IF NOT EXISTS updates(
  seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, pipeline_id TEXT NOT NULL,
  request_id TEXT NOT NULL, created INTEGER NOT NULL, ended INTEGER, result TEXT,
  phases TEXT NOT NULL, cause TEXT NOT NULL, mode TEXT NOT NULL, full_refresh INTEGER NOT NULL,
  validate_only INTEGER NOT NULL, ask TEXT, config TEXT, cluster_id TEXT,
  run_as_name TEXT NOT NULL, told INTEGER);
CREATE INDEX IF NOT EXISTS updates_by_time ON updates(pipeline_id, created, seq);
CREATE TABLE IF NOT EXISTS datasets(
  pipeline_id TEXT NOT NULL, catalog TEXT NOT NULL, schema TEXT NOT NULL, name TEXT NOT NULL,
  type TEXT NOT NULL, flow_type TEXT NOT NULL, inputs TEXT NOT NULL, expectations TEXT NOT NULL,
  comment TEXT, update_id TEXT NOT NULL, published INTEGER NOT NULL, refreshed INTEGER NOT NULL,
  deleted INTEGER, PRIMARY KEY (pipeline_id, catalog, schema, name)) WITHOUT ROWID;
]] .. graph.schema .. story.schema

-- The real workspace retries five times; two retries show the same and end sooner.
local RETRIES <const> = 2
local RETRY_GAP_MS <const> = 300

local INSERT <const> = [[
INSERT INTO updates(id, pipeline_id, request_id, created, ended, result, phases, cause, mode,
  full_refresh, validate_only, ask, config, cluster_id, run_as_name, told)
VALUES (:id, :pipeline_id, :request_id, :created, :ended, :result, :phases, :cause, :mode,
  :full_refresh, :validate_only, :ask, :config, :cluster_id, :run_as_name, :told)]]

--- Insert a row as it is: for scenarios.
---@param row table
function M.insert(w, row)
  w.db:exec(INSERT, row)
end

--- Write into the event log that the principal created or edited the pipeline.
function M.tell_action(w, row, action, principal)
  story.new(w, row):action(w.clock:now(), action, principal)
end

local PUBLISH <const> = [[
INSERT INTO datasets VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL)
ON CONFLICT DO UPDATE SET type = excluded.type, flow_type = excluded.flow_type,
  inputs = excluded.inputs, expectations = excluded.expectations, comment = excluded.comment,
  refreshed = excluded.refreshed,
  published = CASE WHEN deleted IS NULL THEN published ELSE excluded.published END,
  update_id = CASE WHEN deleted IS NULL THEN update_id ELSE excluded.update_id END,
  deleted = NULL]]

-- The tables that a dataset reads. A private view is a part of the plan of what reads the view, so
-- that its inputs are recorded in its place.
local function recorded_inputs(by_name, dataset, list, seen)
  for _, input in ipairs(dataset.inputs) do
    local inner = by_name[input]
    if not seen[input] then
      seen[input] = true
      if inner and inner.type == "VIEW" then
        recorded_inputs(by_name, inner, list, seen)
      else
        list[#list + 1] = input
      end
    end
  end
  return list
end

local function publish(w, run, run_as_name)
  local setup
  for _, phase in ipairs(run.phases) do
    setup = phase.state == "SETTING_UP_TABLES" and phase.at or setup
  end
  if not setup or run.validate_only or run.failure and run.failure.phase ~= "RUNNING" then
    return
  end
  local log = run.spec.event_log
  if log and log.name and log.catalog and log.schema then
    unity.publish_schema(w, log.catalog, log.schema, run_as_name, setup)
  end
  local by_name = {}
  for _, d in ipairs(run.datasets) do
    by_name[d.full] = d
  end
  for _, d in ipairs(run.datasets) do
    if d.type ~= "VIEW" and d.catalog ~= "hive_metastore" then
      unity.publish_schema(w, d.catalog, d.schema, run_as_name, setup)
    end
    w.db:exec(PUBLISH, {
      run.pipeline_id, d.catalog, d.schema, d.table, d.type, d.flow_type,
      json.encode(json.array(recorded_inputs(by_name, d, {}, {}))),
      json.encode(json.array(d.expectations)),
      d.comment, run.id, setup, run.ended or setup,
    })
  end
end

--- The fields of a start that select the tables of source files.
M.by_path = { "refresh_selection_by_path", "full_refresh_selection_by_path" }

--- The fields of a start that select tables or flows.
M.selections = {
  "refresh_selection", "full_refresh_selection", "reset_checkpoint_selection",
  table.unpack(M.by_path),
}

-- The fields of a request that GET shows, as JSON.
local function shown_part(request)
  local shown = { parameters = request.parameters }
  for _, field in ipairs(M.selections) do
    shown[field] = request[field] and #request[field] > 0 and request[field] or nil
  end
  return next(shown) and json.encode(shown) or nil
end

local function store(w, row, run)
  M.insert(w, {
    id = run.id, pipeline_id = row.id, request_id = run.request_id, created = run.start,
    ended = run.ended, result = run.result, phases = phases.text(run.phases), cause = run.cause,
    mode = run.mode, full_refresh = run.full_refresh and 1 or 0,
    validate_only = run.validate_only and 1 or 0, ask = shown_part(run),
    config = run.development == nil and row.spec or json.encode(run.spec),
    cluster_id = run.cluster_id, run_as_name = row.run_as_name,
    told = not run.ended and run.phases[#run.phases].at or nil,
  })
end

local function conf(run, key)
  return tonumber(run.spec.configuration and run.spec.configuration[key])
end

local function duration_of(w, row)
  local spec = errors.decode(row.spec)
  local asked = tonumber(spec.configuration and spec.configuration["sandbox.duration_ms"])
  return math.max(100, math.floor(asked or w.run_ms))
end

local function may_retry(run)
  local limit = conf(run, "pipelines.numUpdateRetryAttempts") or RETRIES
  return run.failure and not run.failure.fatal and not run.spec.development
    and not run.validate_only and not run.brief and run.attempt <= limit
end

--- Start an update now, or at `request.start`; inside of a transaction.
---@param w table
---@param row table of table `pipelines`
---@param request table fields of the request; scenarios also set `id`, `start`, `total` (ms),
-- `fail` and `brief`
---@param principal? table the user who started it; nil: not a user
---@return string update_id of the first attempt
---@return table run the last attempt
function M.begin(w, row, request, principal)
  local id = request.id or ids.uuid()
  local request_id = request.id and ids.fixed(6, ids.hash(request.id)) or ids.uuid()
  local start, cause = request.start or w.clock:now(), request.cause or "API_CALL"
  local attempt, attempt_id, run = 1, id
  w.db:exec("DELETE FROM updates WHERE pipeline_id = ? AND created > ?", { row.id, start })
  w.db:exec("DELETE FROM events WHERE pipeline_id = ? AND ts > ?", { row.id, start })
  repeat
    run = planner.plan(w, row, tables.merged(request, {
      attempt = attempt, total = request.total or duration_of(w, row), id = attempt_id,
      request_id = request_id, start = start, cause = cause,
    }))
    store(w, row, run)
    if request.brief then
      planner.tell_briefly(w, row, run)
    else
      planner.tell(w, row, run, attempt == 1 and principal or nil)
    end
    publish(w, run, row.run_as_name)
    request.datasets, request.steps = run.datasets, run.steps
    attempt, cause = attempt + 1, "RETRY_ON_FAILURE"
    attempt_id = request.id and ids.fixed(5, ids.hash(request.id) + attempt) or ids.uuid()
    start = (run.ended or 0) + RETRY_GAP_MS
  until not may_retry(run)
  return id, run
end

-- Write that the flows which were running are stopped.
local function stop_flows(w, row, update, log, now)
  local last = w.db:query([[
    SELECT body FROM events WHERE pipeline_id = ? AND update_id = ? AND type = 'flow_progress'
    AND ts <= ? ORDER BY ts, n]], { row.id, update.id, now })
  local status, flows = {}, {}
  for _, event in ipairs(last) do
    local body = errors.decode(event.body)
    local name = body.origin.flow_name
    if not status[name] then
      flows[#flows + 1] = { shown = name, full = name, type = "STREAMING_TABLE" }
    end
    status[name] = body.details.flow_progress.status
  end
  for _, flow in ipairs(flows) do
    if status[flow.shown] ~= "COMPLETED" and status[flow.shown] ~= "EXCLUDED" then
      log:flow(now + 1, flow, "STOPPED", { level = "WARN" })
    end
  end
end

--- Stop the active update of a pipeline, if there is one, and delete its planned retries; inside
-- of a transaction.
---@param w table
---@param row table of table `pipelines`
---@param principal table
---@param at? integer a scenario stops updates in the past; default: now
function M.cancel(w, row, principal, at)
  local now = at or w.clock:now()
  w.db:exec("DELETE FROM updates WHERE pipeline_id = ? AND created > ?", { row.id, now })
  w.db:exec("DELETE FROM events WHERE pipeline_id = ? AND ts > ?", { row.id, now })
  w.db:exec("DELETE FROM datasets WHERE pipeline_id = ? AND published > ?", { row.id, now })
  unity.cancel_schemas(w, now)
  local update = state.find_active(w, row.id, now)
  if not update then
    return
  end
  local list = {}
  for _, phase in ipairs(phases.list(update.phases)) do
    if phase.at <= now then
      list[#list + 1] = phase
    end
  end
  local ended = now + math.min(400, w.run_ms // 8)
  list[#list + 1] = { state = "STOPPING", at = now }
  list[#list + 1] = { state = "CANCELED", at = ended }
  w.db:exec("UPDATE updates SET phases = ?, ended = ?, result = 'CANCELED', told = NULL "
    .. "WHERE id = ?", { phases.text(list), ended, update.id })
  local full = w.db:find_row("SELECT id, request_id, cluster_id FROM updates WHERE id = ?",
    { update.id })
  local log = story.new(w, row, full)
  log.count = 5000 -- after the events that the plan has in the same millisecond
  log:action(now, "STOP", principal)
  log:progress(now, "STOPPING")
  stop_flows(w, row, update, log, now)
  log:progress(ended, "CANCELED", { cause = "USER_ACTION" })
end

return M
