--- The principals of the two workspaces, users and service principals, and their fixed tokens.
--
-- `demo-token` and `demo-dr-token` belong to an admin. The service principals log in with OAuth
-- (M2M) and get tokens that the workspace issues.

local M = {}

local function user(id, user_name, display_name, admin)
  return {
    id = id,
    user_name = user_name,
    display_name = display_name,
    admin = admin,
    groups = admin and { "admins", "users", "data-engineers" } or { "users", "analysts" },
  }
end

local function service_principal(id, application_id, display_name, secret, admin)
  return {
    id = id,
    user_name = application_id,
    application_id = application_id,
    display_name = display_name,
    client_secret = secret,
    admin = admin,
    groups = admin and { "admins", "users" } or { "users" },
  }
end

--- The two workspaces. `token` belongs to the admin, `viewer_token` to a user who is not an admin.
---@type table[]
M.workspaces = {
  {
    name = "demo",
    org_id = 70421337900113842, -- 17 digits: more than a double holds
    cloud = "AWS",
    region = "eu-west-1",
    metastore_id = "4a1f8e0c-6b7d-4c53-9a55-0d2b7c1e9f10",
    account_id = "b7c7f2de-41aa-4d6b-8d0c-3f0a6e1c2d34",
    token = "demo-token",
    viewer_token = "demo-viewer-token",
    people = {
      user(5240981367210001, "ada.okafor@example.com", "Ada Okafor", true),
      user(5240981367210002, "lars.nygaard@example.com", "Lars Nygaard", false),
      user(5240981367210003, "mei.tanaka@example.com", "Mei Tanaka", false),
      user(5240981367210004, "tomas.reyes@example.com", "Tomás Reyes", false),
      user(5240981367210005, "jo.whitfield@example.com", "Jo Whitfield", false),
      service_principal(5240981367210101, "6f3a2b1c-9d8e-4f70-a1b2-c3d4e5f60718",
        "deploy-bot", "demo-secret", true),
      service_principal(5240981367210102, "0b5e7d91-2c4f-4a68-8e13-7a9c6d5b4e20",
        "ingest-bot", "demo-ingest-secret", false),
    },
  },
  {
    name = "demo-dr",
    org_id = 2814749767106563,
    cloud = "Azure",
    region = "northeurope",
    metastore_id = "9c3d5b77-20fe-4e1a-b6a8-51d7e8a0c462",
    account_id = "b7c7f2de-41aa-4d6b-8d0c-3f0a6e1c2d34",
    token = "demo-dr-token",
    viewer_token = "demo-dr-viewer-token",
    people = {
      user(8840112236450001, "ada.okafor@example.com", "Ada Okafor", true),
      user(8840112236450002, "lars.nygaard@example.com", "Lars Nygaard", false),
      service_principal(8840112236450101, "6f3a2b1c-9d8e-4f70-a1b2-c3d4e5f60718",
        "deploy-bot", "demo-dr-secret", true),
    },
  },
}

--- The principal of that user name or application id, or nil.
---@param people table[]
---@param name string
---@return table?
function M.find(people, name)
  for _, person in ipairs(people) do
    if person.user_name == name then
      return person
    end
  end
end

--- The principals for which `test` holds, each as `f` makes it.
---@param people table[]
---@param test fun(person: table): any
---@param f fun(person: table): table
---@return table[]
function M.filter(people, test, f)
  local list = {}
  for _, person in ipairs(people) do
    if test(person) then
      list[#list + 1] = f(person)
    end
  end
  return list
end

--- The names of all groups, in order.
---@param people table[]
---@return string[]
function M.groups(people)
  local names, seen = {}, {}
  for _, person in ipairs(people) do
    for _, name in ipairs(person.groups) do
      if not seen[name] then
        seen[name], names[#names + 1] = true, name
      end
    end
  end
  table.sort(names)
  return names
end

--- The id of a group, which depends on nothing but its name.
---@param name string
---@return string
function M.group_id(name)
  return ("%d"):format(880012345600000 + #name * 1000 + name:byte())
end

--- Does every workspace have that group?
---@param name string
---@return boolean
function M.is_system_group(name)
  return name == "admins" or name == "users"
end

--- Is the principal a direct member of the group?
---@param principal table
---@param group string
---@return boolean
function M.is_member(principal, group)
  for _, name in ipairs(principal.groups) do
    if name == group then
      return true
    end
  end
  return false
end

--- Is there a principal of that kind and name?
---@param people table[]
---@param kind "user_name"|"service_principal_name"|"group_name"
---@param name any
---@return boolean
function M.exists(people, kind, name)
  for _, person in ipairs(people) do
    if kind == "group_name" then
      if M.is_member(person, name) then
        return true
      end
    elseif person.user_name == name then
      return (person.application_id ~= nil) == (kind == "service_principal_name")
    end
  end
  return false
end

return M
