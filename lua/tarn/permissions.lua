--- The access list of a pipeline, and its transfer to a copy.
--
--     local permissions = require "tarn.permissions"
--     local found = require("tarn.pipelines").find(ws, "sales_orders_etl")
--     for _, entry in ipairs(permissions.direct(permissions.read(ws, found.pipeline_id))) do
--       print(entry.kind, entry.name, entry.level)
--     end
--
-- A list has exactly one owner, who is a user or a service principal. The creator of a copy owns
-- it. Only an admin can change the owner, and if the pipeline publishes to Unity Catalog only after
-- its first update. So a copy keeps its owner, the source's owner gets CAN_MANAGE, and the command
-- that changes the owner is listed for an admin.

local fault = require "base.fault"
local http = require "native.http"
local json = require "native.json"
local pool = require "base.pool"
local quote = require "output.quote"

local M = {}

local KINDS <const> = { "user_name", "group_name", "service_principal_name" }
local RANK <const> = { CAN_VIEW = 1, CAN_RUN = 2, CAN_MANAGE = 3, IS_OWNER = 4 }

--- True if a principal's name is the application id of a service principal.
---@param name string
---@return boolean
function M.is_application_id(name)
  return require("tarn.pipelines").is_id(name)
end

--- The path of a pipeline's permissions in the API.
---@param id string
---@return string
function M.path(id)
  return "/api/2.0/permissions/pipelines/" .. http.escape(id)
end

--- The access list of a pipeline as the API returns it.
---@param ws tarn.WorkspaceClient
---@param id string
---@return table[] AccessControlResponse
function M.read(ws, id)
  local answer = ws:request("GET", M.path(id))
  return answer.access_control_list or {}
end

-- Kind and name of the principal of an entry.
local function principal_of(entry)
  for _, kind in ipairs(KINDS) do
    if entry[kind] then
      return kind, entry[kind]
    end
  end
end

