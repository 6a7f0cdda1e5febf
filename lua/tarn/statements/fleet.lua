--- Statements about all pipelines of a workspace and their updates, from system tables.
--
-- system.lakeflow.pipelines has a row for each version of a pipeline. The newest version is taken
-- before deleted pipelines are left out, since older versions of a deleted pipeline are not marked
-- as deleted. system.lakeflow.pipeline_update_timeline has a row for each hour of an update; min
-- and max join them to one row, and only the last one has the result. Both tables have the rows of
-- many workspaces. Ranks are numbered in one query and compared in the next one, because only Spark
-- has QUALIFY. A query that has one row for each pipeline still groups by pipeline: SQLite cannot
-- estimate the size of windows, and would join without an index.

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
    WHERE workspace_id = :workspace) AS versions
  WHERE age = 1 AND delete_time IS NULL{NAME}
  GROUP BY pipeline_id)]]

local UPDATES <const> = [[
whole AS (
  SELECT t.pipeline_id, t.update_id, max(a.name) AS name, max(t.request_id) AS request_id,
    max(t.update_type) AS update_type, max(t.trigger_type) AS cause,
    max(t.result_state) AS result, max(t.compute.cluster_id) AS cluster_id,
    max(to_json(t.refresh_selection)) AS refresh_selection,
    max(to_json(t.full_refresh_selection)) AS full_refresh_selection,
    max(to_json(t.reset_checkpoint_selection)) AS reset_checkpoint_selection,
    min(t.period_start_time) AS started, max(t.period_end_time) AS ended
  FROM system.lakeflow.pipeline_update_timeline AS t
    {JOIN} alive AS a ON a.pipeline_id = t.pipeline_id
  WHERE t.workspace_id = :workspace{PIPELINE}
  GROUP BY t.workspace_id, t.pipeline_id, t.update_id),
numbered AS (
  SELECT *,
    row_number() OVER (PARTITION BY pipeline_id, coalesce(request_id, update_id)
      ORDER BY started, update_id) AS attempt,
    count(*) OVER (PARTITION BY pipeline_id, coalesce(request_id, update_id)) AS attempts,
    row_number() OVER (PARTITION BY pipeline_id ORDER BY started DESC, update_id DESC) AS age
  FROM whole),
newest AS (
  SELECT pipeline_id, max(update_id) AS update_id, max(result) AS result,
    max(attempts) AS attempts, max(started) AS started, max(ended) AS ended
  FROM numbered
  WHERE age = 1
  GROUP BY pipeline_id)]]

-- The time of the workspace's newest row: the answer is as old as that.
local KNOWN <const> = [[
(SELECT max(period_end_time) FROM system.lakeflow.pipeline_update_timeline
    WHERE workspace_id = :workspace) AS known]]

local HEALTH <const> = "WITH " .. ALIVE .. ",\n" .. UPDATES .. [[

SELECT a.pipeline_id, a.name, a.pipeline_type, a.created_by, a.run_as, u.update_id, u.result,
  u.attempts, u.started, u.ended,
  ]] .. KNOWN .. [[

FROM alive AS a LEFT JOIN newest AS u ON u.pipeline_id = a.pipeline_id
ORDER BY a.pipeline_id]]

local HISTORY <const> = "WITH " .. ALIVE .. ",\n" .. UPDATES .. [[

SELECT pipeline_id, name, update_id, request_id, update_type, cause, result, cluster_id,
  refresh_selection, full_refresh_selection, reset_checkpoint_selection, started, ended, attempt,
  attempts,
  ]] .. KNOWN .. [[

FROM numbered
WHERE {WHERE}
ORDER BY started DESC, update_id DESC{LIMIT}]]

local PROGRESS <const> = [[
SELECT pipeline_id, update_id, pipeline_event_id AS id, event_time AS at, level, message,
  origin.request_id AS request_id, variant_get(details, '$.update_progress.state', 'string')
  AS state, variant_get(details, '$.update_progress.cancellation_cause', 'string')
  AS cancellation_cause, to_json(error) AS error
FROM {FROM}
WHERE workspace_id = :workspace AND event_type = 'update_progress'
  AND event_time >= :since{PIPELINE}{ONLY}
ORDER BY event_time DESC, pipeline_event_id DESC]]

local NEWEST <const> = "WITH " .. ALIVE .. ",\n" .. UPDATES .. [[

SELECT e.pipeline_event_id AS id, e.event_type, e.level, e.message, e.event_time AS at,
  e.maturity_level, e.pipeline_id, a.name
FROM {FROM} AS e
  JOIN newest AS u ON u.pipeline_id = e.pipeline_id
  JOIN alive AS a ON a.pipeline_id = e.pipeline_id
WHERE e.workspace_id = :workspace AND e.event_time >= :since
  AND (u.result IS NULL OR u.result = 'FAILED')
ORDER BY e.event_time DESC,
  CASE e.level WHEN 'ERROR' THEN 1 WHEN 'WARN' THEN 2 ELSE 3 END, e.pipeline_event_id DESC
LIMIT {MAX}]]

--- The common table expression `alive` for statements of other subjects: the pipelines that are not
-- deleted and whose name matches a glob. The statement must bind `:workspace`.
---@param params table gets the parameters of the expression
---@param name? string the glob
---@return string
function M.alive(params, name)
  return match.fill(ALIVE, {
    NAME = name and " AND " .. match.like(params, "name", "name", { name }) or nil })
end

--- The pipelines of a workspace, each with its newest update.
---@param workspace_id string
---@return string text, table params
function M.health(workspace_id)
  return match.fill(HEALTH, { JOIN = "JOIN" }), { workspace = workspace_id }
end

--- The newest events of the pipelines whose newest update has failed or has not ended.
---@param from string one of statements.quality.EVENTS
---@param workspace_id string
---@param since integer ms; older events are not read
---@param max integer
---@return string text, table params
function M.newest_events(from, workspace_id, since, max)
  return match.fill(NEWEST, { FROM = from, JOIN = "JOIN", MAX = ("%d"):format(max) }),
    { workspace = workspace_id, since = match.timestamp(since) }
end

---@class tarn.HistoryAsk
---@field workspace string  its number
---@field pipeline? string  an id; default: all pipelines that are not deleted
---@field name? string      glob for the names of pipelines
---@field update? string    an id, or its beginning
---@field since? integer    ms
---@field states? string[]  globs
---@field max? integer

--- Updates, newest first, each with its number among the attempts of its request.
---@param ask tarn.HistoryAsk
---@return string text, table params
function M.history(ask)
  local params = { workspace = ask.workspace, pipeline = ask.pipeline, max = ask.max }
  local where = { "1 = 1" }
  if ask.since then
    params.since = match.timestamp(ask.since)
    where[#where + 1] = "started >= :since"
  end
  if ask.states then
    where[#where + 1] = match.like(params, "state", "coalesce(result, 'UNKNOWN')", ask.states)
  end
  if ask.update then
    where[#where + 1] = match.like(params, "update", "update_id", { ask.update .. "*" })
  end
  return match.fill(HISTORY, {
    NAME = ask.name and " AND " .. match.like(params, "name", "name", { ask.name }),
    -- a pipeline that is asked for by its id may be deleted
    JOIN = ask.pipeline and "LEFT JOIN" or "JOIN",
    PIPELINE = ask.pipeline and " AND t.pipeline_id = :pipeline",
    WHERE = table.concat(where, " AND "), LIMIT = ask.max and "\nLIMIT :max",
  }), params
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
