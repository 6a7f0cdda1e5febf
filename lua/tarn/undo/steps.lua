--- The steps of an operation, in the order in which they are undone.

local journal = require "tarn.journal"
local kinds = require "tarn.undo.kinds"

local M = {}

-- All steps of an operation and its items, newest first. Folders come last, since an item may have
-- put something into a folder that another item has created.
function M.all(record)
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

-- The id of a step, as text.
function M.mark(step)
  return ("%s/%d"):format(step.op, step.n)
end

-- Find the outcomes of unknown steps. A step whose outcome stays unknown gets the reason in
-- `doubt`.
function M.settle(target, steps)
  for i = #steps, 1, -1 do
    local step = steps[i]
    local kind = kinds[step.kind]
    if step.status == "unknown" and kind then
      local status, result = kind.find_outcome(target, step, journal.find_before(step))
      if status then
        journal.settle(step, status, result)
      else
        step.doubt = result
      end
    elseif step.status == "unknown" then
      step.doubt = ("the outcome is unknown, and this version does not know steps of kind %s")
        :format(step.kind)
    end
  end
end

return M
