--- Steps of an operation: requests that change something. See tarn.journal.

local collections = require "base.collections"
local file = require "tarn.journal.file"
local json = require "native.json"
local outcomes = require "tarn.journal.outcomes"
local task = require "native.task"

local M = {}

local function encode(value)
  return value ~= nil and json.encode(value) or nil
end

local Step = {}
Step.__index = Step

-- Mask the settings that are sent: they are for the reader; undo needs only the previous ones.
local function without_secrets(what)
  if type(what) ~= "table" or type(what.spec) ~= "table" then
    return what
  end
  local copy = collections.copy(what)
  copy.spec = require("base.secrets").masked(what.spec)
  return copy
end

--- Write down a step of an operation.
---@param op tarn.Operation
---@param fields { kind: string, request?: string, what?: table, before?: any }
---@return tarn.Step
function M.begin(op, fields)
  local n, now = op.next_step, task.time()
  local what, before = encode(without_secrets(fields.what)), encode(fields.before)
  op.next_step = n + 1
  local written
  file.write_together(function(db)
    written = outcomes.write_late(op, db)
    db:exec("INSERT INTO steps(op, n, kind, request, what, started, status) "
      .. "VALUES (?, ?, ?, ?, ?, ?, 'unknown')",
      { op.id, n, fields.kind, fields.request or json.null, what or json.null, now })
    if before then
      db:exec("INSERT INTO befores(op, n, value) VALUES (?, ?, ?)", { op.id, n, before })
    end
    db:exec("UPDATE operations SET seen = ? WHERE id = ?", { now, op.id })
  end)
  outcomes.forget(op, written)
  return setmetatable({ operation = op, op = op.id, n = n, kind = fields.kind }, Step)
end

local OUTCOME <const> = "UPDATE steps SET status = ?, result = ?, fault = ?, ended = ? "
  .. "WHERE op = ? AND n = ?"

local function write_outcome(step, status, result, failure)
  local op, now = step.operation, task.time()
  local result_text = encode(result)
  local fault_text = failure and encode(require("engine.report").fields(failure))
  local made = step.kind == "pipeline.create" and status == "done" and type(result) == "table"
    and result.pipeline_id
  op.changed = op.changed or status ~= "failed"
  outcomes.write(op, function(db)
    db:exec(OUTCOME, { status, result_text or json.null, fault_text or json.null, now,
      step.op, step.n })
    if made then
      db:exec("UPDATE operations SET target_pipeline = ? WHERE id = ? "
        .. "AND target_pipeline IS NULL", { made, step.op })
    end
  end)
end

--- The request took effect.
---@param result? table the fields that undo and lineage need: { pipeline_id, last_modified }
function Step:done(result)
  write_outcome(self, "done", result)
end

--- The request failed; if the fault is ambiguous or the wait was interrupted, the outcome is
-- unknown.
---@param failure tarn.Fault
function Step:failed(failure)
  local unsure = failure.ambiguous or failure.kind == "cancelled" or failure.kind == "bug"
  write_outcome(self, unsure and "unknown" or "failed", nil, failure)
end

return M
