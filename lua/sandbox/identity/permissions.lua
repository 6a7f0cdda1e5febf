--- The routes of access control lists (api A.12, E.4).
--
-- The group `admins` inherits CAN_MANAGE on every object.

local json = require "native.json"
local errors = require "sandbox.http.errors"
local grants = require "sandbox.identity.grants"
local people = require "sandbox.identity.people"

local M = {}

M.schema = grants.schema

local PRINCIPALS <const> = { "user_name", "group_name", "service_principal_name" }

local function display_name(w, grant)
  local person = people.find(w.people, grant.principal)
  return person and person.display_name or nil
end

local function view(w, kind, id, creator)
  local list = {}
  for _, grant in ipairs(grants.direct(w, kind, id, creator)) do
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
      inherited_from_object = json.array { grants.kinds[kind].folder },
    } },
  }
  return {
    object_id = kind == "warehouses" and "/sql/warehouses/" .. id or ("/%s/%s"):format(kind, id),
    object_type = grants.kinds[kind].type,
    access_control_list = list,
  }
end

local NOUNS <const> = {
  user_name = "UserName", group_name = "GroupName",
  service_principal_name = "ServicePrincipalName",
}

-- The entries of a request as grants; a wrong entry is refused.
local function requested_grants(w, kind, body)
  local result = {}
  for _, entry in ipairs(body.access_control_list or {}) do
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
    elseif not grants.rank(kind, found.level) then
      errors.invalid("'%s' is not a permission level of %s.", tostring(found.level), kind)
    elseif not people.exists(w.people, found.principal_kind, found.principal) then
      errors.missing("Principal: %s(%s) does not exist", NOUNS[found.principal_kind],
        tostring(found.principal))
    elseif found.principal == "admins" then
      if found.level ~= "CAN_MANAGE" then
        errors.invalid "Cannot change the permissions of the group 'admins'."
      end
    else
      if found.level == "IS_OWNER" and found.principal_kind == "group_name" then
        errors.invalid("A group cannot be the owner of a %s.", grants.kinds[kind].noun)
      end
      result[#result + 1] = found
    end
  end
  return result
end

local function check_owner(kind, list)
  local owners = 0
  for _, grant in ipairs(list) do
    owners = owners + (grant.level == "IS_OWNER" and 1 or 0)
  end
  if grants.kinds[kind].owner_level == "IS_OWNER" and owners ~= 1 then
    errors.invalid("The %s must have exactly one owner.", grants.kinds[kind].noun)
  end
end

local function owner_in(list, top)
  for _, grant in ipairs(list) do
    if grant.level == top then
      return grant.principal
    end
  end
end

-- Only an admin changes the owner of a pipeline, and of one that publishes to Unity Catalog only
-- after its first update: before that there are no tables to own.
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

-- The creator of an object that the caller may manage; otherwise 403 or 404.
local function check_manage(w, req, kind, id)
  local creator = grants.owner_of(w, kind, id)
  if not grants.allows(w, req.principal, kind, id, creator, "CAN_MANAGE") then
    errors.denied(("%s does not have Manage permissions on %s with ID: %s. Please contact the "
      .. "owner or an administrator for access."):format(req.principal.user_name,
      grants.kinds[kind].type, id))
  end
  return creator
end

local function get(w, req)
  local kind, id = req.params.kind, req.params.id
  local creator = grants.owner_of(w, kind, id)
  if not grants.allows(w, req.principal, kind, id, creator, grants.kinds[kind].levels[1][1]) then
    errors.denied(("%s does not have View permissions on %s."):format(
      req.principal.user_name, id))
  end
  return view(w, kind, id, creator)
end

local function levels(w, req)
  local kind = req.params.kind
  grants.owner_of(w, kind, req.params.id)
  local list = {}
  for i, level in ipairs(grants.kinds[kind].levels) do
    list[i] = { permission_level = level[1], description = level[2] }
  end
  return { permission_levels = list }
end

local function put(w, req)
  local kind, id = req.params.kind, req.params.id
  return w:write(function()
    local creator = check_manage(w, req, kind, id)
    local new = requested_grants(w, kind, req.body)
    check_owner(kind, new)
    check_new_owner(w, req, grants.direct(w, kind, id, creator), new)
    grants.save(w, kind, id, grants.merged({}, new))
    return view(w, kind, id, creator)
  end)
end

local function patch(w, req)
  local kind, id = req.params.kind, req.params.id
  return w:write(function()
    local creator = check_manage(w, req, kind, id)
    local before = grants.direct(w, kind, id, creator)
    local new = grants.merged(before, requested_grants(w, kind, req.body))
    check_owner(kind, new)
    check_new_owner(w, req, before, new)
    grants.save(w, kind, id, new)
    return view(w, kind, id, creator)
  end)
end

local FORM <const> = {
  access_control_list = { { user_name = "string", group_name = "string",
    service_principal_name = "string", permission_level = "string" } },
}

local PATH <const> = "/api/2.0/permissions/{kind}/{id}"

M.routes = {
  { "GET", PATH, get },
  { "GET", PATH .. "/permissionLevels", levels },
  { "PUT", PATH, put, { body = FORM } },
  { "PATCH", PATH, patch, { body = FORM } },
}

return M
