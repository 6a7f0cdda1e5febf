--- Statements about the sources and targets of a pipeline's tables.
--
-- `system.access.*` are partitioned by `event_date`, so every text limits it. The lineage of a
-- pipeline that a job runs has the job as its entity, and the pipeline in the entity's metadata.
-- Only Spark has `details:path`, as in tarn.statements.quality.

local json = require "native.json"
local match = require "tarn.statements.match"
local name = require "tarn.statements.name"

local M = {}

local MINE <const> = [[
(entity_type = 'PIPELINE' AND entity_id = :pipeline
      OR entity_metadata.dlt_pipeline_info.dlt_pipeline_id = :pipeline)]]

-- The edges of the pipeline, those from tables that it has written, and those to tables that it has
-- read, which tell who writes these. A row without a target is a mere read, not an edge.
local TABLES <const> = [[
WITH mine AS (
  SELECT DISTINCT source_table_full_name AS read, target_table_full_name AS written
  FROM system.access.table_lineage
  WHERE event_date >= :since AND target_table_full_name IS NOT NULL
    AND ]] .. MINE .. [[)
SELECT source_table_full_name AS source, source_type, source_path,
  target_table_full_name AS target, target_type, entity_type, entity_id,
  entity_metadata.dlt_pipeline_info.dlt_pipeline_id AS pipeline, max(event_time) AS at
FROM system.access.table_lineage
WHERE event_date >= :since AND target_table_full_name IS NOT NULL
  AND (]] .. MINE .. [[
    OR source_table_full_name IN (SELECT written FROM mine)
    OR target_table_full_name IN (SELECT read FROM mine))
GROUP BY source_table_full_name, source_type, source_path, target_table_full_name, target_type,
  entity_type, entity_id, entity_metadata.dlt_pipeline_info.dlt_pipeline_id
ORDER BY source, target]]

-- The edges from tables, or to them. Their names are one parameter, since the API limits the number
-- of those.
local AROUND <const> = [[
SELECT source_table_full_name AS source, source_type, source_path,
  target_table_full_name AS target, target_type, entity_type, entity_id,
  entity_metadata.dlt_pipeline_info.dlt_pipeline_id AS pipeline, max(event_time) AS at
FROM system.access.table_lineage
WHERE event_date >= :since AND target_table_full_name IS NOT NULL
  AND {COLUMN} IN (SELECT explode(from_json(:names, 'array<string>')) AS name)
GROUP BY source_table_full_name, source_type, source_path, target_table_full_name, target_type,
  entity_type, entity_id, entity_metadata.dlt_pipeline_info.dlt_pipeline_id
ORDER BY source, target]]

local COLUMNS <const> = [[
SELECT source_table_full_name AS source, source_column_name AS source_column,
  target_table_full_name AS target, target_column_name AS target_column
FROM system.access.column_lineage
WHERE event_date >= :since AND source_column_name IS NOT NULL AND target_column_name IS NOT NULL
  AND source_table_full_name IS NOT NULL AND target_table_full_name IS NOT NULL
  AND ]] .. MINE .. [[

GROUP BY source_table_full_name, source_column_name, target_table_full_name, target_column_name
ORDER BY source, target, source_column, target_column]]

-- Definitions of the newest update that has some, and the states of this update. An origin is made
-- a text, since a struct may lack a field that only some pipelines need.
local DEFINITIONS <const> = [[
WITH told AS (
  SELECT {TIME} AS at, event_type, {UPDATE} AS update_id, {ORIGIN} AS origin,
    details:flow_definition AS flow, details:dataset_definition AS definition,
    details:sink_definition AS sink, details:update_progress AS progress
  FROM {FROM}
  WHERE {TIME} >= :since
    AND event_type IN ('flow_definition', 'dataset_definition', 'sink_definition',
      'create_update', 'update_progress'){MORE}),
newest AS (
  SELECT update_id, max(at) AS last FROM told
  WHERE event_type IN ('flow_definition', 'dataset_definition', 'sink_definition')
  GROUP BY update_id ORDER BY last DESC LIMIT 1)
SELECT d.at, d.event_type, d.update_id, d.origin, d.flow, d.definition, d.sink, d.progress
FROM told AS d JOIN newest AS n ON d.update_id = n.update_id
ORDER BY d.at]]

local function date(ms)
  return { value = os.date("!%Y-%m-%d", ms // 1000), type = "DATE" }
end

--- Edges between tables.
---@param ask { id: string, since: integer }
---@return string text, table params
function M.tables(ask)
  return TABLES, { pipeline = ask.id, since = date(ask.since) }
end

--- Edges from tables, or to them, whatever has made them.
---@param ask { names: string[], up: boolean, since: integer } `names`: full names, in lower case;
--- `up`: to the tables
---@return string text, table params
function M.around(ask)
  return match.fill(AROUND, { COLUMN = ask.up and "target_table_full_name"
    or "source_table_full_name" }), { names = json.encode(json.array(ask.names)),
    since = date(ask.since) }
end

--- Edges between columns.
---@param ask { id: string, since: integer }
---@return string text, table params
function M.columns(ask)
  return COLUMNS, { pipeline = ask.id, since = date(ask.since) }
end

--- The definitions of the newest update that has definitions, from an event log.
---@param from string as statements.event_log or statements.event_log_table return it
---@param is_text boolean whether the log's origins are JSON texts
---@param ask { since: integer }
---@return string text, table params
function M.log(from, is_text, ask)
  local path = is_text and ":" or "."
  return match.fill(DEFINITIONS, { FROM = from, TIME = "timestamp",
    ORIGIN = is_text and "origin" or "to_json(origin)", UPDATE = "origin" .. path .. "update_id" }),
    { since = match.timestamp(ask.since) }
end

--- The definitions of the newest update that has definitions, from a system table.
---@param from string one of statements.quality.EVENTS
---@param ask { id: string, since: integer }
---@return string text, table params
function M.system(from, ask)
  return match.fill(DEFINITIONS, { FROM = from, TIME = "event_time",
    ORIGIN = "to_json(origin)", UPDATE = "update_id", MORE = " AND pipeline_id = :pipeline" }),
    { since = match.timestamp(ask.since), pipeline = ask.id }
end

--- The tables of a schema, from information_schema.
---@param catalog string
---@param schema string
---@return string text, table params
function M.schema(catalog, schema)
  return ("SELECT table_name, table_type, data_source_format, comment FROM %s "
    .. "WHERE table_schema = :schema ORDER BY table_name"):format(
      name.identifier(catalog, "information_schema", "tables")), { schema = schema }
end

return M
