local backend = require "tarn.backend"
local cost = require "tarn.cost"
local fault = require "base.fault"
local formats = require "output.formats"
local json = require("tarn").json
local pipelines = require "tarn.pipelines"
local time = require "base.time"

local DAY_MS <const> = 86400000

local function money(value)
  return type(value) == "number" and ("%.2f"):format(value) or "-"
end

local function name_text(_, row)
  return row.name ~= json.null and row.name or row.pipeline_id .. " (deleted)"
end

local NAME <const> = { "name", title = "PIPELINE", text = name_text }

-- The columns in front of the numbers.
local LEADING <const> = {
  pipeline = { NAME }, update = { NAME, { "update_id", title = "UPDATE" } }, day = { { "day" } },
  tag = { { "tag" } }, owner = { { "owner" } },
}

-- The fields of a row in front of the numbers.
local FIELDS <const> = { pipeline = { "pipeline_id", "name" },
  update = { "pipeline_id", "name", "update_id" }, day = { "day" }, tag = { "tag" },
  owner = { "owner" } }

-- The rows, with the order of their fields, so that CSV has a head without a row, too.
local function rows_of(report)
  local fields, i = { table.unpack(FIELDS[report.by]) }, 0
  for _, name in ipairs { "dbus", "amount", "currency" } do
    fields[#fields + 1] = name
  end
  return setmetatable({ columns = fields }, { __call = function()
    i = i + 1
    return report.rows[i]
  end })
end

local function amounts_text(amounts)
  local parts = {}
  for currency, amount in pairs(amounts) do
    parts[#parts + 1] = ("%.2f %s"):format(amount, currency)
  end
  table.sort(parts)
  return #parts > 0 and table.concat(parts, " + ") or "no prices"
end

local function columns_of(report)
  local columns, currencies = {}, {}
  for currency in pairs(report.total.amounts) do
    currencies[#currencies + 1] = currency
  end
  table.move(LEADING[report.by], 1, #LEADING[report.by], 1, columns)
  columns[#columns + 1] = { "dbus", title = "DBU", align = "right", text = money }
  columns[#columns + 1] = { "amount", title = #currencies == 1 and currencies[1] or "AMOUNT",
    align = "right", text = money }
  columns[#columns + 1] = #currencies > 1 and { "currency" } or nil
  return columns
end

local function show_rest(screen, part, total, what)
  if part and part > 0 then
    screen:line(("%.2f DBU (%.1f %%) %s"):format(part, 100 * part / total, what))
  end
end

local function show(report, screen)
  screen:heading(("%d days, at list prices: %.2f DBU, %s"):format(report.window.days,
    report.total.dbus, amounts_text(report.total.amounts)))
  if #report.rows > 0 then
    screen:table(report.rows, columns_of(report))
  else
    screen:line "no usage is known"
  end
  local all = report.total.dbus + (report.unnamed or 0)
  show_rest(screen, report.unnamed, all, "of pipelines name no pipeline, and are in no row")
  show_rest(screen, report.unpriced, all, "have no list price, and are in no amount")
  if report.by ~= "pipeline" and report.by ~= "update" then
    show_rest(screen, report.deleted, all, "are of pipelines that do not exist any more")
  end
end

return {
  summary = "Show what pipelines have used and cost, at list prices.",
  effect = "read",
  route = { "GET", "/api/dlt/cost" },
  needs = { "warehouse", "SELECT on system.billing" },
  returns = { rows = { { dbus = "number", amount = "number|null", currency = "string|null",
    ["pipeline_id?"] = "string", ["name?"] = "string|null", ["update_id?"] = "string",
    ["day?"] = "string", ["tag?"] = "string", ["owner?"] = "string" } },
    total = { dbus = "number", amounts = "object" }, unpriced = "number", deleted = "number",
    ["unnamed?"] = "number", by = "string", window = { days = "integer", since = "string" } },
  details = [[
DBUs come from system.billing.usage of this workspace, prices from system.billing.list_prices: the
price of the cloud and SKU that was valid at the time. Discounts are not known. The tables are some
hours late, and days are those of UTC.

What could not be attributed is told: usage that names no pipeline, and usage without a price. --by
owner adds up by the creators of pipelines; --by tag by the tags that a usage had, so that one with
two tags counts for both.]],
  args = {
    { "pipeline", "pipeline", "Id, name, unique beginning of the name, or a glob.",
      optional = true, positional = true },
    { "days", "integer", "Days to look back.", default = 30, min = 1, max = 365, short = "d" },
    { "by", "choice", "Show one row for each of these.", default = "pipeline",
      choices = { "pipeline", "update", "day", "tag", "owner" } },
    backend.WAREHOUSE_ARG,
  },
  examples = {
    { "cost", "the last 30 days, a row for each pipeline" },
    { "cost 'finance*' --days 7 --by day", "a week of some pipelines, day by day" },
    { "cost sales --by update -o csv", "the updates of one pipeline, for a spreadsheet" },
    { "cost --by owner", "who has created what costs most" },
  },
  see = { "updates", "sql" },
  render = { text = show },

  run = function(ctx, arg)
    local name, since = arg.pipeline, time.now() - arg.days * DAY_MS
    local many = name ~= nil and name:find "[*?]" ~= nil
    local report, e = fault.try(cost.read, ctx.workspace, { by = arg.by, since = since,
      match = many and name or nil, warehouse = arg.warehouse,
      pipeline = name and not many and pipelines.find_id(ctx.workspace, name) or nil })
    if e then
      error(cost.explain(e), 0)
    end
    report.by, report.window = arg.by, { days = arg.days, since = time.iso(since):sub(1, 10) }
    return formats.of(ctx.options).rows and rows_of(report) or report
  end,
}
