--- Call the user's hooks of a clone: for its settings, before it, and after it.

local fault = require "base.fault"
local hooks = require "engine.hooks"
local json = require "native.json"
local secrets = require "base.secrets"
local spec = require "tarn.spec"

local M = {}

local OP <const> = "tarn clone"

local function side(one)
  return { host = one.host, org_id = one.org_id, profile = one.profile, user = one.user,
    pipeline_id = one.pipeline_id, name = one.name }
end

-- The fields of a plan that a hook gets.
local function about(plan)
  return { name = plan.name, same_workspace = plan.same_workspace, source = side(plan.source),
    target = side(plan.target), action = plan.action }
end

local function note(plan, point, called)
  for _, file in ipairs(called or {}) do
    plan.hooks = plan.hooks or json.array {}
    plan.hooks[#plan.hooks + 1] = { point = point, file = file }
  end
end

-- The row of a field, which is new if the plan had none.
local function change_row(plan, path, from, to, files)
  local row
  for _, known in ipairs(plan.fields) do
    row = known.path == path and known or row
  end
  if not row then
    row = { path = path, from = secrets.mask_at(path, from) }
    plan.fields[#plan.fields + 1] = row
  end
  row.verdict, row.to = to == nil and "dropped" or "set", secrets.mask_at(path, to)
  row.rule, row.reason = files, nil
end

-- Add a row for each field that the hooks have changed.
local function add_changes(plan, before, after, files)
  spec.each(after, function(keys, value)
    local old = spec.find(before, keys)
    if old == nil or not spec.is_leaf(old) or json.encode(old) ~= json.encode(value) then
      change_row(plan, spec.path(keys), old ~= nil and spec.is_leaf(old) and old or nil, value,
        files)
    end
  end)
  spec.each(before, function(keys, value)
    if spec.find(after, keys) == nil then
      change_row(plan, spec.path(keys), value, nil, files)
    end
  end)
end

--- Call the hooks `map_spec`, which may change the settings of the copy.
---@param plan tarn.ClonePlan
---@param body table
---@param source tarn.WorkspaceClient
---@param target tarn.WorkspaceClient
---@return table body
function M.map_spec(plan, body, source, target)
  if not hooks.has "map_spec" then
    return body
  end
  local before = spec.copy(body)
  local after, called = hooks.call("map_spec", body,
    { op = OP, workspace = target, source = source, plan = about(plan) })
  note(plan, "map_spec", called)
  add_changes(plan, before, after, table.concat(called, ", "))
  plan.body, plan.spec, plan.name = after, after, after.name or plan.name
  return after
end

--- Call the hooks `before_clone` with the plan; a fault that a hook raises becomes a refusal.
---@param plan tarn.ClonePlan
---@param source tarn.WorkspaceClient
---@param target tarn.WorkspaceClient
function M.before(plan, source, target)
  if not hooks.has "before_clone" then
    return
  end
  local shown = about(plan)
  shown.spec, shown.steps, shown.warnings = spec.copy(plan.body), spec.copy(plan.steps),
    spec.copy(plan.warnings)
  shown.changes, shown.fields = spec.copy(plan.changes), spec.copy(plan.fields)
  local ok, result, called = fault.call(hooks.call, "before_clone", shown,
    { op = OP, workspace = target, source = source })
  if ok then
    note(plan, "before_clone", called)
  elseif result.kind == "cancelled" or result.kind == "bug" or result.kind == "parse" then
    error(result, 0)
  else
    plan.refusals[#plan.refusals + 1] = result
    note(plan, "before_clone", { result.op })
  end
end

--- Call the hooks `after_clone` with the outcome.
---@param plan tarn.ClonePlan
---@param report table of tarn.clone.apply
function M.after(plan, report)
  if not hooks.has "after_clone" then
    return
  end
  local shown = about(plan)
  shown.pipeline_id, shown.status, shown.update_id = report.pipeline_id, report.status,
    report.update_id
  local _, called = hooks.call("after_clone", shown,
    { op = OP, workspace = plan.target_ws, source = plan.source_ws })
  note(plan, "after_clone", called)
end

return M
