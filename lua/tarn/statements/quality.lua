--- What expectations counted, added up at the warehouse; and the newest warnings and errors.
--
-- The rules of addition are those of tarn.expectations.counts (docs/guide/quality.md), said in SQL:
-- of a flow that reports with batch ids each batch counts by its last report, of any other flow its
-- last report of the update. `details:path` is Spark's alone, and the one way into a JSON text and
-- a VARIANT alike; a VARIANT goes through `to_json` first, which is nothing to a struct that is
-- JSON already. Origins are JSON in a text in the function and in older tables (`:`), structs in
-- newer ones (`.`). Days are counted from 1970 in UTC, whatever the time zone of the session is.

local match = require "tarn.statements.match"

local M = {}

--- The tables of events of all pipelines: the name it is to have, and the one it has.
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

-- Which reports count.
local KEEP <const> = {
  sum = "1 = 1",
  last = "in_update = 1",
  auto = "(batches > 0 AND batch IS NOT NULL AND in_batch = 1 OR batches = 0 AND in_update = 1)",
}

-- What the answer has a row for: of one pipeline all that a trend takes.
local KEYS <const> = {
  one = ", update_id, flow, flow_dataset, day",
  total = "", update = ", update_id", day = ", day",
}

---@class tarn.CountAsk
---@field id? string          of a pipeline; nil: all whose name matches `name`
---@field name? string
---@field workspace? string   of many: whose they are
---@field since integer
---@field until_ms integer
---@field update? string      an id or its beginning
---@field dataset? string     a glob, for the whole name or its end
---@field count "auto"|"sum"|"last"
---@field by "total"|"update"|"day" of many pipelines

-- The words of a source of that form: a log whose origins are texts or structs, or a system table.
local function words_of(form, ask)
  if form == "system" then
    return { PIPELINE = "ev.pipeline_id", NAME = ask.id and "CAST(NULL AS STRING)" or "a.name",
      UPDATE = "ev.update_id", PATH = ".", AT = "event_time", ID = "pipeline_event_id",
      EXPECTATIONS = "to_json(ev.details:flow_progress.data_quality.expectations)" }
  end
  local path = form == "text" and ":" or "."
  return { PIPELINE = "CAST(NULL AS STRING)", NAME = "CAST(NULL AS STRING)",
    UPDATE = "ev.origin" .. path .. "update_id", PATH = path, AT = "timestamp", ID = "id",
    EXPECTATIONS = "ev.details:flow_progress.data_quality.expectations" }
end

-- Which events at all: fills in SCOPE and JOIN.
local function limit(words, form, ask)
  local params = { since = match.moment(ask.since), ["until"] = match.moment(ask.until_ms) }
  local scope = {}
  if form == "system" then
    if ask.id then -- one in all workspaces
      params.pipeline = ask.id
      scope[#scope + 1] = "ev.pipeline_id = :pipeline"
    else
      params.workspace = ask.workspace
      scope[#scope + 1] = "ev.workspace_id = :workspace"
      words.JOIN = "\n    JOIN alive AS a ON a.pipeline_id = ev.pipeline_id"
    end
  end
  if ask.update then
    scope[#scope + 1] = match.like(params, "update", words.UPDATE, { ask.update .. "*" })
  end
  words.SCOPE = #scope > 0 and "\n    AND " .. table.concat(scope, " AND ") or nil
  return params
end

-- A dataset is meant by its whole name or by the end of it.
local function named(params, ask, columns)
  local terms = {}
  for i, column in ipairs(columns) do
    terms[i] = match.like(params, "dataset", column, { ask.dataset, "*." .. ask.dataset })
  end
  return "(" .. table.concat(terms, " OR ") .. ")"
end

local function with_alive(text, ask, params)
  if ask.id then
    return text
  end
  local alive = require("tarn.statements.fleet").alive(params, ask.name)
  return "WITH " .. alive .. (text:find "^WITH " and ",\n" .. text:sub(6) or "\n" .. text)
end

--- Counts, already added up: `from` is statements.event_log(...), .event_log_table(...), or one of
-- `EVENTS`, and `form` "text" or "struct" of a log's origins, or "system".
---@param from string
---@param form "text"|"struct"|"system"
---@param ask tarn.CountAsk
---@return string text, table params
function M.counts(from, form, ask)
  local words = words_of(form, ask)
  local params = limit(words, form, ask)
  words.FROM, words.KEEP = from, KEEP[ask.count]
  words.KEYS = KEYS[ask.id and "one" or ask.by]
  words.HIT = not ask.dataset and "1" or ("CASE WHEN %s THEN 1 ELSE 0 END"):format(
    named(params, ask, { "flow_name", "flow_dataset", "dataset" }))
  return with_alive("WITH " .. match.fill(REPORTS, words), ask, params), params
end

--- The newest warnings and errors.
---@param from string
---@param form "text"|"struct"|"system"
---@param ask tarn.CountAsk
---@param max integer
---@return string text, table params
function M.problems(from, form, ask, max)
  local words = words_of(form, ask)
  local params = limit(words, form, ask)
  words.FROM, words.MAX = from, ("%d"):format(max)
  words.NAMED = ask.dataset and "\n  AND " .. named(params, ask, {
    "ev.origin" .. words.PATH .. "flow_name", "ev.origin" .. words.PATH .. "dataset_name" }) or nil
  return with_alive(match.fill(PROBLEMS, words), ask, params), params
end

return M
