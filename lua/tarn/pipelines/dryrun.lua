--- Ask the workspace what a create would do. A workspace that does not know `dry_run` creates the
-- pipeline; it is deleted again, since nobody has asked for it.

local fault = require "base.fault"
local spec = require "tarn.spec"
local task = require "native.task"
local time = require "base.time"

local SLACK_MS <const> = 5000 -- between the workspace's clocks

-- The reason why the pipeline may be another one than this request has made; nil if it is that one.
-- An answer may come from a proxy's memory, and a wrong deletion cannot be taken back.
local function find_doubt(ws, id, body, since)
  local made, e = fault.try(ws.native.pipeline_get, ws.native, id)
  if not made then
    return "it cannot be read: " .. e.message
  elseif body.name and made.name ~= body.name then
    return ("its name is '%s'"):format(made.name or "")
  elseif made.last_modified and made.last_modified < (since or 0) then
    return "it is older than the request"
  end
end

local function take_back(ws, op, id, body, since)
  local doubt, e = find_doubt(ws, id, body, since), nil
  if doubt then
    doubt = "was not deleted again, as " .. doubt
  else
    e = select(2, fault.try(ws.native.pipeline_delete, ws.native, id))
    doubt = e and "could not be deleted again: " .. e.message
  end
  fault.raise { kind = "http", op = op, code = "DRY_RUN_IGNORED", cause = e, retryable = false,
    ambiguous = e and e.ambiguous or nil,
    message = ("the workspace ignored `dry_run` and created pipeline %s, which %s"):format(
      id, doubt or "was deleted again"),
    hint = (doubt and ("look at it, and delete it: `tarn delete %s`; "):format(id) or "")
      .. ("the workspace is too old for `%s`, which needs dry runs"):format(op) }
end

--- The settings that a create would have. Raises the fault that the create would raise, and one
-- with code DRY_RUN_IGNORED if the workspace has created the pipeline.
---@param ws tarn.WorkspaceClient
---@param body table of POST /api/2.0/pipelines
---@param op string for faults
---@return table effective_settings
return function(ws, body, op)
  local sent = spec.copy(body)
  sent.dry_run = true
  local asked = task.time()
  local answer = ws.native:pipeline_create(sent)
  if answer.pipeline_id and not answer.effective_settings then
    local info = ws.native:info() -- with the workspace's time of this answer
    local now = info.date and time.find_http_date(info.date)
    take_back(ws, op, answer.pipeline_id, sent, now and now - (task.time() - asked) - SLACK_MS)
  end
  return answer.effective_settings or {}
end
