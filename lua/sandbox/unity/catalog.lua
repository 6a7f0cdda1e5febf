--- /api/2.1/unity-catalog: catalogs, schemas, tables (api E.5), and the system schemas.

local json = require "native.json"
local errors = require "sandbox.http.errors"
local paging = require "sandbox.http.paging"
local relations = require "sandbox.sql.relations"
local types = require "sandbox.sql.types"
local unity = require "sandbox.unity"

local M = {}

local MAX_TABLES <const> = 50  -- tables with their columns on a page
local MAX_NAMES <const> = 1000 -- catalogs, schemas, tables without columns
local MAX_SUMMARIES <const> = 10000

local function no_catalog(name)
  errors.raise(404, "CATALOG_DOES_NOT_EXIST", ("Catalog '%s' does not exist."):format(name))
end

local function no_schema(catalog, name)
  errors.raise(404, "SCHEMA_DOES_NOT_EXIST", ("Schema '%s.%s' does not exist.")
    :format(catalog, name))
end

local function must_be_admin(principal, what)
  if not principal.admin then
    errors.denied(("User does not have %s."):format(what))
  end
end

-- The page size that a query asks for; nil: the whole list, as the API answers without max_results.
local function page_size(query, maximum)
  local text = query.max_results
  if text == nil or text == "" then
    return query.page_token and maximum or nil
  end
  local n = math.tointeger(tonumber(text))
  if not n or n < 0 then
    errors.invalid("max_results must be a non-negative integer: %s", tostring(text))
  end
  return (n == 0 or n > maximum) and maximum or n
end

