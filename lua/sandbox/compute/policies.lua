--- /api/2.0/policies/clusters: cluster policies; and /api/2.0/policy-families.

local json = require "native.json"
local errors = require "sandbox.http.errors"
local fields = require "sandbox.http.fields"
local grants = require "sandbox.identity.grants"
local paging = require "sandbox.http.paging"

local M = {}

M.schema = [[
CREATE TABLE IF NOT EXISTS policies(
  id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, creator TEXT NOT NULL, created INTEGER NOT NULL,
  settings TEXT NOT NULL) WITHOUT ROWID;
]]

-- The families that every workspace has.
local FAMILIES <const> = {
  { policy_family_id = "job-cluster", name = "Job Compute",
    description = "Clusters for jobs.",
    definition = '{"cluster_type":{"type":"fixed","value":"job"}}' },
  { policy_family_id = "personal-vm", name = "Personal Compute",
    description = "A single-node cluster for one user.",
    definition = '{"num_workers":{"type":"fixed","value":0}}' },
  { policy_family_id = "power-user", name = "Power User Compute",
    description = "Clusters of any size for one user.",
    definition = '{"cluster_type":{"type":"fixed","value":"all-purpose"}}' },
  { policy_family_id = "shared-compute", name = "Shared Compute",
    description = "A cluster for several users.",
    definition = '{"data_security_mode":{"type":"fixed","value":"USER_ISOLATION"}}' },
}

local function find_family(id)
  for _, family in ipairs(FAMILIES) do
    if family.policy_family_id == id then
      return family
    end
  end
end

local function info(row)
  local policy = json.decode(row.settings)
  policy.policy_id, policy.name = row.id, row.name
  policy.creator_user_name, policy.created_at_timestamp = row.creator, row.created
  policy.is_default = false
  return policy
end

local function may_use(w, principal, row)
  return grants.allows(w, principal, "cluster-policies", row.id, row.creator, "CAN_USE")
end

local function row_of(w, id)
  return w.db:find_row("SELECT * FROM policies WHERE id = ?", { id })
    or errors.missing("Can't find a cluster policy with id: %s.", id)
end

local ORDERS <const> = {
  POLICY_CREATION_TIME = "created", POLICY_NAME = "name", [""] = "created",
}
local DIRECTIONS <const> = { ASC = "ASC", DESC = "DESC", [""] = "DESC" }

local function list(w, req)
  local column = ORDERS[req.query.sort_column or ""]
    or errors.invalid("'%s' is not a sort_column.", req.query.sort_column)
  local direction = DIRECTIONS[req.query.sort_order or ""]
    or errors.invalid("'%s' is not a sort_order.", req.query.sort_order)
  local rows = w.db:query(("SELECT * FROM policies ORDER BY %s %s, id"):format(column, direction))
  local found = grants.visible(rows, function(row) return may_use(w, req.principal, row) end, info)
  return { policies = #found > 0 and found or nil, total_count = #found }
end

local function get(w, req)
  local row = row_of(w, fields.required(req.query, "policy_id"))
  if not may_use(w, req.principal, row) then
    errors.denied(("%s does not have permission to use cluster policy %s."):format(
      req.principal.user_name, row.id))
  end
  return info(row)
end

local function must_be_admin(principal)
  if not principal.admin then
    errors.denied "Only admins can create, edit or delete cluster policies."
  end
end

local function is_definition(text)
  local ok, value = pcall(json.decode, text)
  return ok and type(value) == "table" and not json.is_array(value)
end

-- The settings of a policy from the body of create or edit.
local function checked(w, body, own_id)
  local name = fields.required(body, "name")
  local family = body.policy_family_id and find_family(body.policy_family_id)
  if body.policy_family_id and not family then
    errors.missing("Can't find a policy family with id: %s.", body.policy_family_id)
  elseif body.definition and family then
    errors.invalid "'definition' and 'policy_family_id' cannot both be set."
  elseif not body.definition and not family then
    errors.invalid "Missing required field: definition"
  elseif body.definition and not is_definition(body.definition) then
    errors.invalid "The definition of the cluster policy is not a JSON object."
  elseif w.db:find_row("SELECT 1 AS yes FROM policies WHERE name = ? AND id <> ?",
    { name, own_id }) then
    errors.invalid("A policy with the name '%s' already exists.", name)
  end
  body.policy_id, body.name = nil, nil
  body.definition = body.definition or family.definition
  return name, json.encode(body)
end

local function new_id()
  return ("%016X"):format(math.random(0))
end

local function create(w, req)
  must_be_admin(req.principal)
  return w:write(function()
    local id = new_id()
    local name, settings = checked(w, req.body, id)
    w.db:exec("INSERT INTO policies VALUES (?, ?, ?, ?, ?)",
      { id, name, req.principal.user_name, w.clock:now(), settings })
    return { policy_id = id }
  end)
end

local function edit(w, req)
  must_be_admin(req.principal)
  local row = row_of(w, fields.required(req.body, "policy_id"))
  w:write(function()
    local name, settings = checked(w, req.body, row.id)
    w.db:exec("UPDATE policies SET name = ?, settings = ? WHERE id = ?", { name, settings, row.id })
  end)
  return {}
end

local function delete(w, req)
  must_be_admin(req.principal)
  local row = row_of(w, fields.required(req.body, "policy_id"))
  w:write(function()
    w.db:exec("DELETE FROM policies WHERE id = ?", { row.id })
  end)
  return {}
end

local function list_families(_, req)
  local size = fields.integer(req.query, "max_results", 20, 1, 100)
  local found, more = paging.page(req.query, "families", FAMILIES, size, "policy_family_id")
  return { policy_families = found, next_page_token = more }
end

local function get_family(_, req)
  return find_family(req.params.id)
    or errors.missing("Can't find a policy family with id: %s.", req.params.id)
end

local FORM <const> = {
  policy_id = "string", name = "string", definition = "string", description = "string",
  policy_family_id = "string", policy_family_definition_overrides = "string",
  max_clusters_per_user = "integer", libraries = { "object" },
}

local PATH <const> = "/api/2.0/policies/clusters/"

M.routes = {
  { "GET", PATH .. "list", list },
  { "GET", PATH .. "get", get },
  { "POST", PATH .. "create", create, { body = FORM } },
  { "POST", PATH .. "edit", edit, { body = FORM } },
  { "POST", PATH .. "delete", delete, { body = FORM } },
  { "GET", "/api/2.0/policy-families", list_families },
  { "GET", "/api/2.0/policy-families/{id}", get_family },
}

--- Store a policy: for scenarios.
---@param policy { id: string, name: string, definition: string, description: string }
function M.add(w, policy, created)
  w.db:exec("INSERT INTO policies VALUES (?, ?, ?, ?, ?)", { policy.id, policy.name,
    w.principal.user_name, created, json.encode {
      definition = policy.definition, description = policy.description } })
end

return M
