--- The routes that are no commands: the session, log-in, health, and the streams.

local auth = require "server.auth"
local bundle = require "native.bundle"
local api = require "server.api"
local errors = require "server.errors"
local json = require "native.json"
local metrics = require "server.metrics"
local querystring = require "base.querystring"
local streams = require "server.streams"

local M = {}

local function as_json(value)
  return { body = json.encode(value),
    headers = { ["Content-Type"] = "application/json", ["Cache-Control"] = "no-store" } }
end

local function plain(text, status)
  return { status = status, body = text,
    headers = { ["Content-Type"] = "text/plain; charset=utf-8", ["Cache-Control"] = "no-store" } }
end

local function session(self)
  return as_json { version = bundle.version, read_only = self.options.read_only or false,
    profiles = json.array(self.workspaces:list()) }
end

-- The link that was printed: the token becomes a cookie, and is gone from the address. A
-- browser that comes from another site sends a strict cookie only after a page of ours.
local function login(self, request)
  if request.access ~= "link" then
    auth.check_token(request)
  end
  local headers = { ["Cache-Control"] = "no-store", Location = "/" }
  if request.headers["sec-fetch-site"] == "cross-site" then
    headers.Location, headers["Content-Type"] = nil, "text/html; charset=utf-8"
    return { headers = headers, login = self.secure and "secure" or true,
      body = '<!doctype html><title>Tarn</title><meta http-equiv="refresh" content="0;url=/">' }
  end
  return { status = 303, headers = headers, login = self.secure and "secure" or true }
end

local function scrape(self, request)
  local route = self.router:find("GET", "/api/dlt/pipelines")
  local text = self.metrics:text(self, function(profile)
    return (self.cache:get("metrics " .. (profile or ""), function()
      return api.run(self, route, request, {}, { profile = profile }).data
    end))
  end)
  return { body = text,
    headers = { ["Content-Type"] = metrics.type, ["Cache-Control"] = "no-store" } }
end

-- Alive is who answers; ready is who takes new work.
local function ready(self)
  if self.stopping then
    return plain("stopping\n", 503)
  end
  return plain "ready\n"
end

-- The query of a stream: names that it knows, each once.
local function query_of(request, known)
  local query = querystring.parse(request.query)
  for name, value in pairs(query) do
    if not known[name] or type(value) ~= "string" then
      errors.refuse(400, "INVALID_PARAMETER_VALUE",
        ("'%s' is no argument here, or is given twice"):format(name))
    end
  end
  return query
end

local function dashboard_stream(self, request)
  local query = query_of(request, { profile = true })
  local route = self.router:find("GET", "/api/dlt/dashboard")
  self.workspaces:get(query.profile) -- refuses now what the stream could not say with a status
  return streams.dashboard(self, request, query.profile, function()
    return api.run(self, route, request, {}, { profile = query.profile }).data
  end)
end

local function live_stream(self, request, params)
  local query = query_of(request, { profile = true })
  return streams.live(self, request, self.workspaces:get(query.profile), params.pipeline)
end

local function event_stream(self, request, params)
  local query = query_of(request, { profile = true, level = true, type = true, update = true,
    dataset = true, grep = true, last = true, cursor = true })
  local ws = self.workspaces:get(query.profile)
  return streams.events(self, request, ws, params.pipeline, query)
end

local function openapi(self)
  local reply = as_json(self.document)
  reply.headers["Cache-Control"] = "private, no-cache"
  return reply
end

local PROFILE <const> = { "profile", "string", "Workspace: a profile that the server serves." }

local FILTERS <const> = {
  PROFILE,
  { "level", "string", "Only these levels, with commas: INFO, WARN, ERROR, METRICS." },
  { "type", "string", "Only these types, with commas: flow_progress, update_progress ..." },
  { "update", "string", "Only of this update." },
  { "dataset", "string", "Only of datasets or flows whose name matches this glob." },
  { "grep", "string", "Only with this text in the message or the error." },
  { "last", "integer", "So many of the past first.", default = 10, min = 0, max = 1000 },
  { "cursor", "string", "Go on behind the event with this id, as with Last-Event-ID." },
}

local SESSION <const> = { version = "string", read_only = "boolean",
  profiles = { { ["profile?"] = "string", ["host?"] = "string", default = "boolean",
    embedded = "boolean" } } }

---@class tarn.OwnRoute
---@field name string    its operationId
---@field method string
---@field path string
---@field summary string
---@field handler fun(server: table, request: tarn.Request, params: table): tarn.Reply
---@field type? string   of the answer: "application/json" unless said
---@field returns? any   the answer's shape
---@field query? table[] arguments, as in a header
---@field asks? boolean  it asks a workspace
---@field public? boolean no token is needed
---@field redirects? boolean

--- All of them.
---@type tarn.OwnRoute[]
M.list = {
  { name = "session", method = "GET", path = "/api/session", handler = session, returns = SESSION,
    summary = "Show the version, the workspaces that may be named, and whether all is read-only." },
  { name = "openapi", method = "GET", path = "/api/openapi.json", handler = openapi,
    returns = "object", summary = "Describe this API." },
  { name = "dashboard_stream", method = "GET", path = "/api/dlt/dashboard/stream",
    handler = dashboard_stream, query = { PROFILE }, asks = true, type = "text/event-stream",
    summary = "Send the dashboard, whole, each time that something in it has changed." },
  { name = "events_stream", method = "GET", path = "/api/dlt/pipelines/{pipeline}/events/stream",
    handler = event_stream, query = FILTERS, asks = true, type = "text/event-stream",
    summary = "Send the newest events of a pipeline, and each one that comes." },
  { name = "live", method = "GET", path = "/api/dlt/pipelines/{pipeline}/live",
    handler = live_stream, query = { PROFILE }, asks = true, type = "text/event-stream",
    summary = "Send what the newest update of a pipeline does, whole each time." },
  { name = "metrics", method = "GET", path = "/metrics", handler = scrape, type = metrics.type,
    summary = "Show counts of pipelines, runs, expectations and calls, as OpenMetrics." },
  { name = "login", method = "GET", path = "/login", handler = login, type = "text/html",
    query = { { "token", "string", "The token that the server printed." } }, redirects = true,
    public = true,
    summary = "Take the token of the printed link, and set the cookie that shows it." },
  { name = "healthz", method = "GET", path = "/healthz", type = "text/plain", public = true,
    handler = function() return plain "ok\n" end, summary = "Say that the server answers." },
  { name = "readyz", method = "GET", path = "/readyz", handler = ready, type = "text/plain",
    public = true, summary = "Say whether the server takes new work." },
}

return M
