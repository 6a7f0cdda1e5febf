--- The tables that a statement may name, each as a query over the state of the workspace:
--- system tables (api C), information_schema, event logs, tables of Unity Catalog.
--
-- `:now_ms` is the present time in milliseconds, like all timestamps in the state; a statement
-- sees timestamps as ISO text.

local access = require "sandbox.sql.access"
local billing = require "sandbox.sql.billing"
local columns = require "sandbox.sql.columns"
local json = require "native.json"
local sqlerror = require "sandbox.sql.error"
local unity = require "sandbox.unity"

local M = {}

local columns_of, iso = columns.parse, columns.iso

local function flag(path)
  return ("json(CASE WHEN json_extract(spec, '$.%s') THEN 'true' ELSE 'false' END)"):format(path)
end

local PIPELINES <const> = {
  columns = columns_of [[account_id STRING, workspace_id STRING, pipeline_id STRING,
    pipeline_type STRING, name STRING, created_by STRING, run_as STRING, tags MAP,
    settings STRUCT(photon BOOLEAN; development BOOLEAN; continuous BOOLEAN; serverless BOOLEAN;
    edition STRING; channel STRING), configuration MAP, change_time TIMESTAMP,
    create_time TIMESTAMP, delete_time TIMESTAMP]],
  sql = [[
WITH versions AS (
  SELECT *, modified AS changed, CASE WHEN deleted <= :now_ms THEN deleted END AS gone
  FROM pipeline_history WHERE modified <= :now_ms)
SELECT :account_id AS account_id, :workspace_id AS workspace_id, id AS pipeline_id,
  CASE kind WHEN 'WORKSPACE' THEN 'ETL_PIPELINE' WHEN 'MANAGED_INGESTION' THEN 'INGESTION_PIPELINE'
    WHEN 'DBSQL' THEN coalesce((SELECT type FROM datasets AS d WHERE d.pipeline_id = v.id LIMIT 1),
      'MATERIALIZED_VIEW') ELSE kind END AS pipeline_type,
  name, creator AS created_by, run_as_name AS run_as,
  coalesce(json_extract(spec, '$.tags'), '{}') AS tags,
  json_object('photon', ]] .. flag "photon" .. ", 'development', " .. flag "development"
    .. ", 'continuous', " .. flag "continuous" .. ", 'serverless', " .. flag "serverless" .. [[,
    'edition', json_extract(spec, '$.edition'), 'channel', json_extract(spec, '$.channel'))
    AS settings,
  coalesce(json_extract(spec, '$.configuration'), '{}') AS configuration,
  ]] .. iso "changed" .. " AS change_time, " .. iso "created" .. " AS create_time, "
    .. iso "gone" .. " AS delete_time FROM versions AS v",
}

