--- /api/2.1/unity-catalog: catalogs and schemas (api E.5).

local json = require "native.json"
local errors = require "sandbox.http.errors"
local fields = require "sandbox.http.fields"
local names = require "sandbox.unity.names"
local securables = require "sandbox.unity.securables"
local unity = require "sandbox.unity"

local M = {}

local MAX_NAMES <const> = 1000 -- catalogs or schemas on a page

local function catalog_info(w, row)
  return {
    name = row.name, full_name = row.name, catalog_type = row.type, owner = row.owner,
    comment = row.comment, created_at = row.created, created_by = row.owner,
    updated_at = row.created, updated_by = row.owner, metastore_id = w.metastore_id,
    isolation_mode = "OPEN", securable_type = "CATALOG", browse_only = false,
  }
end

local function list_catalogs(w, req)
  local rows, more = names.page(w, req, "catalogs", "SELECT *, :now_ms AS now FROM catalogs", {},
    "name", MAX_NAMES)
  local list = {}
  for i, row in ipairs(rows) do
    list[i] = catalog_info(w, row)
  end
  return { catalogs = #list > 0 and list or nil, next_page_token = more }
end

local function catalog_row(w, req)
  local name = req.params.name:lower()
  return unity.find_catalog(w, name) or unity.no_catalog(name)
end

local function get_catalog(w, req)
  return catalog_info(w, catalog_row(w, req))
end

local function create_catalog(w, req)
  local name = securables.check_name(fields.required(req.body, "name"))
  names.must_be_admin(req.principal, "CREATE CATALOG on the metastore")
  return w:write(function()
    if unity.find_catalog(w, name) then
      errors.raise(400, "CATALOG_ALREADY_EXISTS", ("Catalog '%s' already exists."):format(name))
    end
    unity.add_catalog(w, name, { comment = req.body.comment, owner = req.principal.user_name })
    unity.add_schema(w, name, "default", { owner = req.principal.user_name })
    return catalog_info(w, unity.find_catalog(w, name))
  end)
end

-- A catalog or a schema keeps its name: tables and pipelines name it.
local function check_new_name(body, name)
  if body.new_name and body.new_name:lower() ~= name then
    errors.invalid("The embedded workspace does not rename catalogs and schemas.")
  end
end

local function update_catalog(w, req)
  local row = catalog_row(w, req)
  names.must_be_admin(req.principal, ("MANAGE on Catalog '%s'"):format(row.name))
  check_new_name(req.body, row.name)
  w:write(function()
    w.db:exec("UPDATE catalogs SET owner = ?, comment = ? WHERE name = ?",
      { req.body.owner or row.owner, req.body.comment or row.comment, row.name })
  end)
  return catalog_info(w, unity.find_catalog(w, row.name))
end

local function delete_catalog(w, req)
  local row = catalog_row(w, req)
  names.must_be_admin(req.principal, ("MANAGE on Catalog '%s'"):format(row.name))
  local schemas = w.db:query("SELECT name FROM (" .. unity.SCHEMAS .. ") WHERE catalog = :catalog "
    .. "AND name <> 'default'", { catalog = row.name, now_ms = w.clock:now() })
  if row.type == "SYSTEM_CATALOG" then
    errors.invalid("Catalog '%s' cannot be deleted.", row.name)
  elseif #schemas > 0 and not fields.flag(req.query, "force") then
    errors.raise(400, "INVALID_STATE", ("Catalog '%s' is not empty. The catalog has %d schema(s).")
      :format(row.name, #schemas))
  end
  w:write(function()
    unity.delete_tables(w, row.name)
    w.db:exec("DELETE FROM schemas WHERE catalog = ?", { row.name })
    w.db:exec("DELETE FROM catalogs WHERE name = ?", { row.name })
  end)
  return {}
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

local function list_schemas(w, req)
  local catalog = names.catalog_of(w, req)
  local rows, more = names.page(w, req, "schemas|" .. catalog,
    "SELECT * FROM (" .. unity.SCHEMAS .. ") WHERE catalog = :catalog", { catalog = catalog },
    "name", MAX_NAMES)
  local list = {}
  for i, row in ipairs(rows) do
    list[i] = schema_info(w, row)
  end
  return { schemas = #list > 0 and list or nil, next_page_token = more }
end

local function get_schema(w, req)
  return schema_info(w, names.schema_of(w, req.params.full_name))
end

local function create_schema(w, req)
  local body = req.body
  local catalog = fields.required(body, "catalog_name"):lower()
  local name = securables.check_name(fields.required(body, "name"))
  names.must_be_admin(req.principal, ("CREATE SCHEMA on Catalog '%s'"):format(catalog))
  return w:write(function()
    if not unity.find_catalog(w, catalog) then
      unity.no_catalog(catalog)
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

local function update_schema(w, req)
  local row, body = names.schema_of(w, req.params.full_name), req.body
  names.must_be_admin(req.principal, ("MANAGE on Schema '%s.%s'"):format(row.catalog, row.name))
  check_new_name(body, row.name)
  w:write(function()
    w.db:exec("UPDATE schemas SET owner = ?, comment = ?, properties = ? "
      .. "WHERE catalog = ? AND name = ?", { body.owner or row.owner, body.comment or row.comment,
      body.properties and json.encode(body.properties) or row.properties, row.catalog, row.name })
  end)
  return schema_info(w, unity.find_schema(w, row.catalog, row.name))
end

local function delete_schema(w, req)
  local row = names.schema_of(w, req.params.full_name)
  local params = { now_ms = w.clock:now(), catalog = row.catalog, schema = row.name }
  names.must_be_admin(req.principal, ("MANAGE on Schema '%s.%s'"):format(row.catalog, row.name))
  local tables = w.db:query("SELECT name FROM (" .. unity.TABLES .. ") WHERE catalog = :catalog "
    .. "AND schema = :schema AND NOT hidden", params)
  if #tables > 0 and not fields.flag(req.query, "force") then
    errors.raise(400, "INVALID_STATE", ("Schema '%s.%s' is not empty. The schema has %d table(s).")
      :format(row.catalog, row.name, #tables))
  end
  w:write(function()
    unity.delete_tables(w, row.catalog, row.name)
    w.db:exec("DELETE FROM schemas WHERE catalog = ? AND name = ?", { row.catalog, row.name })
  end)
  return {}
end

local FORM <const> = {
  name = "string", catalog_name = "string", comment = "string", properties = "map",
  owner = "string", new_name = "string", storage_root = "string", options = "map",
}

local PATH <const> = "/api/2.1/unity-catalog"
local BODY <const> = { body = FORM }

M.routes = {
  { "GET", PATH .. "/catalogs", list_catalogs },
  { "POST", PATH .. "/catalogs", create_catalog, BODY },
  { "GET", PATH .. "/catalogs/{name}", get_catalog },
  { "PATCH", PATH .. "/catalogs/{name}", update_catalog, BODY },
  { "DELETE", PATH .. "/catalogs/{name}", delete_catalog },
  { "GET", PATH .. "/schemas", list_schemas },
  { "POST", PATH .. "/schemas", create_schema, BODY },
  { "GET", PATH .. "/schemas/{full_name}", get_schema },
  { "PATCH", PATH .. "/schemas/{full_name}", update_schema, BODY },
  { "DELETE", PATH .. "/schemas/{full_name}", delete_schema },
}

return M
