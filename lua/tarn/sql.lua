--- Run SQL statements at a warehouse, and read the rows of the result.
--
--     local rows <close> = ws:sql("SELECT name FROM system.lakeflow.pipelines "
--       .. "WHERE change_time > :since", { since = { value = "2026-01-01", type = "DATE" } })
--     for row in rows do print(row.name) end
--
-- `ws:sql(...)` is `sql.run(ws, ...)`.

local lists = require "base.list"

local M = {}

---@class tarn.Rows: tarn.List each row is a table with a field for each column, whose value is a
-- string or json.null. Closing the list cancels a statement that still runs.
---@field columns { name: string, type_name: string, type_text: string }[]
---@field statement_id string
---@field truncated boolean

-- Parameters are sorted by name, so that the same call sends the same request. A parameter is a
-- value, or { value = , type = } for DATE, TIMESTAMP, DECIMAL(p,s) and typed NULLs. Without a type
-- the primitive chooses INT, BIGINT, DOUBLE, BOOLEAN or STRING.
local function parameter_list(params)
  local list = {}
  for name, value in pairs(params) do
    if type(value) == "table" then
      list[#list + 1] = { name = name, value = value.value, type = value.type }
    else
      list[#list + 1] = { name = name, value = value }
    end
  end
  table.sort(list, function(a, b) return a.name < b.name end)
  return list
end

-- Columns with distinct names, since a row has a field for each column: the second column of the
-- name `n` becomes `n_2`.
local function with_distinct_names(columns)
  local taken, list = {}, {}
  for i, column in ipairs(columns) do
    local name, n = column.name, 1
    while taken[name] do
      n = n + 1
      name = ("%s_%d"):format(column.name, n)
    end
    taken[name] = true
    list[i] = { name = name, type_name = column.type_name, type_text = column.type_text }
  end
  return list
end

-- A function that returns the next row of a cursor.
local function rows_of(cursor, columns)
  return function()
    local cells = cursor:next()
    if not cells then
      return nil
    end
    local row = {}
    for i, column in ipairs(columns) do
      row[column.name] = cells[i]
    end
    return row
  end
end

--- Submit a statement and wait for its result.
---@param ws tarn.WorkspaceClient
---@param text string
---@param params? table<string, any> named, as in ":name"
---@param opts? tarn.SqlOptions
---@return tarn.Rows
function M.run(ws, text, params, opts)
  local all = {}
  for key, value in pairs(opts or {}) do
    all[key] = value
  end
  if params and next(params) ~= nil then
    all.parameters = parameter_list(params)
  end
  all.warehouse_id = all.warehouse_id or require("tarn.sql.warehouses").chosen(ws)
  local cursor = ws.native:sql(text, all)
  local columns = with_distinct_names(cursor.columns)
  return lists.new(rows_of(cursor, columns), {
    fields = { columns = columns, statement_id = cursor.statement_id,
      truncated = cursor.truncated },
    close = function() cursor:close() end,
  })
end

return require("base.lazy").fields(M, {
  age = "tarn.sql.age",
  systemtables = "tarn.sql.systemtables",
  warehouses = "tarn.sql.warehouses",
})
