--- /api/2.1/unity-catalog: tables, their summaries, and whether they exist (api E.5).

local json = require "native.json"
local errors = require "sandbox.http.errors"
local fields = require "sandbox.http.fields"
local names = require "sandbox.unity.names"
local types = require "sandbox.sql.types"
local unity = require "sandbox.unity"

local M = {}

local MAX_TABLES <const> = 50  -- tables with their columns on a page
local MAX_NAMES <const> = 1000 -- tables without columns
local MAX_SUMMARIES <const> = 10000

local function column_info(column, i)
  local name, text, precision, scale = types.describe(column.type)
  return {
    name = column.name, position = i - 1, nullable = true, comment = column.comment,
    type_text = text:lower(), type_name = name, type_precision = precision or 0,
    type_scale = scale or 0,
    type_json = json.encode {
      name = column.name, type = name == "DECIMAL" and text:lower() or name:lower(),
      nullable = true, metadata = {},
    },
  }
end

local function table_info(w, row, query)
  local full = ("%s.%s.%s"):format(row.catalog, row.schema, row.name)
  local info = {
    name = row.name, catalog_name = row.catalog, schema_name = row.schema, full_name = full,
    table_type = row.type, data_source_format = row.format, owner = row.owner,
    comment = row.comment, created_at = row.created, created_by = row.owner,
    updated_at = row.altered, updated_by = row.owner, metastore_id = w.metastore_id,
    table_id = unity.id_of(full), pipeline_id = row.pipeline_id, browse_only = false,
    view_definition = row.definition,
  }
  if fields.flag(query, "omit_username") then
    info.owner, info.created_by, info.updated_by = nil, nil, nil
  end
  if not fields.flag(query, "omit_properties") and row.pipeline_id then
    info.properties = { ["pipelines.pipelineId"] = row.pipeline_id }
  end
  if not fields.flag(query, "omit_columns") then
    info.columns = json.array {}
    for i, column in ipairs(json.decode(row.columns)) do
      info.columns[i] = column_info(column, i)
    end
  end
  return info
end

local function list_tables(w, req)
  local catalog = names.catalog_of(w, req)
  local schema = fields.required(req.query, "schema_name"):lower()
  if not unity.find_schema(w, catalog, schema) then
    unity.no_schema(catalog, schema)
  end
  local omit = fields.flag(req.query, "omit_columns")
  local rows, more = names.page(w, req, ("tables|%s.%s"):format(catalog, schema),
    "SELECT * FROM (" .. unity.TABLES .. ") WHERE catalog = :catalog AND schema = :schema "
    .. "AND NOT hidden", { catalog = catalog, schema = schema }, "name",
    omit and MAX_NAMES or MAX_TABLES)
  local list = {}
  for i, row in ipairs(rows) do
    list[i] = table_info(w, row, req.query)
  end
  return { tables = #list > 0 and list or nil, next_page_token = more }
end

local function find_table(w, full)
  local catalog, schema, name = unity.split(full:lower())
  if not catalog then
    errors.invalid("'%s' is not a valid table name: it must be catalog.schema.table.", full)
  end
  return unity.find_table(w, catalog, schema, name)
end

local function table_of(w, req)
  local name = req.params.full_name
  return find_table(w, name)
    or errors.raise(404, "TABLE_DOES_NOT_EXIST", ("Table '%s' does not exist."):format(name))
end

local function get_table(w, req)
  return table_info(w, table_of(w, req), req.query)
end

local function delete_table(w, req)
  local row = table_of(w, req)
  names.must_be_admin(req.principal, ("MANAGE on Table '%s'"):format(req.params.full_name))
  w:write(function()
    unity.delete_tables(w, row.catalog, row.schema, row.name)
  end)
  return {}
end

local function table_exists(w, req)
  return { table_exists = find_table(w, req.params.full_name) ~= nil }
end

local function pattern(text)
  return text and text ~= "" and text or "%"
end

local function summaries(w, req)
  local catalog = names.catalog_of(w, req)
  local like = {
    catalog = catalog, schemas = pattern(req.query.schema_name_pattern),
    tables = pattern(req.query.table_name_pattern),
  }
  local rows, more = names.page(w, req,
    ("summaries|%s|%s|%s"):format(catalog, like.schemas, like.tables),
    "SELECT schema || '.' || name AS key, * FROM (" .. unity.TABLES .. ") WHERE catalog = :catalog "
    .. "AND NOT hidden AND schema LIKE :schemas AND name LIKE :tables", like, "key", MAX_SUMMARIES)
  local list = {}
  for i, row in ipairs(rows) do
    list[i] = { full_name = catalog .. "." .. row.key, table_type = row.type }
  end
  return { tables = #list > 0 and list or nil, next_page_token = more }
end

local PATH <const> = "/api/2.1/unity-catalog"

M.routes = {
  { "GET", PATH .. "/tables", list_tables },
  { "GET", PATH .. "/tables/{full_name}", get_table },
  { "DELETE", PATH .. "/tables/{full_name}", delete_table },
  { "GET", PATH .. "/tables/{full_name}/exists", table_exists },
  { "GET", PATH .. "/table-summaries", summaries },
}

return M
