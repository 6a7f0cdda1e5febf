--- Let a workspace check a create without making a pipeline.

local fault = require "base.fault"
local specs = require "tarn.spec"

local M = {}

-- Delete a pipeline that the workspace has created in spite of `dry_run`, and raise a fault.
local function take_back(ws, id, op)
  local _, e = fault.try(ws.native.pipeline_delete, ws.native, id)
  fault.raise { kind = "http", op = op, code = "DRY_RUN_IGNORED", cause = e,
    ambiguous = e and e.ambiguous or nil,
    message = ("the workspace ignored `dry_run` and created pipeline %s, which %s"):format(
      id, e and "could not be deleted again: " .. e.message or "was deleted again"),
    hint = (e and ("delete it: `tarn delete %s`; "):format(id) or "")
      .. ("the workspace is too old for `%s`, which needs dry runs"):format(op) }
end

--- The settings that a create would give to the pipeline. Raises the fault that the create would
-- raise; a fault with the code DRY_RUN_IGNORED if the workspace has created the pipeline, which is
-- deleted again.
---@param ws tarn.WorkspaceClient
---@param body table of POST /api/2.0/pipelines
---@param op string the command, for faults
---@return table effective_settings
function M.try(ws, body, op)
  local sent = specs.copy(body)
  sent.dry_run = true
  local answer = ws:request("POST", "/api/2.0/pipelines", { body = sent, idempotent = true })
  if answer.pipeline_id and not answer.effective_settings then
    take_back(ws, answer.pipeline_id, op)
  end
  return answer.effective_settings or {}
end

return M
