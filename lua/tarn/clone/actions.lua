--- What a clone's plan does in the target: create or update the copy, and in which steps.

local copy = require "tarn.clone.copy"
local edit = require "tarn.edit"
local json = require "native.json"
local permissions = require "tarn.permissions"
local secrets = require "base.secrets"

local M = {}

-- True if the pipeline may be the copy that an interrupted run of the same user has created.
local function was_attempted(plan, pipeline)
  return pipeline.creator_user_name == plan.target.user and copy.was_attempted {
    source = plan.source, target_org_id = plan.target.org_id, name = plan.name }
end

--- Find the copy among the pipelines that have its name. A pipeline is the copy if the journal says
-- so, if its settings are the planned ones, if an interrupted run has created it, or if the user
-- says so with --update. Sets `copy` of the plan, or adds a refusal if the name is taken.
---@param plan tarn.ClonePlan
---@param body table the settings of the copy
---@param found table[] the pipelines that have the name
---@param options tarn.CloneOptions
function M.settle_copy(plan, body, found, options)
  if plan.copy then
    return
  end
  for _, pipeline in ipairs(found) do
    local is_source = plan.same_workspace and pipeline.pipeline_id == plan.source.pipeline_id
    if not is_source and (options.update or #edit.changes(pipeline, body) == 0
      or was_attempted(plan, pipeline)) then
      plan.copy, plan.adopted = pipeline, true
      return
    end
  end
  if found[1] then
    plan.refusals[#plan.refusals + 1] = copy.name_is_taken(plan, found[1])
  end
end

--- Decide whether the copy is created, updated or left unchanged. Sets `action` and `changes`.
---@param plan tarn.ClonePlan
---@param body table the settings of the copy
function M.settle(plan, body)
  if not plan.copy then
    plan.action = "create"
    return
  end
  plan.target.pipeline_id = plan.copy.pipeline_id
  plan.changes = json.array {}
  for i, change in ipairs(edit.changes(plan.copy, body)) do
    plan.changes[i] = { path = change.path, from = secrets.mask_at(change.path, change.from),
      to = secrets.mask_at(change.path, change.to) }
  end
  plan.action = #plan.changes > 0 and "update" or "unchanged"
end

--- List the requests that the plan needs. Sets `steps` and `start`.
---@param plan tarn.ClonePlan
---@param options tarn.CloneOptions
function M.set_steps(plan, options)
  local steps = json.array {}
  local function add(kind, what, request)
    steps[#steps + 1] = { kind = kind, what = what, request = request }
  end
  if plan.placeholder and plan.action == "create" and not plan.placeholder.exists then
    if not plan.placeholder.has_folder then
      add("workspace.mkdirs", plan.placeholder.folder, "POST /api/2.0/workspace/mkdirs")
    end
    add("workspace.import", plan.placeholder.path, "POST /api/2.0/workspace/import")
  end
  local to_copy = plan.sources and plan.sources.counts.copy or 0
  if to_copy > 0 then
    add("sources.copy", ("%d of %d objects"):format(to_copy, #plan.sources.items),
      "POST /api/2.0/workspace/import")
  end
  if plan.action == "create" then
    add("pipeline.create", plan.name, "POST /api/2.0/pipelines")
  elseif plan.action == "update" then
    add("pipeline.edit", ("%s (%d fields)"):format(plan.copy.pipeline_id, #plan.changes),
      "PUT /api/2.0/pipelines/" .. plan.copy.pipeline_id)
  end
  if plan.permissions and not permissions.is_settled(plan.permissions) then
    add("permissions.set", ("%d entries"):format(#plan.permissions.entries),
      ("PUT /api/2.0/permissions/pipelines/%s"):format(plan.target.pipeline_id or "{new}"))
  end
  plan.start = options.start and not plan.body.continuous
    and (plan.action ~= "unchanged" or #(plan.copy.latest_updates or {}) == 0)
  if plan.start then
    add("update.start", plan.name, ("POST /api/2.0/pipelines/%s/updates"):format(
      plan.target.pipeline_id or "{new}"))
  end
  if plan.action == "unchanged" and #steps > 0 then
    plan.action = "update"
  end
  plan.steps = steps
end

return M
