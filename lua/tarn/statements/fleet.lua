--- Statements about all pipelines of a workspace and their updates, from system tables.
--
-- system.lakeflow.pipelines has a row for each version of a pipeline. The newest version is taken
-- before deleted pipelines are left out, since older versions of a deleted pipeline are not marked
-- as deleted; it may be of any age, so that no time bounds this table.
-- system.lakeflow.pipeline_update_timeline has a row for each hour of an update; min and max join
-- them to one row, and only the last one has the result. Both tables have the rows of many
-- workspaces, and the second one those of a year: each scan of it has a bound of time on
-- `period_start_time`, a column of the rows, since a condition on the time of a whole update would
-- read them all. An update or a request that began before the bound is seen in part; the column
-- `asked`, the first time that is seen of a request, tells which ones may be.
--
-- Ranks are numbered in one query and compared in the next one, because only Spark has QUALIFY. A
-- query that has one row for each pipeline still groups by pipeline: SQLite cannot estimate the
-- size of windows, and would join without an index.

local json = require "native.json"
local match = require "tarn.statements.match"

local M = {}

local ALIVE <const> = [[
alive AS (
  SELECT pipeline_id, max(name) AS name, max(pipeline_type) AS pipeline_type,
    max(created_by) AS created_by, max(run_as) AS run_as
  FROM (
    SELECT pipeline_id, name, pipeline_type, created_by, run_as, delete_time,
      row_number() OVER (PARTITION BY workspace_id, pipeline_id ORDER BY change_time DESC) AS age
    FROM system.lakeflow.pipelines
    WHERE workspace_id = :workspace{ONE}) AS versions
  WHERE age = 1 AND delete_time IS NULL{NAME}
  GROUP BY pipeline_id)]]

-- The updates whose rows begin at :from or later, with their numbers among the attempts of their
-- requests.
local UPDATES <const> = [[
whole AS (
  SELECT pipeline_id, update_id, max(request_id) AS request_id, max(result_state) AS result,{MORE}
    min(period_start_time) AS started, max(period_end_time) AS ended
  FROM system.lakeflow.pipeline_update_timeline
  WHERE workspace_id = :workspace AND period_start_time >= :from{PIPELINE}
  GROUP BY workspace_id, pipeline_id, update_id),
numbered AS (
  SELECT *,
    row_number() OVER (PARTITION BY pipeline_id, coalesce(request_id, update_id)
      ORDER BY started, update_id) AS attempt,
    count(*) OVER (PARTITION BY pipeline_id, coalesce(request_id, update_id)) AS attempts,
    min(started) OVER (PARTITION BY pipeline_id, coalesce(request_id, update_id)) AS asked
  FROM whole)]]

-- The fields of an update that only a history shows.
local FIELDS <const> = [[

    max(update_type) AS update_type, max(trigger_type) AS cause,
    max(compute.cluster_id) AS cluster_id, max(to_json(refresh_selection)) AS refresh_selection,
    max(to_json(full_refresh_selection)) AS full_refresh_selection,
    max(to_json(reset_checkpoint_selection)) AS reset_checkpoint_selection,]]

local NEWEST <const> = [[
newest AS (
  SELECT pipeline_id, max(update_id) AS update_id, max(result) AS result,
    max(attempts) AS attempts, max(started) AS started, max(ended) AS ended, max(asked) AS asked
  FROM (
    SELECT *,
      row_number() OVER (PARTITION BY pipeline_id ORDER BY started DESC, update_id DESC) AS age
    FROM numbered) AS ranked
  WHERE age = 1
  GROUP BY pipeline_id)]]

-- One of many pipelines: their ids are one parameter, since the API limits the number of those.
local LISTED <const> = [[

    AND pipeline_id IN (SELECT explode(from_json(:pipelines, 'array<string>')) AS id)]]

