local json = require "native.json"
local workspace = require "testing.workspace"

local PATH <const> = "/api/2.0/permissions/pipelines/"
local LARS <const> = "lars.nygaard@example.com"
local VIEWER <const> = { token = "demo-viewer-token" } -- lars, who is not an admin
local BOT <const> = "6f3a2b1c-9d8e-4f70-a1b2-c3d4e5f60718"

local function levels_of(answer)
  local levels = {}
  for _, entry in ipairs(answer.access_control_list) do
    local who = entry.user_name or entry.group_name or entry.service_principal_name
    levels[who] = entry.all_permissions[1].permission_level
  end
  return levels
end

local function entry(kind, who, level)
  return { [kind] = who, permission_level = level }
end

test("the creator owns a pipeline, and admins inherit CAN_MANAGE", function(t)
  local w <close> = workspace.start()
  local id = w:pipeline()
  t.equal(w:ok("GET", PATH .. id), {
    object_id = "/pipelines/" .. id, object_type = "pipelines",
    access_control_list = {
      { user_name = "ada.okafor@example.com", display_name = "Ada Okafor",
        all_permissions = { { permission_level = "IS_OWNER", inherited = false } } },
      { group_name = "admins", all_permissions = { { permission_level = "CAN_MANAGE",
        inherited = true, inherited_from_object = { "/pipelines/" } } } },
    },
  })
end)

