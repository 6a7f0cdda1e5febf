--- Statements about the counts of expectations, and about warnings and errors.
--
-- The warehouse adds the counts by the rules of tarn.expectations.counts (docs/guide/quality.md):
-- for a flow that reports batch ids, the last report of each batch counts; for any other flow, its
-- last report of the update. Only Spark has `details:path`, which reads a JSON text and a VARIANT
-- alike; `to_json` makes a text of a VARIANT. Origins are JSON texts in the function event_log and
-- in older tables (`:`), structs in newer tables (`.`). Days are counted from 1970 in UTC,
-- independent of the session's time zone.

local match = require "tarn.statements.match"

local M = {}

--- The names of the system table of events: the announced one, and that of the preview.
M.EVENTS = { "system.lakeflow.pipeline_events",
  "system.lakeflow_pipeline_events_preview.pipeline_events" }

local REPORTS <const> = [[
reports AS (
  SELECT {PIPELINE} AS pipeline_id, {NAME} AS pipeline, {UPDATE} AS update_id,
    ev.origin{PATH}flow_name AS flow_name, ev.origin{PATH}dataset_name AS flow_dataset,
    CAST(ev.origin{PATH}batch_id AS STRING) AS batch, ev.{AT} AS at, ev.{ID} AS id,
    coalesce(CAST(ev.details:flow_progress.data_quality.dropped_records AS BIGINT), 0) AS dropped,
    explode(from_json({EXPECTATIONS},
      'array<struct<name:string,dataset:string,passed_records:bigint,failed_records:bigint>>'))
      AS e
  FROM {FROM} AS ev{JOIN}
  WHERE ev.event_type = 'flow_progress' AND ev.{AT} >= :since AND ev.{AT} <= :until
    AND ev.details:flow_progress.data_quality IS NOT NULL{SCOPE}),
counted AS (
  SELECT pipeline_id, pipeline, update_id, flow_name, flow_dataset, batch, at, id, dropped,
    coalesce(flow_name, flow_dataset, '') AS flow, coalesce(e.dataset, flow_dataset, '') AS dataset,
    coalesce(e.name, '') AS name, coalesce(CAST(e.passed_records AS BIGINT), 0) AS passed,
    coalesce(CAST(e.failed_records AS BIGINT), 0) AS failed
  FROM reports),
chosen AS (
  SELECT *, max({HIT}) OVER (PARTITION BY pipeline_id, id) AS hit FROM counted),
numbered AS (
  SELECT *, unix_millis(at) DIV 86400000 AS day,
    row_number() OVER (PARTITION BY pipeline_id, update_id, flow, dataset, name, batch
      ORDER BY at DESC, id DESC) AS in_batch,
    row_number() OVER (PARTITION BY pipeline_id, update_id, flow, dataset, name
      ORDER BY at DESC, id DESC) AS in_update,
    count(batch) OVER (PARTITION BY pipeline_id, update_id, flow, dataset, name) AS batches,
    count(*) OVER (PARTITION BY pipeline_id, update_id, flow, dataset, name) AS told,
    min(at) OVER (PARTITION BY pipeline_id, update_id) AS began,
    max(at) OVER (PARTITION BY pipeline_id, update_id, flow, dataset, name,
      unix_millis(at) DIV 86400000) AS newest
  FROM chosen
  WHERE hit = 1)
SELECT pipeline_id, max(pipeline) AS pipeline, dataset, name{KEYS}, sum(passed) AS passed,
  sum(failed) AS failed, sum(CASE WHEN split_part(flow_dataset, '.', -1)
    = split_part(dataset, '.', -1) THEN dropped END) AS dropped,
  count(DISTINCT update_id) AS updates, min(began) AS began, max(newest) AS newest,
  min(batches) AS least_batches, max(batches) AS batches, max(told) AS told
FROM numbered
WHERE {KEEP}
GROUP BY pipeline_id, dataset, name{KEYS}
ORDER BY pipeline_id, dataset, name{KEYS}]]

local PROBLEMS <const> = [[
SELECT ev.{ID} AS id, ev.{AT} AS at, ev.level, ev.event_type, ev.message, {UPDATE} AS update_id,
  {PIPELINE} AS pipeline_id, {NAME} AS pipeline
FROM {FROM} AS ev{JOIN}
WHERE ev.level IN ('WARN', 'ERROR') AND ev.{AT} >= :since AND ev.{AT} <= :until{SCOPE}{NAMED}
ORDER BY ev.{AT} DESC, ev.{ID} DESC
LIMIT {MAX}]]

-- Errors that may be about a violated expectation, and the newest definitions of datasets with
-- expectations. An error is a text, a struct or a VARIANT: as a string each has its messages.
local VIOLATIONS <const> = [[
found AS (
  SELECT ev.event_type, ev.{AT} AS at, {UPDATE} AS update_id, {PIPELINE} AS pipeline_id,
    {NAME} AS pipeline, ev.origin{PATH}flow_name AS flow, ev.origin{PATH}dataset_name AS dataset,
    ev.message, CAST(ev.error AS STRING) AS error, {DEFINED} AS definition,
    row_number() OVER (PARTITION BY {PIPELINE}, ev.event_type, ev.origin{PATH}dataset_name
      ORDER BY ev.{AT} DESC, ev.{ID} DESC) AS n
  FROM {FROM} AS ev{JOIN}
  WHERE ev.{AT} >= :since AND ev.{AT} <= :until AND (ev.event_type = 'dataset_definition'
      AND ev.details:dataset_definition.expectations IS NOT NULL
      OR ev.level = 'ERROR' AND ev.event_type IN ('flow_progress', 'update_progress')
        AND lower(CAST(ev.error AS STRING)) LIKE '%expectation%'){SCOPE}{NAMED})
SELECT event_type, at, update_id, pipeline_id, pipeline, flow, dataset, message, error, definition
FROM found
WHERE event_type <> 'dataset_definition' OR n = 1
ORDER BY at, event_type]]

