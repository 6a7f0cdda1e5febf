--- /api/2.1/unity-catalog/permissions and .../effective-permissions: grants on securables.

local errors = require "sandbox.http.errors"
local fields = require "sandbox.http.fields"
local paging = require "sandbox.http.paging"
local people = require "sandbox.identity.people"
local securables = require "sandbox.unity.securables"
local set = require("sandbox.sql.words").set
local unity = require "sandbox.unity"

local M = {}

M.schema = [[
CREATE TABLE IF NOT EXISTS privileges(
  kind TEXT NOT NULL, name TEXT NOT NULL, principal TEXT NOT NULL, privilege TEXT NOT NULL,
  PRIMARY KEY (kind, name, principal, privilege)) WITHOUT ROWID;
]]

local TABLE <const> = "SELECT MODIFY APPLY_TAG ALL_PRIVILEGES MANAGE "
local FUNCTION <const>, VOLUME <const> = "EXECUTE ", "READ_VOLUME WRITE_VOLUME "
local SCHEMA <const> = TABLE .. FUNCTION .. VOLUME .. "USE_SCHEMA CREATE_TABLE CREATE_FUNCTION "
  .. "CREATE_VOLUME CREATE_MODEL CREATE_MATERIALIZED_VIEW REFRESH EXTERNAL_USE_SCHEMA "

-- The privileges that each kind of securable has.
local KINDS <const> = {
  metastore = set [[CREATE_CATALOG CREATE_CONNECTION CREATE_EXTERNAL_LOCATION USE_CONNECTION
    CREATE_STORAGE_CREDENTIAL CREATE_SHARE CREATE_RECIPIENT USE_SHARE MANAGE_ALLOWLIST]],
  catalog = set(SCHEMA .. "USE_CATALOG CREATE_SCHEMA BROWSE"),
  schema = set(SCHEMA),
  table = set(TABLE .. "REFRESH"),
  volume = set(VOLUME .. "APPLY_TAG ALL_PRIVILEGES MANAGE"),
  ["function"] = set "EXECUTE ALL_PRIVILEGES MANAGE",
  connection = set "USE_CONNECTION CREATE_FOREIGN_CATALOG ALL_PRIVILEGES MANAGE",
  external_location = set [[READ_FILES WRITE_FILES CREATE_EXTERNAL_TABLE CREATE_EXTERNAL_VOLUME
    CREATE_MANAGED_STORAGE BROWSE ALL_PRIVILEGES MANAGE]],
  storage_credential = set [[READ_FILES WRITE_FILES CREATE_EXTERNAL_LOCATION
    CREATE_EXTERNAL_TABLE ALL_PRIVILEGES MANAGE]],
}

local NOUNS <const> = {
  ["function"] = "Function", connection = "Connection", external_location = "External Location",
  storage_credential = "Storage Credential", volume = "Volume",
}

-- The owner of a securable; refuses one that does not exist.
local finders = {}

function finders.metastore(w, name)
  if name ~= w.metastore_id then
    errors.raise(404, "METASTORE_DOES_NOT_EXIST", ("Metastore '%s' does not exist."):format(name))
  end
  return w.principal.user_name
end

function finders.catalog(w, name)
  return (unity.find_catalog(w, name) or unity.no_catalog(name)).owner
end

function finders.schema(w, name)
  local catalog, schema = name:match "^([^.]+)%.([^.]+)$"
  local row = catalog and unity.find_schema(w, catalog, schema)
  return row and row.owner or unity.no_schema(catalog or name, schema or "")
end

function finders.table(w, name)
  local catalog, schema, own = unity.split(name)
  local row = catalog and unity.find_table(w, catalog, schema, own)
  return row and row.owner
    or errors.raise(404, "TABLE_DOES_NOT_EXIST", ("Table '%s' does not exist."):format(name))
end

for kind, noun in pairs(NOUNS) do
  finders[kind] = function(w, name)
    local row = securables.find(w, kind, name)
    return row and row.owner or securables.missing({
      code = kind:upper(), noun = noun }, name)
  end
end

-- The kind and the name that a path names, and the owner.
local function securable_of(w, req)
  local kind = req.params.kind:lower()
  if not KINDS[kind] then
    errors.invalid("'%s' is not a securable type.", req.params.kind)
  end
  local name = req.params.name:lower()
  return kind, name, finders[kind](w, name)
end

local function may_manage(principal, owner)
  return principal.admin or principal.user_name == owner
end

-- The grants on one securable: principal and privilege, in order.
local function granted(w, kind, name)
  return w.db:query("SELECT principal, privilege FROM privileges WHERE kind = ? AND name = ? "
    .. "ORDER BY principal, privilege", { kind, name })
end

