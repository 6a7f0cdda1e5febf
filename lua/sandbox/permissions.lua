--- Access control lists of pipelines and workspace objects (api A.12, E.4).
--
-- Only what was granted directly is stored. The owner of an object is its creator until a
-- grant says otherwise; the group `admins` inherits CAN_MANAGE everywhere.

local errors = require "sandbox.errors"
local people = require "sandbox.people"

local M = {}

M.schema = [[
CREATE TABLE IF NOT EXISTS grants(
  kind TEXT NOT NULL, object_id TEXT NOT NULL,
  principal_kind TEXT NOT NULL, principal TEXT NOT NULL, level TEXT NOT NULL,
  PRIMARY KEY (kind, object_id, principal_kind, principal)) WITHOUT ROWID;
]]

local PIPELINE_LEVELS <const> = {
  { "CAN_VIEW", "Can view the pipeline's details and its event log" },
  { "CAN_RUN", "Can view, start and stop the pipeline" },
  { "CAN_MANAGE", "Can run the pipeline, edit its settings and change its permissions" },
  { "IS_OWNER", "Is the owner: the pipeline runs as this principal unless run_as is set" },
}

local OBJECT_LEVELS <const> = {
  { "CAN_READ", "Can view and comment on the object" },
  { "CAN_RUN", "Can view, comment on, attach and run the object" },
  { "CAN_EDIT", "Can view, run and edit the object" },
  { "CAN_MANAGE", "Can edit the object and change its permissions" },
}

-- Each kind has `find_owner(w, id)`: the creator's name, nil if there is no such object.
local kinds = {
  pipelines = { type = "pipelines", levels = PIPELINE_LEVELS, owner_level = "IS_OWNER",
    missing = "The specified pipeline %s was not found." },
}

function kinds.pipelines.find_owner(w, id)
  local row = w.db:find_row("SELECT creator FROM pipelines "
    .. "WHERE id = ? AND ifnull(deleted > ?, 1)", { id, w.clock:now() })
  return row and row.creator
end

-- Objects of the workspace tree belong to whose home they are in, and else to the admin.
for kind, name in pairs {
  notebooks = "notebook", files = "file", directories = "directory", repos = "repo",
} do
  kinds[kind] = {
    type = name, levels = OBJECT_LEVELS, owner_level = "CAN_MANAGE",
    missing = "The specified " .. name .. " %s was not found.",
    find_owner = function(w, id)
      local row = w.db:find_row("SELECT path FROM tree WHERE id = ? AND type = ?",
        { math.tointeger(tonumber(id)) or -1, name:upper() })
      return row and (row.path:match "^/%u%l+/([^/]+@[^/]+)" or w.principal.user_name)
    end,
  }
end

local PRINCIPALS <const> = { "user_name", "group_name", "service_principal_name" }

local function rank(kind, level)
  for i, known in ipairs(kinds[kind].levels) do
    if known[1] == level then
      return i
    end
  end
end

local function principal_kind(w, name)
  local person = people.find(w.people, name)
  return person and person.application_id and "service_principal_name" or "user_name"
end

local function stored(w, kind, id)
  return w.db:query("SELECT principal_kind, principal, level FROM grants "
    .. "WHERE kind = ? AND object_id = ? ORDER BY principal_kind, principal", { kind, id })
end

-- The direct grants, with that of the owner made up from the creator if none is stored.
local function direct(w, kind, id, creator)
  local grants, top = stored(w, kind, id), kinds[kind].owner_level
  for _, grant in ipairs(grants) do
    if grant.level == top then
      return grants
    end
  end
  table.insert(grants, 1, {
    principal_kind = principal_kind(w, creator), principal = creator, level = top,
  })
  return grants
end

local function owner_of(w, kind, id)
  local rules = kinds[kind]
  local creator = rules and rules.find_owner(w, id)
  if not creator then
    errors.missing((rules and rules.missing or "Object %s does not exist."), id)
  end
  return creator
end

