--- /api/2.1/unity-catalog: connections, external locations, storage credentials. They lead nowhere:
--- the embedded workspace reads nothing from outside.

local json = require "native.json"
local errors = require "sandbox.http.errors"
local fields = require "sandbox.http.fields"
local securables = require "sandbox.unity.securables"
local unity = require "sandbox.unity"

local M = {}

M.schema = securables.schema

local CONNECTION_TYPES <const> = {
  BIGQUERY = true, CONFLUENCE = true, DATABRICKS = true, GA4_RAW_DATA = true, GLUE = true,
  GOOGLE_DRIVE = true, HIVE_METASTORE = true, HTTP = true, HUBSPOT = true, META_MARKETING = true,
  MYSQL = true, ORACLE = true, OUTLOOK = true, POSTGRESQL = true, POWER_BI = true,
  REDSHIFT = true, SALESFORCE = true, SALESFORCE_DATA_CLOUD = true, SERVICENOW = true,
  SHAREPOINT = true, SMARTSHEET = true, SNOWFLAKE = true, SQLDW = true, SQLSERVER = true,
  TERADATA = true, WORKDAY_RAAS = true, ZENDESK = true,
}

local function base(kind, row)
  local out = json.decode(row.info)
  out.name, out.full_name = row.name, row.name
  out.securable_type, out.securable_kind = kind, kind .. "_DB_STORAGE"
  return out
end

---@type table<string, sandbox.SecurableKind>
local KINDS <const> = {
  connections = {
    kind = "connection", noun = "Connection", code = "CONNECTION", list = "connections",
    fields = { "connection_type", "options", "properties", "read_only" },
    show = function(_, row)
      local out = base("CONNECTION", row)
      out.securable_kind = "CONNECTION_" .. out.connection_type
      out.connection_id = unity.id_of("connection." .. row.name)
      out.credential_type = "USERNAME_PASSWORD"
      out.provisioning_info = { state = "ACTIVE" }
      for key in pairs(out.options or {}) do -- secrets are never shown
        if key:lower():find "password" or key:lower():find "secret" or key:lower():find "token" then
          out.options[key] = nil
        end
      end
      return out
    end,
    check = function(_, body)
      local kind = fields.required(body, "connection_type")
      if not CONNECTION_TYPES[kind] then
        errors.invalid("'%s' is not a connection_type.", kind)
      elseif not body.options then
        errors.invalid "Missing required field: options"
      end
    end,
  },
  ["external-locations"] = {
    kind = "external_location", noun = "External Location", code = "EXTERNAL_LOCATION",
    list = "external_locations", fields = { "url", "credential_name", "read_only", "fallback" },
    show = function(_, row)
      local out = base("EXTERNAL_LOCATION", row)
      out.securable_type, out.securable_kind, out.full_name = nil, nil, nil
      out.credential_id = unity.id_of("credential." .. (out.credential_name or ""))
      out.isolation_mode, out.browse_only = "ISOLATION_MODE_OPEN", false
      return out
    end,
    check = function(w, body)
      fields.required(body, "url")
      local credential = fields.required(body, "credential_name")
      if not securables.find(w, "storage_credential", credential) then
        errors.raise(404, "STORAGE_CREDENTIAL_DOES_NOT_EXIST",
          ("Storage Credential '%s' does not exist."):format(credential))
      end
    end,
  },
  ["storage-credentials"] = {
    kind = "storage_credential", noun = "Storage Credential", code = "STORAGE_CREDENTIAL",
    list = "storage_credentials",
    fields = { "aws_iam_role", "azure_managed_identity", "azure_service_principal",
      "databricks_gcp_service_account", "read_only" },
    show = function(_, row)
      local out = base("STORAGE_CREDENTIAL", row)
      out.securable_type, out.securable_kind = nil, nil
      out.id = unity.id_of("credential." .. row.name)
      out.used_for_managed_storage, out.isolation_mode = false, "ISOLATION_MODE_OPEN"
      return out
    end,
  },
}

local FORM <const> = {
  name = "string", new_name = "string", comment = "string", owner = "string",
  connection_type = "string", options = "map", properties = "map", read_only = "boolean",
  url = "string", credential_name = "string", fallback = "boolean", aws_iam_role = "object",
  azure_managed_identity = "object", azure_service_principal = "object",
  databricks_gcp_service_account = "object", force = "boolean", skip_validation = "boolean",
}

local PATH <const> = "/api/2.1/unity-catalog/"

local function rename(_, name)
  return name
end

M.routes = {}

local function add(method, path, handler)
  M.routes[#M.routes + 1] = { method, PATH .. path, handler, { body = FORM } }
end

for path, kind in pairs(KINDS) do
  local function row_of(w, req)
    return securables.find(w, kind.kind, req.params.name)
      or securables.missing(kind, req.params.name)
  end
  add("GET", path, function(w, req)
    return securables.list(w, req, kind, w.db:query(
      "SELECT * FROM securables WHERE kind = ? ORDER BY name", { kind.kind }))
  end)
  add("POST", path, function(w, req)
    local name = securables.check_name(fields.required(req.body, "name"))
    return securables.create(w, req, kind, name)
  end)
  add("GET", path .. "/{name}", function(w, req)
    return securables.info(w, kind, row_of(w, req))
  end)
  add("PATCH", path .. "/{name}", function(w, req)
    return securables.update(w, req, kind, row_of(w, req), rename)
  end)
  add("DELETE", path .. "/{name}", function(w, req)
    return securables.delete(w, req, kind, row_of(w, req))
  end)
end

return M
