--- Undo changes of a pipeline's access list.

local json = require "native.json"
local permissions = require "tarn.permissions"
local targets = require "tarn.undo.target"

local M = {}

local WHO <const> = { "user_name", "group_name", "service_principal_name" }

local path = permissions.path

-- The direct entries of an answer or a request, by principal: "user_name=ana" -> entry.
local function direct(list)
  local entries = {}
  for _, item in ipairs(list or {}) do
    for _, who in ipairs(WHO) do
      local level = item.permission_level
      for _, permission in ipairs(item.all_permissions or {}) do
        if not permission.inherited then
          level = permission.permission_level
        end
      end
      if item[who] and level then
        entries[who .. "=" .. item[who]] = { [who] = item[who], permission_level = level }
      end
    end
  end
  return entries
end

--- The direct levels of an access list: "user ana@example.com" -> "CAN_RUN".
---@param list? table[] of an answer or of a request
---@return table<string, string>
function M.levels(list)
  local levels = {}
  for who, entry in pairs(direct(list)) do
    levels[(who:gsub("_name=", " "):gsub("_", " "))] = entry.permission_level
  end
  return levels
end

local function same(a, b)
  return json.encode(a) == json.encode(b)
end

local function requested(entries)
  local list = json.array {}
  for _, entry in pairs(entries) do
    list[#list + 1] = entry
  end
  table.sort(list, function(a, b) return json.encode(a) < json.encode(b) end)
  return list
end

local function send(target, op, method, what, list, undoes)
  local before = target.ws:request("GET", path(what.pipeline_id))
  op:perform({
    kind = "permissions.set", request = method .. " " .. path(what.pipeline_id), before = before,
    what = { pipeline_id = what.pipeline_id, name = what.name, access_control_list = list,
      undoes = undoes },
  }, target.ws.request, target.ws, method, path(what.pipeline_id),
    { body = { access_control_list = list }, idempotent = true })
end

--- Restore the direct permissions of a pipeline that was created again, as a step of `op`. The
-- owner is the user who has created it, since the workspace allows another owner only after an
-- update.
---@param target tarn.UndoTarget
---@param op tarn.Operation
---@param what { pipeline_id: string, name?: string }
---@param answer table the access list before
---@param undoes? table
---@return string? note about a changed owner
function M.restore(target, op, what, answer, undoes)
  local entries, owner = direct(answer.access_control_list), nil
  for who, entry in pairs(entries) do
    if entry.permission_level == "IS_OWNER" then
      entries[who], owner = nil, who:match "=(.*)$"
    end
  end
  if next(entries) then
    send(target, op, "PATCH", what, requested(entries), undoes)
  end
  if owner and owner ~= target.me then
    return ("the owner is %s now, it was %s"):format(target.me, owner)
  end
end

local set = {}
M["permissions.set"] = set

function set.key(step)
  return "permissions " .. step.what.pipeline_id
end

-- The entries after the step.
local function expected(step, before)
  local entries = direct(step.what.access_control_list)
  if before and (step.request or ""):find "^PATCH" then
    local all = direct(before.access_control_list)
    for who, entry in pairs(entries) do
      all[who] = entry
    end
    return all
  end
  return entries
end

function set.find_outcome(target, step, before)
  local answer = targets.find(target.ws.request, target.ws, "GET", path(step.what.pipeline_id))
  if not answer then
    return "failed"
  end
  local now = direct(answer.access_control_list)
  if same(now, expected(step, before)) then
    return "done"
  elseif before and same(now, direct(before.access_control_list)) then
    return "failed"
  end
  return nil, ("the permissions of pipeline %s are neither those before the step nor those after "
    .. "it"):format(step.what.pipeline_id)
end

function set.plan(target, step, _, _, before)
  local action = ("restore the permissions of pipeline '%s'"):format(step.what.name
    or step.what.pipeline_id)
  local answer = targets.find(target.ws.request, target.ws, "GET", path(step.what.pipeline_id))
  if not answer then
    return { verdict = "already", action = action, reason = "the pipeline does not exist" }
  elseif not before then
    return { verdict = "blocked", action = action,
      reason = "the journal does not have the previous permissions" }
  end
  local now = direct(answer.access_control_list)
  if same(now, direct(before.access_control_list)) then
    return { verdict = "already", action = action, reason = "they are already restored" }
  end
  return { verdict = "undo", action = action,
    change = not same(now, expected(step, before)) and "they were changed" or nil }
end

function set.undo(target, step, _, op, _, before)
  send(target, op, "PUT", step.what, requested(direct(before.access_control_list)),
    { op = step.op, n = step.n })
end

return M
