--- What pipelines have used and cost, at list prices, from system.billing.
--
--     local cost = require "tarn.cost"
--     local report = cost.read(ws, { since = (os.time() - 30 * 86400) * 1000, by = "owner" })
--     for _, row in ipairs(report.rows) do print(row.owner, row.dbus, row.amount) end
--     print(report.total.dbus, report.unnamed)
--
-- Discounts of an account are not known. System tables are some hours late.

local fault = require "base.fault"
local glob = require "base.glob"
local json = require "native.json"
local keys = require "tarn.cost.keys"
local statements = require "tarn.statements"
local systemtables = require("tarn.sql").systemtables

local M = {}

---@class tarn.CostRow
---@field pipeline_id? string  missing for `by` tag and owner
---@field name? string         json.null for a pipeline that does not exist any more
---@field update_id? string
---@field day? string
---@field tag? string          "team=data"
---@field owner? string        who created the pipelines
---@field dbus number
---@field amount number|json.null null: the usage has no price
---@field currency string|json.null

---@class tarn.CostReport
---@field rows tarn.CostRow[]  the largest amount first; for `by` day in order of time
---@field total { dbus: number, amounts: table<string, number> } by currency
---@field unpriced number      DBUs of the rows that have no list price
---@field unnamed? number      DBUs of pipelines whose usage names no pipeline; nil with a filter
---@field deleted number       DBUs of pipelines that do not exist any more

-- Amounts have more digits than anybody can use.
local function rounded(number)
  return tonumber(("%.6f"):format(number))
end

local function number(cell)
  return tonumber(systemtables.text(cell) or 0)
end

local function find_pipelines(ws)
  local by_id = {}
  for item in ws:pipelines() do
    by_id[item.pipeline_id] = item
  end
  return by_id
end

local FIELDS <const> = { "pipeline_id", "update_id", "day", "owner", "tag" }

-- Add an amount to the row of a key and a currency.
local function add(report, by_key, key, dbus, amount, currency)
  local parts = {}
  for i, field in ipairs(FIELDS) do
    parts[i] = tostring(key[field] or "")
  end
  parts[#parts + 1] = tostring(currency or "")
  local id = table.concat(parts, "\0")
  local row = by_key[id]
  if not row then
    row = key
    row.dbus, row.amount, row.currency = 0, currency and 0 or json.null, currency or json.null
    by_key[id] = row
    report.rows[#report.rows + 1] = row
  end
  row.dbus = row.dbus + dbus
  row.amount = currency and row.amount + amount or json.null
end

local function sort_rows(rows, by)
  local function amount(row)
    return row.amount ~= json.null and row.amount or -1
  end
  local function name(row)
    return tostring(row.update_id or row.tag or row.owner or row.pipeline_id)
  end
  table.sort(rows, function(a, b)
    if by == "day" and a.day ~= b.day then
      return a.day < b.day
    elseif amount(a) ~= amount(b) then
      return amount(a) > amount(b)
    elseif a.dbus ~= b.dbus then
      return a.dbus > b.dbus
    end
    return name(a) < name(b)
  end)
end

local function round_all(report)
  for _, row in ipairs(report.rows) do
    row.dbus = rounded(row.dbus)
    row.amount = row.amount ~= json.null and rounded(row.amount) or row.amount
  end
  for _, name in ipairs { "unpriced", "unnamed", "deleted" } do
    report[name] = report[name] and rounded(report[name])
  end
  report.total.dbus = rounded(report.total.dbus)
  for currency, amount in pairs(report.total.amounts) do
    report.total.amounts[currency] = rounded(amount)
  end
end

local function find_unnamed(ws, ask, sql)
  local text, params = statements.cost.unnamed(ask)
  local rows <close> = ws:sql(text, params, sql)
  local cells = rows()
  return cells and number(cells.dbus) or 0
end

---@class tarn.CostOptions
---@field since integer      ms; whole days are read
---@field by? "pipeline"|"update"|"day"|"tag"|"owner" default "pipeline"
---@field pipeline? string   an id
---@field match? string      a glob for names of pipelines
---@field warehouse? string  id

--- Read what pipelines have used. A usage with several tags counts for each of them. Raises a fault
-- of kind `sql` if system.billing cannot be read.
---@param ws tarn.WorkspaceClient
---@param opts tarn.CostOptions
---@return tarn.CostReport
function M.read(ws, opts)
  local by, sql = opts.by or "pipeline", { warehouse_id = opts.warehouse }
  local ask = { workspace = ws:org_id(), since = opts.since, pipeline = opts.pipeline,
    by = (by == "day" or by == "update" or by == "tag") and by or nil }
  local pipelines, matches = find_pipelines(ws), opts.match and glob.matcher(opts.match)
  local report = { rows = json.array {}, total = { dbus = 0, amounts = {} }, unpriced = 0,
    deleted = 0 }
  local text, params = statements.cost.usage(ask)
  local rows <close>, by_key = ws:sql(text, params, sql), {}
  for cells in rows do
    local pipeline = pipelines[cells.pipeline_id]
    if not matches or pipeline and matches(pipeline.name) then
      local dbus, amount = number(cells.dbus), number(cells.amount)
      local currency = systemtables.text(cells.currency)
      for _, key in ipairs(keys[by](cells, pipeline)) do
        add(report, by_key, key, dbus, amount, currency)
      end
      local total = report.total
      total.dbus = total.dbus + dbus
      report.unpriced = report.unpriced + number(cells.unpriced)
      report.deleted = report.deleted + (pipeline and 0 or dbus)
      if currency then
        total.amounts[currency] = (total.amounts[currency] or 0) + amount
      end
    end
  end
  if not matches and not opts.pipeline then
    report.unnamed = find_unnamed(ws, ask, sql)
  end
  sort_rows(report.rows, by)
  round_all(report)
  return report
end

--- The fault with a hint, if it says that system.billing cannot be read.
---@param e tarn.Fault
---@return tarn.Fault
function M.explain(e)
  if e.kind ~= "sql" or e.hint then
    return e
  end
  return fault.new { kind = e.kind, op = e.op, code = e.code, cause = e, message = e.message,
    hint = "costs need SELECT on system.billing.usage and system.billing.list_prices, which an "
      .. "admin of the account grants" }
end

return M
