--- Pipelines: create, get, edit, delete (api A.3 to A.5, A.10).
--
-- The settings are stored as the JSON of the request, so that unknown fields are kept.

local json = require "native.json"
local errors = require "sandbox.http.errors"
local fields = require "sandbox.http.fields"
local form = require "sandbox.pipelines.form"
local ids = require "sandbox.ids"
local listing = require "sandbox.pipelines.listing"
local reply = require "sandbox.http.reply"
local specs = require "sandbox.pipelines.spec"
local state = require "sandbox.pipelines.state"
local updates = require "sandbox.pipelines.updates"

local M = {}

local MAX_PIPELINES <const> = 12000 -- saved pipelines in a workspace, api A.14

-- Other parts may read these tables. `deleted` may lie in the future while a pipeline is being
-- deleted. `kind` is the pipeline_type of an event's origin. `state`, `cause` and `health` are NULL
-- unless the scenario sets them. `run_as` is the setting, `run_as_name` the principal.
M.schema = [[
CREATE TABLE IF NOT EXISTS pipelines(
  id TEXT PRIMARY KEY, name TEXT NOT NULL, kind TEXT NOT NULL, creator TEXT NOT NULL,
  run_as TEXT, run_as_name TEXT NOT NULL, parameters TEXT, spec TEXT NOT NULL,
  created INTEGER NOT NULL, modified INTEGER NOT NULL, deleted INTEGER,
  state TEXT, state_at INTEGER, cause TEXT, health TEXT) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS pipelines_by_name ON pipelines(name, id);
CREATE TABLE IF NOT EXISTS pipeline_versions(
  id TEXT NOT NULL, name TEXT NOT NULL, kind TEXT NOT NULL, creator TEXT NOT NULL,
  run_as_name TEXT NOT NULL, spec TEXT NOT NULL, created INTEGER NOT NULL,
  modified INTEGER NOT NULL, deleted INTEGER, PRIMARY KEY (id, modified)) WITHOUT ROWID;
CREATE VIEW IF NOT EXISTS pipeline_history AS
  SELECT id, name, kind, creator, run_as_name, spec, created, modified, deleted
    FROM pipeline_versions
  UNION ALL
  SELECT id, name, kind, creator, run_as_name, spec, created, modified, deleted FROM pipelines;
]]

local INSERT <const> = [[
INSERT INTO pipelines(id, name, kind, creator, run_as, run_as_name, parameters, spec,
  created, modified, state, state_at, cause, health)
VALUES (:id, :name, :kind, :creator, :run_as, :run_as_name, :parameters, :spec,
  :created, :modified, :state, :state_at, :cause, :health)]]

--- Insert a row as it is: for scenarios.
---@param row table
function M.insert(w, row)
  w.db:exec(INSERT, row)
end

--- The pipeline_type in the origin of events, for a pipeline with these settings.
---@param spec table
---@return string
function M.kind_of(spec)
  if spec.ingestion_definition then
    return "MANAGED_INGESTION"
  elseif spec.gateway_definition then
    return "INGESTION_GATEWAY"
  end
  return type(spec.pipeline_type) == "string" and spec.pipeline_type or "WORKSPACE"
end

--- The row of the pipeline that a request names. 400 for an id that is not a UUID, 404 for a
-- pipeline that does not exist, 403 if the caller does not have that level.
---@param level string
---@return table
function M.check_row(w, req, level)
  local id = req.params.id
  if not id:find "^%x+%-%x+%-%x+%-%x+%-%x+$" or #id ~= 36 then
    errors.invalid("Invalid pipeline id: '%s' is not a UUID.", id)
  end
  return state.check_row(w, req, level)
end

--- Refuse a name that another pipeline has: 409. `own_id` is the pipeline's own id, "" for a new
-- one.
function M.check_name_is_free(w, name, own_id)
  local other = w.db:find_row("SELECT id FROM pipelines WHERE name = ? AND id <> ? "
    .. "AND ifnull(deleted > ?, 1)", { name, own_id, w.clock:now() })
  if other then
    errors.conflict(("The pipeline name '%s' is already used by another pipeline. This check can "
      .. "be skipped by setting `allow_duplicate_names = true` in the request."):format(name))
  end