local HEALTH <const> = "WITH " .. ALIVE .. ",\n" .. UPDATES .. ",\n" .. NEWEST .. [[

SELECT a.pipeline_id, a.name, a.pipeline_type, a.created_by, a.run_as, u.update_id, u.result,
  u.attempts, u.started, u.ended, u.asked
FROM alive AS a LEFT JOIN newest AS u ON u.pipeline_id = a.pipeline_id
ORDER BY a.pipeline_id]]

local LATEST <const> = "WITH " .. UPDATES .. ",\n" .. NEWEST .. [[

SELECT pipeline_id, update_id, result, attempts, started, ended
FROM newest
ORDER BY pipeline_id]]

local HISTORY <const> = "WITH " .. ALIVE .. ",\n" .. UPDATES .. [[

SELECT u.pipeline_id, a.name, u.update_id, u.request_id, u.update_type, u.cause, u.result,
  u.cluster_id, u.refresh_selection, u.full_refresh_selection, u.reset_checkpoint_selection,
  u.started, u.ended, u.attempt, u.attempts, u.asked
FROM numbered AS u {JOIN} alive AS a ON a.pipeline_id = u.pipeline_id
WHERE {WHERE}
ORDER BY u.started DESC, u.update_id DESC{LIMIT}]]

local ATTEMPTS <const> = "WITH " .. UPDATES .. [[

SELECT update_id, attempt, attempts
FROM numbered
WHERE started >= :since AND attempts > 1]]

-- All workspaces: one in which nothing runs has no new row, although the table is up to date.
local AGE <const> = [[
SELECT max(period_end_time) AS known FROM system.lakeflow.pipeline_update_timeline
WHERE period_start_time >= :from]]

local PROGRESS <const> = [[
SELECT pipeline_id, update_id, pipeline_event_id AS id, event_time AS at, level, message,
  origin.request_id AS request_id, variant_get(details, '$.update_progress.state', 'string')
  AS state, variant_get(details, '$.update_progress.cancellation_cause', 'string')
  AS cancellation_cause, to_json(error) AS error
FROM {FROM}
WHERE workspace_id = :workspace AND event_type = 'update_progress'
  AND event_time >= :since{PIPELINE}{ONLY}
ORDER BY event_time DESC, pipeline_event_id DESC]]

local EVENTS <const> = [[
SELECT pipeline_event_id AS id, event_type, level, message, event_time AS at, maturity_level,
  pipeline_id
FROM {FROM}
WHERE workspace_id = :workspace AND event_time >= :since]] .. LISTED .. [[

ORDER BY event_time DESC,
  CASE level WHEN 'ERROR' THEN 1 WHEN 'WARN' THEN 2 ELSE 3 END, pipeline_event_id DESC
LIMIT {MAX}]]

-- Before this time the tables keep nothing: rows of updates for 365 days, events for 13 months.
local KEPT_MS <const> = 400 * 86400000

--- The time before which system tables have no rows.
---@param now integer ms
---@return integer ms
function M.beginning(now)
  return now - KEPT_MS
end

--- The common table expression `alive` for statements of other subjects: the pipelines that are not
-- deleted and whose name matches a glob. The statement must bind `:workspace`.
---@param params table gets the parameters of the expression
---@param name? string the glob
---@return string
function M.alive(params, name)
  return match.fill(ALIVE, {
    NAME = name and " AND " .. match.like(params, "name", "name", { name }) or nil })
end

--- The pipelines of a workspace, each with its newest update, if that began at `from` or later.
---@param workspace_id string
---@param from integer ms
---@return string text, table params
function M.health(workspace_id, from)
  return match.fill(HEALTH, {}), { workspace = workspace_id, from = match.timestamp(from) }
end

--- The newest updates of some pipelines, however old they are.
---@param workspace_id string
---@param ids string[] of the pipelines
---@param from integer ms; as `beginning` returns it
---@return string text, table params
function M.latest(workspace_id, ids, from)
  return match.fill(LATEST, { PIPELINE = LISTED }), { workspace = workspace_id,
    from = match.timestamp(from), pipelines = json.encode(json.array(ids)) }
