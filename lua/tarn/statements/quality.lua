--- What the expectations of one pipeline counted, and its warnings and errors.
--
-- `details:path` is Spark's alone, and the one way into a JSON text and a VARIANT alike; origins
-- are JSON in a text in the function and in older tables (`:`), structs in newer ones (`.`).

local time = require "tarn.time"

local M = {}

local LOG <const> = [[
SELECT id, timestamp AS at, level, event_type, message, origin{PATH}update_id AS update_id,
  origin{PATH}flow_name AS flow, origin{PATH}dataset_name AS dataset,
  origin{PATH}batch_id AS batch, details:flow_progress.data_quality AS quality
FROM {FROM}
WHERE timestamp >= :since AND timestamp <= :until
  AND (details:flow_progress.data_quality IS NOT NULL OR level IN ('WARN', 'ERROR'))
ORDER BY timestamp, id]]

local SYSTEM <const> = [[
SELECT pipeline_event_id AS id, event_time AS at, level, event_type, message, update_id,
  origin.flow_name AS flow, origin.dataset_name AS dataset, origin.batch_id AS batch,
  details:flow_progress.data_quality AS quality
FROM {FROM}
WHERE pipeline_id = :pipeline AND event_time >= :since AND event_time <= :until
  AND (details:flow_progress.data_quality IS NOT NULL OR level IN ('WARN', 'ERROR'))
ORDER BY event_time, pipeline_event_id]]

--- The tables of events of all pipelines: the name it is to have, and the one it has.
M.EVENTS = { "system.lakeflow.pipeline_events",
  "system.lakeflow_pipeline_events_preview.pipeline_events" }

local function fill(text, words)
  return (text:gsub("{(%u+)}", words))
end

local function window(ask)
  return { since = { value = time.iso(ask.since), type = "TIMESTAMP" },
    ["until"] = { value = time.iso(ask.until_ms), type = "TIMESTAMP" } }
end

--- Rows of events from an event log: `from` is statements.event_log or .event_log_table.
---@param from string
---@param is_text boolean origins are texts
---@param ask { since: integer, until_ms: integer }
---@return string text, table params
function M.log(from, is_text, ask)
  return fill(LOG, { FROM = from, PATH = is_text and ":" or "." }), window(ask)
end

--- Rows of events from one of `EVENTS`.
---@param from string
---@param ask { id: string, since: integer, until_ms: integer }
---@return string text, table params
function M.system(from, ask)
  local params = window(ask)
  params.pipeline = ask.id
  return fill(SYSTEM, { FROM = from }), params
end

return M
