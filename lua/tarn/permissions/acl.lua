--- Show and change the access list of a pipeline, for `tarn permissions` and `tarn grant`.
--
-- A pipeline has exactly one owner, who is a user or a service principal. New grants are sent with
-- PATCH, which does not change other entries. To revoke a grant or to change the owner, the whole
-- list is read and sent. A former owner keeps CAN_MANAGE unless that is revoked too.

local fault = require "base.fault"
local json = require "native.json"
local permissions = require "tarn.permissions"
local suggestion = require "base.suggestion"

local M = {}

local LEVELS <const> = { "CAN_VIEW", "CAN_RUN", "CAN_MANAGE", "IS_OWNER" }
local WHO <const> = { user = "user_name", group = "group_name",
  service = "service_principal_name" }
local KINDS <const> = { user_name = "user", group_name = "group",
  service_principal_name = "service" }

-- ---- rows ----

local function rank(level)
  for i, known in ipairs(LEVELS) do
    if level == known then
      return i
    end
  end
  return 0
end

local function before(a, b)
  if rank(a.level) ~= rank(b.level) then
    return rank(a.level) > rank(b.level)
  elseif a.principal ~= b.principal then
    return a.principal < b.principal
  end
  return not a.inherited and b.inherited
end

--- The access list of a pipeline as rows, the owner first: { principal, kind, level, inherited,
-- inherited_from, display_name }.
---@param list table[] result of permissions.read
---@return table[]
function M.rows(list)
  local rows = json.array {}
  for _, entry in ipairs(list) do
    for field, kind in pairs(KINDS) do
      for _, one in ipairs(entry[field] and entry.all_permissions or {}) do
        rows[#rows + 1] = { principal = entry[field], kind = kind, level = one.permission_level,
          inherited = one.inherited or false, display_name = entry.display_name,
          inherited_from = one.inherited_from_object and one.inherited_from_object[1] or nil }
      end
    end
  end
  table.sort(rows, before)
  return rows
end

--- The owner among rows, or nil.
---@param rows table[]
---@return table?
function M.find_owner(rows)
  for _, row in ipairs(rows) do
    if row.level == "IS_OWNER" and not row.inherited then
      return row
    end
  end
end

-- ---- arguments ----

--- Parse a principal: "user:ana@example.com", "group:analysts", "service:<application id>". Without
-- a kind, an address is a user and an application id a service principal.
---@param op string for faults
---@param option string its name, for messages
---@param text string
---@return { kind: string, name: string }
function M.principal(op, option, text)
  local kind, name = text:match "^(%a+):(.+)$"
  if not kind then
    name = text
    kind = text:find("@", 1, true) and "user" or permissions.is_application_id(text) and "service"
  elseif not WHO[kind] then
    fault.usage(op, ("%s: '%s' is not a kind of principal"):format(option, kind),
      suggestion.hint(kind, { "user", "group", "service" }) or "user, group, service")
  end
  if not kind or name == "" then
    fault.usage(op, ("%s: '%s' is not a principal"):format(option, text),
      "write user:ana@example.com, group:analysts, or service:APPLICATION-ID")
  end
  return { kind = WHO[kind], name = name }
end

--- Parse a grant: "user:ana@example.com=CAN_RUN".
---@param op string for faults
---@param text string
---@return { kind: string, name: string, level: string }
function M.grant(op, text)
  local who, level = text:match "^(.+)=([%w_]*)$"
  if not who then
    fault.usage(op, ("'%s' is not a grant"):format(text), "write user:ana@example.com=CAN_RUN")
  end
  local entry = M.principal(op, "grant", who)
  entry.level = level:upper()
  if entry.level == "IS_OWNER" then
    fault.usage(op, "IS_OWNER cannot be granted: a pipeline has exactly one owner",
      ("--owner %s changes the owner"):format(who))
  elseif rank(entry.level) == 0 then
    fault.usage(op, ("'%s' is not a permission level"):format(level),
      suggestion.hint(entry.level, LEVELS) or "CAN_VIEW, CAN_RUN, CAN_MANAGE")
  end
  return entry
end

-- ---- changes ----

local function key_of(entry)
  return entry.kind .. "=" .. entry.name
end

---@class tarn.AccessPlan
---@field changes { principal: string, kind: string, from?: string, to?: string }[]
---@field method "PATCH"|"PUT"
---@field list table[]     for the request
---@field before table     the access list before
---@field owner? table     the new owner, if it changes

