--- system.billing: what updates of pipelines have used, and the list prices.

local columns = require "sandbox.sql.columns"

local M = {}

local HOUR_MS <const> = 3600000

local iso = columns.iso

-- A row for each update that has ended: a classic cluster uses four DBUs an hour, serverless
-- compute two.
M.usage = {
  columns = columns.parse [[account_id STRING, workspace_id STRING, record_id STRING,
    sku_name STRING, cloud STRING, usage_start_time TIMESTAMP, usage_end_time TIMESTAMP,
    usage_date DATE, custom_tags MAP, usage_unit STRING, usage_quantity DECIMAL,
    usage_metadata STRUCT(dlt_pipeline_id STRING; dlt_update_id STRING; cluster_id STRING),
    record_type STRING, billing_origin_product STRING]],
  sql = [[
SELECT :account_id AS account_id, :workspace_id AS workspace_id, u.id AS record_id,
  CASE WHEN u.cluster_id IS NULL THEN 'ENTERPRISE_JOBS_SERVERLESS_COMPUTE_EU_WEST_1'
    ELSE 'ENTERPRISE_DLT_ADVANCED_COMPUTE' END AS sku_name, 'AWS' AS cloud,
  ]] .. iso "u.created" .. " AS usage_start_time, " .. iso "u.ended" .. [[ AS usage_end_time,
  substr(]] .. iso "u.ended" .. [[, 1, 10) AS usage_date,
  coalesce((SELECT json_extract(p.spec, '$.tags') FROM pipelines AS p WHERE p.id = u.pipeline_id),
    '{}') AS custom_tags, 'DBU' AS usage_unit,
  round((u.ended - u.created) * CASE WHEN u.cluster_id IS NULL THEN 2.0 ELSE 4.0 END / ]]
    .. HOUR_MS .. [[, 6) AS usage_quantity,
  json_object('dlt_pipeline_id', u.pipeline_id, 'dlt_update_id', u.id, 'cluster_id', u.cluster_id)
    AS usage_metadata, 'ORIGINAL' AS record_type, 'DLT' AS billing_origin_product
FROM updates AS u WHERE u.ended <= :now_ms]],
}

-- A price for each cloud, and one that has changed: only the price of its cloud and time is that of
-- a usage.
M.list_prices = {
  columns = columns.parse [[account_id STRING, sku_name STRING, cloud STRING,
    currency_code STRING, usage_unit STRING, pricing STRUCT(default STRING),
    price_start_time TIMESTAMP, price_end_time TIMESTAMP]],
  sql = [[
SELECT :account_id AS account_id, sku AS sku_name, cloud, 'USD' AS currency_code,
  'DBU' AS usage_unit, json_object('default', price) AS pricing, since AS price_start_time,
  ended AS price_end_time
FROM (SELECT 'ENTERPRISE_JOBS_SERVERLESS_COMPUTE_EU_WEST_1' AS sku, 'AWS' AS cloud,
    '0.45' AS price, '2024-01-01T00:00:00.000Z' AS since, NULL AS ended
  UNION ALL SELECT 'ENTERPRISE_JOBS_SERVERLESS_COMPUTE_EU_WEST_1', 'AZURE', '0.50',
    '2024-01-01T00:00:00.000Z', NULL
  UNION ALL SELECT 'ENTERPRISE_DLT_ADVANCED_COMPUTE', 'AWS', '0.40',
    '2024-01-01T00:00:00.000Z', '2025-01-01T00:00:00.000Z'
  UNION ALL SELECT 'ENTERPRISE_DLT_ADVANCED_COMPUTE', 'AWS', '0.36',
    '2025-01-01T00:00:00.000Z', NULL)]],
}

return M
