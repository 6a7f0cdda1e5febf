--- A lineage as OpenLineage run events (spec 2-0-2) of the update that defined it.
--
-- The pipeline is a job, and the update is a run of it. Each dataset is written by a job of its
-- own, whose parent is that run, so that an event relates a dataset to its own inputs only. Each
-- run has a START event, and an end event if the update has ended.

local bundle = require "native.bundle"
local fault = require "base.fault"
local json = require "native.json"
local time = require "base.time"

local M = {}

local SPEC <const> = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent"
local JOB_SPEC <const> = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/JobEvent"
local FACETS <const> = "https://openlineage.io/spec/facets/"
local ENDS <const> = { COMPLETED = "COMPLETE", FAILED = "FAIL", CANCELED = "ABORT" }

local Events = {}
Events.__index = Events

local function known(value)
  return value ~= nil and value ~= json.null and value or nil
end

-- ---- names ----

-- A UUID (version 8) that is computed from update and dataset, so that the same run has the same id
-- each time.
local function run_id(update, name)
  local a, b = 0xcbf29ce484222325, 0x84222325cbf29ce4
  for c in (update .. "\0" .. name):gmatch "." do
    a = (a ~ c:byte()) * 0x100000001b3
    b = (b ~ a ~ a >> 29) * 0x100000001b3
  end
  return ("%08x-%04x-8%03x-%04x-%012x"):format(a >> 32 & 0xffffffff, a >> 16 & 0xffff,
    a & 0xfff, 0x8000 | b >> 48 & 0x3fff, b & 0xffffffffffff)
end

-- The namespace and name of a dataset: a path is in the store that its URL names, a table of
-- another system in that system.
local function name_of(row, namespace)
  if row.kind == "path" then
    local store, path = row.fqn:match "^(%a[%w+.-]*://[^/]+)/?(.*)$"
    return store or namespace, store and (path ~= "" and path or "/") or row.fqn
  elseif row.kind == "source" or row.kind == "sink" then
    local system, name = row.fqn:match "^([^:]*):(.+)$"
    return system or namespace, name or row.fqn
  end
  return namespace, row.fqn
end

function Events:facet(name, version, fields)
  fields._producer = self.producer
  fields._schemaURL = ("%s%s/%s.json#/$defs/%s"):format(FACETS, version, name, name)
  return fields
end

-- ---- datasets ----

local function or_nil(facets)
  return next(facets) and facets or nil
end

function Events:facets_of(row)
  local facets = {}
  if known(row.columns) then
    local fields = json.array {}
    for i, column in ipairs(row.columns) do
      fields[i] = { name = column.name, type = column.type }
    end
    facets.schema = self:facet("SchemaDatasetFacet", "1-1-1", { fields = fields })
  end
  if known(row.comment) then
    facets.documentation = self:facet("DocumentationDatasetFacet", "1-0-1",
      { description = row.comment })
  end
  return facets
end

function Events:dataset(row, facets)
  local namespace, name = name_of(row, self.namespace)
  return { namespace = namespace, name = name, facets = or_nil(facets or self:facets_of(row)) }
end

function Events:column_facet(edges)
  local fields = {}
  for _, edge in ipairs(edges) do
    local namespace, name = name_of(self.rows[edge.source], self.namespace)
    for _, pair in ipairs(edge.columns or {}) do
      fields[pair.target] = fields[pair.target] or { inputFields = json.array {} }
      table.insert(fields[pair.target].inputFields,
        { namespace = namespace, name = name, field = pair.source })
    end
  end
  return next(fields) and self:facet("ColumnLineageDatasetFacet", "1-2-0", { fields = fields })
end

-- ---- runs ----

function Events:add(kind, at, run, job, inputs, outputs)
  self.list[#self.list + 1] = { eventType = kind, eventTime = at, producer = self.producer,
    schemaURL = SPEC, run = run, job = job, inputs = inputs or json.array {},
    outputs = outputs or json.array {} }
end

function Events:job(name, kind, processing)
  return { namespace = self.namespace, name = name, facets = {
    jobType = self:facet("JobTypeJobFacet", "2-0-3", { processingType = processing,
      integration = "DATABRICKS", jobType = kind }) } }
