--- /api/2.1/unity-catalog: the metastore of the workspace, and its system schemas.

local errors = require "sandbox.http.errors"
local names = require "sandbox.unity.names"
local relations = require "sandbox.sql.relations"
local securables = require "sandbox.unity.securables"

local M = {}

local DAY <const> = 86400000

local function metastore(w)
  return {
    metastore_id = w.metastore_id, name = "metastore_" .. w.region:gsub("-", "_"),
    cloud = w.cloud:lower(), region = w.region, owner = w.principal.user_name,
    global_metastore_id = ("%s:%s:%s"):format(w.cloud:lower(), w.region, w.metastore_id),
  }
end

local function details(w)
  local info = metastore(w)
  local today = w.clock:now() // DAY * DAY
  info.created_at, info.created_by = today - 700 * DAY, info.owner
  info.updated_at, info.updated_by = info.created_at, info.owner
  info.delta_sharing_scope, info.privilege_model_version = "INTERNAL", "1.0"
  info.external_access_enabled = false
  return info
end

local function list(w, req)
  names.must_be_admin(req.principal, "the role of a metastore admin")
  securables.page_size(req.query, 1000)
  return { metastores = { details(w) } }
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

local function get(w, req)
  names.must_be_admin(req.principal, "the role of a metastore admin")
  check_metastore(w, req)
  return details(w)
end

local function list_system(w, req)
  check_metastore(w, req)
  local off, schemas = relations.schemas_off(w), {}
  for i, name in ipairs(relations.SYSTEM_SCHEMAS) do
    schemas[i] = { schema = name, state = off[name] and "AVAILABLE" or "ENABLE_COMPLETED" }
  end
  return { schemas = schemas }
end

local function switch(on)
  return function(w, req)
    check_metastore(w, req)
    names.must_be_admin(req.principal, "MANAGE on the metastore")
    w:write(function()
      relations.set_schema(w, req.params.name, on)
    end)
    return {}
  end
end

local PATH <const> = "/api/2.1/unity-catalog"
local SYSTEM <const> = PATH .. "/metastores/{id}/systemschemas"

M.routes = {
  { "GET", PATH .. "/metastore_summary", details },
  { "GET", PATH .. "/current-metastore-assignment", assignment },
  { "GET", PATH .. "/metastores", list },
  { "GET", PATH .. "/metastores/{id}", get },
  { "GET", SYSTEM, list_system },
  { "PUT", SYSTEM .. "/{name}", switch(true) },
  { "DELETE", SYSTEM .. "/{name}", switch(false) },
}

return M
