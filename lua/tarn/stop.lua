--- Stopping what a pipeline does, and waiting until it has stopped.

local fault = require "base.fault"
local hooks = require "engine.hooks"
local wait = require "tarn.wait"

local M = {}

--- Seconds that a stop is waited for; the SDKs wait as long.
M.TIMEOUT = 20 * 60

--- The side of the journal that a pipeline is.
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

--- Let the user's hooks refuse a stop. `stop` asks them itself; this is for a dry run.
---@param ws tarn.WorkspaceClient
---@param found table the answer of GET
---@param update_id? string default: the active one
function M.ask_hooks(ws, found, update_id)
  hooks.call("before_stop", { pipeline_id = found.pipeline_id, name = found.name,
    update_id = update_of(found, update_id) }, { op = "tarn stop", workspace = ws })
end

--- Send the stop, as a step of `op`. It may be sent twice: at rest there is nothing to stop.
---@param ws tarn.WorkspaceClient
---@param op tarn.Operation
---@param found table the answer of GET
---@param what { update_id?: string }
function M.stop(ws, op, found, what)
  local id = found.pipeline_id
  M.ask_hooks(ws, found, what.update_id)
  op:perform({ kind = "update.stop", request = ("POST /api/2.0/pipelines/%s/stop"):format(id),
    what = { pipeline_id = id, name = found.name,
      update_id = update_of(found, what.update_id) } }, ws.native.stop, ws.native, id)
end

--- Wait until no update is active. Raises a fault `timeout` if the time goes by.
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
      hint = "the stop was sent; `tarn wait --for idle` waits on" }
  end
  return last
end

--- Check that `wanted`, an update's id or at least six characters of it, is the one that is
-- active. Returns it, or nil and the state of that update if it is over.
---@param ws tarn.WorkspaceClient
---@param found table the answer of GET
---@param wanted string
---@return table? active
---@return table? over
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
