--- Apply a clone's plan: each step is written to the journal before it is sent.

local copy = require "tarn.clone.copy"
local edit = require "tarn.edit"
local fault = require "base.fault"
local hooks = require "tarn.clone.hooks"
local jobs = require "tarn.clone.jobs"
local permissions = require "tarn.permissions"
local pipelines = require "tarn.pipelines"
local placeholder = require "tarn.clone.placeholder"
local secrets = require "base.secrets"
local sources = require "tarn.sources"

local M = {}

local function create(plan, op)
  return op:perform({
    kind = "pipeline.create", request = "POST /api/2.0/pipelines",
    what = { name = plan.name, spec = secrets.masked(plan.body), of = plan.publishes },
  }, pipelines.create, plan.target_ws, plan.body)
end

-- The name was free when the plan was made; another run of the same clone may have taken it since.
local function create_or_find(plan, op)
  local made, e = fault.try(create, plan, op)
  if made then
    return made.pipeline_id, "created"
  elseif e.code == "RESOURCE_CONFLICT" or e.code == "RESOURCE_ALREADY_EXISTS" then
    for _, pipeline in ipairs(copy.by_name(plan.target_ws, plan.name)) do
      if #edit.changes(pipeline, plan.body) == 0 then
        op:target { pipeline_id = pipeline.pipeline_id }
        return pipeline.pipeline_id, "unchanged"
      end
    end
    local taken = copy.name_is_taken(plan)
    taken.cause = e
    fault.raise(taken)
  end
  fault.raise(e)
end

local function settle_pipeline(plan, op)
  if plan.action == "create" then
    return create_or_find(plan, op)
  elseif #plan.changes > 0 then
    edit.send(plan.target_ws, op, plan.copy, plan.body, plan.publishes)
    return plan.copy.pipeline_id, "updated"
  end
  return plan.copy.pipeline_id, plan.action == "update" and "updated" or "unchanged"
end

local function copy_sources(plan, op, options)
  if plan.sources and (plan.sources.counts.copy or 0) > 0 then
    return sources.copy(plan.source_ws, plan.target_ws, plan.sources, op,
      { progress = options.progress, memo = plan.memo })
  end
end

local function start(plan, id, op)
  require("tarn.trigger").ask_hooks(plan.target_ws, { pipeline_id = id, name = plan.name }, {})
  return op:perform({
    kind = "update.start", request = ("POST /api/2.0/pipelines/%s/updates"):format(id),
    what = { pipeline_id = id },
  }, pipelines.start, plan.target_ws, id).update_id
end

--- True if there is nothing to apply. A plan without steps is still applied if the journal does not
-- know its copy yet.
---@param plan tarn.ClonePlan
---@return boolean
function M.is_over(plan)
  return #plan.steps == 0 and not plan.adopted
end

--- Raise the first refusal of a plan, if it has one.
---@param plan tarn.ClonePlan
function M.check(plan)
  local refusal = plan.refusals[1]
  if refusal then
    fault.raise(refusal)
  end
end

--- Do what a plan says, and write each step to the journal. Raises a fault if the copy itself
-- cannot be made; faults of later steps (permissions, start) are in `problems` of the report.
---@param plan tarn.ClonePlan
---@param op tarn.Operation
---@param options? { progress?: function }
---@return table report { pipeline_id, status = "created"|"updated"|"unchanged", update_id?,
--- sources?, problems }
function M.run(plan, op, options)
  M.check(plan)
  op:target(plan.target)
  local made = plan.placeholder and plan.action == "create"
    and placeholder.make(plan.placeholder, plan.target_ws, op)
  local results = table.pack(fault.call(function()
    local copied = copy_sources(plan, op, options or {})
    local id, status = settle_pipeline(plan, op)
    return id, status, copied
  end))
  if not results[1] then
    local e = results[2]
    -- a create whose outcome is unknown may have made a pipeline that uses the placeholder
    if made and not e.ambiguous and e.kind ~= "cancelled" and e.kind ~= "bug" then
      placeholder.remove(plan.placeholder, plan.target_ws, op)
    end
    error(e, 0)
  end
  local id, status, copied = table.unpack(results, 2, 4)
  local report = { pipeline_id = id, status = status, sources = copied, problems = {} }
  plan.target.pipeline_id = id
  -- The copy exists. A fault of a later step is reported beside it and does not end the command.
  local function try_step(f, ...)
    local value, e = fault.try(f, ...)
    if e and e.kind == "cancelled" then
      fault.raise(e)
    end
    report.problems[#report.problems + 1] = e
    return value
  end
  if plan.permissions and not permissions.is_settled(plan.permissions) then
    try_step(permissions.apply, plan.target_ws, id, plan.permissions, op)
  end
  try_step(jobs.apply, plan, id, op)
  if plan.start then
    report.update_id = try_step(start, plan, id, op)
  end
  hooks.after(plan, report)
  return report
end

return M
