-- cost-drivers.lua: the pipelines that cost most.
--
-- Costs come from system.billing, at the list prices of the time of use. Without permission to read
-- that table the script counts hours of updates instead; the column `measure` says which.

local statements = require "tarn.statements"
local tarn = require "tarn"

local function names(ws)
  local by_id = {}
  for row in ws:pipelines() do
    by_id[row.pipeline_id] = row.name
  end
  return by_id
end

-- The rows of a statement, with amount and measure.
local function ask(ctx, since)
  local ws = ctx.workspace
  local what = { workspace = ws:org_id(), since = since }
  local rows, e = tarn.fault.try(ws.sql, ws, statements.cost.usage(what))
  if tarn.fault.is(e, "sql") then
    ctx.warn("system.billing: " .. e.message .. "; counting hours instead")
    rows = ws:sql(statements.cost.hours(what))
  elseif e then
    error(e, 0)
  end
  return function()
    local row = rows()
    if row and row.hours then
      return { pipeline_id = row.pipeline_id, amount = row.hours, measure = "hours of updates" }
    elseif row then
      row.measure = row.currency ~= tarn.json.null and row.currency .. " at list price"
        or "without a price"
    end
    return row
  end
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
    local since = (os.time() - arg.days * 86400) * 1000
    local by_id, rows = names(ctx.workspace), tarn.json.array {}
    for row in ask(ctx, since) do
      if #rows < arg.top then
        rows[#rows + 1] = { pipeline = by_id[row.pipeline_id] or row.pipeline_id,
          amount = tonumber(("%.2f"):format(tonumber(row.amount) or 0)),
          dbus = tonumber(tostring(row.dbus)), measure = row.measure }
      end
    end
    return rows
  end,
}
