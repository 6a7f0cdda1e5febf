--- The workspace's own dry run of a create, and how its settings differ from ours.

local fault = require "base.fault"
local fields = require "tarn.spec"
local json = require "native.json"
local secrets = require "base.secrets"
local warnings = require "tarn.clone.warnings"

local M = {}

local function as_server_sees(plan, body)
  local sent = fields.copy(body)
  sent.dry_run = true
  if plan.copy then
    sent.allow_duplicate_names = true -- the name is the copy's own
  end
  return sent
end

local function compare_effective(plan, body, effective)
  local list = json.array {}
  fields.each(body, function(keys, value)
    local theirs = fields.find(effective, keys)
    local beside = keys[1] == "run_as" or keys[1] == "parameters"
    local same = theirs ~= nil and fields.is_leaf(theirs)
      and json.encode(theirs):lower() == json.encode(value):lower()
    if not same and not beside and keys[#keys] ~= "apply_policy_default_values"
      and value ~= json.null then
      local name = keys[#keys]
      list[#list + 1] = { path = fields.path(keys), ours = secrets.mask(name, value),
        theirs = secrets.mask(name, fields.is_leaf(theirs) and theirs or nil) }
    end
  end)
  plan.effective_differences = list
  for _, difference in ipairs(list) do
    warnings.add(plan, "the workspace would make %s of %s, not %s", json.encode(difference.theirs
      or json.null), difference.path, json.encode(difference.ours))
  end
end

-- The workspace made a pipeline where it was asked what it would make: the pipeline is nobody's,
-- and is deleted again.
local function take_back(target, id)
  local _, e = fault.try(target.native.pipeline_delete, target.native, id)
  fault.raise { kind = "http", op = "tarn clone", code = "DRY_RUN_IGNORED", cause = e,
    ambiguous = e and e.ambiguous or nil,
    message = ("the workspace took a dry run for a create, and made pipeline %s, which %s"):format(
      id, e and "could not be deleted again: " .. e.message or "was deleted again"),
    hint = (e and ("delete it: `tarn delete %s`; "):format(id) or "")
      .. "this workspace does not know dry runs, without which `tarn clone` changes nothing" }
end

--- Ask the workspace what it would make of the settings. The plan gets `effective`, or what
-- stands in the way.
---@param plan tarn.ClonePlan
---@param target tarn.WorkspaceClient
---@param body table
function M.ask(plan, target, body)
  local answer, e = fault.try(target.request, target, "POST", "/api/2.0/pipelines",
    { body = as_server_sees(plan, body), idempotent = true })
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
