--- /api/2.1/unity-catalog/volumes and .../functions: what schemas hold besides tables.

local json = require "native.json"
local blobs = require "sandbox.files.blobs"
local errors = require "sandbox.http.errors"
local fields = require "sandbox.http.fields"
local securables = require "sandbox.unity.securables"
local unity = require "sandbox.unity"

local M = {}

-- The three parts of a full name as fields.
local function parts(row)
  local catalog, schema, name = unity.split(row.name)
  local out = json.decode(row.info)
  out.name, out.catalog_name, out.schema_name, out.full_name = name, catalog, schema, row.name
  out.browse_only = false
  return out
end

local function bucket(w)
  return w.cloud == "AWS" and "s3://example-" .. w.name or "abfss://data@example"
    .. w.name:gsub("%W", "") .. ".dfs.core.windows.net"
end

---@type sandbox.SecurableKind
local VOLUME <const> = {
  kind = "volume", noun = "Volume", code = "VOLUME", list = "volumes",
  fields = { "volume_type", "storage_location" },
  show = function(w, row)
    local out = parts(row)
    out.volume_id = unity.id_of("volume." .. row.name)
    out.storage_location = out.storage_location
      or ("%s/volumes/%s"):format(bucket(w), out.volume_id)
    return out
  end,
  check = function(_, body)
    local kind = fields.required(body, "volume_type")
    if kind ~= "MANAGED" and kind ~= "EXTERNAL" then
      errors.invalid("'%s' is not a volume_type: use MANAGED or EXTERNAL.", kind)
    elseif (kind == "EXTERNAL") ~= (body.storage_location ~= nil) then
      errors.invalid "'storage_location' must be set for an EXTERNAL volume, and only for one."
    end
  end,
}

---@type sandbox.SecurableKind
local FUNCTION <const> = {
  kind = "function", noun = "Function", code = "FUNCTION", list = "functions", fields = {},
  show = function(_, row)
    local out = parts(row)
    out.function_id = unity.id_of("function." .. row.name)
    return out
  end,
}

-- The catalog and schema that a request names; 404 if they do not exist.
local function schema_of(w, from)
  local catalog = fields.required(from, "catalog_name"):lower()
  local schema = fields.required(from, "schema_name"):lower()
  if not unity.find_catalog(w, catalog) then
    unity.no_catalog(catalog)
  elseif not unity.find_schema(w, catalog, schema) then
    unity.no_schema(catalog, schema)
  end
  return catalog .. "." .. schema
end

local function list(kind)
  return function(w, req)
    local prefix = schema_of(w, req.query) .. "."
    return securables.list(w, req, kind, w.db:query("SELECT * FROM securables WHERE kind = ? "
      .. "AND substr(name, 1, ?) = ? ORDER BY name", { kind.kind, #prefix, prefix }))
  end
end

local function row_of(w, req, kind)
  local name = req.params.name
  if not unity.split(name) then
    errors.invalid("'%s' is not a valid name: it must be catalog.schema.name.", name)
  end
  return securables.find(w, kind.kind, name) or securables.missing(kind, name)
end

local function get(kind)
  return function(w, req)
    return securables.info(w, kind, row_of(w, req, kind))
  end
end

local function create_volume(w, req)
  local name = securables.check_name(fields.required(req.body, "name"))
  return securables.create(w, req, VOLUME, schema_of(w, req.body) .. "." .. name)
end

local function update_volume(w, req)
  return securables.update(w, req, VOLUME, row_of(w, req, VOLUME), function(row, name)
    return row.name:match "^(.*%.)" .. name
  end)
end

local function delete_volume(w, req)
  local row = row_of(w, req, VOLUME)
  local answer = securables.delete(w, req, VOLUME, row)
  w:write(function()
    blobs.delete_below(w, blobs.of_volume(row.name))
  end)
  return answer
end

local FORM <const> = {
  catalog_name = "string", schema_name = "string", name = "string", volume_type = "string",
  storage_location = "string", comment = "string", owner = "string", new_name = "string",
}

local PATH <const> = "/api/2.1/unity-catalog/"

M.routes = {
  { "GET", PATH .. "volumes", list(VOLUME) },
  { "POST", PATH .. "volumes", create_volume, { body = FORM } },
  { "GET", PATH .. "volumes/{name}", get(VOLUME) },
  { "PATCH", PATH .. "volumes/{name}", update_volume, { body = FORM } },
  { "DELETE", PATH .. "volumes/{name}", delete_volume },
  { "GET", PATH .. "functions", list(FUNCTION) },
  { "GET", PATH .. "functions/{name}", get(FUNCTION) },
}

return M
