--- Send a request that must take effect once, even if its answer is lost.

local fault = require "base.fault"
local task = require "native.task"
local time = require "base.time"

-- Allows for differences between the clocks of the server and this machine.
local CLOCK_SLACK_MS <const> = 5000

-- The server's time in ms, from the Date header of a cheap call, and the current user.
local function server_now(ws)
  local me, response = ws:request("GET", "/api/2.0/preview/scim/v2/Me")
  return time.find_http_date(response.headers.date) or task.time(), me
end

-- Call `search` a few times, since the effect of a request may become visible late.
local function search_repeatedly(search)
  for _, pause in ipairs { 0, 1, 3 } do
    task.sleep(pause)
    local found = search()
    if found then
      return found
    end
  end
end

-- True if the outcome of a request is unknown. An answer that cannot be parsed is as good as lost.
local function is_lost(e)
  return e.ambiguous or e.kind == "parse"
end

--- Call `send()`. If its answer is lost, `search(since, me)` is called a few times to find its
-- effect. Raises the fault of `send` if the search finds nothing.
---@param op string for the fault
---@param send fun(): any
---@param search fun(since: integer, me: table): any `since`: the server's time of the request, ms;
--- `me`: the current user
---@param ws tarn.WorkspaceClient
---@param hint string for the fault
---@return any
return function(op, send, search, ws, hint)
  local asked = task.time()
  local answer, lost = fault.try(send)
  if answer then
    return answer
  elseif not is_lost(lost) then
    fault.raise(lost)
  end
  local now, me = server_now(ws)
  local since = now - (task.time() - asked) - CLOCK_SLACK_MS
  local found = search_repeatedly(function() return search(since, me) end)
  if found then
    return found
  end
  fault.raise {
    kind = lost.kind, op = op, cause = lost, status = lost.status, retryable = true,
    message = lost.message, hint = hint,
  }
end