--- True if `principal` has at least that level on the object, whose creator is `creator`.
---@return boolean
function M.allows(w, principal, kind, id, creator, level)
  if principal.admin or principal.user_name == creator then
    return true
  end
  local need, groups = rank(kind, level), {}
  for _, group in ipairs(principal.groups) do
    groups[group] = true
  end
  for _, grant in ipairs(stored(w, kind, id)) do
    local mine = grant.principal_kind == "group_name" and groups[grant.principal]
      or grant.principal_kind ~= "group_name" and grant.principal == principal.user_name
    if mine and rank(kind, grant.level) >= need then
      return true
    end
  end
  return false
end

--- Refuse with 403 a principal without that level on a pipeline.
---@param row table of table `pipelines`
---@param level string
function M.check_pipeline(w, principal, row, level)
  if not M.allows(w, principal, "pipelines", row.id, row.creator, level) then
    errors.denied(("User %s does not have %s permission on pipeline %s."):format(
      principal.user_name, level, row.id))
  end
end

local function display_name(w, grant)
  local person = people.find(w.people, grant.principal)
  return person and person.display_name or nil
end

local function view(w, kind, id, creator)
  local list = {}
  for _, grant in ipairs(direct(w, kind, id, creator)) do
    list[#list + 1] = {
      [grant.principal_kind] = grant.principal,
      display_name = grant.principal_kind ~= "group_name" and display_name(w, grant) or nil,
      all_permissions = { { permission_level = grant.level, inherited = false } },
    }
  end
  list[#list + 1] = {
    group_name = "admins",
    all_permissions = { {
      permission_level = "CAN_MANAGE", inherited = true,
      inherited_from_object = { kind == "pipelines" and "/pipelines/" or "/directories/" },
    } },
  }
  return {
    object_id = ("/%s/%s"):format(kind, id),
    object_type = kinds[kind].type,
    access_control_list = list,
  }
end

local function principal_exists(w, principal_kind_, name)
  if principal_kind_ == "group_name" then
    for _, person in ipairs(w.people) do
      for _, group in ipairs(person.groups) do
        if group == name then
          return true
        end
      end
    end
    return false
  end
  local person = people.find(w.people, name)
  return person ~= nil
    and (person.application_id ~= nil) == (principal_kind_ == "service_principal_name")
end

local NOUNS <const> = {
  user_name = "UserName", group_name = "GroupName",
  service_principal_name = "ServicePrincipalName",
}

