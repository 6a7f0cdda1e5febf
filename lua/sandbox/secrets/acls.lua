--- Who may read, write and manage a scope of secrets.

local errors = require "sandbox.http.errors"
local people = require "sandbox.identity.people"

local M = {}

M.schema = [[
CREATE TABLE IF NOT EXISTS secret_scopes(name TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS secret_acls(
  scope TEXT NOT NULL, principal TEXT NOT NULL, permission TEXT NOT NULL,
  PRIMARY KEY (scope, principal)) WITHOUT ROWID;
]]

--- The permissions; a higher one allows more.
M.RANKS = { READ = 1, WRITE = 2, MANAGE = 3 }

function M.find_scope(w, name)
  return w.db:find_row("SELECT name FROM secret_scopes WHERE name = ?", { name })
end

--- The access list of a scope.
---@return table[] { principal, permission }
function M.list(w, scope)
  return w.db:query("SELECT principal, permission FROM secret_acls WHERE scope = ? "
    .. "ORDER BY principal", { scope })
end

---@return table? { principal, permission }
function M.find(w, scope, principal)
  return w.db:find_row("SELECT principal, permission FROM secret_acls WHERE scope = ? "
    .. "AND principal = ?", { scope, principal })
end

--- Give a principal that permission in place of the one it has; inside of a transaction.
function M.put(w, scope, principal, permission)
  w.db:exec("INSERT OR REPLACE INTO secret_acls VALUES (?, ?, ?)", { scope, principal, permission })
end

--- May the caller do that in a scope?
---@param w table
---@param principal table
---@param scope string
---@param permission "READ"|"WRITE"|"MANAGE"
---@return boolean
function M.allows(w, principal, scope, permission)
  if principal.admin then
    return true
  end
  for _, row in ipairs(M.list(w, scope)) do
    local mine = row.principal == principal.user_name or people.is_member(principal, row.principal)
    if mine and M.RANKS[row.permission] >= M.RANKS[permission] then
      return true
    end
  end
  return false
end

--- Refuse a caller who may not do that in a scope: 403; a scope that does not exist: 404.
function M.check(w, principal, scope, permission)
  if not M.find_scope(w, scope) then
    errors.missing("Scope %s does not exist!", scope)
  elseif not M.allows(w, principal, scope, permission) then
    errors.denied(("User %s does not have %s permission on scope %s."):format(
      principal.user_name, permission, scope))
  end
end

return M
