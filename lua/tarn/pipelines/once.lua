--- Send a request that must take effect once, even if its answer is lost.

local fault = require "base.fault"
local task = require "native.task"
local time = require "base.time"

-- Allows for differences between the clocks of the server and this machine.
local CLOCK_SLACK_MS <const> = 5000

-- The server's time in ms, from the newest answer, which may be a refusal. A request is sent only
-- if there was no answer yet.
local function server_now(ws)
  local info = ws.native:info()
  if not info.date then
    fault.try(ws.me, ws)
    info = ws.native:info()
  end
  local date = info.date and time.find_http_date(info.date)
  return date and date + (info.date_age_ms or 0) or task.time()
end

-- Call `search` a few times, since the effect of a request may become visible late. Returns its
-- result; nil and a fault if the last search has failed.
local function search_repeatedly(search)
  local found, e
  for _, pause in ipairs { 0, 1, 3 } do
    task.sleep(pause)
    found, e = fault.try(search)
    if found then
      return found
    elseif fault.is(e, "cancelled") then
      fault.raise(e)
    end
  end
  return nil, e
end

-- True if the outcome of a request is unknown. An answer that cannot be parsed is as good as lost.
local function is_lost(e)
  return e.ambiguous or e.kind == "parse"
end

--- Call `send()`. If its answer is lost, `search(since)` is called a few times to find the effect
-- of the request. Raises the fault of `send` if there is no effect, and an ambiguous fault if the
-- searches fail.
---@param op string for faults
---@param send fun(): any
---@param search fun(since: integer): any `since`: the server's time of the request, ms
---@param ws tarn.WorkspaceClient
---@param hints { not_done: string, unknown: string } of the two faults
---@return any
return function(op, send, search, ws, hints)
  local asked = task.time()
  local answer, lost = fault.try(send)
  if answer then
    return answer
  elseif not is_lost(lost) then
    fault.raise(lost)
  end
  local since = server_now(ws) - (task.time() - asked) - CLOCK_SLACK_MS
  local found, e = search_repeatedly(function() return search(since) end)
  if found then
    return found
  elseif e then
    fault.raise { kind = lost.kind, op = op, cause = e, status = lost.status, retryable = false,
      ambiguous = true, hint = hints.unknown,
      message = ("%s; it is not known whether it was done, since the search for it failed too: %s")
        :format(lost.message, e.message) }
  end
  fault.raise {
    kind = lost.kind, op = op, cause = lost, status = lost.status, retryable = true,
    message = lost.message, hint = hints.not_done,
  }
end
