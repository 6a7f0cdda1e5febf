--- Carry out the plan of an undo, as an operation of the journal.

local fault = require "base.fault"
local journal = require "tarn.journal"
local kinds = require "tarn.undo.kinds"
local pool = require "base.pool"

local M = {}

local UNDONE_AT_ONCE <const> = 8 -- items of a bulk operation

local function undo_step(plan, i, op)
  local step, action = plan.steps[i], plan.actions[i]
  local before = journal.find_before(step)
  local kept = kinds[step.kind].undo(plan.target, step, action, op, plan.opts, before)
  journal.mark_undone(step, op.id)
  action.verdict, action.reason = "done", kept
end

-- Do one action, unless a later step of the same item could not be undone. A failure in one item of
-- a bulk operation does not stop the others.
local function run_action(plan, i, op, state)
  local action, step = plan.actions[i], plan.steps[i]
  if action.verdict == "already" and not step.undone then
    journal.mark_undone(step, op.id)
  elseif action.verdict == "undo" and state.failed[action.op] then
    action.verdict, action.reason = "failed", "a later step could not be undone"
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

-- Split the actions into independent lists, and a last one for folders, which can be removed only
-- when they are empty. There is one list if two items have changed the same object.
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

local function run_all(plan, op, progress)
  local state = { failed = {}, done = 0, progress = progress }
  local function in_order(list)
    for _, i in ipairs(list) do
      run_action(plan, i, op, state)
    end
  end
  local lists, last = split(plan)
  pool.each(lists, in_order, { limit = UNDONE_AT_ONCE })
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

function M.run(plan, opts)
  local side = {}
  for _, field in ipairs { "host", "org_id", "profile", "name" } do
    side[field] = plan.operation.target[field]
  end
  side.org_id = side.org_id or plan.target.org_id
  local op <close> = journal.begin { command = "undo", undoes = plan.operation.id, target = side,
    arg = opts and opts.arg }
  local failed = run_all(plan, op, opts and opts.progress or function() end)
  if not failed and is_settled(plan) then
    close(plan, op)
  end
  op:finish(failed and "partial" or op.changed and "done" or "unchanged")
  return op.id, failed
end

return M
