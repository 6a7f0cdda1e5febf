--- Run SQL statements at a warehouse, and read the rows of the result.
--
--     local rows <close> = ws:sql("SELECT name FROM system.lakeflow.pipelines "
--       .. "WHERE change_time > :since", { since = { value = "2026-01-01", type = "DATE" } })
--     for row in rows do print(row.name) end
--
-- `ws:sql(...)` is `sql.run(ws, ...)`.

local json = require "native.json"
local lists = require "base.list"
local time = require "base.time"

local M = {}

local SPECIAL <const> = { NaN = 0 / 0, Infinity = math.huge, ["-Infinity"] = -math.huge }

---@class tarn.Rows: tarn.List each row is a table with a field for each column, whose value has the
-- type of the column: see `value`. Closing the list cancels a statement that still runs.
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

local function number(text)
  return tonumber(text) or SPECIAL[text] or text
end

local function integer(text)
  local n = tonumber(text)
  return math.type(n) == "integer" and n or text
end

-- Texts of cells to values, by the types of columns. All other cells stay texts.
local VALUES <const> = {
  BYTE = integer, SHORT = integer, INT = integer, LONG = integer, FLOAT = number, DOUBLE = number,
  BOOLEAN = function(text) return text == "true" end,
  TIMESTAMP = function(text) return time.find_iso(text) or text end,
}

--- The value of a cell: integers of 64 bits, floats and booleans; a TIMESTAMP as milliseconds since
-- 1970, like all times of the library. A DECIMAL stays its exact text, for which there is `units`;
-- a DATE, a TIMESTAMP_NTZ, which belongs to no time zone, and all others are texts, too.
---@param text string|json.null
---@param type_name string of the column: "LONG", "DECIMAL", ...
---@return any
function M.value(text, type_name)
  local convert = VALUES[type_name]
  if not convert or text == json.null then
    return text
  end
  return convert(text)
end

--- A DECIMAL in its smallest unit, exactly: `units("12.30", 2)` is 1230. An error for a text with
-- more decimals than `scale`, and for a number that 64 bits cannot hold.
--
--     local sql, cents = require "tarn.sql", 0
--     for row in ws:sql "SELECT price FROM orders" do
--       cents = cents + sql.units(row.price, 2)
--     end
---@param text string
---@param scale integer decimals
---@return integer
function M.units(text, scale)
  local sign, whole, part = tostring(text):match "^([+-]?)(%d+)%.?(%d*)$"
  part = part and part:gsub("0+$", "")
  local digits = part and #part <= scale and sign .. whole .. part .. ("0"):rep(scale - #part)
  local n = digits and tonumber((digits:gsub("^%+", "")))
  if math.type(n) ~= "integer" then
    error(("bad argument #1 to 'units' (no decimal with at most %d decimals: %s)"):format(scale,
      tostring(text)), 2)
  end
  return n
end

-- A function that returns the next row of a cursor.
local function rows_of(cursor, columns, as_text)
  return function()
    local cells = cursor:next()
    if not cells then
      return nil
    end
    local row = {}
    for i, column in ipairs(columns) do
      row[column.name] = as_text and cells[i] or M.value(cells[i], column.type_name)
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
  all.text = nil
  if params and next(params) ~= nil then
    all.parameters = parameter_list(params)
  end
  all.warehouse_id = all.warehouse_id or require("tarn.sql.warehouses").chosen(ws)
  local cursor = ws.native:sql(text, all)
  local columns = with_distinct_names(cursor.columns)
  return lists.new(rows_of(cursor, columns, opts and opts.text), {
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
