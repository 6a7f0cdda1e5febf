--- The routes that are not commands: session, log-in, health, metrics, and the streams.

local api = require "server.api"
local auth = require "server.auth"
local bundle = require "native.bundle"
local errors = require "server.errors"
local json = require "native.json"
local mcp = require "server.mcp.http"
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

-- The printed link: the token becomes a cookie and leaves the address. After a link on another
-- site, a browser sends a SameSite=Strict cookie only once a page of this server asks for it, so
-- such a request gets a page that refreshes instead of a redirect.
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

-- The server is ready until it is asked to end; from then on only running requests are finished.
local function ready(self)
  if self.stopping then
    return plain("stopping\n", 503)
  end
  return plain "ready\n"
end

-- The query of a stream. Refuses unknown and repeated arguments.
local function query_of(request, known)
  local query = querystring.parse(request.query)
  for name, value in pairs(query) do
    if not known[name] or type(value) ~= "string" then
      errors.refuse(400, "INVALID_PARAMETER_VALUE",
        ("'%s' is not an argument of this stream, or is given twice"):format(name))
    end
  end
  return query
end

local function dashboard_stream(self, request)
  local query = query_of(request, { profile = true })
  local route = self.router:find("GET", "/api/dlt/dashboard")
  self.workspaces:get(query.profile) -- refuses a wrong profile before the stream begins
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

local PROFILE <const> = { "profile", "string",
  "The profile of the workspace; the server must serve it." }

local FILTERS <const> = {
  PROFILE,
  { "level", "string", "Only events of these levels, with commas: INFO, WARN, ERROR, METRICS." },
  { "type", "string",
    "Only events of these types, with commas: flow_progress, update_progress, ..." },
  { "update", "string", "Only events of this update." },
  { "dataset", "string", "Only events of datasets or flows whose name matches this glob." },
  { "grep", "string", "Only events with this text in the message or the error." },
  { "last", "integer", "The number of past events that are sent first.", default = 10, min = 0,
    max = 1000 },
  { "cursor", "string", "Go on after the event with this id, like Last-Event-ID." },
}

local SESSION <const> = { version = "string", read_only = "boolean",
  profiles = { { ["profile?"] = "string", ["host?"] = "string", default = "boolean",
    embedded = "boolean" } } }

---@class tarn.OwnRoute
---@field name string    the operationId
---@field method string
---@field path string
---@field summary string
---@field handler fun(server: table, request: tarn.Request, params: table): tarn.Reply
---@field type? string   the type of the answer; default "application/json"
---@field returns? any   the schema of the answer: see engine.schema
---@field query? table[] arguments in the query, as in a script's header
---@field asks? boolean  true if the handler calls a workspace
---@field public? boolean true if no token is needed
---@field redirects? boolean true if the handler may redirect
---@field undescribed? boolean true if the description of the API leaves it out

--- All own routes.
---@type tarn.OwnRoute[]
M.list = {
  { name = "session", method = "GET", path = "/api/session", handler = session, returns = SESSION,
    summary = "Show the version, the workspaces that requests may name, and if it is read-only." },
  { name = "openapi", method = "GET", path = "/api/openapi.json", handler = openapi,
    returns = "object", summary = "Describe this API." },
  { name = "dashboard_stream", method = "GET", path = "/api/dlt/dashboard/stream",
    handler = dashboard_stream, query = { PROFILE }, asks = true, type = "text/event-stream",
    summary = "Send the whole dashboard each time that something in it changes." },
  { name = "events_stream", method = "GET", path = "/api/dlt/pipelines/{pipeline}/events/stream",
    handler = event_stream, query = FILTERS, asks = true, type = "text/event-stream",
    summary = "Send the newest events of a pipeline, then each new event." },
  { name = "live", method = "GET", path = "/api/dlt/pipelines/{pipeline}/live",
    handler = live_stream, query = { PROFILE }, asks = true, type = "text/event-stream",
    summary = "Send the whole state of a pipeline's newest update each time that it changes." },
  { name = "metrics", method = "GET", path = "/metrics", handler = scrape, type = metrics.type,
    summary = "Show counts of pipelines, runs, expectations and calls in OpenMetrics format." },
  { name = "login", method = "GET", path = "/login", handler = login, type = "text/html",
    query = { { "token", "string", "The token that the server printed." } }, redirects = true,
    public = true,
    summary = "Accept the token of the printed link, and set a cookie in its place." },
  { name = "healthz", method = "GET", path = "/healthz", type = "text/plain", public = true,
    handler = function() return plain "ok\n" end, summary = "Show that the server answers." },
  { name = "readyz", method = "GET", path = "/readyz", handler = ready, type = "text/plain",
    public = true, summary = "Show whether the server accepts new requests." },
  -- another protocol, with a description of its own: tools/list
  { name = "mcp", method = "POST", path = "/mcp", handler = mcp.post, undescribed = true,
    summary = "Take a message of the Model Context Protocol." },
  { name = "mcp_end", method = "DELETE", path = "/mcp", handler = mcp.delete, undescribed = true,
    summary = "End a session of the Model Context Protocol." },
}

return M