test("there are four levels that can be granted", function(t)
  local w <close> = workspace.start()
  local names = {}
  for i, level in ipairs(w:ok("GET", PATH .. w:pipeline() .. "/permissionLevels")
    .permission_levels) do
    names[i] = level.permission_level
    t.is_true(#level.description > 0)
  end
  t.equal(names, { "CAN_VIEW", "CAN_RUN", "CAN_MANAGE", "IS_OWNER" })
end)

test("PATCH adds and changes grants, PUT replaces them all", function(t)
  local w <close> = workspace.start()
  local id = w:pipeline()
  w:ok("PATCH", PATH .. id, { access_control_list = { entry("user_name", LARS, "CAN_VIEW"),
    entry("group_name", "analysts", "CAN_VIEW") } })
  w:ok("PATCH", PATH .. id, { access_control_list = { entry("user_name", LARS, "CAN_RUN") } })
  t.equal(levels_of(w:ok("GET", PATH .. id)), { ["ada.okafor@example.com"] = "IS_OWNER",
    [LARS] = "CAN_RUN", analysts = "CAN_VIEW", admins = "CAN_MANAGE" })
  w:run(id)
  w:ok("PUT", PATH .. id, { access_control_list = {
    entry("service_principal_name", BOT, "IS_OWNER") } })
  t.equal(levels_of(w:ok("GET", PATH .. id)), { [BOT] = "IS_OWNER", admins = "CAN_MANAGE" })
end)

-- Requests that are refused: method, entries, status, words of the message.
local REFUSED <const> = {
  { "PUT", {}, 400, "The pipeline must have exactly one owner." },
  { "PUT", { entry("user_name", LARS, "CAN_VIEW") }, 400,
    "The pipeline must have exactly one owner." },
  { "PUT", { entry("user_name", LARS, "IS_OWNER"), entry("service_principal_name", BOT,
    "IS_OWNER") }, 400, "The pipeline must have exactly one owner." },
  { "PATCH", { entry("group_name", "analysts", "IS_OWNER") }, 400, "group cannot be the owner" },
  { "PATCH", { entry("group_name", "admins", "CAN_VIEW") }, 400, "'admins'" },
  { "PATCH", { entry("user_name", LARS, "CAN_FLY") }, 400, "CAN_FLY" },
  { "PATCH", { entry("user_name", "nobody@example.com", "CAN_VIEW") }, 404, "does not exist" },
  { "PATCH", { entry("user_name", BOT, "CAN_VIEW") }, 404, "does not exist" },
  { "PATCH", { { permission_level = "CAN_VIEW" } }, 400, "exactly one principal" },
  { "PATCH", { { user_name = LARS, group_name = "analysts", permission_level = "CAN_VIEW" } },
    400, "exactly one principal" },
}

test("invalid grants are refused", function(t)
  local w <close> = workspace.start()
  local id = w:pipeline()
  for i, case in ipairs(REFUSED) do
    local status, answer = w:call(case[1], PATH .. id, {
      access_control_list = json.array(case[2]) })
    t.equal(status, case[3], "row " .. i)
    t.match(answer.message, case[4])
  end
  t.equal((w:call("GET", PATH .. "00000000-0000-4000-8000-000000000000")), 404)
end)

test("users who are not admins can see and do only what they were granted", function(t)
  local w <close> = workspace.start()
  local id = w:pipeline()
  local url = "/api/2.0/pipelines/" .. id
  local function statuses()
    return {
      #(w:ok("GET", "/api/2.0/pipelines", nil, VIEWER).statuses or {}),
      (w:call("GET", url, nil, VIEWER)), (w:call("GET", url .. "/events", nil, VIEWER)),
      (w:call("POST", url .. "/stop", {}, VIEWER)),
      (w:call("PATCH", PATH .. id, { access_control_list = json.array {} }, VIEWER)),
    }
  end
  local function grant(level)
    w:ok("PATCH", PATH .. id, { access_control_list = { entry("user_name", LARS, level) } })
  end
  t.equal(statuses(), { 0, 403, 403, 403, 403 })
  grant "CAN_VIEW"
  t.equal(statuses(), { 1, 200, 200, 403, 403 })
  grant "CAN_RUN"
  t.equal(statuses(), { 1, 200, 200, 200, 403 })
  grant "CAN_MANAGE"
  t.equal(statuses(), { 1, 200, 200, 200, 200 })
  t.equal((w:call("DELETE", url, nil, VIEWER)), 200)
end)

test("only admins change an owner, in Unity Catalog only after the first update", function(t)
  local w <close> = workspace.start()
  local id = w:pipeline()
  local new_owner = { access_control_list = { entry("user_name", LARS, "IS_OWNER") } }
  local status, answer = w:call("PATCH", PATH .. id, new_owner)
  t.equal({ status, answer.error_code }, { 400, "INVALID_STATE" })
  w:run(id)
  w:ok("PATCH", PATH .. id, new_owner)
  t.equal(levels_of(w:ok("GET", PATH .. id)), { ["ada.okafor@example.com"] = "CAN_MANAGE",
    [LARS] = "IS_OWNER", admins = "CAN_MANAGE" })
  t.equal((w:call("PUT", PATH .. id, { access_control_list = { entry("service_principal_name",
    BOT, "IS_OWNER") } }, VIEWER)), 403)
end)

test("a group's grant counts for its members", function(t)
  local w <close> = workspace.start()
  local id = w:pipeline()
  w:ok("PATCH", PATH .. id, { access_control_list = { entry("group_name", "analysts",
    "CAN_VIEW") } })
  t.equal(#w:ok("GET", "/api/2.0/pipelines", nil, VIEWER).statuses, 1)
end)

test("users who are not admins run pipelines only as themselves", function(t)
  local w <close> = workspace.start()
  local body = { name = "mine", libraries = { { notebook = { path = "/x" } } },
    run_as = { user_name = "ada.okafor@example.com" } }
  local status, answer = w:call("POST", "/api/2.0/pipelines", body, VIEWER)
  t.equal({ status, answer.error_code }, { 403, "PERMISSION_DENIED" })
  body.run_as = { user_name = LARS }
  w:ok("POST", "/api/2.0/pipelines", body, VIEWER)
end)

test("workspace objects have their own permission levels", function(t)
  local w <close> = workspace.start()
  w:pipeline()
  local object = w:ok("GET", "/api/2.0/workspace/get-status?path=/Shared/etl")
  local url = ("/api/2.0/permissions/notebooks/%d"):format(object.object_id)
  w:ok("PATCH", url, { access_control_list = { entry("user_name", LARS, "CAN_READ") } })
  local answer = w:ok("GET", url)
  t.equal({ answer.object_type, levels_of(answer)[LARS] }, { "notebook", "CAN_READ" })
  t.equal((w:call("PATCH", url, { access_control_list = { entry("user_name", LARS,
    "CAN_VIEW") } })), 400)
  t.equal((w:call("GET", "/api/2.0/permissions/notebooks/1")), 404)
end)
