--- Columns of datasets, and the lineage of columns.

local catalog = require "tarn.lineage.catalog"
local fault = require "base.fault"
local names = require "tarn.lineage.names"
local pool = require "base.pool"
local statements = require "tarn.statements"

local M = {}

M.SYSTEM = "system.access.column_lineage"
M.TRACKING = "column_tracking"

---@class tarn.ColumnPair
---@field source string  name of the table
---@field source_column string
---@field target string
---@field target_column string

local function fqn(value)
  local name = names.find(value, {})
  return name and name.fqn
end

--- Pairs of columns from the system table.
---@param ws tarn.WorkspaceClient
---@param ask table
---@return tarn.ColumnPair[]
function M.system(ws, ask)
  local list = {}
  local sql, params = statements.lineage.columns(ask)
  local rows <close> = ws:sql(sql, params, { text = true, warehouse_id = ask.warehouse })
  for row in rows do
    list[#list + 1] = { source = fqn(row.source), source_column = row.source_column,
      target = fqn(row.target), target_column = row.target_column }
  end
  return list
end

local function ask_one(ws, node, column)
  local answer = ws:request("GET", "/api/2.0/lineage-tracking/column-lineage", { query = {
    table_name = node.fqn, column_name = column } })
  local list = {}
  for _, up in ipairs(answer.upstream_cols or {}) do
    if up.catalog_name and up.schema_name and up.table_name and up.name then
      list[#list + 1] = { source = names.of(up.catalog_name, up.schema_name, up.table_name).fqn,
        source_column = up.name, target = node.fqn, target_column = column }
    end
  end
  return list
end

-- Call `f` for each item, many at once, and count the faults. The first item is tried alone, so
-- that a missing endpoint is not asked a thousand times.
local function for_all(items, f)
  local failed, first = 0, nil
  local function one(item)
    local ok, e = fault.call(f, item)
    if not ok and (e.kind == "cancelled" or e.kind == "bug") then
      fault.raise(e)
    elseif not ok then
      failed, first = failed + 1, first or e
    end
  end
  if items[1] then
    one(items[1])
  end
  if not first then
    pool.each(table.move(items, 2, #items, 1, {}), one)
  else
    failed = #items
  end
  return failed, first
end

--- Ask the catalog for the columns of tables that have none yet.
---@param ws tarn.WorkspaceClient
---@param nodes tarn.LineageNode[]
---@return integer failed number of tables
---@return tarn.Fault? first
function M.fill(ws, nodes)
  local without = {}
  for _, node in ipairs(nodes) do
    if not node.columns and node.kind == "table" and node.published then
      without[#without + 1] = node
    end
  end
  return for_all(without, function(node) node.columns = catalog.find_columns(ws, node) end)
end

--- Pairs of columns whose targets are in these tables, with one request for each column.
---@param ws tarn.WorkspaceClient
---@param nodes tarn.LineageNode[]
---@return tarn.ColumnPair[] pairs
---@return integer failed number of requests
---@return tarn.Fault? first
function M.tracking(ws, nodes)
  local questions, list = {}, {}
  for _, node in ipairs(nodes) do
    for _, column in ipairs(node.published and node.columns or {}) do
      questions[#questions + 1] = { node, column.name }
    end
  end
  local failed, first = for_all(questions, function(question)
    local found = ask_one(ws, question[1], question[2])
    table.move(found, 1, #found, #list + 1, list)
  end)
  return list, failed, first
end

return M
