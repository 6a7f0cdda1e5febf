--- What undo knows of permissions: lists of who may do what with a pipeline.

local json = require "native.json"
local target = require "tarn.undo.target"

local M = {}

local WHO <const> = { "user_name", "group_name", "service_principal_name" }

local function path(id)
  return "/api/2.0/permissions/pipelines/" .. id
end

-- The entries of an answer or a request that are the pipeline's own, not inherited:
-- "user_name=ana" -> { entry, level }.
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

--- Who may do what by the pipeline's own list: "user ana@example.com" -> "CAN_RUN".
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

local function send(place, op, method, what, list, undoes)
  local before = place.ws:request("GET", path(what.pipeline_id))
  op:perform({
    kind = "permissions.set", request = method .. " " .. path(what.pipeline_id), before = before,
    what = { pipeline_id = what.pipeline_id, name = what.name, access_control_list = list,
      undoes = undoes },
  }, place.ws.request, place.ws, method, path(what.pipeline_id),
    { body = { access_control_list = list }, idempotent = true })
end

--- Give a pipeline that was made again the direct permissions that an answer of GET holds, as
-- a step of `op`. Its owner is whoever made it: another one the workspace takes only after a
-- first update. Returns what has to be said about that.
---@param place tarn.Place
---@param op tarn.Operation
---@param what { pipeline_id: string, name?: string }
---@param answer table
---@param undoes? table
---@return string?
function M.give(place, op, what, answer, undoes)
  local entries, owner = direct(answer.access_control_list), nil
  for who, entry in pairs(entries) do
    if entry.permission_level == "IS_OWNER" then
      entries[who], owner = nil, who:match "=(.*)$"
    end
  end
  if next(entries) then
    send(place, op, "PATCH", what, requested(entries), undoes)
  end
  if owner and owner ~= place.me then
    return ("its owner is %s now, and was %s"):format(place.me, owner)
  end
end

local set = {}
M["permissions.set"] = set

function set.key(step)
  return "permissions " .. step.what.pipeline_id
end

-- What the step made of what was there.
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

function set.look(place, step, before)
  local answer = target.find(place.ws.request, place.ws, "GET", path(step.what.pipeline_id))
  if not answer then
    return "failed"
  end
  local now = direct(answer.access_control_list)
  if same(now, expected(step, before)) then
    return "done"
  elseif before and same(now, direct(before.access_control_list)) then
    return "failed"
  end
  return nil, ("the permissions of pipeline %s are neither as they were nor as they should have "
    .. "become"):format(step.what.pipeline_id)
end

function set.plan(place, step, _, _, before)
  local action = ("restore the permissions of pipeline '%s'"):format(step.what.name
    or step.what.pipeline_id)
  local answer = target.find(place.ws.request, place.ws, "GET", path(step.what.pipeline_id))
  if not answer then
    return { verdict = "already", action = action, reason = "the pipeline is gone" }
  elseif not before then
    return { verdict = "blocked", action = action, reason = "what they were was not kept" }
  end
  local now = direct(answer.access_control_list)
  if same(now, direct(before.access_control_list)) then
    return { verdict = "already", action = action, reason = "they are as they were" }
  end
  return { verdict = "undo", action = action,
    change = not same(now, expected(step, before)) and "they were changed" or nil }
end

function set.undo(place, step, _, op, _, before)
  send(place, op, "PUT", step.what, requested(direct(before.access_control_list)),
    { op = step.op, n = step.n })
end

return M
