--- Starting an update as it was asked for, and what to do when another one is active.

local fault = require "base.fault"
local hooks = require "engine.hooks"
local json = require "native.json"
local pipelines = require "tarn.pipelines"
local stop = require "tarn.stop"
local wait = require "tarn.wait"

local M = {}

-- Names from a list whose items may hold several: `--refresh a,b --refresh c`.
local function names(list)
  local found = json.array {}
  for _, item in ipairs(type(list) == "table" and list or { list }) do
    for name in item:gmatch "[^,]+" do
      name = name:match "^%s*(.-)%s*$"
      if name ~= "" then
        found[#found + 1] = name
      end
    end
  end
  return found
end

local function parameters(op, list)
  local map = {}
  for _, item in ipairs(list) do
    local key, value = item:match "^([^=]+)=(.*)$"
    if not key then
      fault.usage(op, ("'%s' is no KEY=VALUE"):format(item), "--param region=eu")
    end
    map[key] = value
  end
  return map
end

local function check(op, arg)
  local selects = arg.refresh or arg.full_refresh_only or arg.reset_checkpoints
  if arg.full_refresh and selects then
    fault.usage(op, "--full-refresh means all tables: it goes with no selection",
      "--full-refresh-only A,B refreshes these from their beginning")
  elseif arg.validate and (arg.full_refresh or selects) then
    fault.usage(op, "--validate checks the whole graph and refreshes nothing: "
      .. "it goes with no refresh and no selection")
  elseif arg.attach and arg.restart then
    fault.usage(op, "--attach joins the update that is active, --restart stops it: choose one")
  end
end

local SELECTIONS <const> = { refresh = "refresh_selection",
  full_refresh_only = "full_refresh_selection", reset_checkpoints = "reset_checkpoint_selection" }

--- The body of the request that these arguments ask for.
---@param op string
---@param arg table
---@return table
function M.body(op, arg)
  check(op, arg)
  local body = { full_refresh = arg.full_refresh or nil, validate_only = arg.validate or nil }
  for name, field in pairs(SELECTIONS) do
    if arg[name] then
      body[field] = names(arg[name])
      if #body[field] == 0 then
        fault.usage(op, ("--%s names nothing"):format(name:gsub("_", "-")))
      end
    end
  end
  if arg.param then
    body.parameters = parameters(op, arg.param)
  end
  return body
end

--- Where a browser shows an update.
---@param ws tarn.WorkspaceClient
---@param id string
---@param update_id string
---@return string
function M.url(ws, id, update_id)
  return ("%s/#joblist/pipelines/%s/updates/%s"):format(ws:host(), id, update_id)
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
    hint = "--attach joins it, --restart stops it first",
  }
end

--- Let the user's hooks look at an update that is about to be started: they may change its
-- body, or refuse it. `start` does so itself; for a dry run, and for those who start otherwise.
---@param ws tarn.WorkspaceClient
---@param found table { pipeline_id, name }
---@param body table
---@return table body
---@return string[]? files the hooks that were called
function M.ask_hooks(ws, found, body)
  local request, called = hooks.call("before_trigger", { pipeline_id = found.pipeline_id,
    name = found.name, state = found.state, body = body }, { op = "tarn trigger", workspace = ws })
  return request.body or {}, called
end

--- Start an update; never a second one. When another is active: a fault `conflict`, unless
-- opts.attach takes that one, or opts.restart stops it first.
---@param ws tarn.WorkspaceClient
---@param op tarn.Operation
---@param found table the answer of GET
---@param body table
---@param opts { attach?: boolean, restart?: boolean, timeout?: number, note?: function }
---@return string update_id
---@return "triggered"|"attached"|"restarted"
---@return string[]? hooks that were called
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

return M
