--- Read from Unity Catalog which tables there are: owner, type, format and comment.

local fault = require "base.fault"
local json = require "native.json"
local names = require "tarn.lineage.names"
local pages = require "base.pages"
local statements = require "tarn.statements"
local strings = require "base.strings"

local M = {}

local text = strings.non_empty

---@class tarn.LineageTable
---@field name tarn.LineageName
---@field type? string
---@field format? string
---@field comment? string
---@field pipeline_id? string
---@field columns? table[]

local function of_info(info)
  return { name = names.of(info.catalog_name, info.schema_name, info.name),
    type = text(info.table_type), format = text(info.data_source_format),
    comment = text(info.comment), pipeline_id = text(info.pipeline_id) }
end

--- The tables of a schema, without columns, since a page with columns holds only fifty tables.
---@param ws tarn.WorkspaceClient
---@param catalog string
---@param schema string
---@return tarn.LineageTable[]
function M.list(ws, catalog, schema)
  local list = {}
  for info in pages.items(function(query)
    return (ws:request("GET", "/api/2.1/unity-catalog/tables", { query = {
      catalog_name = catalog, schema_name = schema, max_results = 0, omit_columns = true,
      omit_properties = true, page_token = query.page_token } }))
  end, "tables", { op = "tables.list", id = "full_name" }) do
    if text(info.name) and text(info.catalog_name) and text(info.schema_name) then
      list[#list + 1] = of_info(info)
    end
  end
  return list
end

-- What Unity Catalog knows of a table, or nil if it does not exist.
local function find_info(ws, name)
  local path = "/api/2.1/unity-catalog/tables/"
    .. name.fqn:gsub("[^%w_.~-]", function(c) return ("%%%02X"):format(c:byte()) end)
  local info, e = fault.try(ws.request, ws, "GET", path)
  if not info and e.status ~= 404 then
    fault.raise(e)
  end
  return info
end

--- A table, or nil if it does not exist.
---@param ws tarn.WorkspaceClient
---@param name tarn.LineageName
---@return tarn.LineageTable?
function M.find(ws, name)
  local info = find_info(ws, name)
  return info and { name = name, type = text(info.table_type),
    format = text(info.data_source_format), comment = text(info.comment),
    pipeline_id = text(info.pipeline_id) }
end

--- The columns of a table, or nil if it does not exist.
---@param ws tarn.WorkspaceClient
---@param name tarn.LineageName
---@return { name: string, type: string }[]?
function M.find_columns(ws, name)
  local info = find_info(ws, name)
  if not info then
    return nil
  end
  local columns = json.array {}
  for i, column in ipairs(info.columns or {}) do
    columns[i] = { name = column.name, type = column.type_text or column.type_name }
  end
  return columns
end

--- The tables of a schema from information_schema, which does not know their pipelines.
---@param ws tarn.WorkspaceClient
---@param catalog string
---@param schema string
---@param warehouse? string
---@return tarn.LineageTable[]
function M.information_schema(ws, catalog, schema, warehouse)
  local list = {}
  local sql, params = statements.lineage.schema(catalog, schema)
  local rows <close> = ws:sql(sql, params, { text = true, warehouse_id = warehouse })
  for row in rows do
    if text(row.table_name) then
      list[#list + 1] = { name = names.of(catalog, schema, row.table_name),
        type = text(row.table_type), format = text(row.data_source_format),
        comment = text(row.comment) }
    end
  end
  return list
end

return M
