--- Undo an operation of the journal.
--
--     local journal, undo = require "tarn.journal", require "tarn.undo"
--     for _, record in ipairs(journal.unfinished { command = "clone" }) do
--       local plan = undo.plan(ws, record)
--       for _, action in ipairs(plan.actions) do print(action.verdict, action.action) end
--       print(undo.apply(plan))
--     end
--
-- Created objects are deleted, changed ones are restored. A plan reads the current state of all of
-- them; if one was changed since the operation, nothing is undone without `force`. An interrupted
-- undo can be started again: it finds what the earlier one has done. The outcome of an unknown step
-- is found by asking the workspace; no step is sent again.

local apply = require "tarn.undo.apply"
local fault = require "base.fault"
local journal = require "tarn.journal"
local kinds = require "tarn.undo.kinds"
local options = require "base.options"
local pool = require "base.pool"
local steps_of = require "tarn.undo.steps"
local targets = require "tarn.undo.target"

local M = {}

local OP <const> = "undo"
local PLANNED_AT_ONCE <const> = 16 -- actions of a plan

---@class tarn.UndoAction
---@field op string       id of the operation or item
---@field n integer       number of the step
---@field kind string     of the step
---@field action string   what is done, as text
---@field verdict "undo"|"changed"|"unknown"|"blocked"|"already"|"nothing"|"done"|"failed"
---@field reason? string

