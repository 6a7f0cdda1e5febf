--- /api/2.0/preview/scim/v2: the caller (Me), and the lists of users, service principals and groups
--- with filter, order and pages.

local json = require "native.json"
local errors = require "sandbox.http.errors"
local fields = require "sandbox.http.fields"
local filter = require "sandbox.identity.filter"
local people = require "sandbox.identity.people"
local reply = require "sandbox.http.reply"

local M = {}

local PAGE <const> = 100 -- resources on a page unless `count` says otherwise

local CORE <const> = "urn:ietf:params:scim:schemas:core:2.0:"

local function complex(value, kind)
  return { value = value, type = kind }
end

-- The groups of a principal, of which it is a direct member.
local function group_list(principal)
  local list = json.array {}
  for i, name in ipairs(principal.groups) do
    local id = people.group_id(name)
    list[i] = { display = name, type = "direct", value = id, ["$ref"] = "Groups/" .. id }
  end
  return list
end

local function principal_resource(principal)
  local given, family = principal.display_name:match "^(%S+)%s+(.+)$"
  local is_service = principal.application_id ~= nil
  local resource = {
    schemas = json.array(is_service and { CORE .. "ServicePrincipal" }
      or { CORE .. "User", "urn:ietf:params:scim:schemas:extension:workspace:2.0:User" }),
    id = ("%d"):format(principal.id),
    displayName = principal.display_name,
    active = true,
    groups = group_list(principal),
    entitlements = json.array {
      complex "workspace-access", complex "databricks-sql-access",
      principal.admin and complex "allow-cluster-create" or nil,
    },
    roles = json.array {},
  }
  if is_service then
    resource.applicationId = principal.application_id
  else
    resource.userName = principal.user_name
    resource.emails = json.array { { value = principal.user_name, type = "work", primary = true } }
    resource.name = { givenName = given or principal.display_name, familyName = family }
  end
  return resource
end

local function group_resource(w, name)
  local members = json.array {}
  for _, person in ipairs(w.people) do
    if people.is_member(person, name) then
      local id = ("%d"):format(person.id)
      local kind = person.application_id and "ServicePrincipals/" or "Users/"
      members[#members + 1] = { display = person.display_name, value = id, ["$ref"] = kind .. id }
    end
  end
  return {
    schemas = json.array { CORE .. "Group" },
    id = people.group_id(name), displayName = name, members = members,
    groups = json.array {}, entitlements = json.array {}, roles = json.array {},
    meta = { resourceType = people.is_system_group(name) and "WorkspaceGroup" or "Group" },
  }
end

-- All resources of a kind, by id.
local KINDS <const> = {
  Users = function(w)
    return people.filter(w.people, function(p) return not p.application_id end,
      principal_resource)
  end,
  ServicePrincipals = function(w)
    return people.filter(w.people, function(p) return p.application_id end, principal_resource)
  end,
  Groups = function(w)
    local list = {}
    for i, name in ipairs(people.groups(w.people)) do
      list[i] = group_resource(w, name)
    end
    return list
  end,
}

-- The attributes that a parameter of a query lists, as a set; of `name.givenName` the `name`.
local function attribute_set(list)
  local set = {}
  for name in (list or ""):gmatch "[^,%s]+" do
    set[name:match("^[^.]+"):lower()] = true
  end
  return set
end

-- Remove the attributes that the query does not ask for. The id is always there.
local function choose(resource, query)
  local wanted = attribute_set(query.attributes)
  local unwanted = attribute_set(query.excludedAttributes)
  for key in pairs(resource) do
    local named = next(wanted) == nil or wanted[key:lower()]
    if key ~= "schemas" and key ~= "id" and (not named or unwanted[key:lower()]) then
      resource[key] = nil
    end
  end
  return resource
end

local function answer(value)
  return reply.bytes(json.encode(value), "application/scim+json")
end

local function me(_, req)
  local resource = principal_resource(req.principal)
  resource.userName = req.principal.user_name -- Me is a user, also for a service principal
  return answer(choose(resource, req.query))
end

local function sort(list, query)
  local by = query.sortBy
  local order = query.sortOrder or "ascending"
  if order ~= "ascending" and order ~= "descending" then
    errors.invalid("sortOrder must be ascending or descending, but is '%s'", order)
  elseif not by or by == "" then
    return
  end
  table.sort(list, function(a, b)
    local x, y = filter.text_of(a, by), filter.text_of(b, by)
    if order == "descending" then
      x, y, a, b = y, x, b, a
    end
    return x < y or x == y and a.id < b.id
  end)
end

local function listing(kind)
  return function(w, req)
    local query = req.query
    local start = math.max(1, fields.integer(query, "startIndex", 1, math.mininteger))
    local count = fields.integer(query, "count", PAGE, 0)
    local found = filter.apply(KINDS[kind](w), query.filter)
    sort(found, query)
    local page = json.array {}
    for i = start, math.min(#found, start + count - 1) do
      page[#page + 1] = choose(found[i], query)
    end
    return answer {
      schemas = json.array { "urn:ietf:params:scim:api:messages:2.0:ListResponse" },
      totalResults = #found, startIndex = start, itemsPerPage = #page,
      Resources = #page > 0 and page or nil,
    }
  end
end

local NOUNS <const> = {
  Users = "User", ServicePrincipals = "Service principal", Groups = "Group",
}

local function no_resource(kind, id)
  error(reply.bytes(json.encode {
    schemas = json.array { "urn:ietf:params:scim:api:messages:2.0:Error" },
    detail = ("%s with id %s not found."):format(NOUNS[kind], id), status = "404",
  }, "application/scim+json", nil, 404), 0)
end

local function one(kind)
  return function(w, req)
    for _, resource in ipairs(KINDS[kind](w)) do
      if resource.id == req.params.id then
        return answer(choose(resource, req.query))
      end
    end
    no_resource(kind, req.params.id)
  end
end

local PATH <const> = "/api/2.0/preview/scim/v2/"

M.routes = { { "GET", PATH .. "Me", me } }
for kind in pairs(KINDS) do
  M.routes[#M.routes + 1] = { "GET", PATH .. kind, listing(kind) }
  M.routes[#M.routes + 1] = { "GET", PATH .. kind .. "/{id}", one(kind) }
end

return M