local function find_at(entries, wanted)
  for i, entry in ipairs(entries) do
    if key_of(entry) == key_of(wanted) then
      return i
    end
  end
end

-- Change a list of entries. A real change is added to the plan.
local function put(plan, entries, wanted, level)
  local at = find_at(entries, wanted)
  local from = at and entries[at].level or nil
  if from == level then
    return
  end
  plan.changes[#plan.changes + 1] = { principal = wanted.name, kind = KINDS[wanted.kind],
    from = from, to = level }
  if not level then
    table.remove(entries, at)
  elseif at then
    entries[at].level = level
  else
    entries[#entries + 1] = { kind = wanted.kind, name = wanted.name, level = level }
  end
end

local function check_owner_untouched(op, entries, wanted)
  local at = find_at(entries, wanted)
  if at and entries[at].level == "IS_OWNER" then
    fault.raise { kind = "conflict", op = op, message = wanted.name .. " owns the pipeline",
      hint = "change the owner first, with --owner" }
  end
end

local function set_owner(op, plan, entries, owner)
  if owner.kind == "group_name" then
    fault.usage(op, "a group cannot own a pipeline", "name a user or a service principal")
  end
  for _, entry in ipairs(entries) do
    if entry.level == "IS_OWNER" and key_of(entry) ~= key_of(owner) then
      put(plan, entries, entry, "CAN_MANAGE")
      plan.owner = owner
    end
  end
  put(plan, entries, owner, "IS_OWNER")
end

local function revoke(op, plan, entries, wanted, inherited)
  check_owner_untouched(op, entries, wanted)
  if find_at(entries, wanted) then
    put(plan, entries, wanted, nil)
    plan.method = "PUT"
    return
  end
  for _, entry in ipairs(inherited) do
    if key_of(entry) == key_of(wanted) then
      fault.raise { kind = "conflict", op = op,
        message = ("%s inherits %s, which cannot be revoked on the pipeline"):format(wanted.name,
          entry.level),
        hint = "`tarn permissions` shows from where it is inherited" }
    end
  end
end

-- The owner of a pipeline that publishes to Unity Catalog can be changed after its first update.
local function check_has_run(op, plan, found)
  if plan.owner and found.spec and found.spec.catalog and #(found.latest_updates or {}) == 0 then
    fault.raise { kind = "conflict", op = op,
      message = ("'%s' publishes to Unity Catalog: its owner can be changed only after its "
        .. "first update"):format(found.name),
      hint = "run it once with `tarn trigger --wait`" }
  end
end

--- Plan changes of an access list.
---@param op string for faults
---@param ws tarn.WorkspaceClient
---@param found table GetPipelineResponse
---@param wanted { grants: table[], revoked: table[], owner?: table }
---@return tarn.AccessPlan
function M.plan(op, ws, found, wanted)
  local current = ws:request("GET", permissions.path(found.pipeline_id))
  local entries, inherited = permissions.direct(current.access_control_list or {})
  local plan = { changes = json.array {}, method = "PATCH", before = current }
  if wanted.owner then
    set_owner(op, plan, entries, wanted.owner)
    check_has_run(op, plan, found)
  end
  for _, entry in ipairs(wanted.grants) do
    check_owner_untouched(op, entries, entry)
    put(plan, entries, entry, entry.level)
  end
  for _, entry in ipairs(wanted.revoked) do
    revoke(op, plan, entries, entry, inherited)
  end
  plan.method = plan.owner and "PUT" or plan.method
  plan.list = permissions.request_of(plan.method == "PUT" and entries or wanted.grants)
  return plan
end

--- Apply a plan as a step of `op`.
---@param ws tarn.WorkspaceClient
---@param found table GetPipelineResponse
---@param plan tarn.AccessPlan
---@param op tarn.Operation
function M.apply(ws, found, plan, op)
  local path = permissions.path(found.pipeline_id)
  local ok, e = fault.call(op.perform, op, {
    kind = "permissions.set", request = plan.method .. " " .. path, before = plan.before,
    what = { pipeline_id = found.pipeline_id, name = found.name,
      access_control_list = plan.list },
  }, ws.request, ws, plan.method, path,
    { body = { access_control_list = plan.list }, idempotent = true })
  if not ok then
    if e.status == 403 and plan.owner then
      e.hint = "only a workspace admin can change the owner of a pipeline"
    end
    fault.raise(e)
  end
end

return M