end

local function check_quota(w)
  local row = w.db:find_row "SELECT count(*) AS n FROM pipelines WHERE deleted IS NULL"
  if row.n >= MAX_PIPELINES then
    errors.raise(429, "QUOTA_EXCEEDED", ("The workspace has reached its limit of %d pipelines.")
      :format(MAX_PIPELINES))
  end
end

local function run_as_name(body, creator)
  local run_as = body.run_as
  return run_as and (run_as.user_name or run_as.service_principal_name or run_as.group_name)
    or creator
end

local function text_of(value)
  return value and json.encode(value)
end

--- Store a new pipeline from a body that was checked; inside of a transaction.
---@return table row, table spec
function M.add(w, body, principal)
  local id, now = ids.uuid(), w.clock:now()
  local spec = specs.stored(body, id)
  local row = {
    id = id, name = body.name, kind = M.kind_of(spec), creator = principal.user_name,
    run_as = text_of(body.run_as), run_as_name = run_as_name(body, principal.user_name),
    parameters = text_of(body.parameters), spec = json.encode(spec),
    created = now, modified = now,
  }
  M.insert(w, row)
  updates.tell_action(w, row, "CREATE", principal)
  return row, spec
end

local function dry_run(body)
  local spec = specs.effective(specs.stored(body, "new"))
  spec.id = nil
  if spec.storage == "dbfs:/pipelines/new" then
    spec.storage = nil
  end
  return { effective_settings = spec }
end

local function create(w, req)
  local body = req.body
  specs.check(body, "CreatePipeline", w, req.principal)
  return w:write(function()
    if not body.allow_duplicate_names then
      M.check_name_is_free(w, body.name, "")
    end
    check_quota(w)
    if body.dry_run then
      return dry_run(body)
    end
    local row, spec = M.add(w, body, req.principal)
    if spec.continuous then
      updates.begin(w, row, { cause = "USER_ACTION" }, req.principal)
    end
    return { pipeline_id = row.id }
  end)
end

local function get(w, req)
  if req.principal.admin then
    local text = state.find_get_text(w, req.params.id)
    if text then
      return reply.json(text)
    end
  end
  local row = M.check_row(w, req, "CAN_VIEW")
  return reply.json(state.find_get_text(w, row.id))
end

-- Fields that can only be set when a pipeline is created, api A.6.
local FIXED <const> = {
  gateway_definition = { "connection_id", "connection_name", "gateway_storage_catalog",
    "gateway_storage_schema" },
  ingestion_definition = { "connection_name", "ingestion_gateway_id",
    "ingest_from_uc_foreign_catalog" },
}

local function check_fixed(before, body)
  if (before.storage or "") ~= "" and (body.catalog or "") ~= ""
    or (before.catalog or "") ~= "" and (body.catalog or "") == "" then
    errors.invalid "A pipeline cannot be moved between the Hive metastore and Unity Catalog."
  elseif (body.storage or "") ~= "" and body.storage ~= before.storage then
    errors.invalid "'storage' cannot be changed after the pipeline was created."
  end
  for part, names in pairs(FIXED) do
    for _, field in ipairs(names) do
      local old, new = before[part] and before[part][field], body[part] and body[part][field]
      if before[part] and old ~= new then
        errors.invalid("'%s.%s' cannot be changed after the pipeline was created.", part, field)
      end
    end
  end
end

local function check_edit(w, row, body)
  local before = json.decode(row.spec)
  check_fixed(before, body)
  if row.run_as and not body.run_as then
    errors.invalid("Once configured, run_as of the pipeline can not be set to null. Please set "
      .. "run_as to %s to preserve the pipeline's run_as", row.run_as_name)
  elseif body.id and body.id ~= row.id then
    errors.invalid("The id in the body, %s, is not that of the pipeline, %s.", body.id, row.id)
  end
  if not body.allow_duplicate_names and body.name ~= row.name then
    M.check_name_is_free(w, body.name, row.id)
  end
  return before
end