local TIMELINE <const> = {
  columns = columns_of [[account_id STRING, workspace_id STRING, pipeline_id STRING,
    update_id STRING, request_id STRING, run_as_user_name STRING, update_type STRING,
    trigger_type STRING, trigger_details STRUCT, result_state STRING, compute STRUCT,
    period_start_time TIMESTAMP, period_end_time TIMESTAMP, refresh_selection ARRAY,
    full_refresh_selection ARRAY, reset_checkpoint_selection ARRAY]],
  sql = [[
WITH RECURSIVE spans AS (
  SELECT *, max(created + 1, min(ifnull(ended, :now_ms), :now_ms)) AS until FROM updates
  WHERE created <= :now_ms),
slices(id, hour, last) AS (
  SELECT id, created / 3600000, (until - 1) / 3600000 FROM spans
  UNION ALL SELECT id, hour + 1, last FROM slices WHERE hour < last)
SELECT :account_id AS account_id, :workspace_id AS workspace_id, u.pipeline_id,
  u.id AS update_id, u.request_id, u.run_as_name AS run_as_user_name,
  CASE WHEN u.validate_only THEN 'VALIDATE' WHEN u.full_refresh THEN 'FULL_REFRESH'
    ELSE 'REFRESH' END AS update_type,
  u.cause AS trigger_type,
  CASE u.cause WHEN 'JOB_TASK' THEN json_object('job_task', json_object('job_id',
    ]] .. access.JOB_ID .. ", 'job_task_run_id', " .. access.TASK_RUN_ID .. [[,
    'performance_target', 'STANDARD')) END AS trigger_details,
  CASE WHEN s.hour = s.last AND u.ended <= :now_ms THEN u.result END AS result_state,
  CASE WHEN u.cluster_id IS NULL THEN json_object('type', 'SERVERLESS_COMPUTE', 'cluster_id', NULL)
    ELSE json_object('type', 'CLASSIC_COMPUTE', 'cluster_id', u.cluster_id) END AS compute,
  ]] .. iso "max(u.created, s.hour * 3600000)" .. [[ AS period_start_time,
  ]] .. iso "min(u.until, (s.hour + 1) * 3600000)" .. [[ AS period_end_time,
  json_extract(u.ask, '$.refresh_selection') AS refresh_selection,
  json_extract(u.ask, '$.full_refresh_selection') AS full_refresh_selection,
  json_extract(u.ask, '$.reset_checkpoint_selection') AS reset_checkpoint_selection
FROM slices AS s JOIN spans AS u ON u.id = s.id]],
}

local EVENTS <const> = {
  columns = columns_of [[account_id STRING, workspace_id STRING, pipeline_id STRING,
    update_id STRING, pipeline_event_id STRING, event_type STRING, event_time TIMESTAMP,
    level STRING, maturity_level STRING, message STRING, origin STRUCT, error STRUCT,
    details VARIANT]],
  sql = [[
SELECT :account_id AS account_id, :workspace_id AS workspace_id, pipeline_id, update_id,
  id AS pipeline_event_id, type AS event_type, ]] .. iso "ts" .. [[ AS event_time, level,
  json_extract(body, '$.maturity_level') AS maturity_level,
  json_extract(body, '$.message') AS message, json_extract(body, '$.origin') AS origin,
  json_extract(body, '$.error') AS error,
  CASE type WHEN 'create_update' THEN json_remove(json_extract(body, '$.details'),
    '$.create_update.config.configuration') ELSE json_extract(body, '$.details') END AS details
FROM events WHERE ts <= :now_ms]],
}

local EVENT_LOG_COLUMNS <const> = columns_of [[id STRING, sequence STRING, origin STRING,
  timestamp TIMESTAMP, message STRING, level STRING, maturity_level STRING, error STRING,
  details STRING, event_type STRING]]

local EVENT_LOG <const> = [[
SELECT id, json_extract(body, '$.sequence') AS sequence, json_extract(body, '$.origin') AS origin,
  ]] .. iso "ts" .. [[ AS timestamp, json_extract(body, '$.message') AS message, level,
  json_extract(body, '$.maturity_level') AS maturity_level, json_extract(body, '$.error') AS error,
  json_extract(body, '$.details') AS details, type AS event_type
FROM events WHERE ts <= :now_ms AND pipeline_id = 'PIPELINE_ID']]

local function event_log_of(pipeline_id)
  return (EVENT_LOG:gsub("PIPELINE_ID", pipeline_id))
end