-- Which reports count.
local KEEP <const> = {
  sum = "1 = 1",
  last = "in_update = 1",
  auto = "(batches > 0 AND batch IS NOT NULL AND in_batch = 1 OR batches = 0 AND in_update = 1)",
}

-- What a row of the answer is for, besides an expectation of a pipeline. The rows of one pipeline
-- have all keys that a trend needs.
local KEYS <const> = {
  one = ", update_id, flow, flow_dataset, day",
  total = "", update = ", update_id", day = ", day",
}

---@class tarn.CountAsk
---@field id? string          of a pipeline; default: all pipelines whose name matches `name`
---@field name? string        a glob
---@field workspace? string   the number of the workspace, for a system table
---@field since integer
---@field until_ms integer
---@field update? string      an id or its beginning
---@field dataset? string     a glob, for the whole name or its end
---@field count "auto"|"sum"|"last"
---@field by "total"|"update"|"day" for many pipelines

-- The values of placeholders for a source of that form: a log whose origins are texts or structs,
-- or a system table.
local function words_of(form, ask)
  if form == "system" then
    return { PIPELINE = "ev.pipeline_id", NAME = ask.id and "CAST(NULL AS STRING)" or "a.name",
      UPDATE = "ev.update_id", PATH = ".", AT = "event_time", ID = "pipeline_event_id",
      EXPECTATIONS = "to_json(ev.details:flow_progress.data_quality.expectations)",
      DEFINED = "to_json(ev.details:dataset_definition.expectations)" }
  end
  local path = form == "text" and ":" or "."
  return { PIPELINE = "CAST(NULL AS STRING)", NAME = "CAST(NULL AS STRING)",
    UPDATE = "ev.origin" .. path .. "update_id", PATH = path, AT = "timestamp", ID = "id",
    EXPECTATIONS = "ev.details:flow_progress.data_quality.expectations",
    DEFINED = "ev.details:dataset_definition.expectations" }
end

-- Limit the events to those that are asked for: sets SCOPE and JOIN.
local function limit(words, form, ask)
  local params = { since = match.timestamp(ask.since), ["until"] = match.timestamp(ask.until_ms) }
  local scope = {}
  if form == "system" then
    params.workspace = ask.workspace
    scope[1] = "ev.workspace_id = :workspace"
    if ask.id then
      params.pipeline = ask.id
      scope[2] = "ev.pipeline_id = :pipeline"
    else
      words.JOIN = "\n    JOIN alive AS a ON a.pipeline_id = ev.pipeline_id"
    end
  end
  if ask.update then
    scope[#scope + 1] = match.like(params, "update", words.UPDATE, { ask.update .. "*" })
  end
  words.SCOPE = #scope > 0 and "\n    AND " .. table.concat(scope, " AND ") or nil
  return params
end

-- The condition that one of the columns has the dataset, by its whole name or the end of it.
local function has_dataset(params, ask, columns)
  local terms = {}
  for i, column in ipairs(columns) do
    terms[i] = match.like(params, "dataset", column, { ask.dataset, "*." .. ask.dataset })
  end
  return "(" .. table.concat(terms, " OR ") .. ")"
end

local function named(params, words, ask)
  return ask.dataset and "\n  AND " .. has_dataset(params, ask, {
    "ev.origin" .. words.PATH .. "flow_name", "ev.origin" .. words.PATH .. "dataset_name" }) or nil
end

local function with_alive(text, ask, params)
  if ask.id then
    return text
  end
  local alive = require("tarn.statements.fleet").alive(params, ask.name)
  return "WITH " .. alive .. (text:find "^WITH " and ",\n" .. text:sub(6) or "\n" .. text)
end

--- The counts of expectations, added by the warehouse.
---@param from string as statements.event_log or .event_log_table return it, or one of `EVENTS`
---@param form "text"|"struct"|"system" of a log's origins; "system" for one of `EVENTS`
---@param ask tarn.CountAsk
---@return string text, table params
function M.counts(from, form, ask)
  local words = words_of(form, ask)
  local params = limit(words, form, ask)
  words.FROM, words.KEEP = from, KEEP[ask.count]
  words.KEYS = KEYS[ask.id and "one" or ask.by]
  words.HIT = not ask.dataset and "1" or ("CASE WHEN %s THEN 1 ELSE 0 END"):format(
    has_dataset(params, ask, { "flow_name", "flow_dataset", "dataset" }))
  return with_alive("WITH " .. match.fill(REPORTS, words), ask, params), params
end

--- The newest warnings and errors.
---@param from string as for `counts`
---@param form "text"|"struct"|"system" as for `counts`
---@param ask tarn.CountAsk
---@param max integer
---@return string text, table params
function M.problems(from, form, ask, max)
  local words = words_of(form, ask)
  local params = limit(words, form, ask)
  words.FROM, words.MAX = from, ("%d"):format(max)
  words.NAMED = named(params, words, ask)
  return with_alive(match.fill(PROBLEMS, words), ask, params), params
end

--- Errors that may be about a violated expectation, and the definitions of expectations.
---@param from string as for `counts`
---@param form "text"|"struct"|"system" as for `counts`
---@param ask tarn.CountAsk
---@return string text, table params
function M.violations(from, form, ask)
  local words = words_of(form, ask)
  local params = limit(words, form, ask)
  words.FROM, words.NAMED = from, named(params, words, ask)
  return with_alive("WITH " .. match.fill(VIOLATIONS, words), ask, params), params
end

return M