-- One page of the rows of `sql`, after the row that the page token names, and the next token.
-- `key` is the column that orders them.
local function page(w, req, kind, sql, params, key, maximum)
  local size, token = page_size(req.query, maximum), paging.find_token(req.query)
  params.now_ms, params.after = w.clock:now(), token and paging.keys(kind, token)[1] or ""
  params.size = size and size + 1 or -1
  local rows = w.db:query(("SELECT * FROM (%s) WHERE %s > :after ORDER BY %s LIMIT :size")
    :format(sql, key, key), params)
  local more
  if size and #rows > size then
    rows[#rows] = nil
    more = paging.token(kind, rows[#rows][key])
  end
  return rows, more
end

local function catalog_info(w, row)
  return {
    name = row.name, full_name = row.name, catalog_type = row.type, owner = row.owner,
    comment = row.comment, created_at = row.created, created_by = row.owner,
    updated_at = row.created, updated_by = row.owner, metastore_id = w.metastore_id,
    isolation_mode = "OPEN", securable_type = "CATALOG", browse_only = false,
  }
end

local function list_catalogs(w, req)
  local rows, more = page(w, req, "catalogs", "SELECT *, :now_ms AS now FROM catalogs", {}, "name",
    MAX_NAMES)
  local list = {}
  for i, row in ipairs(rows) do
    list[i] = catalog_info(w, row)
  end
  return { catalogs = #list > 0 and list or nil, next_page_token = more }
end

local function get_catalog(w, req)
  local name = req.params.name:lower()
  return catalog_info(w, unity.find_catalog(w, name) or no_catalog(name))
end

local function schema_info(w, row)
  local full = row.catalog .. "." .. row.name
  return {
    name = row.name, catalog_name = row.catalog, full_name = full, owner = row.owner,
    comment = row.comment, created_at = row.created, created_by = row.owner,
    updated_at = row.created, updated_by = row.owner, metastore_id = w.metastore_id,
    schema_id = unity.id_of(full), catalog_type = "MANAGED_CATALOG", browse_only = false,
    properties = row.properties and json.decode(row.properties) or nil,
  }
end

local function catalog_of(w, req)
  local name = req.query.catalog_name
  if type(name) ~= "string" or name == "" then
    errors.invalid "catalog_name is required."
  end
  name = name:lower()
  return unity.find_catalog(w, name) and name or no_catalog(name)
end

local function list_schemas(w, req)
  local catalog = catalog_of(w, req)
  local rows, more = page(w, req, "schemas|" .. catalog,
    "SELECT * FROM (" .. unity.SCHEMAS .. ") WHERE catalog = :catalog", { catalog = catalog },
    "name", MAX_NAMES)
  local list = {}
  for i, row in ipairs(rows) do
    list[i] = schema_info(w, row)
  end
  return { schemas = #list > 0 and list or nil, next_page_token = more }
end

local function schema_of(w, full)
  local catalog, name = full:lower():match "^([^.]+)%.([^.]+)$"
  if not catalog then
    errors.invalid("'%s' is not a valid schema name: it must be catalog.schema.", full)
  end
  return unity.find_schema(w, catalog, name) or no_schema(catalog, name)
end

local function get_schema(w, req)
  return schema_info(w, schema_of(w, req.params.full_name))
end

local function create_schema(w, req)
  local body = type(req.body) == "table" and req.body or {}
  local catalog, name = body.catalog_name, body.name
  if type(name) ~= "string" or type(catalog) ~= "string" then
    errors.invalid "name and catalog_name are required."
  elseif not name:find "^[%w_%-]+$" then
    errors.invalid("'%s' is not a valid name.", name)
  end
  catalog, name = catalog:lower(), name:lower()
  must_be_admin(req.principal, ("CREATE SCHEMA on Catalog '%s'"):format(catalog))
  return w:write(function()
    if not unity.find_catalog(w, catalog) then
      no_catalog(catalog)
    elseif unity.find_schema(w, catalog, name) then
      errors.raise(400, "SCHEMA_ALREADY_EXISTS", ("Schema '%s.%s' already exists.")
        :format(catalog, name))
    end
    unity.add_schema(w, catalog, name, {
      comment = body.comment, properties = body.properties, owner = req.principal.user_name,
    })
    return schema_info(w, unity.find_schema(w, catalog, name))
  end)
end

local function delete_schema(w, req)
  local row = schema_of(w, req.params.full_name)
  local params = { now_ms = w.clock:now(), catalog = row.catalog, schema = row.name }
  must_be_admin(req.principal, ("MANAGE on Schema '%s.%s'"):format(row.catalog, row.name))
  local tables = w.db:query("SELECT name FROM (" .. unity.TABLES .. ") WHERE catalog = :catalog "
    .. "AND schema = :schema AND NOT hidden", params)
  if #tables > 0 and req.query.force ~= "true" then
    errors.raise(400, "INVALID_STATE", ("Schema '%s.%s' is not empty. The schema has %d table(s).")
      :format(row.catalog, row.name, #tables))
  end
  w:write(function()
    w.db:exec("DELETE FROM schemas WHERE catalog = ? AND name = ?", { row.catalog, row.name })
    w.db:exec("DELETE FROM tables WHERE catalog = ? AND schema = ?", { row.catalog, row.name })
    w.db:exec("UPDATE datasets SET deleted = ? WHERE catalog = ? AND schema = ?",
      { params.now_ms, row.catalog, row.name })
  end)
  return {}
end

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
  if query.omit_username == "true" then
    info.owner, info.created_by, info.updated_by = nil, nil, nil
  end
  if query.omit_properties ~= "true" and row.pipeline_id then
    info.properties = { ["pipelines.pipelineId"] = row.pipeline_id }
  end
  if query.omit_columns ~= "true" then
    info.columns = json.array {}
    for i, column in ipairs(json.decode(row.columns)) do
      info.columns[i] = column_info(column, i)
    end
  end
  return info
end

local function list_tables(w, req)
  local catalog = catalog_of(w, req)
  local schema = (req.query.schema_name or ""):lower()
  if schema == "" then
    errors.invalid "schema_name is required."
  elseif not unity.find_schema(w, catalog, schema) then
    no_schema(catalog, schema)
  end
  local omit = req.query.omit_columns == "true"
  local rows, more = page(w, req, ("tables|%s.%s"):format(catalog, schema),
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

local function get_table(w, req)
  local row = find_table(w, req.params.full_name)
  if not row then
    errors.raise(404, "TABLE_DOES_NOT_EXIST", ("Table '%s' does not exist.")
      :format(req.params.full_name))
  end
  return table_info(w, row, req.query)
end

local function table_exists(w, req)
  return { table_exists = find_table(w, req.params.full_name) ~= nil }
end

local function pattern(text)
  return text and text ~= "" and text or "%"
end

local function summaries(w, req)
  local catalog = catalog_of(w, req)
  local like = {
    catalog = catalog, schemas = pattern(req.query.schema_name_pattern),
    tables = pattern(req.query.table_name_pattern),
  }
  local rows, more = page(w, req,
    ("summaries|%s|%s|%s"):format(catalog, like.schemas, like.tables),
    "SELECT schema || '.' || name AS key, * FROM (" .. unity.TABLES .. ") WHERE catalog = :catalog "
    .. "AND NOT hidden AND schema LIKE :schemas AND name LIKE :tables", like, "key", MAX_SUMMARIES)
  local list = {}
  for i, row in ipairs(rows) do
    list[i] = { full_name = catalog .. "." .. row.key, table_type = row.type }
  end
  return { tables = #list > 0 and list or nil, next_page_token = more }
end

local function metastore(w)
  return {
    metastore_id = w.metastore_id, name = "metastore_" .. w.region:gsub("-", "_"),
    cloud = w.cloud:lower(), region = w.region, owner = w.principal.user_name,
    global_metastore_id = ("%s:%s:%s"):format(w.cloud:lower(), w.region, w.metastore_id),
  }
end

local function assignment(w)
  return { metastore_id = w.metastore_id, workspace_id = w.org_id, default_catalog_name = "main" }
end

local function check_metastore(w, req)
  if req.params.id ~= w.metastore_id then
    errors.raise(404, "METASTORE_DOES_NOT_EXIST", ("Metastore '%s' does not exist.")
      :format(req.params.id))
  end
end

local function list_system(w, req)
  check_metastore(w, req)
  local off, list = relations.schemas_off(w), {}
  for i, name in ipairs(relations.SYSTEM_SCHEMAS) do
    list[i] = { schema = name, state = off[name] and "AVAILABLE" or "ENABLE_COMPLETED" }
  end
  return { schemas = list }
end

local function switch(on)
  return function(w, req)
    check_metastore(w, req)
    must_be_admin(req.principal, "MANAGE on the metastore")
    w:write(function()
      relations.set_schema(w, req.params.name, on)
    end)
    return {}
  end
end

local PATH <const> = "/api/2.1/unity-catalog"
local SYSTEM <const> = PATH .. "/metastores/{id}/systemschemas"

M.routes = {
  { "GET", PATH .. "/catalogs", list_catalogs },
  { "GET", PATH .. "/catalogs/{name}", get_catalog },
  { "GET", PATH .. "/schemas", list_schemas },
  { "POST", PATH .. "/schemas", create_schema },
  { "GET", PATH .. "/schemas/{full_name}", get_schema },
  { "DELETE", PATH .. "/schemas/{full_name}", delete_schema },
  { "GET", PATH .. "/tables", list_tables },
  { "GET", PATH .. "/tables/{full_name}", get_table },
  { "GET", PATH .. "/tables/{full_name}/exists", table_exists },
  { "GET", PATH .. "/table-summaries", summaries },
  { "GET", PATH .. "/metastore_summary", metastore },
  { "GET", PATH .. "/current-metastore-assignment", assignment },
  { "GET", SYSTEM, list_system },
  { "PUT", SYSTEM .. "/{name}", switch(true) },
  { "DELETE", SYSTEM .. "/{name}", switch(false) },
}

return M
