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

return M
