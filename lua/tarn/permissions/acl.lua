--- Who may do what with a pipeline: as rows, and changed as a person asks for it.
--
-- A pipeline has exactly one owner, who is a user or a service principal. Grants alone are sent
-- as PATCH, which touches nobody else. To take a grant away, or to change the owner, the whole
-- list has to be sent; it is read right before. A former owner keeps CAN_MANAGE, unless that is
-- revoked too.

local fault = require "base.fault"
local json = require "native.json"
local permissions = require "tarn.permissions"
local similar = require "base.suggestion"

local M = {}

local LEVELS <const> = { "CAN_VIEW", "CAN_RUN", "CAN_MANAGE", "IS_OWNER" }
local WHO <const> = { user = "user_name", group = "group_name",
  service = "service_principal_name" }
local KINDS <const> = { user_name = "user", group_name = "group",
  service_principal_name = "service" }

local function path_of(id)
  return "/api/2.0/permissions/pipelines/" .. id
end

-- ---- showing ----

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

--- The list of a pipeline as rows, the owner first: { principal, kind, level, inherited,
-- inherited_from, display_name }.
---@param list table[] as permissions.read gives it
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

-- ---- what a person writes ----

--- Whom a text names: "user:ana@example.com", "group:analysts", "service:<application id>";
-- without a kind, an address is a user and an application id a service principal.
---@param op string
---@param option string for the message
---@param text string
---@return { kind: string, name: string }
function M.principal(op, option, text)
  local kind, name = text:match "^(%a+):(.+)$"
  if not kind then
    name = text
    kind = text:find("@", 1, true) and "user" or permissions.is_application_id(text) and "service"
  elseif not WHO[kind] then
    fault.usage(op, ("%s: '%s' is no kind of principal"):format(option, kind),
      similar.hint(kind, { "user", "group", "service" }) or "user, group, service")
  end
  if not kind or name == "" then
    fault.usage(op, ("%s: '%s' names nobody"):format(option, text),
      "write user:ana@example.com, group:analysts, or service:APPLICATION-ID")
  end
  return { kind = WHO[kind], name = name }
end

--- "user:ana@example.com=CAN_RUN".
---@param op string
---@param text string
---@return { kind: string, name: string, level: string }
function M.grant(op, text)
  local who, level = text:match "^(.+)=([%w_]*)$"
  if not who then
    fault.usage(op, ("'%s' is no grant"):format(text), "write user:ana@example.com=CAN_RUN")
  end
  local entry = M.principal(op, "grant", who)
  entry.level = level:upper()
  if entry.level == "IS_OWNER" then
    fault.usage(op, "a pipeline has exactly one owner, who cannot be added",
      ("--owner %s makes it theirs"):format(who))
  elseif rank(entry.level) == 0 then
    fault.usage(op, ("'%s' is no level of permission"):format(level),
      similar.hint(entry.level, LEVELS) or "CAN_VIEW, CAN_RUN, CAN_MANAGE")
  end
  return entry
end

-- ---- changing ----

local function key_of(entry)
  return entry.kind .. "=" .. entry.name
end

---@class tarn.AccessPlan
---@field changes { principal: string, kind: string, from?: string, to?: string }[]
---@field method "PATCH"|"PUT"
---@field list table[]     for the request
---@field before table     the answer of GET
---@field owner? table     the new one, if it changes

local function find_at(entries, wanted)
  for i, entry in ipairs(entries) do
    if key_of(entry) == key_of(wanted) then
      return i
    end
  end
end

-- Change a list of entries; the change is noted if it is one.
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
      hint = "--owner gives it to somebody else first" }
  end
end

local function give(op, plan, entries, owner)
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
        message = ("%s inherits %s, which cannot be revoked here"):format(wanted.name,
          entry.level),
        hint = "`tarn permissions` shows where it comes from" }
    end
  end
end

-- A pipeline that publishes to Unity Catalog can be given away when there is something to own.
local function check_may_be_given(op, plan, found)
  if plan.owner and found.spec and found.spec.catalog and #(found.latest_updates or {}) == 0 then
    fault.raise { kind = "conflict", op = op,
      message = ("'%s' publishes to Unity Catalog: its owner can be changed only after its "
        .. "first update"):format(found.name),
      hint = "`tarn trigger --wait` it once" }
  end
end

--- What would be sent, and what it changes.
---@param op string
---@param ws tarn.WorkspaceClient
---@param found table the pipeline
---@param wanted { grants: table[], revoked: table[], owner?: table }
---@return tarn.AccessPlan
function M.plan(op, ws, found, wanted)
  local before_ = ws:request("GET", path_of(found.pipeline_id))
  local entries, inherited = permissions.direct(before_.access_control_list or {})
  local plan = { changes = json.array {}, method = "PATCH", before = before_ }
  if wanted.owner then
    give(op, plan, entries, wanted.owner)
    check_may_be_given(op, plan, found)
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

--- Do it, as a step of `op`.
---@param ws tarn.WorkspaceClient
---@param found table
---@param plan tarn.AccessPlan
---@param op tarn.Operation
function M.apply(ws, found, plan, op)
  local path = path_of(found.pipeline_id)
  local ok, e = fault.call(op.perform, op, {
    kind = "permissions.set", request = plan.method .. " " .. path, before = plan.before,
    what = { pipeline_id = found.pipeline_id, name = found.name,
      access_control_list = plan.list },
  }, ws.request, ws, plan.method, path,
    { body = { access_control_list = plan.list }, idempotent = true })
  if not ok then
    if e.status == 403 and plan.owner then
      e.hint = "only an admin of the workspace can change the owner of a pipeline"
    end
    fault.raise(e)
  end
end

return M