-- The entries of a request as grants; anything wrong with them is refused.
local function requested(w, kind, body)
  local list = type(body) == "table" and body.access_control_list or nil
  local grants = {}
  for _, entry in ipairs(list or {}) do
    local found
    for _, name in ipairs(PRINCIPALS) do
      if entry[name] ~= nil then
        if found then
          errors.invalid "An access control entry must name exactly one principal."
        end
        found = { principal_kind = name, principal = entry[name], level = entry.permission_level }
      end
    end
    if not found then
      errors.invalid "An access control entry must name exactly one principal."
    elseif not rank(kind, found.level) then
      errors.invalid("'%s' is not a permission level of %s.", tostring(found.level), kind)
    elseif not principal_exists(w, found.principal_kind, found.principal) then
      errors.missing("Principal: %s(%s) does not exist", NOUNS[found.principal_kind],
        tostring(found.principal))
    elseif found.principal == "admins" then
      if found.level ~= "CAN_MANAGE" then
        errors.invalid "Cannot change the permissions of the group 'admins'."
      end
    else
      if found.level == "IS_OWNER" and found.principal_kind == "group_name" then
        errors.invalid "A group cannot be the owner of a pipeline."
      end
      grants[#grants + 1] = found
    end
  end
  return grants
end

local function check_owner(kind, grants)
  local owners = 0
  for _, grant in ipairs(grants) do
    owners = owners + (grant.level == "IS_OWNER" and 1 or 0)
  end
  if kind == "pipelines" and owners ~= 1 then
    errors.invalid "The pipeline must have exactly one owner."
  end
end

local function owner_in(grants, top)
  for _, grant in ipairs(grants) do
    if grant.level == top then
      return grant.principal
    end
  end
end

-- Only an admin gives a pipeline to somebody else, and one that publishes to Unity Catalog
-- only after its first update: there is nothing to own before.
local function check_new_owner(w, req, before, after)
  local id = req.params.id
  if req.params.kind ~= "pipelines"
    or owner_in(before, "IS_OWNER") == owner_in(after, "IS_OWNER") then
    return
  elseif not req.principal.admin then
    errors.denied(("User %s is not allowed to change the owner of pipeline %s.")
      :format(req.principal.user_name, id))
  end
  local row = w.db:find_row("SELECT json_extract(spec, '$.catalog') AS catalog, "
    .. "(SELECT count(*) FROM updates AS u WHERE u.pipeline_id = p.id AND u.created <= ?) AS runs "
    .. "FROM pipelines AS p WHERE id = ?", { w.clock:now(), id })
  if row.catalog and row.runs == 0 then
    errors.raise(400, "INVALID_STATE", ("The owner of pipeline %s cannot be changed before its "
      .. "first update."):format(id))
  end
end

local function merged(before, changes)
  local result, at = {}, {}
  local function put(grant)
    local key = grant.principal_kind .. "/" .. grant.principal
    at[key] = at[key] or #result + 1
    result[at[key]] = grant
  end
  for _, grant in ipairs(before) do
    put(grant)
  end
  for _, grant in ipairs(changes) do
    if grant.level == "IS_OWNER" then -- a new owner takes the place of the old one
      for i, other in ipairs(result) do
        if other.level == "IS_OWNER" then
          result[i] = { principal_kind = other.principal_kind, principal = other.principal,
            level = "CAN_MANAGE" }
        end
      end
    end
    put(grant)
  end
  return result
end

local function save(w, kind, id, grants)
  w.db:exec("DELETE FROM grants WHERE kind = ? AND object_id = ?", { kind, id })
  for _, grant in ipairs(grants) do
    w.db:exec("INSERT INTO grants VALUES (?, ?, ?, ?, ?)",
      { kind, id, grant.principal_kind, grant.principal, grant.level })
  end
end

--- Grant levels on an object, as PATCH does; for scenarios.
---@param grants table[] { principal_kind, principal, level }
function M.grant(w, kind, id, grants)
  save(w, kind, id, merged(direct(w, kind, id, owner_of(w, kind, id)), grants))
end

local function manage(w, req, kind, id)
  local creator = owner_of(w, kind, id)
  if not M.allows(w, req.principal, kind, id, creator, "CAN_MANAGE") then
    errors.denied(("%s does not have Manage permissions on %s with ID: %s. Please contact the "
      .. "owner or an administrator for access."):format(req.principal.user_name,
      kinds[kind].type, id))
  end
  return creator
end

local function get(w, req)
  local kind, id = req.params.kind, req.params.id
  local creator = owner_of(w, kind, id)
  if not M.allows(w, req.principal, kind, id, creator, kinds[kind].levels[1][1]) then
    errors.denied(("%s does not have View permissions on %s."):format(
      req.principal.user_name, id))
  end
  return view(w, kind, id, creator)
end

local function levels(w, req)
  local kind = req.params.kind
  owner_of(w, kind, req.params.id)
  local list = {}
  for i, level in ipairs(kinds[kind].levels) do
    list[i] = { permission_level = level[1], description = level[2] }
  end
  return { permission_levels = list }
end

local function put(w, req)
  local kind, id = req.params.kind, req.params.id
  return w:write(function()
    local creator = manage(w, req, kind, id)
    local grants = requested(w, kind, req.body)
    check_owner(kind, grants)
    check_new_owner(w, req, direct(w, kind, id, creator), grants)
    save(w, kind, id, merged({}, grants))
    return view(w, kind, id, creator)
  end)
end

local function patch(w, req)
  local kind, id = req.params.kind, req.params.id
  return w:write(function()
    local creator = manage(w, req, kind, id)
    local before = direct(w, kind, id, creator)
    local grants = merged(before, requested(w, kind, req.body))
    check_owner(kind, grants)
    check_new_owner(w, req, before, grants)
    save(w, kind, id, grants)
    return view(w, kind, id, creator)
  end)
end

local PATH <const> = "/api/2.0/permissions/{kind}/{id}"

M.routes = {
  { "GET", PATH, get },
  { "GET", PATH .. "/permissionLevels", levels },
  { "PUT", PATH, put },
  { "PATCH", PATH, patch },
}

return M