local INFO_TABLES <const> = {
  columns = columns_of [[table_catalog STRING, table_schema STRING, table_name STRING,
    table_type STRING, is_insertable_into STRING, commit_action STRING, table_owner STRING,
    comment STRING, created TIMESTAMP, created_by STRING, last_altered TIMESTAMP,
    last_altered_by STRING, data_source_format STRING, storage_path STRING,
    storage_sub_directory STRING]],
  sql = [[
SELECT catalog AS table_catalog, schema AS table_schema, name AS table_name, type AS table_type,
  CASE WHEN type IN ('MANAGED', 'EXTERNAL') THEN 'YES' ELSE 'NO' END AS is_insertable_into,
  'PRESERVE' AS commit_action, owner AS table_owner, comment, ]] .. iso "created" .. [[ AS created,
  owner AS created_by, ]] .. iso "altered" .. [[ AS last_altered, owner AS last_altered_by,
  format AS data_source_format, NULL AS storage_path, NULL AS storage_sub_directory
FROM (]] .. unity.TABLES .. ")",
}

local INFO_COLUMNS <const> = {
  columns = columns_of [[table_catalog STRING, table_schema STRING, table_name STRING,
    column_name STRING, ordinal_position INT, column_default STRING, is_nullable STRING,
    full_data_type STRING, data_type STRING, comment STRING]],
  sql = [[
SELECT t.catalog AS table_catalog, t.schema AS table_schema, t.name AS table_name,
  json_extract(c.value, '$.name') AS column_name, c.key AS ordinal_position,
  NULL AS column_default, 'YES' AS is_nullable,
  lower(json_extract(c.value, '$.type')) AS full_data_type,
  json_extract(c.value, '$.type') AS data_type, json_extract(c.value, '$.comment') AS comment
FROM (]] .. unity.TABLES .. [[) AS t, json_each(t.columns) AS c
ORDER BY 1, 2, 3, 5]],
}

local INFO_SCHEMATA <const> = {
  columns = columns_of [[catalog_name STRING, schema_name STRING, schema_owner STRING,
    comment STRING, created TIMESTAMP, created_by STRING, last_altered TIMESTAMP,
    last_altered_by STRING]],
  sql = [[
SELECT catalog AS catalog_name, name AS schema_name, owner AS schema_owner, comment,
  ]] .. iso "created" .. [[ AS created, owner AS created_by, ]] .. iso "created" .. [[
  AS last_altered, owner AS last_altered_by
FROM (]] .. unity.SCHEMAS .. ")",
}

local INFO <const> = { tables = INFO_TABLES, columns = INFO_COLUMNS, schemata = INFO_SCHEMATA }
local INFO_KEY <const> = {
  tables = "table_catalog", columns = "table_catalog", schemata = "catalog_name",
}

local SYSTEM <const> = {
  ["billing.list_prices"] = billing.list_prices,
  ["billing.usage"] = billing.usage,
  ["lakeflow.pipelines"] = PIPELINES,
  ["lakeflow.pipeline_update_timeline"] = TIMELINE,
  ["lakeflow_pipeline_events_preview.pipeline_events"] = EVENTS,
  ["access.table_lineage"] = access.table_lineage,
  ["access.column_lineage"] = access.column_lineage,
}

--- Schemas of the catalog `system` that an account admin can switch on and off.
M.SYSTEM_SCHEMAS = { "access", "billing", "lakeflow", "lakeflow_pipeline_events_preview" }

local OFF <const> = "system_schemas_off"

--- The system schemas that are switched off, as a set.
function M.schemas_off(w)
  local off = {}
  for name in (w.store:find_meta(OFF) or ""):gmatch "[^,]+" do
    off[name] = true
  end
  return off
end

--- Switch a system schema on or off; inside of a transaction.
function M.set_schema(w, name, on)
  local off, list = M.schemas_off(w), {}
  off[name] = not on or nil
  for each in pairs(off) do
    list[#list + 1] = each
  end
  w.store:set_meta(OFF, table.concat(list, ","))
end

local function find_system(w, principal, schema, name)
  local found = SYSTEM[schema .. "." .. name]
  if not found or M.schemas_off(w)[schema] then
    return nil
  elseif not principal.admin then
    sqlerror.denied(("User does not have USE SCHEMA on Schema 'system.%s'."):format(schema))
  end
  return found
end

local function find_info(w, catalog, name)
  local found = INFO[name]
  if not found or catalog ~= "system" and not unity.find_catalog(w, catalog) then
    return nil
  elseif catalog == "system" then
    return found
  end
  return {
    columns = found.columns,
    sql = ("SELECT * FROM (%s) WHERE %s = '%s'"):format(found.sql, INFO_KEY[name],
      (catalog:gsub("'", "''"))),
  }
end

-- The rows of a table that no pipeline owns.
local function stored_rows(full, stored)
  local out, list = {}, {}
  for i, column in ipairs(stored) do
    out[i] = ("json_extract(cells, '$[%d]') AS `%s`"):format(i - 1, column.name)
    list[i] = { name = column.name, type = column.type }
  end
  return {
    columns = list,
    sql = ("SELECT %s FROM table_rows WHERE full_name = '%s' ORDER BY n"):format(
      table.concat(out, ", "), (full:gsub("'", "''"))),
  }
end

-- Every dataset of a pipeline has the same few rows, however often it is read.
local DATASET <const> = [[
WITH RECURSIVE rows(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM rows WHERE n < 12)
SELECT n AS id, ]] .. iso "ALTERED - n * 61000" .. " AS updated_at FROM rows"

local function find_owned(w, catalog, schema, name)
  local row = unity.find_table(w, catalog, schema, name)
  if not row then
    return nil
  elseif not row.pipeline_id then
    return stored_rows(("%s.%s.%s"):format(catalog, schema, name), json.decode(row.columns))
  elseif row.columns == "[]" then
    return { columns = EVENT_LOG_COLUMNS, sql = event_log_of(row.pipeline_id) },
      row.pipeline_id
  end
  local sql = DATASET:gsub("ALTERED", ("%d"):format(row.altered))
  return { columns = json.decode(row.columns), sql = sql }
end

-- The row of a pipeline whose event log the principal may read, as its owner or as an admin.
local function check_owner(w, principal, pipeline_id)
  local row = w.db:find_row("SELECT run_as_name, name FROM pipelines WHERE id = ?",
    { pipeline_id })
  if row and not principal.admin and row.run_as_name ~= principal.user_name then
    sqlerror.denied(("User does not have permission to read the event log of pipeline '%s'. Only "
      .. "its owner may."):format(row.name))
  end
  return row
end

--- The table of that name; the session has the catalog and schema of a name without them.
---@param w table
---@param session table { principal, catalog, schema }
---@param parts string[]
---@return table? { sql, columns }
function M.find(w, session, parts)
  local full = {}
  for i, part in ipairs(parts) do
    full[i] = part:lower()
  end
  if #full == 1 then
    full = { session.catalog, session.schema, full[1] }
  elseif #full == 2 then
    full = { session.catalog, full[1], full[2] }
  end
  local catalog, schema, name = full[1], full[2], full[3]
  if #full > 3 or catalog == "hive_metastore" then
    return nil
  elseif schema == "information_schema" then
    return find_info(w, catalog, name)
  elseif catalog == "system" then
    return find_system(w, session.principal, schema, name)
  end
  local found, pipeline_id = find_owned(w, catalog, schema, name)
  if pipeline_id then
    check_owner(w, session.principal, pipeline_id)
  end
  return found
end

--- The table of `event_log('<id>')`; nil if there is no such pipeline.
---@param pipeline_id string
function M.find_event_log(w, session, pipeline_id)
  local id = tostring(pipeline_id):lower()
  if not id:find "^[%x-]+$" or not check_owner(w, session.principal, id) then
    return nil
  end
  return { columns = EVENT_LOG_COLUMNS, sql = event_log_of(id) }
end

--- The pipeline that publishes a table, or nil.
function M.find_publisher(w, session, parts)
  local full = { session.catalog, session.schema }
  local row = unity.find_table(w, (parts[#parts - 2] or full[1]):lower(),
    (parts[#parts - 1] or full[2]):lower(), parts[#parts]:lower())
  return row and row.pipeline_id
end

return M
