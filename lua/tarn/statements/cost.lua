--- Statements about what pipelines have used and cost, from system.billing.
--
-- A SKU has a price for each cloud and for each time between two changes of the price: usage is
-- joined with the one that was valid when it ended. A usage without a price counts in `dbus` and in
-- `unpriced`, and not in `amount`. A correction of usage is a row with a negative quantity, so that
-- a sum is right. List prices are not what an account with a discount pays.

local match = require "tarn.statements.match"

local M = {}

local USAGE <const> = [[
SELECT u.usage_metadata.dlt_pipeline_id AS pipeline_id{KEY}, p.currency_code AS currency,
  sum(u.usage_quantity) AS dbus,
  sum(u.usage_quantity * CAST(p.pricing.default AS DECIMAL(18, 9))) AS amount,
  sum(CASE WHEN p.sku_name IS NULL THEN u.usage_quantity ELSE 0 END) AS unpriced
FROM system.billing.usage AS u
  LEFT JOIN system.billing.list_prices AS p ON p.cloud = u.cloud AND p.sku_name = u.sku_name
    AND p.price_start_time <= u.usage_end_time
    AND (p.price_end_time IS NULL OR p.price_end_time > u.usage_end_time)
WHERE u.workspace_id = :workspace AND u.usage_date >= :since{UNTIL}
  AND u.usage_metadata.dlt_pipeline_id {WHICH}
GROUP BY u.usage_metadata.dlt_pipeline_id{GROUP}, p.currency_code
ORDER BY amount DESC, pipeline_id{ORDER}]]

local UNNAMED <const> = [[
SELECT sum(usage_quantity) AS dbus
FROM system.billing.usage
WHERE workspace_id = :workspace AND usage_date >= :since AND billing_origin_product = 'DLT'
  AND usage_metadata.dlt_pipeline_id IS NULL]]

local HOURS <const> = [[
SELECT pipeline_id,
  sum(unix_timestamp(period_end_time) - unix_timestamp(period_start_time)) / 3600.0 AS hours
FROM system.lakeflow.pipeline_update_timeline
WHERE workspace_id = :workspace AND period_start_time >= :since
GROUP BY pipeline_id
ORDER BY hours DESC, pipeline_id]]

-- What a row is for, besides a pipeline: the name of the column, and its value.
local KEYS <const> = {
  day = { "day", "u.usage_date" },
  update = { "update_id", "u.usage_metadata.dlt_update_id" },
  sku = { "sku_name", "u.sku_name" },
  tag = { "tags", "to_json(u.custom_tags)" },
}

---@class tarn.CostAsk
---@field workspace string   the number of the workspace
---@field since integer      ms; usage of earlier days is left out
---@field until_ms? integer  ms; usage of later days is left out
---@field pipeline? string   an id; default: all pipelines
---@field by? "day"|"update"|"sku"|"tag" a row for each of these of a pipeline; default: one row

--- Usage and its cost at list prices, the largest amount first: rows { pipeline_id, currency, dbus,
-- amount, unpriced }, with `day`, `update_id`, `sku_name` or `tags` for `by`. Usage without a price
-- has no currency, and so a row of its own.
---@param ask tarn.CostAsk
---@return string text, table params
function M.usage(ask)
  local key = KEYS[ask.by] or {}
  return match.fill(USAGE, {
    KEY = key[1] and (", %s AS %s"):format(key[2], key[1]), GROUP = key[2] and ", " .. key[2],
    ORDER = key[1] and ", " .. key[1], UNTIL = ask.until_ms and " AND u.usage_date <= :until",
    WHICH = ask.pipeline and "= :pipeline" or "IS NOT NULL",
  }), { workspace = ask.workspace, pipeline = ask.pipeline, since = match.date(ask.since),
    ["until"] = ask.until_ms and match.date(ask.until_ms) or nil }
end

--- What pipelines have used without being named in the usage: one row { dbus }.
---@param ask tarn.CostAsk
---@return string text, table params
function M.unnamed(ask)
  return UNNAMED, { workspace = ask.workspace, since = match.date(ask.since) }
end

--- Hours of updates, for those who may not read system.billing: rows { pipeline_id, hours }, the
-- largest number first.
---@param ask { workspace: string, since: integer } `since`: ms
---@return string text, table params
function M.hours(ask)
  return HOURS, { workspace = ask.workspace, since = match.timestamp(ask.since) }
end

return M
