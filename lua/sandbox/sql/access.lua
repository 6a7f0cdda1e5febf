--- system.access: which tables and columns pipelines have read and written (api C.5).
--
-- Taken from the datasets that pipelines have published. As in a real workspace, the row of an
-- update that a job started names the job and the pipeline, a table into which changes are merged
-- is also its own source, and event logs are targets.

local columns = require "sandbox.sql.columns"
local unity = require "sandbox.unity"

local M = {}

-- Edges between tables, with the names of both ends in parts. A dataset that reads no table has an
-- edge without a source.
local EDGES <const> = [[
edges AS (
  SELECT d.*, i.value AS input, instr(i.value, '.') AS dot,
    instr(substr(i.value, instr(i.value, '.') + 1), '.') AS dot2
  FROM datasets AS d, json_each(CASE d.inputs WHEN '[]' THEN '[null]' ELSE d.inputs END) AS i
  WHERE d.published <= :now_ms AND ifnull(d.deleted > :now_ms, 1) AND d.type <> 'VIEW'
    AND d.catalog <> 'hive_metastore'),
ends AS (
  SELECT pipeline_id, update_id, refreshed, type, flow_type, catalog, schema, name, input,
    nullif(substr(input, 1, dot - 1), '') AS source_catalog,
    nullif(substr(input, dot + 1, dot2 - 1), '') AS source_schema,
    nullif(substr(input, dot + dot2 + 1), '') AS source_name FROM edges
  UNION ALL
  SELECT pipeline_id, update_id, refreshed, type, flow_type, catalog, schema, name,
    catalog || '.' || schema || '.' || name, catalog, schema, name
  FROM edges WHERE flow_type = 'CHANGE' GROUP BY pipeline_id, catalog, schema, name
  UNION ALL
  SELECT t.pipeline_id, u.id, u.created, t.type, '', t.catalog, t.schema, t.name,
    NULL, NULL, NULL, NULL
  FROM (]] .. unity.TABLES .. [[) AS t
  JOIN updates AS u ON u.seq = (SELECT max(seq) FROM updates
    WHERE pipeline_id = t.pipeline_id AND created <= :now_ms)
  WHERE t.columns = '[]')]]

-- The run of a job's task that started the update `u`, and its job. Updates of scenarios that say
-- that a job started them have no such run; their ids are made up.
local RUN <const> = "(SELECT CAST(%s AS TEXT) FROM run_tasks AS k JOIN job_runs AS r "
  .. "ON r.id = k.run_id WHERE k.update_id = u.id)"

local function run_field(field, otherwise)
  return ("coalesce(%s, CAST(%s AS TEXT))"):format(RUN:format(field), otherwise)
end

--- The ids of the job, its run and the task's run that started the update `u`, in SQL.
M.JOB_ID = run_field("ifnull(r.job_id, r.id)", "abs(u.seq * 7919 + 100000)")
M.RUN_ID = run_field("r.id", "u.seq * 104729")
M.TASK_RUN_ID = run_field("k.id", "u.seq * 104729")

-- The entity that read and wrote: the job if one started the update, otherwise the pipeline. The
-- query names a row of `ends` as `e`, and its update as `u`.
local ENTITY <const> = [[
  :account_id AS account_id, :metastore_id AS metastore_id, :workspace_id AS workspace_id,
  CASE u.cause WHEN 'JOB_TASK' THEN 'JOB' ELSE 'PIPELINE' END AS entity_type,
  CASE u.cause WHEN 'JOB_TASK' THEN ]] .. M.JOB_ID .. [[ ELSE e.pipeline_id END AS entity_id,
  CASE u.cause WHEN 'JOB_TASK' THEN ]] .. M.RUN_ID .. [[ ELSE e.update_id END AS entity_run_id,
  json_object('job_info', CASE u.cause WHEN 'JOB_TASK' THEN json_object('job_id',
      ]] .. M.JOB_ID .. ", 'job_run_id', " .. M.RUN_ID .. [[) END,
    'dlt_pipeline_info', json_object('dlt_pipeline_id', e.pipeline_id,
      'dlt_update_id', e.update_id), 'notebook_id', NULL) AS entity_metadata]]