end

-- Add both events of a run. The end event repeats the inputs, since not every reader remembers the
-- START event.
function Events:run(update, run, job, inputs, outputs)
  self:add("START", update.start_time or update.defined_at, run, job, inputs, outputs)
  if ENDS[update.state] then
    self:add(ENDS[update.state], known(update.end_time) or update.defined_at, run, job, inputs,
      outputs)
  end
end

function Events:flow(update, row, edges, parent)
  local inputs = json.array {}
  for i, edge in ipairs(edges) do
    inputs[i] = self:dataset(self.rows[edge.source])
  end
  local facets = self:facets_of(row)
  facets.columnLineage = self:column_facet(edges) or nil
  local run = { runId = run_id(update.update_id, row.fqn), facets = {
    parent = self:facet("ParentRunFacet", "1-1-0", { run = { runId = parent.id },
      job = { namespace = self.namespace, name = parent.name } }) } }
  self:run(update, run, self:job(parent.name .. "." .. row.fqn, "FLOW",
    row.type == "STREAMING_TABLE" and "STREAMING" or "BATCH"), inputs,
    json.array { self:dataset(row, facets) })
end

-- Rows by name, edges by target, and the rows that the pipeline writes: its datasets and sinks.
local function index(data)
  local rows, into, made = {}, {}, {}
  for _, group in ipairs { data.upstream, data.datasets, data.downstream } do
    for _, row in ipairs(group) do
      rows[row.fqn] = row
    end
  end
  for _, edge in ipairs(data.edges) do
    into[edge.target] = into[edge.target] or {}
    table.insert(into[edge.target], edge)
  end
  for _, row in ipairs(data.datasets) do
    made[#made + 1] = row
  end
  for _, row in ipairs(data.downstream) do
    made[#made + 1] = row.kind == "sink" and row or nil
  end
  return rows, into, made
end

local function new(data, rows)
  return setmetatable({ list = json.array {}, rows = rows,
    producer = "urn:tarn:" .. bundle.version,
    namespace = "databricks://" .. data.host:gsub("^%a+://", "") }, Events)
end

-- The time of an edge, which the platform has recorded in a form of its own.
local function time_of(edges)
  local newest
  for _, edge in ipairs(edges) do
    local at = edge.last_seen and time.find_iso(edge.last_seen)
    newest = at and math.max(at, newest or at) or newest
  end
  return time.iso(newest or time.now())
end

--- The lineage of a table as job events, which tell of no run: for each table that is written, the
-- job that writes it, with its inputs.
---@param data table of tarn.lineage.table.data
---@return table[]
function M.job_events(data)
  local rows, into = index(data)
  local self, targets = new(data, rows), {}
  for target in pairs(into) do
    targets[#targets + 1] = target
  end
  table.sort(targets)
  for _, target in ipairs(targets) do
    local row, inputs = rows[target], json.array {}
    for i, edge in ipairs(into[target]) do
      inputs[i] = self:dataset(rows[edge.source])
    end
    local writer = known(row.pipeline_name) or known(row.pipeline_id) or "unknown"
    self.list[#self.list + 1] = { eventTime = time_of(into[target]), producer = self.producer,
      schemaURL = JOB_SPEC, inputs = inputs, outputs = json.array { self:dataset(row) },
      job = self:job(writer .. "." .. target, "FLOW",
        row.type == "STREAMING_TABLE" and "STREAMING" or "BATCH") }
  end
  return self.list
end

--- The events; those of each run are in the order of time.
---@param data table of tarn.lineage.data
---@return table[]
function M.events(data)
  local update = known(data.update)
  if not update then
    fault.not_found("tarn lineage", "no update has defined its graph: there is no run to report",
      "--format tree shows the lineage without an update")
  end
  local rows, into, made = index(data)
  local self = new(data, rows)
  local parent = { id = update.update_id, name = data.pipeline_name or data.pipeline_id }
  self:run(update, { runId = update.update_id }, self:job(parent.name, "PIPELINE", "BATCH"))
  for _, row in ipairs(made) do
    self:flow(update, row, into[row.fqn] or {}, parent)
  end
  return self.list
end

return M
