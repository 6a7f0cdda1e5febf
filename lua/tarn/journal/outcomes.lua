--- Outcomes of requests that could not be written to the journal are written with the next write.

local fault = require "base.fault"
local file = require "tarn.journal.file"

local M = {}

--- Write the outcomes that could not be written before, as part of another write. Returns them.
---@param op tarn.Operation
---@param db tarn.Database
---@return function[] written
function M.write_late(op, db)
  local written = table.move(op.late, 1, #op.late, 1, {})
  for _, f in ipairs(written) do
    f(db)
  end
  return written
end

--- Forget the outcomes that were written. Others may have been added during the write.
---@param op tarn.Operation
---@param written function[]
function M.forget(op, written)
  local left, gone = {}, {}
  for _, f in ipairs(written) do
    gone[f] = true
  end
  for _, f in ipairs(op.late) do
    left[#left + 1] = not gone[f] and f or nil
  end
  op.late = left
end

--- Write an outcome, and all that could not be written before. A full disk is no reason to stop
-- here, since the request was sent: the next step stops before its request, and `finish` reports
-- that the outcome is missing.
---@param op tarn.Operation
---@param f fun(db: tarn.Database)
---@return tarn.Fault? e why it could not be written
function M.write(op, f)
  op.late[#op.late + 1] = f
  local _, e = fault.try(file.write, false, function(db) M.write_late(op, db) end)
  if e and e.kind ~= "io" then
    error(e, 0)
  elseif not e then
    op.late = {}
  end
  return e
end

return M
