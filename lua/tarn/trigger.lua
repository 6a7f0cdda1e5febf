--- Start an update of a pipeline, also when another one is active.
--
--     local journal, trigger = require "tarn.journal", require "tarn.trigger"
--     local found = ws:pipeline "sales_orders_etl"
--     local op <close> = journal.begin { command = "trigger",
--       target = require("tarn.stop").side(ws, found) }
--     local body = trigger.body("nightly", { full_refresh_only = { "orders", "customers" } })
--     print(trigger.start(ws, op, found, body, { attach = true }))
--     op:finish "done"

local fault = require "base.fault"
local hooks = require "engine.hooks"
local make_body = require("tarn.trigger.body").make
local pipelines = require "tarn.pipelines"
local stop = require "tarn.stop"
local wait = require "tarn.wait"

local M = {}

---@class tarn.TriggerArguments
---@field full_refresh? boolean               all tables
---@field validate? boolean
---@field refresh? string|string[]            tables; a text may be several: "a,b"
---@field refresh_path? string|string[]       files; the tables that they define
---@field full_refresh_only? string|string[]  tables
---@field full_refresh_path? string|string[]  files
---@field reset_checkpoints? string|string[]  flows
---@field development? boolean                in development mode
---@field production? boolean                 not in development mode
---@field replace_where? string|string[]      each FLOW=PREDICATE
---@field rewind_to? string                   a time
---@field rewind? string|string[]             datasets; default: all
---@field rewind_dry_run? boolean
---@field param? string[]                     each KEY=VALUE
---@field cause? string                       a word of the API; default: API_CALL

--- The body of the request, by the arguments of `tarn trigger`.
---@param op string for faults
---@param arg tarn.TriggerArguments
---@return table
function M.body(op, arg)
  return make_body(op, arg)
end

--- The URL of an update's page.
---@param ws tarn.WorkspaceClient
---@param id string
---@param update_id string
---@return string
function M.url(ws, id, update_id)
  return require("tarn.workspace").url.update(ws, id, update_id)
end

-- True if the workspace refused because another update is active.
local function is_active_conflict(e)
  return fault.is(e, "conflict") or e.status == 409
    or (e.status == 400 and e.message:lower():find "active update" ~= nil)
end

local function send(ws, op, found, body)
  local path = ("/api/2.0/pipelines/%s/updates"):format(found.pipeline_id)
  return op:perform({ kind = "update.start", request = "POST " .. path,
    what = { pipeline_id = found.pipeline_id, name = found.name, body = body } },
    pipelines.start, ws, found.pipeline_id, body)
end

local function refuse(e, found, active)
  local id = active and active.update_id or e.message:match "'(%x+%-[%x-]+)'"
  fault.raise {
    kind = "conflict", op = "trigger", status = e.status, code = e.code, request_id = e.request_id,
    cause = e, message = ("an update of '%s' is active already: %s%s"):format(found.name,
      id or "the workspace does not say which", active and " is " .. active.state or ""),
    hint = "--attach waits for it, --restart stops it first",
  }
end

--- Let the user's hooks change the body of a request that starts an update, or refuse it. `start`
-- does that itself; this is for a dry run, and for updates that are started in another way.
---@param ws tarn.WorkspaceClient
---@param found table { pipeline_id, name, state? }
---@param body table
---@return table body
---@return string[]? files of the hooks that were called
function M.ask_hooks(ws, found, body)
  local request, called = hooks.call("before_trigger", { pipeline_id = found.pipeline_id,
    name = found.name, state = found.state, body = body }, { op = "tarn trigger", workspace = ws })
  return request.body or {}, called
end

--- Start an update. If another one is active, a fault of kind `conflict` is raised; with `attach`
-- the active one is returned instead, with `restart` it is stopped first.
---@param ws tarn.WorkspaceClient
---@param op tarn.Operation
---@param found table the answer of GET
---@param body table
---@param opts { attach?: boolean, restart?: boolean, timeout?: number, note?: function }
---@return string update_id
---@return "triggered"|"attached"|"restarted"
---@return string[]? files of the hooks that were called
function M.start(ws, op, found, body, opts)
  local word = "triggered"
  local request, called = M.ask_hooks(ws, found, body)
  if opts.restart and not wait.is_at_rest(found) then
    stop.stop(ws, op, found, {})
    stop.wait(ws, found, { timeout = opts.timeout, note = opts.note })
    word = "restarted"
  end
  local answer, e = fault.try(send, ws, op, found, request)
  if answer then
    return answer.update_id, word, called
  elseif not is_active_conflict(e) then
    fault.raise(e)
  end
  local active = wait.find_active(ws.native:pipeline_get(found.pipeline_id))
  if not active or not opts.attach then
    refuse(e, found, active)
  end
  return active.update_id, "attached", called
end

-- Parts that other subjects use.
return require("base.lazy").fields(M, { CAUSES = "tarn.trigger.body:CAUSES" })