local TARGET <const> = [[
  e.catalog || '.' || e.schema || '.' || e.name AS target_table_full_name,
  e.catalog AS target_table_catalog, e.schema AS target_table_schema, e.name AS target_table_name,
  NULL AS target_path, e.type AS target_type]]

local BY <const> = "(SELECT run_as_name FROM pipelines AS p WHERE p.id = e.pipeline_id)"

local KINDS <const> = [[
kinds AS (SELECT catalog, schema, name, min(type) AS type FROM datasets GROUP BY 1, 2, 3)]]

local HEAD <const> = [[account_id STRING, metastore_id STRING, workspace_id STRING,
  entity_type STRING, entity_id STRING, entity_run_id STRING, entity_metadata STRUCT,
  source_table_full_name STRING, source_table_catalog STRING, source_table_schema STRING,
  source_table_name STRING, source_path STRING, source_type STRING, ]]

local TAIL <const> = [[target_table_full_name STRING, target_table_catalog STRING,
  target_table_schema STRING, target_table_name STRING, target_path STRING, target_type STRING, ]]

local WHEN <const> = [[created_by STRING, event_time TIMESTAMP, event_date DATE,
  record_id STRING, event_id STRING, statement_id STRING]]

local SOURCE <const> = [[
  input AS source_table_full_name, source_catalog AS source_table_catalog,
  source_schema AS source_table_schema, source_name AS source_table_name, NULL AS source_path,
  CASE WHEN input IS NOT NULL THEN coalesce(k.type, 'TABLE') END AS source_type]]

local AT <const> = columns.iso "min(e.refreshed, :now_ms)"
local TIMES <const> = AT .. " AS event_time, substr(" .. AT .. ", 1, 10) AS event_date"

local FROM <const> = [[
FROM ends AS e JOIN updates AS u ON u.id = e.update_id
LEFT JOIN kinds AS k ON k.catalog = e.source_catalog AND k.schema = e.source_schema
  AND k.name = e.source_name]]

M.table_lineage = {
  columns = columns.parse(HEAD .. TAIL .. WHEN .. ", direct_access BOOLEAN"),
  sql = "WITH " .. EDGES .. ", " .. KINDS .. " SELECT " .. ENTITY .. "," .. SOURCE .. ","
    .. TARGET .. ", " .. BY .. " AS created_by, " .. TIMES .. [[,
  lower(hex(e.pipeline_id || e.name)) AS record_id, e.update_id AS event_id,
  NULL AS statement_id, 1 AS direct_access ]] .. FROM,
}

-- In the embedded workspace a column keeps its name from table to table.
M.column_lineage = {
  columns = columns.parse(HEAD .. "source_column_name STRING, " .. TAIL
    .. "target_column_name STRING, " .. WHEN),
  sql = "WITH " .. EDGES .. ", " .. KINDS .. ", known AS (" .. unity.TABLES .. ") SELECT "
    .. ENTITY .. "," .. SOURCE .. ", json_extract(c.value, '$.name') AS source_column_name,"
    .. TARGET .. ", json_extract(c.value, '$.name') AS target_column_name, " .. BY
    .. " AS created_by, " .. TIMES .. [[,
  lower(hex(e.pipeline_id || e.name)) AS record_id, e.update_id AS event_id,
  NULL AS statement_id ]] .. FROM .. [[

JOIN known AS s ON s.catalog = e.source_catalog AND s.schema = e.source_schema
  AND s.name = e.source_name, json_each(s.columns) AS c
WHERE e.input <> e.catalog || '.' || e.schema || '.' || e.name
  AND json_extract(c.value, '$.name') IN ('id', 'updated_at')]],
}

return M
