--- What a pipeline needs from its workspace besides code: node types, secret scopes.
--
-- Enough of the APIs of clusters and secrets to find, before a clone, what a workspace lacks.

local errors = require "sandbox.http.errors"

local M = {}

M.schema = [[
CREATE TABLE IF NOT EXISTS secrets(
  scope TEXT NOT NULL, key TEXT NOT NULL, updated INTEGER NOT NULL,
  PRIMARY KEY (scope, key)) WITHOUT ROWID;
]]

local NODE_TYPES <const> = {
  AWS = {
    { "i3.xlarge", 4, 31232 }, { "i3.2xlarge", 8, 62464 }, { "m5d.large", 2, 8192 },
    { "m5d.xlarge", 4, 16384 }, { "m6gd.xlarge", 4, 16384 }, { "r5d.2xlarge", 8, 65536 },
    { "c5d.4xlarge", 16, 32768 },
  },
  Azure = {
    { "Standard_DS3_v2", 4, 14336 }, { "Standard_DS4_v2", 8, 28672 },
    { "Standard_D4ds_v5", 4, 16384 }, { "Standard_E8ds_v4", 8, 65536 },
    { "Standard_L8s_v3", 8, 65536 },
  },
}

--- The node types of a cloud, as a set.
---@param cloud string
---@return table<string, true>
function M.node_types(cloud)
  local set = {}
  for _, node in ipairs(NODE_TYPES[cloud]) do
    set[node[1]] = true
  end
  return set
end

local function list_node_types(w)
  local list = {}
  for i, node in ipairs(NODE_TYPES[w.cloud]) do
    list[i] = {
      node_type_id = node[1], num_cores = node[2] + 0.0, memory_mb = node[3],
      description = node[1], instance_type_id = node[1], is_deprecated = false,
      category = "General Purpose", node_instance_type = { instance_type_id = node[1] },
    }
  end
  return { node_types = list }
end

local function list_scopes(w)
  local list = {}
  for i, row in ipairs(w.db:query "SELECT DISTINCT scope FROM secrets ORDER BY scope") do
    list[i] = { name = row.scope, backend_type = "DATABRICKS" }
  end
  return #list > 0 and { scopes = list } or {}
end

local function list_secrets(w, req)
  local scope = req.query.scope or ""
  local list = {}
  for i, row in ipairs(w.db:query(
    "SELECT key, updated FROM secrets WHERE scope = ? ORDER BY key", { scope })) do
    list[i] = { key = row.key, last_updated_timestamp = row.updated }
  end
  if #list == 0 then
    errors.missing("Scope %s does not exist!", scope)
  end
  return { secrets = list }
end

--- Create a secret, without a value: the API never returns values of secrets.
function M.add_secret(w, scope, key)
  w.db:exec("INSERT OR REPLACE INTO secrets VALUES (?, ?, ?)", { scope, key, w.clock:now() })
end

M.routes = {
  { "GET", "/api/2.0/clusters/list-node-types", list_node_types },
  { "GET", "/api/2.1/clusters/list-node-types", list_node_types },
  { "GET", "/api/2.0/secrets/scopes/list", list_scopes },
  { "GET", "/api/2.0/secrets/list", list_secrets },
}

return M