end

--- The age of the table of updates: one row { known }, the time of its newest row in all
-- workspaces; NULL if no row begins at `from` or later.
---@param from integer ms
---@return string text, table params
function M.age(from)
  return AGE, { from = match.timestamp(from) }
end

--- The newest events of some pipelines.
---@param from string one of statements.quality.EVENTS
---@param ask { workspace: string, pipelines: string[], since: integer, max: integer } `since`: ms;
--- older events are not read
---@return string text, table params
function M.newest_events(from, ask)
  return match.fill(EVENTS, { FROM = from, MAX = ("%d"):format(ask.max) }),
    { workspace = ask.workspace, since = match.timestamp(ask.since),
      pipelines = json.encode(json.array(ask.pipelines)) }
end

---@class tarn.HistoryAsk
---@field workspace string  its number
---@field from integer      ms; older rows are not read
---@field pipeline? string  an id; default: all pipelines that are not deleted
---@field name? string      glob for the names of pipelines
---@field update? string    an id, or its beginning
---@field since? integer    ms
---@field until_ms? integer
---@field states? string[]  globs
---@field max? integer

--- Updates, newest first, each with its number among the attempts of its request.
---@param ask tarn.HistoryAsk
---@return string text, table params
function M.history(ask)
  local params = { workspace = ask.workspace, pipeline = ask.pipeline, max = ask.max,
    from = match.timestamp(ask.from) }
  local where = { "1 = 1" }
  if ask.since then
    params.since = match.timestamp(ask.since)
    where[#where + 1] = "u.started >= :since"
  end
  if ask.until_ms then
    params.last = match.timestamp(ask.until_ms)
    where[#where + 1] = "u.started <= :last"
  end
  if ask.states then
    where[#where + 1] = match.like(params, "state", "coalesce(u.result, 'UNKNOWN')", ask.states)
  end
  if ask.update then
    where[#where + 1] = match.like(params, "update", "u.update_id", { ask.update .. "*" })
  end
  return match.fill(HISTORY, {
    MORE = FIELDS, NAME = ask.name and " AND " .. match.like(params, "name", "name", { ask.name }),
    -- a pipeline that is asked for by its id may be deleted
    JOIN = ask.pipeline and "LEFT JOIN" or "JOIN",
    ONE = ask.pipeline and " AND pipeline_id = :pipeline",
    PIPELINE = ask.pipeline and " AND pipeline_id = :pipeline",
    WHERE = table.concat(where, " AND "), LIMIT = ask.max and "\nLIMIT :max",
  }), params
end

--- The numbers of updates among the attempts of their requests, of some pipelines.
---@param workspace_id string
---@param ids string[] of the pipelines
---@param from integer ms; as `beginning` returns it
---@param since integer ms; updates that began earlier are left out
---@return string text, table params
function M.attempts(workspace_id, ids, from, since)
  return match.fill(ATTEMPTS, { PIPELINE = LISTED }), { workspace = workspace_id,
    from = match.timestamp(from), since = match.timestamp(since),
    pipelines = json.encode(json.array(ids)) }
end

--- The events that show the phases of updates; without `pipeline` only those of failures.
---@param from string one of statements.quality.EVENTS
---@param ask { workspace: string, pipeline?: string, since: integer }
---@return string text, table params
function M.progress(from, ask)
  return match.fill(PROGRESS, { FROM = from,
    PIPELINE = ask.pipeline and " AND pipeline_id = :pipeline",
    ONLY = not ask.pipeline
      and "\n  AND variant_get(details, '$.update_progress.state', 'string') = 'FAILED'",
  }), { workspace = ask.workspace, pipeline = ask.pipeline, since = match.timestamp(ask.since) }
end

return M