--- Refuse an edit of settings that have changed since the expected time: 409.
function M.check_expected(row, expected)
  expected = math.tointeger(tonumber(expected))
  if expected and row.modified > expected then
    errors.conflict(("The pipeline %s was modified at %d, after the expected time %d. Get its "
      .. "settings again and repeat the edit."):format(row.id, row.modified, expected))
  end
end

local UPDATE <const> = [[
UPDATE pipelines SET name = :name, kind = :kind, run_as = :run_as, run_as_name = :run_as_name,
  parameters = :parameters, spec = :spec, modified = :modified WHERE id = :id]]

local KEEP <const> = [[
INSERT INTO pipeline_versions SELECT id, name, kind, creator, run_as_name, spec, created,
  modified, deleted FROM pipelines WHERE id = ?]]

local function replace(w, row, body, before)
  local spec = specs.stored(body, row.id)
  if not spec.catalog or spec.catalog == "" then
    spec.storage = before.storage
  end
  w.db:exec(KEEP, { row.id })
  row.name, row.kind, row.spec = body.name, M.kind_of(spec), json.encode(spec)
  row.run_as, row.run_as_name = text_of(body.run_as), run_as_name(body, row.creator)
  row.parameters = text_of(body.parameters)
  row.modified = math.max(w.clock:now(), row.modified + 1)
  w.db:exec(UPDATE, {
    id = row.id, name = row.name, kind = row.kind, spec = row.spec, run_as = row.run_as,
    run_as_name = row.run_as_name, parameters = row.parameters, modified = row.modified,
  })
  return spec
end

local function edit(w, req)
  M.check_row(w, req, "CAN_MANAGE")
  local body = req.body
  specs.check(body, "EditPipeline", w, req.principal)
  return w:write(function()
    local row = M.check_row(w, req, "CAN_MANAGE")
    local before = check_edit(w, row, body)
    M.check_expected(row, body.expected_last_modified)
    local spec = replace(w, row, body, before)
    updates.tell_action(w, row, "EDIT", req.principal)
    if spec.continuous then -- starts, or restarts with the new settings
      updates.cancel(w, row, req.principal)
      updates.begin(w, row, { cause = "USER_ACTION" }, req.principal)
    end
    return {}
  end)
end

local function delete(w, req)
  M.check_row(w, req, "CAN_MANAGE")
  local cascade = fields.flag(req.query, "cascade")
  fields.flag(req.query, "force")
  return w:write(function()
    local row = M.check_row(w, req, "CAN_MANAGE")
    local spec, now = json.decode(row.spec), w.clock:now()
    if cascade and spec.storage then
      errors.invalid "'cascade' is only for pipelines that publish to Unity Catalog."
    end
    updates.cancel(w, row, req.principal)
    local lag = tonumber(spec.configuration and spec.configuration["sandbox.delete_ms"]) or 0
    w.db:exec(KEEP, { row.id })
    w.db:exec("UPDATE pipelines SET deleted = ?, state = 'DELETED', state_at = ?, modified = ? "
      .. "WHERE id = ?", { now + lag // 1 | 0, math.maxinteger, math.max(now, row.modified + 1),
      row.id })
    w.db:exec("DELETE FROM grants WHERE kind = 'pipelines' AND object_id = ?", { row.id })
    if cascade ~= false and not spec.storage then
      w.db:exec("UPDATE datasets SET deleted = ? WHERE pipeline_id = ?", { now, row.id })
    end
    return {}
  end)
end

local function apply_environment(w, req)
  local row = M.check_row(w, req, "CAN_RUN")
  if not state.find_active(w, row.id) then
    errors.raise(400, "INVALID_STATE",
      ("The pipeline %s is not running."):format(row.id))
  end
  return {}
end

local PATH <const> = "/api/2.0/pipelines"

M.routes = {
  { "GET", PATH, listing.list, { lists = { order_by = true } } },
  { "POST", PATH, create, { body = form.settings } },
  { "GET", PATH .. "/{id}", get },
  { "PUT", PATH .. "/{id}", edit, { body = form.settings } },
  { "DELETE", PATH .. "/{id}", delete },
  { "POST", PATH .. "/{id}/environment/apply", apply_environment },
}

return M