-- The securables from which one inherits, the nearest first, as { kind, name }.
local function above(w, kind, name)
  local list, nested = {}, kind == "table" or kind == "volume" or kind == "function"
  local catalog, schema = name:match "^([^.]+)%.([^.]+)"
  if nested and catalog then
    list[1] = { "schema", catalog .. "." .. schema }
  end
  if nested or kind == "schema" then
    list[#list + 1] = { "catalog", catalog }
  elseif kind ~= "catalog" and kind ~= "metastore" then
    list[1] = { "metastore", w.metastore_id }
  end
  return list
end

-- The principal whose grants a query asks for; nil: all. 404 for one that does not exist.
local function find_principal(w, name)
  if not name or name == "" then
    return nil
  elseif name ~= "account users" and not people.find(w.people, name)
    and not people.exists(w.people, "group_name", name) then
    errors.raise(404, "PRINCIPAL_DOES_NOT_EXIST",
      ("Could not find principal with name %s."):format(name))
  end
  return name
end

-- Assignments with their entries, one for each principal, in order.
local function gathered(entries, wanted)
  local list, at = {}, {}
  for _, entry in ipairs(entries) do
    if not wanted or entry.principal == wanted then
      local i = at[entry.principal] or #list + 1
      at[entry.principal] = i
      list[i] = list[i] or { principal = entry.principal, privileges = {} }
      table.insert(list[i].privileges, entry.value)
    end
  end
  table.sort(list, function(a, b) return a.principal < b.principal end)
  return list
end

local function answer(req, kind, name, list)
  local page, more = paging.page(req.query, ("privileges|%s|%s"):format(kind, name), list,
    securables.page_size(req.query, 1000), "principal")
  return { privilege_assignments = #page > 0 and page or nil, next_page_token = more }
end

local function entries_of(w, kind, name)
  local entries = {}
  for i, row in ipairs(granted(w, kind, name)) do
    entries[i] = { principal = row.principal, value = row.privilege }
  end
  return entries
end

local function get(w, req)
  local kind, name = securable_of(w, req)
  return answer(req, kind, name, gathered(entries_of(w, kind, name),
    find_principal(w, req.query.principal)))
end

local function effective(w, req)
  local kind, name = securable_of(w, req)
  local entries = {}
  for _, row in ipairs(granted(w, kind, name)) do
    entries[#entries + 1] = { principal = row.principal, value = { privilege = row.privilege } }
  end
  for _, parent in ipairs(above(w, kind, name)) do
    for _, row in ipairs(granted(w, parent[1], parent[2])) do
      if KINDS[kind][row.privilege] then
        entries[#entries + 1] = { principal = row.principal, value = { privilege = row.privilege,
          inherited_from_type = parent[1]:upper(), inherited_from_name = parent[2] } }
      end
    end
  end
  return answer(req, "effective " .. kind, name, gathered(entries,
    find_principal(w, req.query.principal)))
end

local function check_privileges(kind, list)
  for _, privilege in ipairs(list or {}) do
    if not KINDS[kind][privilege] then
      errors.invalid("Privilege %s is not applicable to this entity [%s].", privilege,
        kind:upper())
    end
  end
end

local function update(w, req)
  local kind, name, owner = securable_of(w, req)
  if not may_manage(req.principal, owner) then
    errors.denied(("User is not an owner of %s '%s'."):format(kind, name))
  end
  for _, change in ipairs(req.body.changes or {}) do
    find_principal(w, fields.required(change, "principal"))
    check_privileges(kind, change.add)
    check_privileges(kind, change.remove)
  end
  w:write(function()
    for _, change in ipairs(req.body.changes or {}) do
      for _, privilege in ipairs(change.add or {}) do
        M.grant(w, kind, name, change.principal, privilege)
      end
      for _, privilege in ipairs(change.remove or {}) do
        w.db:exec("DELETE FROM privileges WHERE kind = ? AND name = ? AND principal = ? "
          .. "AND privilege = ?", { kind, name, change.principal, privilege })
      end
    end
  end)
  local list = gathered(entries_of(w, kind, name))
  return { privilege_assignments = #list > 0 and list or nil }
end

--- Grant a privilege; inside of a transaction.
function M.grant(w, kind, name, principal, privilege)
  w.db:exec("INSERT OR IGNORE INTO privileges VALUES (?, ?, ?, ?)",
    { kind, name, principal, privilege })
end

local FORM <const> = { changes = { { principal = "string", add = { "string" },
  remove = { "string" } } } }

local PATH <const> = "/api/2.1/unity-catalog/"

M.routes = {
  { "GET", PATH .. "permissions/{kind}/{name}", get },
  { "PATCH", PATH .. "permissions/{kind}/{name}", update, { body = FORM } },
  { "GET", PATH .. "effective-permissions/{kind}/{name}", effective },
}

return M
