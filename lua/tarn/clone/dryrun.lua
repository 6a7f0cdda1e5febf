--- Ask the workspace for a dry run of a create, and compare its effective settings with the plan.

local fault = require "base.fault"
local json = require "native.json"
local pipelines = require "tarn.pipelines"
local secrets = require "base.secrets"
local spec = require "tarn.spec"
local warnings = require "tarn.clone.warnings"

local M = {}

local function request_body(plan, body)
  local sent = spec.copy(body)
  if plan.copy then
    sent.allow_duplicate_names = true -- the existing copy has the name
  end
  return sent
end

local function compare_effective(plan, body, effective)
  local list = json.array {}
  spec.each(body, function(keys, value)
    local theirs = spec.find(effective, keys)
    local beside = keys[1] == "run_as" or keys[1] == "parameters"
    local same = theirs ~= nil and spec.is_leaf(theirs)
      and json.encode(theirs):lower() == json.encode(value):lower()
    if not same and not beside and keys[#keys] ~= "apply_policy_default_values"
      and value ~= json.null then
      local name = keys[#keys]
      list[#list + 1] = { path = spec.path(keys), ours = secrets.mask(name, value),
        theirs = secrets.mask(name, spec.is_leaf(theirs) and theirs or nil) }
    end
  end)
  plan.effective_differences = list
  for _, difference in ipairs(list) do
    warnings.add(plan, "the workspace would set %s to %s instead of %s", difference.path,
      json.encode(difference.theirs or json.null), json.encode(difference.ours))
  end
end

--- Ask the workspace for a dry run. Sets `effective` and `effective_differences` of the plan, or
-- `name_taken`, or adds a refusal.
---@param plan tarn.ClonePlan
---@param target tarn.WorkspaceClient
---@param body table
function M.ask(plan, target, body)
  local effective, e = fault.try(pipelines.dry_run, target, request_body(plan, body), "tarn clone")
  if effective then
    plan.effective = secrets.masked(effective)
    compare_effective(plan, body, effective)
  elseif e.kind == "cancelled" or e.code == "DRY_RUN_IGNORED" then
    fault.raise(e)
  elseif e.code == "RESOURCE_CONFLICT" then
    plan.name_taken = true
  else
    plan.refusals[#plan.refusals + 1] = e
  end
end

return M
