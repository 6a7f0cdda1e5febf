--- Undo: what an operation of the journal did, taken back.
--
-- What was made is deleted, what was overwritten is as it was before. Everything is looked at
-- first; when something was changed since, nothing is touched unless the caller insists. It
-- can be cut off at any moment and begun again: what an earlier try has done is found.
-- Steps of which nobody knows whether they took effect are settled by looking at the
-- workspace, never by sending them again.

local fault = require "base.fault"
local journal = require "tarn.journal"
local options = require "base.options"
local pool = require "base.pool"
local targets = require "tarn.undo.target"

local M = {}

local OP <const> = "undo"
local LOOKS <const> = 16 -- calls at once while planning
local PARTS <const> = 8  -- parts of a bulk operation that are undone at once

-- Kind of a step -> key, look, plan, undo; each file adds its own.
local kinds = {}
for _, name in ipairs { "pipeline", "permission", "object" } do
  for kind, value in pairs(require("tarn.undo." .. name)) do
    if kind:find(".", 1, true) then
      kinds[kind] = value
    end
  end
end

---@class tarn.UndoAction
---@field op string       the operation, or the part of one
---@field n integer
---@field kind string
---@field action string   what is done, for a person
---@field verdict "undo"|"changed"|"unknown"|"blocked"|"already"|"nothing"|"done"|"failed"
---@field reason? string

