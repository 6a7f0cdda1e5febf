--- The event log of an update, written when the update starts (api B.2 to B.5).
--
-- Each event has its own time, which may lie in the future; a reader sees the events up to now. So
-- an update goes on while no process runs.

local json = require "native.json"
local clock = require "sandbox.clock"
local ids = require "sandbox.ids"
local tables = require "sandbox.tables"

local M = {}

-- Other parts may read this table, with `ts <= now`. `n` orders events of the same time; `body` is
-- the event as the API shows it.
M.schema = [[
CREATE TABLE IF NOT EXISTS events(
  n INTEGER PRIMARY KEY, pipeline_id TEXT NOT NULL, ts INTEGER NOT NULL, id TEXT NOT NULL,
  update_id TEXT, level TEXT NOT NULL, type TEXT NOT NULL, body TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS events_by_time ON events(pipeline_id, ts, n);
]]

local INSERT <const> = "INSERT INTO events(pipeline_id, ts, id, update_id, level, type, body) "
  .. "VALUES (?, ?, ?, ?, ?, ?, ?)"

local MATURITY <const> = {
  planning_information = "EVOLVING", cluster_resources = "EVOLVING",
  operation_progress = "EVOLVING",
}

local Story = {}
Story.__index = Story

--- The log of a pipeline and, unless `update` is nil, of one of its updates.
---@param w table
---@param row table of table `pipelines`
---@param update? table { id, request_id, cluster_id? }
function M.new(w, row, update)
  update = update or {}
  return setmetatable({
    w = w, row = row, update = update, count = 0,
    salt = ids.hash(update.id or row.id),
    origin = {
      cloud = w.cloud, region = w.region, org_id = w.org_id,
      pipeline_id = row.id, pipeline_name = row.name, pipeline_type = row.kind,
      update_id = update.id, request_id = update.request_id, cluster_id = update.cluster_id,
    },
  }, Story)
end

local function origin_of(story, extra)
  if not extra then
    return story.origin
  end
  return tables.merged(story.origin, extra)
end

--- Write an event. `more`: { origin?, error?, level?, control? }; a control event comes from
-- the control plane and has no data_plane_id.
---@param ts integer
---@param kind string event_type
---@param message string
---@param details table the value of `details[kind]`
---@param more? table
function Story:add(ts, kind, message, details, more)
  more = more or {}
  self.count = self.count + 1
  local n = self.count
  local level, id = more.level or "INFO", ids.event(ts, n, self.salt)
  local seq = ts * 1000 + n
  self.w.db:exec(INSERT, {
    self.row.id, ts, id, self.update.id, level, kind, json.encode {
      id = id, timestamp = clock.iso(ts), event_type = kind, level = level,
      maturity_level = MATURITY[kind] or "STABLE", message = message,
      origin = origin_of(self, more.origin),
      sequence = {
        control_plane_seq_no = seq,
        data_plane_id = not more.control and { instance = "execution", seq_no = seq } or nil,
      },
      details = { [kind] = details }, error = more.error,
    },
  })
end

--- `error` of an event: a list of { class, message } from the outermost to the cause.
---@param fatal boolean
---@param ... table
function M.error(fatal, ...)
  local exceptions = json.array {}
  for i, e in ipairs { ... } do
    exceptions[i] = {
      class_name = e[1], message = e[2],
      stack = json.array(e.stack or {
        { declaring_class = "com.databricks.pipelines.execution.core.UpdateExecution",
          method_name = "executeUpdate", file_name = "UpdateExecution.scala",
          line_number = 641 },
        { declaring_class = "com.databricks.pipelines.execution.core.UpdateExecution",
          method_name = "start", file_name = "UpdateExecution.scala", line_number = 212 },
      }),
    }
  end
  return { fatal = fatal, exceptions = exceptions }
end

--- An action of a user on the pipeline.
---@param action string
function Story:action(ts, action, principal)
  self:add(ts, "user_action",
    ("User %s performed action: %s."):format(principal.user_name, action),
    { action = action, user_name = principal.user_name, user_id = principal.id },
    { control = true })
end

--- A change of the update's state.
---@param state string
---@param why? table { level?, error?, cause? }
function Story:progress(ts, state, why)
  why = why or {}
  self:add(ts, "update_progress", ("Update %s is %s."):format(self.update.id:sub(1, 6), state),
    { state = state, cancellation_cause = why.cause },
    { level = why.level, error = why.error, control = true })
end

local function flow_origin(self, flow)
  return {
    dataset_name = flow.shown, flow_name = flow.shown,
    flow_id = ids.fixed(3, ids.hash(self.row.id .. flow.full)),
    catalog_name = flow.catalog, schema_name = flow.schema,
    table_name = flow.type ~= "VIEW" and flow.table or nil, batch_id = flow.batch,
    ingestion_source_catalog_name = flow.source and flow.source.source_catalog or nil,
    ingestion_source_schema_name = flow.source and flow.source.source_schema or nil,
    ingestion_source_table_name = flow.source and flow.source.source_table or nil,
  }
end

--- The progress of a flow. `more`: { metrics?, data_quality?, error?, level?, message? }
---@param flow table a dataset of the graph
---@param status string
function Story:flow(ts, flow, status, more)
  more = more or {}
  local message = more.message or ("Flow '%s' is %s."):format(flow.shown, status)
  if not more.message and status == "COMPLETED" then
    message = ("Completed a %s update of '%s'."):format(
      flow.type == "STREAMING_TABLE" and "streaming" or "batch", flow.shown)
  end
  self:add(ts, "flow_progress", message,
    { status = status, metrics = more.metrics, data_quality = more.data_quality },
    { origin = flow_origin(self, flow), level = more.level, error = more.error })
end

--- The definition of a dataset and of the flow that feeds it.
function Story:define(ts, flow)
  local origin = flow_origin(self, flow)
  self:add(ts, "dataset_definition", ("Dataset %s defined as %s."):format(flow.shown, flow.type), {
    dataset_type = flow.type, num_flows = 1,
    expectations = #flow.expectations > 0 and json.array(flow.expectations) or nil,
  }, { origin = origin })
  self:add(ts, "flow_definition", ("Flow '%s' defined as %s."):format(flow.shown, flow.flow_type), {
    input_datasets = json.array { table.unpack(flow.shown_inputs) },
    output_dataset = flow.shown, flow_type = flow.flow_type, language = flow.language,
    comment = flow.comment,
    schema_json = '{"type":"struct","fields":[{"name":"id","type":"long","nullable":true,'
      .. '"metadata":{}},{"name":"updated_at","type":"timestamp","nullable":true,"metadata":{}}]}',
  }, { origin = origin })
end

--- The operation by which a flow finds new data in its source.
function Story:operation(ts, flow)
  local kind = self.row.kind == "MANAGED_INGESTION" and "CONNECTOR_FETCH" or "AUTO_LOADER_LISTING"
  self:add(ts, "operation_progress", ("Completed %s for flow '%s'."):format(kind, flow.shown),
    { type = kind, status = "COMPLETED", duration_ms = 800 + self.count * 37 },
    { origin = flow_origin(self, flow) })
end

--- The plan for the refresh of a materialized view.
function Story:planning(ts, flow, incremental)
  local technique = incremental and "MAINTENANCE_TYPE_GROUP_AGGREGATE"
    or "MAINTENANCE_TYPE_COMPLETE_RECOMPUTE"
  local issues = not incremental and json.array {
    { issue_type = "INCREMENTAL_PLAN_REJECTED_BY_COST_MODEL", prevent_incrementalization = true,
      cost_model_rejection_subtype = "CHANGESET_SIZE_THRESHOLD_EXCEEDED" },
  } or nil
  self:add(ts, "planning_information",
    ("Flow '%s' has been planned to be executed as %s."):format(flow.shown,
      technique:gsub("MAINTENANCE_TYPE_", "")), {
      technique_information = json.array {
        { maintenance_type = technique, is_chosen = true, is_applicable = true, cost = 1.5e6 },
        { maintenance_type = incremental and "MAINTENANCE_TYPE_COMPLETE_RECOMPUTE"
          or "MAINTENANCE_TYPE_ROW_BASED", is_chosen = false, is_applicable = incremental,
          incrementalization_issues = issues },
      },
      target_table_information = { table_name = flow.full,
        table_id = ids.fixed(4, ids.hash(flow.full)) },
    }, { origin = flow_origin(self, flow) })
end

return M