--- The direct and the inherited entries of an access list.
---@param list table[] result of `read`
---@return { kind: string, name: string, level: string }[] direct
---@return table[] inherited
function M.direct(list)
  local direct, inherited = {}, {}
  for _, entry in ipairs(list) do
    local kind, name = principal_of(entry)
    for _, permission in ipairs(kind and entry.all_permissions or {}) do
      local into = permission.inherited and inherited or direct
      into[#into + 1] = { kind = kind, name = name, level = permission.permission_level }
    end
  end
  return direct, inherited
end

local function owner_of(direct)
  for _, entry in ipairs(direct) do
    if entry.level == "IS_OWNER" then
      return entry
    end
  end
end

--- Entries in the form of a request.
---@param entries { kind: string, name: string, level: string }[]
---@return table[]
function M.request_of(entries)
  local list = json.array {}
  for i, entry in ipairs(entries) do
    list[i] = { [entry.kind] = entry.name, permission_level = entry.level }
  end
  return list
end

-- One entry for each principal, with its highest level.
local function merged(entries)
  local by_name, list = {}, {}
  for _, entry in ipairs(entries) do
    local key = entry.kind .. " " .. entry.name
    local known = by_name[key]
    if not known then
      by_name[key] = { kind = entry.kind, name = entry.name, level = entry.level }
      list[#list + 1] = by_name[key]
    elseif (RANK[entry.level] or 0) > (RANK[known.level] or 0) then
      known.level = entry.level
    end
  end
  return list
end

local function row_path(entry)
  return ("permissions.%s[%q]"):format(entry.kind, entry.name)
end

-- The kind of a mapped name, which may differ: application ids are UUIDs, user names are addresses.
local function kind_of(name, kind)
  if kind == "group_name" then
    return kind
  end
  return M.is_application_id(name) and "service_principal_name" or "user_name"
end

-- The row of the plan for an entry, and the entry in the target; nil if the entry is left out.
local function map_entry(entry, options)
  local new, rule = options.map:apply("principal", entry.name, {})
  local row = { path = row_path(entry), from = entry.level, bound = "principal" }
  if new == false then
    row.verdict, row.rule, row.reason = "dropped", rule, "the map drops it"
    return row
  end
  local name = new or entry.name
  local kind = new and kind_of(new, entry.kind) or entry.kind
  row.to, row.rule = ("%s for %s"):format(entry.level, name), new and rule or nil
  row.verdict = new and new ~= entry.name and "mapped" or "kept"
  if row.verdict == "kept" then
    row.to = entry.level
  end
  local answer = "yes"
  if not options.same_workspace or row.verdict == "mapped" then
    answer = options.probe:principal(kind, name)
  end
  if answer == "no" then
    row.verdict, row.to = "attention", nil
    row.reason = ("left out: the target has no such %s"):format((entry.kind:gsub("_name$", "")
      :gsub("_", " ")))
    row.rule = ("--map: principals = { [%q] = ... }"):format(entry.name)
    return row
  elseif answer == "unknown" then
    row.reason = "Tarn could not check whether the target has it"
  end
  return row, { kind = kind, name = name, level = entry.level }
end

-- Keep exactly one owner: the one that the copy has or will have.
local function settle_owner(plan, entries, owner)
  local list, wanted = { owner }, nil
  for _, entry in ipairs(entries) do
    if entry.level == "IS_OWNER" then
      wanted = entry
      if entry.name ~= owner.name and entry.kind ~= "group_name" then
        list[#list + 1] = { kind = entry.kind, name = entry.name, level = "CAN_MANAGE" }
      end
    elseif entry.name ~= owner.name then
      list[#list + 1] = entry
    end
  end
  plan.entries = merged(list)
  if wanted and wanted.name ~= owner.name then
    plan.new_owner = wanted
  end
end

local function read_source(ws, id)
  local list, e = fault.try(M.read, ws, id)
  if e and (e.kind == "cancelled" or e.status ~= 403 and e.status ~= 404) then
    fault.raise(e)
  end
  return list, e
end

---@class tarn.PermissionOptions
---@field map tarn.Map
---@field probe tarn.Probe      of the target
---@field same_workspace boolean
---@field me tarn.Identity      in the target
---@field copy_id? string       the copy, if it exists

--- Plan the access list of a copy.
---@param source tarn.WorkspaceClient
---@param id string
---@param options tarn.PermissionOptions
---@return table? plan `entries` of the copy, `rows` for the user, `new_owner` if an admin has to
--- change the owner; nil if the source's list cannot be read
---@return tarn.Fault? refusal
function M.plan(source, id, options)
  local list, refusal = read_source(source, id)
  if not list then
    return nil, refusal
  end
  local plan = { rows = {} }
  local direct, inherited = M.direct(list)
  local entries = {}
  local mapped = pool.map(direct, function(entry)
    return { map_entry(entry, options) }
  end)
  for i, pair in ipairs(mapped) do
    plan.rows[i] = pair[1]
    entries[#entries + 1] = pair[2]
  end
  for _, entry in ipairs(inherited) do
    plan.rows[#plan.rows + 1] = { path = row_path(entry), verdict = "dropped", from = entry.level,
      reason = "inherited: the target has its own" }
  end
  local owner = { kind = options.me.is_service and "service_principal_name" or "user_name",
    name = options.me.user, level = "IS_OWNER" }
  if options.copy_id then
    plan.before = M.read(options.probe.ws, options.copy_id)
    owner = owner_of((M.direct(plan.before))) or owner
  end
  settle_owner(plan, entries, owner)
  if plan.new_owner then
    for _, row in ipairs(plan.rows) do
      if row.from == "IS_OWNER" and row.verdict ~= "dropped" then
        row.to = "CAN_MANAGE for " .. plan.new_owner.name
        row.reason = ("%s owns the copy; an admin can change the owner, see the commands")
          :format(owner.name)
      end
    end
  end
  return plan
end

local function as_set(entries)
  local set = {}
  for _, entry in ipairs(entries) do
    set[("%s %s %s"):format(entry.kind, entry.name, entry.level)] = true
  end
  return set
end

--- True if the copy has the planned access list already.
---@param plan table
---@return boolean
function M.is_settled(plan)
  if not plan.before then
    return false
  end
  local is, wanted = as_set((M.direct(plan.before))), as_set(plan.entries)
  for entry in pairs(is) do
    if not wanted[entry] then
      return false
    end
  end
  for entry in pairs(wanted) do
    if not is[entry] then
      return false
    end
  end
  return true
end

--- Set the access list of the copy, as a step of `op`.
---@param ws tarn.WorkspaceClient
---@param id string
---@param plan table
---@param op tarn.Operation
function M.apply(ws, id, plan, op)
  local list = M.request_of(plan.entries)
  local before = plan.before or M.read(ws, id)
  op:perform({
    kind = "permissions.set", request = "PUT " .. M.path(id),
    what = { pipeline_id = id, access_control_list = list },
    before = { access_control_list = M.request_of((M.direct(before))) },
  }, ws.request, ws, "PUT", M.path(id), { body = { access_control_list = list } })
end

--- The command with which an admin makes the source's owner the owner of the copy.
---@param plan table
---@param id string
---@param profile? string
---@return string
function M.owner_command(plan, id, profile)
  local kind = plan.new_owner.kind == "service_principal_name" and "service" or "user"
  return ("tarn grant %s --owner %s%s"):format(id, quote.shell(kind .. ":" .. plan.new_owner.name),
    profile and " --profile " .. quote.shell(profile) or "")
end

return M