-- All steps of an operation and of its parts, newest first; but folders last, since one part
-- may have put something into the folder that another one was about to make.
local function all_steps(record)
  local list = journal.steps(record.id)
  for _, item in ipairs(journal.items(record.id)) do
    for _, step in ipairs(journal.steps(item.id)) do
      list[#list + 1] = step
    end
  end
  local function is_folder(step)
    return step.kind == "workspace.mkdirs"
  end
  table.sort(list, function(a, b)
    if is_folder(a) ~= is_folder(b) then
      return is_folder(b)
    elseif a.started ~= b.started then
      return a.started > b.started
    elseif a.op ~= b.op then
      return a.op > b.op
    end
    return a.n > b.n
  end)
  return list
end

local function mark_of(step)
  return ("%s/%d"):format(step.op, step.n)
end

-- ---- steps of which nobody knows the outcome ----

-- Settle what can be; what cannot gets `step.doubt`, the reason.
local function settle(place, steps)
  for i = #steps, 1, -1 do
    local step = steps[i]
    local kind = kinds[step.kind]
    if step.status == "unknown" and kind then
      local status, result = kind.look(place, step, journal.find_before(step))
      if status then
        journal.settle(step, status, result)
      else
        step.doubt = result
      end
    elseif step.status == "unknown" then
      step.doubt = ("what became of it is unknown, and %s is a kind of step that this version "
        .. "cannot look for"):format(step.kind)
    end
  end
end

--- Look at the workspace for what became of the steps of an operation whose outcome nobody
-- knows, and write it down. Returns those of which it still cannot be told, each with the
-- reason as `doubt`.
---@param ws tarn.WorkspaceClient
---@param id string
---@return tarn.StepRecord[]
function M.settle(ws, id)
  local steps, doubtful = all_steps(journal.find(id)), {}
  settle(targets.new(ws), steps)
  for _, step in ipairs(steps) do
    if step.doubt then
      doubtful[#doubtful + 1] = step
    end
  end
  return doubtful
end

--- The workspace that an operation worked in: what --profile names, else the profile that it
-- had, else the one that the environment names.
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

-- The last moment at which the operation touched each thing, by its key.
local function last_touches(lists)
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

-- Steps of earlier tries to undo this operation, each under the step that it was for.
local function earlier_tries(place, record)
  local by_step, all = {}, {}
  for _, undo in ipairs(journal.undos(record.id)) do
    local steps = journal.steps(undo.id)
    settle(place, steps)
    for _, step in ipairs(steps) do
      local mark = step.what and step.what.undoes and mark_of(step.what.undoes)
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

-- Pipelines that the operation made and that go again: what else was done to them goes along.
local function going(steps)
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
      reason = "this version does not know how to undo it" }
  elseif step.doubt then
    return { verdict = kind.undo and "unknown" or "nothing", action = describe(step),
      reason = step.doubt }
  elseif step.kind ~= "pipeline.create" and step.what and context.going[step.what.pipeline_id] then
    return { verdict = "nothing", action = describe(step), reason = "it goes with the pipeline" }
  end
  local key = kind.key(step)
  local action = kind.plan(context.place, step, key and context.at[key] or 0, context.opts,
    journal.find_before(step), context.earlier[mark_of(step)] or {})
  if action.change then
    action.verdict = context.opts.force and action.verdict or "changed"
    action.reason = action.change
  end
  return action
end

-- Where the operation, and each of its parts, worked: another workspace may hold pipelines of
-- the same names, and has other people's work in the same paths.
local function check_place(record, place)
  local records = journal.items(record.id)
  table.insert(records, 1, record)
  for _, one in ipairs(records) do
    local wanted = one.target.org_id
    if wanted and place.org_id and wanted ~= place.org_id then
      fault.usage(OP, ("%s was done in workspace %s (%s), and this is workspace %s (%s)"):format(
        one.id, wanted, one.target.host or "?", place.org_id, place.ws:host()),
        "--profile names the right one")
    end
  end
end

--- Look at everything that an operation did, and say what undoing it would do. The steps are
-- in the order in which they are undone: the last one first.
---@param ws tarn.WorkspaceClient where the operation worked
---@param record tarn.OperationRecord
---@param opts? { tables?: boolean, force?: boolean }
---@return table plan { operation, place, steps, actions }
function M.plan(ws, record, opts)
  options.check(opts, { "tables", "force" })
  if record.status == "running" then
    fault.raise { kind = "conflict", op = OP, message = record.id .. " is still being done",
      hint = "wait for its end, or stop it" }
  end
  local place = targets.new(ws)
  check_place(record, place)
  local steps = all_steps(record)
  settle(place, steps)
  local earlier, tries = earlier_tries(place, record)
  tries[#tries + 1] = steps
  local context = { place = place, opts = opts or {}, earlier = earlier,
    at = last_touches(tries), going = going(steps) }
  local actions = pool.map(steps, function(step)
    local action = plan_step(step, context)
    action.op, action.n, action.kind = step.op, step.n, step.kind
    return action
  end, { limit = LOOKS })
  return { operation = record, place = place, opts = context.opts, steps = steps,
    actions = actions }
end

--- Raise a fault if there is something in the plan that must not be done without force.
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
      message = ("%s is not undone, nothing was touched: %s%s"):format(plan.operation.id,
        table.concat(reasons, "; ", 1, math.min(#reasons, 3)),
        doubts > 3 and ("; and %d more"):format(doubts - 3) or ""),
      hint = "--dry-run shows all of it; --force undoes what can be undone all the same",
    }
  end
end

-- ---- doing it ----

local function undo_step(plan, i, op)
  local step, action = plan.steps[i], plan.actions[i]
  local before = journal.find_before(step)
  local kept = kinds[step.kind].undo(plan.place, step, action, op, plan.opts, before)
  journal.mark_undone(step, op.id)
  action.verdict, action.reason = "done", kept
end

-- Undo one action, unless something of the same part that came later could not be undone: why
-- one part of a bulk operation stops does not stop the others.
local function run_action(plan, i, op, state)
  local action, step = plan.actions[i], plan.steps[i]
  if action.verdict == "already" and not step.undone then
    journal.mark_undone(step, op.id)
  elseif action.verdict == "undo" and state.failed[action.op] then
    action.verdict, action.reason = "failed", "what was done later could not be undone"
  elseif action.verdict == "undo" then
    local ok, e = fault.call(undo_step, plan, i, op)
    if not ok and (e.kind == "cancelled" or e.kind == "bug" or e.op == "journal") then
      error(e, 0)
    elseif not ok then
      state.failed[action.op], state.first = true, state.first or e
      action.verdict, action.reason = "failed", e.message
    end
  end
  state.done = state.done + 1
  state.progress(state.done, #plan.actions, action.action)
end

-- The actions as lists that do not depend on each other, each in its order, and a last one of
-- those that come after all others: folders go when they are empty. One list if two parts
-- touched the same thing.
local function split(plan)
  local lists, by_op, last, owner = {}, {}, {}, {}
  for i, action in ipairs(plan.actions) do
    local kind = kinds[action.kind]
    local key = kind and kind.key(plan.steps[i])
    if key and owner[key] and owner[key] ~= action.op then
      local all = {}
      for n = 1, #plan.actions do
        all[n] = n
      end
      return { all }, {}
    elseif key then
      owner[key] = action.op
    end
    if action.kind == "workspace.mkdirs" then
      last[#last + 1] = i
    else
      if not by_op[action.op] then
        by_op[action.op] = {}
        lists[#lists + 1] = by_op[action.op]
      end
      table.insert(by_op[action.op], i)
    end
  end
  return lists, last
end

local function run(plan, op, progress)
  local state = { failed = {}, done = 0, progress = progress }
  local function in_order(list)
    for _, i in ipairs(list) do
      run_action(plan, i, op, state)
    end
  end
  local lists, last = split(plan)
  pool.each(lists, in_order, { limit = PARTS })
  in_order(last)
  return state.first
end

local function is_settled(plan)
  for _, action in ipairs(plan.actions) do
    if action.verdict ~= "done" and action.verdict ~= "already" and action.verdict ~= "nothing" then
      return false
    end
  end
  return true
end

local function close(plan, op)
  journal.close_undone(plan.operation.id, op.id)
  for _, item in ipairs(journal.items(plan.operation.id)) do
    journal.close_undone(item.id, op.id)
  end
end

--- Do what the plan says. Returns the id of the operation that did it and the fault of the
-- first step that failed, if one did.
---@param plan table
---@param opts? { arg?: table, progress?: fun(done: integer, total: integer, what: string) }
---@return string id
---@return tarn.Fault? failed
function M.apply(plan, opts)
  options.check(opts, { "arg", "progress" })
  M.check(plan)
  local target = {}
  for _, field in ipairs { "host", "org_id", "profile", "name" } do
    target[field] = plan.operation.target[field]
  end
  target.org_id = target.org_id or plan.place.org_id
  local op <close> = journal.begin { command = "undo", undoes = plan.operation.id, target = target,
    arg = opts and opts.arg }
  local failed = run(plan, op, opts and opts.progress or function() end)
  if not failed and is_settled(plan) then
    close(plan, op)
  end
  op:finish(failed and "partial" or op.changed and "done" or "unchanged")
  return op.id, failed
end

-- What other subjects use of the parts.
return require("base.lazy").fields(M, {
  levels = "tarn.undo.permission:levels",
})
