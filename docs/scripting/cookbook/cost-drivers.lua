-- cost-drivers.lua: the pipelines that cost most.
--
-- Costs come from system.billing, at list prices. Without permission to read that table the script
-- counts hours of updates instead; the column `measure` says which.

local tarn = require "tarn"

local MONEY <const> = [[
SELECT u.usage_metadata.dlt_pipeline_id AS pipeline_id, sum(u.usage_quantity) AS dbus,
  sum(u.usage_quantity * p.pricing.default) AS amount, 'USD at list price' AS measure
FROM system.billing.usage AS u JOIN system.billing.list_prices AS p
  ON p.sku_name = u.sku_name AND p.price_end_time IS NULL
WHERE u.usage_date >= :since AND u.usage_metadata.dlt_pipeline_id IS NOT NULL
GROUP BY 1 ORDER BY 3 DESC LIMIT 50]]

local HOURS <const> = [[
SELECT pipeline_id, NULL AS dbus, 'hours of updates' AS measure,
  sum(unix_timestamp(period_end_time) - unix_timestamp(period_start_time)) / 3600.0 AS amount
FROM system.lakeflow.pipeline_update_timeline
WHERE period_start_time >= :since GROUP BY 1 ORDER BY 4 DESC LIMIT 50]]

local function names(ws)
  local by_id = {}
  for row in ws:pipelines() do
    by_id[row.pipeline_id] = row.name
  end
  return by_id
end

local function ask(ctx, since)
  local rows, e = tarn.fault.try(ctx.workspace.sql, ctx.workspace, MONEY, { since = since })
  if tarn.fault.is(e, "sql") then
    ctx.warn("system.billing: " .. e.message .. "; counting hours instead")
    return ctx.workspace:sql(HOURS, { since = since })
  elseif e then
    error(e, 0)
  end
  return rows
end

local function two_decimals(value)
  return type(value) == "number" and ("%.2f"):format(value) or "-"
end

return {
  summary = "List the pipelines that cost most.",
  effect = "read",
  needs = { "warehouse", "SELECT on system.billing" },
  args = {
    { "days", "integer", "Days to look back.", default = 30, min = 1, max = 365 },
    { "top", "integer", "Number of pipelines to show.", default = 10, min = 1, max = 50,
      short = "n" },
  },
  examples = { { "cost-drivers --days 7", "costs of the last week" } },
  render = { noun = "pipeline", columns = { "pipeline", { "amount", text = two_decimals },
    { "dbus", text = two_decimals }, "measure" } },

  run = function(ctx, arg)
    local since = os.date("!%Y-%m-%d", os.time() - arg.days * 86400)
    local by_id, rows = names(ctx.workspace), tarn.json.array {}
    for row in ask(ctx, since) do
      if #rows < arg.top then
        rows[#rows + 1] = { pipeline = by_id[row.pipeline_id] or row.pipeline_id,
          amount = tonumber(("%.2f"):format(tonumber(row.amount))),
          dbus = tonumber(tostring(row.dbus)), measure = row.measure }
      end
    end
    return rows
  end,
}
