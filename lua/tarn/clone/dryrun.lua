--- Ask the workspace for a dry run of a create, and compare its effective settings with the plan.

local fault = require "base.fault"
local json = require "native.json"
local secrets = require "base.secrets"
local spec = require "tarn.spec"
local warnings = require "tarn.clone.warnings"

local M = {}

local function request_body(plan, body)
  local sent = spec.copy(body)
  sent.dry_run = true
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

-- Delete a pipeline that the workspace has created in spite of `dry_run`, and raise a fault.
local function take_back(target, id)
  local _, e = fault.try(target.native.pipeline_delete, target.native, id)
  fault.raise { kind = "http", op = "tarn clone", code = "DRY_RUN_IGNORED", cause = e,
    ambiguous = e and e.ambiguous or nil,
    message = ("the workspace ignored `dry_run` and created pipeline %s, which %s"):format(
      id, e and "could not be deleted again: " .. e.message or "was deleted again"),
    hint = (e and ("delete it: `tarn delete %s`; "):format(id) or "")
      .. "the workspace is too old for `tarn clone`, which needs dry runs" }
end

--- Ask the workspace for a dry run. Sets `effective` and `effective_differences` of the plan, or
-- `name_taken`, or adds a refusal.
---@param plan tarn.ClonePlan
---@param target tarn.WorkspaceClient
---@param body table
function M.ask(plan, target, body)
  local answer, e = fault.try(target.request, target, "POST", "/api/2.0/pipelines",
    { body = request_body(plan, body), idempotent = true })
  if answer and answer.pipeline_id and not answer.effective_settings then
    take_back(target, answer.pipeline_id)
  elseif answer then
    plan.effective = secrets.masked(answer.effective_settings)
    compare_effective(plan, body, answer.effective_settings)
  elseif e.kind == "cancelled" then
    fault.raise(e)
  elseif e.code == "RESOURCE_CONFLICT" then
    plan.name_taken = true
  else
    plan.refusals[#plan.refusals + 1] = e
  end
end

return M
