--- /api/2.0/sql/config/warehouses: what holds for all SQL warehouses of the workspace.

local json = require "native.json"
local errors = require "sandbox.http.errors"

local M = {}

local KEY <const> = "warehouse_config"

local POLICIES <const> = { NONE = true, DATA_ACCESS_CONTROL = true, PASSTHROUGH = true }

local function get(w)
  local stored = w.store:find_meta(KEY)
  return stored and json.decode(stored) or {
    security_policy = "DATA_ACCESS_CONTROL", enable_serverless_compute = true,
    data_access_config = json.array {}, sql_configuration_parameters = {
      configuration_pairs = json.array {} },
    enabled_warehouse_types = { { warehouse_type = "PRO", enabled = true },
      { warehouse_type = "CLASSIC", enabled = true } },
  }
end

local function set(w, req)
  if not req.principal.admin then
    errors.denied "Only admins can change the configuration of SQL warehouses."
  elseif not POLICIES[req.body.security_policy or "NONE"] then
    errors.invalid("'%s' is not a security_policy.", req.body.security_policy)
  end
  w:write(function()
    w.store:set_meta(KEY, json.encode(req.body))
  end)
  return {}
end

local PATH <const> = "/api/2.0/sql/config/warehouses"
local PAIRS <const> = { { key = "string", value = "string" } }

M.routes = {
  { "GET", PATH, get },
  { "PUT", PATH, set, { body = {
    security_policy = "string", enable_serverless_compute = "boolean", data_access_config = PAIRS,
    sql_configuration_parameters = { configuration_pairs = PAIRS },
    enabled_warehouse_types = { { warehouse_type = "string", enabled = "boolean" } },
  } } },
}

return M