--- Ask the workspace for the outcomes of an operation's unknown steps, and write them down.
---@param ws tarn.WorkspaceClient
---@param id string of the operation
---@return tarn.StepRecord[] steps whose outcome stays unknown, with the reason in `doubt`
function M.settle(ws, id)
  local steps, doubtful = steps_of.all(journal.find(id)), {}
  steps_of.settle(targets.new(ws), steps)
  for _, step in ipairs(steps) do
    if step.doubt then
      doubtful[#doubtful + 1] = step
    end
  end
  return doubtful
end

--- The workspace of an operation: that of --profile, else of the profile that the operation had,
-- else the default one.
---@param ctx tarn.Context
---@param record tarn.OperationRecord
---@return tarn.WorkspaceClient
function M.open(ctx, record)
  local profile = record.target.profile
  if ctx.options.profile or not profile then
    return ctx.workspace
  end
  return ctx.open(profile)
end

-- ---- the plan ----

-- The last time at which the operation changed each object, by its key.
local function last_changes(lists)
  local at = {}
  for _, steps in ipairs(lists) do
    for _, step in ipairs(steps) do
      local kind = kinds[step.kind]
      local key = kind and step.status ~= "failed" and kind.key(step)
      if key then
        at[key] = math.max(at[key] or 0, step.ended or step.started + targets.LATE_MS)
      end
    end
  end
  return at
end

-- The steps of earlier attempts to undo this operation, by the step that they undo.
local function earlier_tries(target, record)
  local by_step, all = {}, {}
  for _, undo in ipairs(journal.undos(record.id)) do
    local steps = journal.steps(undo.id)
    steps_of.settle(target, steps)
    for _, step in ipairs(steps) do
      local mark = step.what and step.what.undoes and steps_of.mark(step.what.undoes)
      if mark then
        by_step[mark] = by_step[mark] or {}
        table.insert(by_step[mark], step)
      end
    end
    all[#all + 1] = steps
  end
  return by_step, all
end

local function describe(step)
  local what = step.what or {}
  return ("%s %s"):format(step.kind, what.name or what.path or what.pipeline_id or "")
end

-- The pipelines that the operation has created: deleting them undoes all other steps on them.
local function created_pipelines(steps)
  local ids = {}
  for _, step in ipairs(steps) do
    if step.kind == "pipeline.create" and step.status == "done" then
      ids[step.result.pipeline_id] = true
    end
  end
  return ids
end

local function plan_step(step, context)
  local kind = kinds[step.kind]
  if step.undone then
    return { verdict = "already", action = describe(step), reason = "undone by " .. step.undone }
  elseif step.status == "failed" then
    return { verdict = "nothing", action = describe(step), reason = "it had no effect" }
  elseif not kind then
    return { verdict = "blocked", action = describe(step),
      reason = "this version cannot undo it" }
  elseif step.doubt then
    return { verdict = kind.undo and "unknown" or "nothing", action = describe(step),
      reason = step.doubt }
  elseif step.kind ~= "pipeline.create" and step.what
    and context.created[step.what.pipeline_id] then
    return { verdict = "nothing", action = describe(step),
      reason = "it is deleted with the pipeline" }
  end
  local key = kind.key(step)
  local action = kind.plan(context.target, step, key and context.at[key] or 0, context.opts,
    journal.find_before(step), context.earlier[steps_of.mark(step)] or {})
  if action.change then
    action.verdict = context.opts.force and action.verdict or "changed"
    action.reason = action.change
  end
  return action
end

-- Check that the operation and its items are of this workspace: another workspace may have other
-- pipelines with these names, and other people's objects at these paths.
local function check_workspace(record, target)
  local records = journal.items(record.id)
  table.insert(records, 1, record)
  for _, one in ipairs(records) do
    local wanted = one.target.org_id
    if wanted and target.org_id and wanted ~= target.org_id then
      fault.usage(OP, ("%s was done in workspace %s (%s), but this is workspace %s (%s)"):format(
        one.id, wanted, one.target.host or "?", target.org_id, target.ws:host()),
        "choose the right workspace with --profile")
    end
  end
end

--- Plan the undo of an operation. The actions are in the order in which they are done: the last
-- step is undone first.
---@param ws tarn.WorkspaceClient the workspace of the operation
---@param record tarn.OperationRecord
---@param opts? { tables?: boolean, force?: boolean } `tables`: delete the tables of created
--- pipelines too; `force`: undo also what was changed since
---@return table plan { operation, target, steps, actions: tarn.UndoAction[] }
function M.plan(ws, record, opts)
  options.check(opts, { "tables", "force" })
  if record.status == "running" then
    fault.raise { kind = "conflict", op = OP, message = record.id .. " still runs",
      hint = "wait until it ends, or stop it" }
  end
  local target = targets.new(ws)
  check_workspace(record, target)
  local steps = steps_of.all(record)
  steps_of.settle(target, steps)
  local earlier, tries = earlier_tries(target, record)
  tries[#tries + 1] = steps
  local context = { target = target, opts = opts or {}, earlier = earlier,
    at = last_changes(tries), created = created_pipelines(steps) }
  local actions = pool.map(steps, function(step)
    local action = plan_step(step, context)
    action.op, action.n, action.kind = step.op, step.n, step.kind
    return action
  end, { limit = PLANNED_AT_ONCE })
  return { operation = record, target = target, opts = context.opts, steps = steps,
    actions = actions }
end

--- Raise a fault of kind `conflict` if the plan has an action that needs `force`.
---@param plan table
function M.check(plan)
  if plan.opts.force then
    return
  end
  local reasons, doubts = {}, 0
  for _, action in ipairs(plan.actions) do
    local verdict = action.verdict
    if verdict == "changed" or verdict == "unknown" or verdict == "blocked" then
      reasons[#reasons + 1] = ("%s: %s"):format(action.action, action.reason)
      doubts = doubts + 1
    end
  end
  if doubts > 0 then
    fault.raise {
      kind = "conflict", op = OP,
      message = ("%s is not undone, nothing was changed: %s%s"):format(plan.operation.id,
        table.concat(reasons, "; ", 1, math.min(#reasons, 3)),
        doubts > 3 and ("; and %d more"):format(doubts - 3) or ""),
      hint = "--dry-run shows the whole plan; --force undoes everything that can be undone",
    }
  end
end

--- Do what the plan says, as an operation of the journal.
---@param plan table
---@param opts? { arg?: table, progress?: fun(done: integer, total: integer, what: string) }
---@return string id of the new operation
---@return tarn.Fault? failed fault of the first step that could not be undone
function M.apply(plan, opts)
  options.check(opts, { "arg", "progress" })
  M.check(plan)
  return apply.run(plan, opts)
end

-- Parts that other subjects use.
return require("base.lazy").fields(M, {
  levels = "tarn.undo.permission:levels",
})
