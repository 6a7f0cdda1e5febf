--- /metrics: what the server and its workspaces do, as OpenMetrics text for monitoring.

local fault = require "base.fault"
local openmetrics = require "server.openmetrics"
local pipelinemetrics = require "server.pipelinemetrics"

local M = {}

local BUCKETS <const> = { 0.005, 0.025, 0.1, 0.5, 1, 5, 30 } -- seconds

--- The type of the answer, for Content-Type.
M.type = openmetrics.type

---@class tarn.Metrics
local Metrics = {}
Metrics.__index = Metrics

--- Make metrics without counts.
---@return tarn.Metrics
function M.new()
  return setmetatable({ routes = {}, pipelines = pipelinemetrics.new() }, Metrics)
end

-- ---- requests to the server ----

--- Count an answered request.
---@param route string the pattern of the route, not the path: labels must be few
---@param method string
---@param status integer
---@param seconds number the time until the answer was ready
function Metrics:count(route, method, status, seconds)
  local one = self.routes[route] or { sum = 0, count = 0, buckets = {}, statuses = {} }
  self.routes[route] = one
  local statuses = one.statuses[method] or {}
  one.statuses[method] = statuses
  statuses[status] = (statuses[status] or 0) + 1
  one.sum, one.count = one.sum + seconds, one.count + 1
  local at = 1
  while BUCKETS[at] and seconds > BUCKETS[at] do
    at = at + 1
  end
  one.buckets[at] = (one.buckets[at] or 0) + 1
end

local function server_families(self, text, server)
  local sorted = openmetrics.sorted
  text:family("tarn_build", "info", "The program.")
  text:sample("_info", { "version", require("native.bundle").version }, 1)
  text:family("tarn_http_requests", "counter", "Requests that were answered.")
  for route, one in sorted(self.routes) do
    for method, statuses in sorted(one.statuses) do
      for status, n in sorted(statuses) do
        text:sample("_total", { "method", method, "route", route, "status", status }, n)
      end
    end
  end
  text:family("tarn_http_request_seconds", "histogram", "The time until an answer was ready.",
    "seconds")
  for route, one in sorted(self.routes) do
    local sum = 0
    for i, most in ipairs(BUCKETS) do
      sum = sum + (one.buckets[i] or 0)
      text:sample("_bucket", { "route", route, "le", ("%s"):format(most + 0.0) }, sum)
    end
    text:sample("_bucket", { "route", route, "le", "+Inf" }, one.count)
    text:sample("_count", { "route", route }, one.count)
    text:sample("_sum", { "route", route }, one.sum + 0.0)
  end
  local _, _, refused = server.native:stats()
  text:family("tarn_http_requests_refused", "counter",
    "Requests that were malformed, too large, too slow, or cut off.")
  text:sample("_total", {}, refused)
  text:family("tarn_http_streams", "gauge", "Open event streams.")
  text:sample("", {}, server.broadcast.listeners)
end

-- ---- calls to workspaces ----

local CALLS <const> = {
  { "tarn_workspace_calls", "counter", "Requests sent to a workspace, with retries.", "calls" },
  { "tarn_workspace_retries", "counter", "Requests sent again after a failure.", "retries" },
  { "tarn_workspace_throttled", "counter", "Answers that limited the rate (429).", "throttled" },
  { "tarn_workspace_in_flight", "gauge", "Requests that wait for an answer.", "in_flight" },
  { "tarn_workspace_waiting", "gauge", "Requests that wait to be sent.", "waiting" },
}

local function call_families(text, opened)
  for _, family in ipairs(CALLS) do
    text:family(family[1], family[2], family[3])
    for profile, stats in openmetrics.sorted(opened) do
      text:sample(family[2] == "counter" and "_total" or "", { "profile", profile },
        stats[family[4]])
    end
  end
  text:family("tarn_workspace_call_seconds", "summary", "The time until a workspace answered.",
    "seconds")
  for profile, stats in openmetrics.sorted(opened) do
    text:sample("_count", { "profile", profile }, stats.answers)
    text:sample("_sum", { "profile", profile }, stats.answer_ms / 1000)
  end
end

-- The workspaces of a scrape: the default one, and those that a request has opened. All by profile:
-- their lists of pipelines, their handles, their statistics, and 1 if the list could be read.
local function read_workspaces(server, list_of)
  local lists, workspaces, stats, up = {}, {}, {}, {}
  for _, one in ipairs(server.workspaces:list()) do
    local name = one.profile or "default"
    if one.default or server.workspaces:is_open(one.profile) then
      local rows, e = fault.try(list_of, one.profile)
      if e and e.kind == "cancelled" then
        fault.raise(e)
      end
      up[name] = rows and 1 or 0
      lists[name] = rows
      local ws = fault.try(server.workspaces.get, server.workspaces, one.profile)
      workspaces[name], stats[name] = ws, ws and ws.native:stats()
    end
  end
  return lists, workspaces, stats, up
end

--- The text for one scrape.
---@param server table
---@param list_of fun(profile?: string): table[] reads the list of a workspace
---@return string
function Metrics:text(server, list_of)
  local text = openmetrics.new()
  local lists, workspaces, stats, up = read_workspaces(server, list_of)
  server_families(self, text, server)
  text:family("tarn_workspace_up", "gauge", "1 if the list of the workspace could be read.")
  for name, value in openmetrics.sorted(up) do
    text:sample("", { "profile", name }, value)
  end
  call_families(text, stats)
  self.pipelines:add_to(text, lists)
  self.pipelines:collect(lists, workspaces)
  return text:finish()
end

return M
