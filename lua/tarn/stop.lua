--- Stop the active update of a pipeline, and wait until it has stopped.
--
--     local journal, stop = require "tarn.journal", require "tarn.stop"
--     local found = ws:pipeline "finance_gl_close"
--     local op <close> = journal.begin { command = "stop", target = stop.side(ws, found) }
--     stop.stop(ws, op, found, {})
--     print(stop.wait(ws, found, { timeout = 60 }).state)
--     op:finish "done"

local fault = require "base.fault"
local hooks = require "engine.hooks"
local wait = require "tarn.wait"

local M = {}

--- Seconds to wait for a stop, as the SDKs do.
M.TIMEOUT = 20 * 60

--- A pipeline as the target of an operation in the journal.
---@param ws tarn.WorkspaceClient
---@param found table the answer of GET
---@return tarn.Side
function M.side(ws, found)
  local info = ws.native:info()
  return { host = info.host, org_id = info.org_id, profile = ws.profile,
    pipeline_id = found.pipeline_id, name = found.name }
end

local function update_of(found, update_id)
  local active = wait.find_active(found)
  return update_id or active and active.update_id or nil
end

--- Let the user's hooks refuse a stop. `stop` does that itself; this is for a dry run.
---@param ws tarn.WorkspaceClient
---@param found table the answer of GET
---@param update_id? string default: the active one
function M.ask_hooks(ws, found, update_id)
  hooks.call("before_stop", { pipeline_id = found.pipeline_id, name = found.name,
    update_id = update_of(found, update_id) }, { op = "tarn stop", workspace = ws })
end

--- Send the stop, as a step of `op`. It may be sent again: a pipeline at rest ignores it.
---@param ws tarn.WorkspaceClient
---@param op tarn.Operation
---@param found table the answer of GET
---@param what { update_id?: string } for the journal; default: the active update
function M.stop(ws, op, found, what)
  local id = found.pipeline_id
  M.ask_hooks(ws, found, what.update_id)
  op:perform({ kind = "update.stop", request = ("POST /api/2.0/pipelines/%s/stop"):format(id),
    what = { pipeline_id = id, name = found.name,
      update_id = update_of(found, what.update_id) } }, ws.native.stop, ws.native, id)
end

--- Wait until no update is active. Raises a fault of kind `timeout` if the time is over first.
---@param ws tarn.WorkspaceClient
---@param found table the answer of GET
---@param opts tarn.WaitOptions
---@return table pipeline
function M.wait(ws, found, opts)
  local limit = opts.timeout or M.TIMEOUT
  local last, reached = wait.until_pipeline(ws, found.pipeline_id, wait.is_at_rest,
    { timeout = limit, note = opts.note, clock = opts.clock, random = opts.random })
  if not reached then
    fault.raise { kind = "timeout", op = "stop",
      message = ("after %s seconds '%s' is still %s"):format(limit, found.name,
        last and last.state or "not known"),
      hint = "the stop was sent; `tarn wait --for idle` waits again" }
  end
  return last
end

--- Find the update `wanted`, and whether it is active. Raises a fault of kind `not_found` if the
-- pipeline does not have that update.
---@param ws tarn.WorkspaceClient
---@param found table the answer of GET
---@param wanted string an update's id, or at least its first six characters
---@return table? active the update if it is active
---@return table? over the update if it has ended
function M.find_update(ws, found, wanted)
  local active = wait.find_active(found)
  wanted = wanted:lower()
  if active and #wanted >= 6 and active.update_id:sub(1, #wanted) == wanted then
    return active
  end
  for update in ws:updates(found.pipeline_id) do
    if update.update_id == wanted or #wanted >= 6
      and update.update_id:sub(1, #wanted) == wanted then
      return nil, update
    end
  end
  fault.not_found("stop", ("'%s' has no update '%s'"):format(found.name, wanted),
    "`tarn updates` lists them")
end

return M
