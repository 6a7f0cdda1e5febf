--- /api/2.0/secrets: scopes, secrets and their values. Who may do what is in sandbox.secrets.acls.

local http = require "native.http"
local acls = require "sandbox.secrets.acls"
local errors = require "sandbox.http.errors"
local fields = require "sandbox.http.fields"
local people = require "sandbox.identity.people"

local M = {}

M.schema = acls.schema .. [[
CREATE TABLE IF NOT EXISTS secrets(
  scope TEXT NOT NULL, key TEXT NOT NULL, updated INTEGER NOT NULL, value BLOB NOT NULL,
  PRIMARY KEY (scope, key)) WITHOUT ROWID;
]]

local MAX_BYTES <const> = 128 * 1024
local MAX_SECRETS <const>, MAX_SCOPES <const> = 1000, 1000

-- A name of a scope or a key from a body.
local function name_of(body, field)
  local name = fields.required(body, field)
  if #name > 128 or not name:find "^[%w%-_@%.]+$" then
    errors.invalid("The %s '%s' is not valid: it can have at most 128 characters, which are "
      .. "alphanumeric characters, dashes, underscores, @ and periods.", field, name)
  end
  return name
end

local function list_scopes(w, req)
  local list = {}
  for _, row in ipairs(w.db:query "SELECT name FROM secret_scopes ORDER BY name") do
    if acls.allows(w, req.principal, row.name, "READ") then
      list[#list + 1] = { name = row.name, backend_type = "DATABRICKS" }
    end
  end
  return #list > 0 and { scopes = list } or {}
end

local function create_scope(w, req)
  local body = req.body
  local name = name_of(body, "scope")
  local manager = body.initial_manage_principal
  if body.scope_backend_type and body.scope_backend_type ~= "DATABRICKS" then
    errors.invalid("Scope backend type %s is not supported by the embedded workspace.",
      body.scope_backend_type)
  elseif manager and manager ~= "users" then
    errors.invalid("Initial manage principal must be 'users', but is '%s'.", manager)
  end
  return w:write(function()
    if acls.find_scope(w, name) then
      errors.raise(400, "RESOURCE_ALREADY_EXISTS", ("Scope %s already exists!"):format(name))
    elseif w.db:find_row("SELECT count(*) AS n FROM secret_scopes").n >= MAX_SCOPES then
      errors.raise(400, "RESOURCE_LIMIT_EXCEEDED",
        ("A workspace can have at most %d scopes."):format(MAX_SCOPES))
    end
    w.db:exec("INSERT INTO secret_scopes VALUES (?)", { name })
    acls.put(w, name, manager or req.principal.user_name, "MANAGE")
    return {}
  end)
end

local function delete_scope(w, req)
  local scope = name_of(req.body, "scope")
  acls.check(w, req.principal, scope, "MANAGE")
  w:write(function()
    for _, sql in ipairs { "DELETE FROM secrets WHERE scope = ?",
      "DELETE FROM secret_acls WHERE scope = ?", "DELETE FROM secret_scopes WHERE name = ?" } do
      w.db:exec(sql, { scope })
    end
  end)
  return {}
end

local function list_secrets(w, req)
  local scope = fields.required(req.query, "scope")
  acls.check(w, req.principal, scope, "READ")
  local list = {}
  for i, row in ipairs(w.db:query(
    "SELECT key, updated FROM secrets WHERE scope = ? ORDER BY key", { scope })) do
    list[i] = { key = row.key, last_updated_timestamp = row.updated }
  end
  return #list > 0 and { secrets = list } or {}
end

-- The bytes of a new secret: a text, or base64.
local function value_of(body)
  local text, base64 = body.string_value, body.bytes_value
  if (text == nil) == (base64 == nil) then
    errors.invalid "Exactly one of 'string_value' and 'bytes_value' must be set."
  end
  local ok, value = true, text
  if base64 then
    ok, value = pcall(http.base64_decode, base64)
  end
  if not ok then
    errors.invalid "bytes_value is not valid base64."
  elseif #value > MAX_BYTES then
    errors.raise(400, "INVALID_PARAMETER_VALUE", ("The secret has %d bytes, more than %d.")
      :format(#value, MAX_BYTES))
  end
  return value
end

local function put_secret(w, req)
  local scope, key = name_of(req.body, "scope"), name_of(req.body, "key")
  acls.check(w, req.principal, scope, "WRITE")
  local value = value_of(req.body)
  return w:write(function()
    local n = w.db:find_row("SELECT count(*) AS n FROM secrets WHERE scope = ? AND key <> ?",
      { scope, key }).n
    if n >= MAX_SECRETS then
      errors.raise(400, "RESOURCE_LIMIT_EXCEEDED",
        ("A scope can have at most %d secrets."):format(MAX_SECRETS))
    end
    w.db:exec("INSERT OR REPLACE INTO secrets VALUES (?, ?, ?, ?)",
      { scope, key, w.clock:now(), value })
    return {}
  end)
end

local function no_secret(scope, key)
  errors.missing("Secret does not exist with scope: %s and key: %s", scope, key)
end

local function get_secret(w, req)
  local scope, key = fields.required(req.query, "scope"), fields.required(req.query, "key")
  acls.check(w, req.principal, scope, "READ")
  local row = w.db:find_row("SELECT value FROM secrets WHERE scope = ? AND key = ?",
    { scope, key }) or no_secret(scope, key)
  return { key = key, value = http.base64_encode(row.value) }
end

local function delete_secret(w, req)
  local scope, key = name_of(req.body, "scope"), name_of(req.body, "key")
  acls.check(w, req.principal, scope, "WRITE")
  if not w.db:find_row("SELECT 1 AS yes FROM secrets WHERE scope = ? AND key = ?",
    { scope, key }) then
    no_secret(scope, key)
  end
  w:write(function()
    w.db:exec("DELETE FROM secrets WHERE scope = ? AND key = ?", { scope, key })
  end)
  return {}
end

local function put_acl(w, req)
  local body = req.body
  local scope, principal = name_of(body, "scope"), fields.required(body, "principal")
  local permission = fields.required(body, "permission")
  acls.check(w, req.principal, scope, "MANAGE")
  if not acls.RANKS[permission] then
    errors.invalid("'%s' is not a permission: use READ, WRITE or MANAGE.", permission)
  elseif not people.find(w.people, principal)
    and not people.exists(w.people, "group_name", principal) then
    errors.missing("User or Group %s does not exist.", principal)
  end
  w:write(function()
    acls.put(w, scope, principal, permission)
  end)
  return {}
end

-- The access list of a scope, and the entry of the principal that a request names.
local function acl_of(w, req, from)
  local scope, principal = fields.required(from, "scope"), fields.required(from, "principal")
  acls.check(w, req.principal, scope, "MANAGE")
  local row = acls.find(w, scope, principal)
  return scope, row or errors.missing("The principal %s has no permission on scope %s.", principal,
    scope)
end

local function get_acl(w, req)
  local _, row = acl_of(w, req, req.query)
  return row
end

local function delete_acl(w, req)
  local scope, row = acl_of(w, req, req.body)
  w:write(function()
    w.db:exec("DELETE FROM secret_acls WHERE scope = ? AND principal = ?", { scope, row.principal })
  end)
  return {}
end

local function list_acls(w, req)
  local scope = fields.required(req.query, "scope")
  acls.check(w, req.principal, scope, "MANAGE")
  local items = acls.list(w, scope)
  return #items > 0 and { items = items } or {}
end

--- Create a secret, and its scope: for scenarios.
function M.add(w, scope, key)
  w.db:exec("INSERT OR IGNORE INTO secret_scopes VALUES (?)", { scope })
  acls.put(w, scope, w.principal.user_name, "MANAGE")
  w.db:exec("INSERT OR REPLACE INTO secrets VALUES (?, ?, ?, ?)",
    { scope, key, w.clock:now(), "value of " .. key })
end

local FORM <const> = {
  scope = "string", key = "string", string_value = "string", bytes_value = "string",
  principal = "string", permission = "string", initial_manage_principal = "string",
  scope_backend_type = "string",
}

local PATH <const> = "/api/2.0/secrets/"

M.routes = {
  { "GET", PATH .. "scopes/list", list_scopes },
  { "POST", PATH .. "scopes/create", create_scope, { body = FORM } },
  { "POST", PATH .. "scopes/delete", delete_scope, { body = FORM } },
  { "GET", PATH .. "list", list_secrets },
  { "GET", PATH .. "get", get_secret },
  { "POST", PATH .. "put", put_secret, { body = FORM } },
  { "POST", PATH .. "delete", delete_secret, { body = FORM } },
  { "GET", PATH .. "acls/list", list_acls },
  { "GET", PATH .. "acls/get", get_acl },
  { "POST", PATH .. "acls/put", put_acl, { body = FORM } },
  { "POST", PATH .. "acls/delete", delete_acl, { body = FORM } },
}

return M
