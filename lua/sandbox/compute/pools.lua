--- /api/2.0/instance-pools: list, get, create, edit, delete. Pools have no instances.

local json = require "native.json"
local errors = require "sandbox.http.errors"
local fields = require "sandbox.http.fields"
local grants = require "sandbox.identity.grants"

local M = {}

M.schema = [[
CREATE TABLE IF NOT EXISTS pools(
  id TEXT PRIMARY KEY, creator TEXT NOT NULL, created INTEGER NOT NULL,
  settings TEXT NOT NULL) WITHOUT ROWID;
]]

local function info(row)
  local pool = json.decode(row.settings)
  pool.instance_pool_id, pool.state = row.id, "ACTIVE"
  pool.default_tags = { Vendor = "Databricks", DatabricksInstancePoolCreatorId = row.creator,
    DatabricksInstancePoolId = row.id }
  pool.stats = { used_count = 0, idle_count = 0, pending_used_count = 0, pending_idle_count = 0 }
  pool.status = {}
  return pool
end

local function may_attach(w, principal, row)
  return grants.allows(w, principal, "instance-pools", row.id, row.creator, "CAN_ATTACH_TO")
end

local function row_of(w, id)
  return w.db:find_row("SELECT * FROM pools WHERE id = ?", { id })
    or errors.missing("Can't find an instance pool with id: %s", id)
end

local function list(w, req)
  local found = grants.visible(w.db:query "SELECT * FROM pools ORDER BY created, id",
    function(row) return may_attach(w, req.principal, row) end, info)
  return { instance_pools = #found > 0 and found or nil }
end

local function get(w, req)
  local row = row_of(w, fields.required(req.query, "instance_pool_id"))
  if not may_attach(w, req.principal, row) then
    errors.denied(("%s does not have permission to attach to instance pool %s."):format(
      req.principal.user_name, row.id))
  end
  return info(row)
end

local function check_manage(w, principal, row)
  local may = row and grants.allows(w, principal, "instance-pools", row.id, row.creator,
    "CAN_MANAGE") or principal.admin
  if not may then
    errors.denied(("%s is not authorized to create or edit instance pools."):format(
      principal.user_name))
  end
end

local function check_settings(w, body)
  local node = fields.required(body, "node_type_id")
  fields.required(body, "instance_pool_name")
  if not w.node_types[node] then
    errors.invalid("Node type %s is not supported.", node)
  elseif (body.min_idle_instances or 0) < 0 or (body.max_capacity or 0) < 0 then
    errors.invalid "The number of instances must not be negative."
  elseif body.max_capacity and (body.min_idle_instances or 0) > body.max_capacity then
    errors.invalid "min_idle_instances must not be greater than max_capacity."
  end
end

local function new_id(w)
  local words = os.date("!%m%d-%H%M%S", w.clock:now() // 1000)
  return ("%s-pool%d-%08x"):format(words, math.random(1, 99), math.random(0, 0xffffffff))
end

local function create(w, req)
  check_manage(w, req.principal)
  check_settings(w, req.body)
  local id = new_id(w)
  w:write(function()
    w.db:exec("INSERT INTO pools VALUES (?, ?, ?, ?)",
      { id, req.principal.user_name, w.clock:now(), json.encode(req.body) })
  end)
  return { instance_pool_id = id }
end

-- What cannot be changed: the type of the nodes, the attributes of the cloud.
local function edit(w, req)
  local row = row_of(w, fields.required(req.body, "instance_pool_id"))
  check_manage(w, req.principal, row)
  check_settings(w, req.body)
  local settings = json.decode(row.settings)
  if req.body.node_type_id ~= settings.node_type_id then
    errors.invalid "The node type of an instance pool cannot be changed."
  end
  for name, value in pairs(req.body) do
    settings[name] = name ~= "instance_pool_id" and value or nil
  end
  w:write(function()
    w.db:exec("UPDATE pools SET settings = ? WHERE id = ?", { json.encode(settings), row.id })
  end)
  return {}
end

local function delete(w, req)
  local row = row_of(w, fields.required(req.body, "instance_pool_id"))
  check_manage(w, req.principal, row)
  w:write(function()
    w.db:exec("DELETE FROM pools WHERE id = ?", { row.id })
  end)
  return {}
end

local FORM <const> = {
  instance_pool_id = "string", instance_pool_name = "string", node_type_id = "string",
  min_idle_instances = "integer", max_capacity = "integer", custom_tags = "map",
  idle_instance_autotermination_minutes = "integer", enable_elastic_disk = "boolean",
  aws_attributes = "object", azure_attributes = "object", disk_spec = "object",
  preloaded_spark_versions = { "string" },
}

local PATH <const> = "/api/2.0/instance-pools/"

M.routes = {
  { "GET", PATH .. "list", list },
  { "GET", PATH .. "get", get },
  { "POST", PATH .. "create", create, { body = FORM } },
  { "POST", PATH .. "edit", edit, { body = FORM } },
  { "POST", PATH .. "delete", delete, { body = FORM } },
}

--- Store a pool: for scenarios.
---@param pool { id: string, name: string, node: string }
function M.add(w, pool, created)
  w.db:exec("INSERT INTO pools VALUES (?, ?, ?, ?)", { pool.id, w.principal.user_name, created,
    json.encode { instance_pool_name = pool.name, node_type_id = pool.node,
      min_idle_instances = 1, max_capacity = 20, enable_elastic_disk = true,
      idle_instance_autotermination_minutes = 15 } })
end

return M
