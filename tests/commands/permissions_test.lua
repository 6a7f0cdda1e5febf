-- tarn permissions and tarn grant: grants are shown, changed and undone.

local journaled = require "support.journaled"
local json = require "native.json"

local MEI <const>, LARS <const> = "mei.tanaka@example.com", "lars.nygaard@example.com"
local BOT <const> = "6f3a2b1c-9d8e-4f70-a1b2-c3d4e5f60718"

local function start()
  local j = journaled.start { run_ms = 100 }
  return j, j.w:pipeline()
end

-- Run a line of words; returns the result, and the data of one that succeeds.
local function words(j, line)
  local list = {}
  for word in (line .. " -p there -o json"):gmatch "%S+" do
    list[#list + 1] = word
  end
  local r = j:run(list)
  return r, r.status == 0 and json.decode(r.stdout) or nil
end

-- The level of each principal that is not inherited, from the workspace itself.
local function direct(j, id)
  local set = {}
  for _, entry in ipairs(j.w:ok("GET", "/api/2.0/permissions/pipelines/" .. id)
    .access_control_list) do
    for _, permission in ipairs(entry.all_permissions) do
      if not permission.inherited then
        set[entry.user_name or entry.group_name or entry.service_principal_name] =
          permission.permission_level
      end
    end
  end
  return set
end

local function owner_of(j, id)
  for name, level in pairs(direct(j, id)) do
    if level == "IS_OWNER" then
      return name
    end
  end
end

-- The methods of the requests that change permissions.
local function sent(j)
  local methods = {}
  for _, request in ipairs(j.seen) do
    if request.path:find "permissions" and request.method ~= "GET" then
      methods[#methods + 1] = request.method
    end
  end
  return methods
end

test("permissions shows the owner, the grants, and the inherited grants", function(t)
  local j <close>, id = start()
  local _, data = words(j, "permissions p")
  t.equal({ data.pipeline_id, data.name, data.owner }, { id, "p", owner_of(j, id) })
  t.equal({ data.permissions[1].level, data.permissions[1].principal, data.permissions[1].kind,
    data.permissions[1].inherited }, { "IS_OWNER", data.owner, "user", false })
  t.equal(data.permissions[2], { level = "CAN_MANAGE", principal = "admins", kind = "group",
    inherited = true, inherited_from = "/pipelines/" })
  local text = j:run { "-p", "there", "permissions", "p" }
  t.match(text.stdout, "owned by " .. data.owner)
  t.match(text.stdout, "inherited from /pipelines/")
end)

test("a grant changes no other grant, is in the journal, and can be undone", function(t)
  local j <close>, id = start()
  words(j, ("grant p group:analysts=CAN_VIEW"))
  local before = direct(j, id)
  local _, data = words(j, ("grant p user:%s=can_run %s=CAN_MANAGE"):format(MEI, BOT))
  t.equal({ data.status, #data.changes }, { "changed", 2 })
  t.equal(data.changes[1], { principal = MEI, kind = "user", to = "CAN_RUN" })
  local after = direct(j, id)
  t.equal({ after[MEI], after[BOT], after.analysts, owner_of(j, id) },
    { "CAN_RUN", "CAN_MANAGE", "CAN_VIEW", owner_of(j, id) })
  t.equal(sent(j), { "PATCH", "PATCH" })
  local record = words(j, "journal " .. data.operation)
  t.match(record.stdout, "permissions.set")
  t.match(record.stdout, MEI)
  local undone = words(j, "undo last --yes")
  t.equal(undone.status, 0, undone.stderr)
  t.equal(direct(j, id), before)
end)

test("a grant that exists is not sent", function(t)
  local j <close>, id = start()
  words(j, "grant p group:analysts=CAN_VIEW")
  local before = direct(j, id)
  local _, data = words(j, "grant p group:analysts=CAN_VIEW --revoke " .. LARS)
  t.equal({ data.status, data.operation, #data.changes }, { "unchanged", nil, 0 })
  t.equal(sent(j), { "PATCH" })
  t.equal(direct(j, id), before)
end)

test("--revoke removes a grant, and nothing else", function(t)
  local j <close>, id = start()
  words(j, ("grant p group:analysts=CAN_VIEW %s=CAN_RUN"):format(MEI))
  local _, data = words(j, "grant p --revoke " .. MEI)
  t.equal(data.changes, { { principal = MEI, kind = "user", from = "CAN_RUN" } })
  t.equal({ direct(j, id)[MEI], direct(j, id).analysts }, { nil, "CAN_VIEW" })
  t.is_true(owner_of(j, id) ~= nil)
  words(j, "undo last --yes")
  t.equal(direct(j, id)[MEI], "CAN_RUN")
end)

test("--owner changes the owner after the first update, and undo changes it back", function(t)
  local j <close>, id = start()
  local was = owner_of(j, id)
  local early = words(j, "grant p --owner " .. MEI)
  t.equal({ early.status, json.decode(early.stderr).kind }, { 5, "conflict" })
  t.match(early.stderr, "only after its first update")
  t.equal(sent(j), {}, "a request that will be refused is not sent")
  words(j, "trigger p --wait")
  local _, data = words(j, "grant p --owner " .. MEI)
  t.equal(data.status, "changed")
  t.equal({ owner_of(j, id), direct(j, id)[was] }, { MEI, "CAN_MANAGE" })
  local undone = words(j, "undo last --yes")
  t.equal(undone.status, 0, undone.stderr)
  t.equal({ owner_of(j, id), direct(j, id)[MEI] }, { was, nil })
  words(j, ("grant p --owner %s --revoke %s"):format(MEI, was))
  t.equal({ owner_of(j, id), direct(j, id)[was] }, { MEI, nil })
end)

test("a caller who may not change the owner learns who may", function(t)
  local j <close>, id = start()
  words(j, "trigger p --wait")
  words(j, ("grant p %s=CAN_MANAGE"):format(LARS))
  j.dir.write(".databrickscfg", j.w:config { there = "demo-viewer-token" })
  local r = words(j, "grant p --owner " .. LARS)
  t.equal(r.status, 4, r.stderr)
  t.match(r.stderr, "only a workspace admin")
  t.is_true(owner_of(j, id) ~= LARS)
end)

test("a dry run shows the request, and only reads", function(t)
  local j <close>, id = start()
  local before = direct(j, id)
  local _, data = words(j, ("grant p %s=CAN_RUN --dry-run"):format(MEI))
  t.equal({ data.status, data.dry_run, data.request.method }, { "would be changed", true, "PATCH" })
  t.equal(data.request.body.access_control_list,
    { { user_name = MEI, permission_level = "CAN_RUN" } })
  _, data = words(j, ("grant p --owner service:%s --dry-run"):format(BOT))
  t.is_nil(data, "the owner rule holds for a dry run too")
  t.equal(sent(j), {})
  t.equal(direct(j, id), before)
end)

test("wrong grants are refused before anything is sent", function(t)
  local j <close> = start()
  local me = owner_of(j, j.w:ok("GET", "/api/2.0/pipelines").statuses[1].pipeline_id)
  for _, case in ipairs {
    { "grant p", 2, "nothing to change" },
    { "grant p analysts=CAN_VIEW", 2, "is not a principal" },
    { "grant p role:x=CAN_VIEW", 2, "not a kind of principal" },
    { "grant p " .. MEI, 2, "is not a grant" },
    { "grant p " .. MEI .. "=CAN_FLY", 2, "not a permission level" },
    { "grant p " .. MEI .. "=IS_OWNER", 2, "exactly one owner" },
    { "grant p --owner group:analysts", 2, "a group cannot own" },
    { "grant p --revoke " .. me, 5, "owns the pipeline" },
    { "grant p " .. me .. "=CAN_VIEW", 5, "owns the pipeline" },
    { "grant p --revoke group:admins", 5, "inherits CAN_MANAGE" },
  } do
    local r = words(j, case[1])
    t.equal(r.status, case[2], case[1])
    t.match(r.stderr, case[3])
  end
  t.equal(sent(j), {})
end)
