--- `tarn serve`: the HTTP API and the page, by one small process.
--
-- Each request is a task of its own, and what it asks of a workspace is waited for there. What
-- a route is comes from the scripts' headers (tarn.serve.api); who may call is decided here,
-- before anything else is looked at.

local api = require "tarn.serve.api"
local auth = require "tarn.serve.auth"
local errors = require "tarn.serve.errors"
local fault = require "tarn.fault"
local hub = require "tarn.serve.hub"
local json = require "native.json"
local log = require "tarn.serve.log"
local native = require "native.server"
local openapi = require "tarn.serve.openapi"
local router = require "tarn.serve.router"
local routes = require "tarn.serve.routes"
local static = require "tarn.serve.static"
local streams = require "tarn.serve.streams"
local task = require "native.task"
local workspaces = require "tarn.serve.workspaces"

local M = {}

local MAX_STREAMS <const> = 512
local MAX_BODY <const> = 1 << 20
local MAX_HEADER <const> = 64 << 10 -- of memory for a connection, its header included

local Server = {}
Server.__index = Server

-- On every answer. Nothing here is for another page to frame, to embed or to read.
local COMMON <const> = {
  ["Content-Security-Policy"] = static.policy, ["X-Content-Type-Options"] = "nosniff",
  ["X-Frame-Options"] = "DENY", ["Referrer-Policy"] = "no-referrer",
  ["Cross-Origin-Opener-Policy"] = "same-origin",
  ["Cross-Origin-Resource-Policy"] = "same-origin",
}

-- A header is one line of printable ASCII.
local function one_line(text)
  return (text:gsub("[^\x20-\x7e]+", " "))
end

local function result_headers(result)
  local headers = { ["Content-Type"] = "application/json", ["Cache-Control"] = "no-store" }
  headers["X-Tarn-Outcome"] = result.outcome ~= "done" and result.outcome or nil
  headers["X-Tarn-Partial"] = result.partial and "true" or nil
  headers["X-Tarn-Warning"] = result.warnings[1]
    and one_line(table.concat(result.warnings, "; ")):sub(1, 1000) or nil
  return headers
end

-- Say on stderr what is a mistake of the program's.
local function note(f, request)
  if f.kind == "bug" then
    io.stderr:write(("tarn: %s: %s\n"):format(request.id, f.traceback or f.message))
  end
end

function Server:command(route, request, params)
  local given
  if request.method == "POST" then
    auth.check_type(request)
    given = api.body(request)
  else
    given = router.query(request.query)
  end
  if streams.wanted(request) then
    return streams.command(self, request, function(listener)
      return api.run(self, route, request, params, given, listener)
    end)
  end
  local result = api.run(self, route, request, params, given)
  local body = json.encode(result.data)
  return { status = result.status, headers = result_headers(result), body = body,
    etag = route.method == "GET" and result.status == 200 and native.digest(body) or nil }
end

local function method_not_allowed(allowed)
  local list = {}
  for _, name in ipairs(allowed) do
    list[#list + 1] = name
    list[#list + 1] = name == "GET" and "HEAD" or nil
  end
  errors.refuse(405, "METHOD_NOT_ALLOWED", "that path has other methods", nil,
    { headers = { Allow = table.concat(list, ", ") } })
end

function Server:dispatch(request)
  local method = request.method == "HEAD" and "GET" or request.method
  if not auth.public[request.path] then
    auth.check_origin(self, request)
    if request.path ~= "/login" then
      auth.check_token(request)
    end
  end
  local route, params = self.router:find(method, request.path)
  if route then
    return route.script and self:command(route, request, params) or route.handler(self, request, params)
  elseif params then
    method_not_allowed(params)
  elseif method ~= "GET" then
    errors.refuse(404, "NOT_FOUND", "there is no such path")
  end
  local reply = not request.path:find "^/api/" and static.reply(request.path)
  if not reply then
    errors.refuse(404, "NOT_FOUND", "there is no such path", "/api/openapi.json has them all")
  end
  return reply
end

-- A page for a person who came without the token.
local function wants_page(request)
  return request.method == "GET" and not request.path:find "^/api/"
    and (request.headers.accept or ""):find("text/html", 1, true) ~= nil
end

local function page_of(f)
  local text = f.message:gsub("[<>&]", { ["<"] = "&lt;", [">"] = "&gt;", ["&"] = "&amp;" })
  return ('<!doctype html><html lang="en"><meta charset="utf-8"><title>Tarn</title>'
    .. "<h1>Tarn</h1><p>%s.<p>%s.</html>\n"):format(text, f.hint or "")
end

local function failed(f, request)
  note(f, request)
  local reply = errors.reply(f, request.id)
  if f.refusal == 401 and wants_page(request) then
    reply.body, reply.headers["Content-Type"] = page_of(f), "text/html; charset=utf-8"
  end
  return reply
end

-- The client has it already: no body.
local function not_modified(request, etag)
  local known = request.headers["if-none-match"]
  return known and (known == "*" or known:find(etag, 1, true) ~= nil)
end

local function finish(reply, request)
  reply.headers = reply.headers or {}
  for name, value in pairs(COMMON) do
    reply.headers[name] = value
  end
  reply.headers["X-Request-Id"] = request.id
  if reply.etag then
    local etag = ('W/"%s"'):format(reply.etag)
    reply.headers.ETag, reply.etag = etag, nil
    if reply.headers["Cache-Control"] == "no-store" then
      reply.headers["Cache-Control"] = "private, no-cache"
    end
    if not_modified(request, etag) then
      reply.status, reply.body, reply.headers["Content-Type"] = 304, nil, nil
    end
  end
  return reply
end

local function request_id(request)
  local given = request.headers["x-request-id"]
  if given and #given <= 64 and given:find "^[%w_.-]+$" then
    return given
  end
  return ("%016x"):format(math.random(0))
end

--- The reply to one request.
---@param request tarn.Request
---@return tarn.Reply
function Server:answer(request)
  local began = task.now()
  request.id = request_id(request)
  local ok, reply = fault.call(self.dispatch, self, request)
  if not ok and reply.kind == "cancelled" then
    error(reply, 0)
  elseif not ok then
    reply = failed(reply, request)
  end
  reply = finish(reply, request)
  local size = not reply.stream and #(reply.body or "") or nil
  self:log(log.line(request, reply.status or 200, size, task.now() - began, request.id,
    task.time()))
  return reply
end

local function routes_of(self)
  local commands = api.routes()
  self.router, self.document = router.new(), openapi.document(commands, routes.list)
  for _, route in ipairs(commands) do
    self.router:add(route.method, route.path, route)
  end
  for _, route in ipairs(routes.list) do
    self.router:add(route.method, route.path, route)
  end
end

--- Where it listens.
---@return string
function Server:url()
  local host = self.bind:find(":", 1, true) and "[" .. self.bind .. "]" or self.bind
  return ("%s://%s:%d"):format(self.scheme, host, self.native.port)
end

--- The link that opens the page, on stderr: the only place where the token is shown.
function Server:reveal()
  self.token:reveal(("open %s/login?token="):format(self.public or self:url()))
end

--- Serve until somebody asks the program to end; then what runs is finished, for at most
-- `seconds`, and streams are ended.
---@param seconds number
function Server:wait(seconds)
  task.wait_for_stop()
  self.stopping = true
  self.native:drain()
  self.hub:close()
  local due = task.now() + seconds
  repeat
    local _, active = self.native:stats()
    if active == 0 then
      break
    end
    task.sleep(0.02)
  until task.now() > due
end

function Server:close()
  self.native:close()
end
Server.__close = Server.close

---@class tarn.ServeOptions
---@field port? integer       0, the default, takes a free one
---@field bind? string        default 127.0.0.1
---@field token_file? string  holds the token, or gets a new one
---@field certificate? string PEM file; with `key`: TLS
---@field key? string
---@field public? string      the URL under which others see the server
---@field profile? string     the workspace that is meant where none is named
---@field profiles? string[]  more that may be named
---@field all_profiles? boolean
---@field options? table      options of the command line that every command takes
---@field log? fun(line: string)

--- Start serving.
---@param opts tarn.ServeOptions
---@return table server
function M.start(opts)
  local options = opts.options or {}
  local self = setmetatable({ options = options, bind = opts.bind or "127.0.0.1",
    scheme = opts.certificate and "https" or "http", public = opts.public,
    hub = hub.new(), max_streams = MAX_STREAMS, note = note,
    token = native.token { file = opts.token_file },
    log = function(_, line) (opts.log or function() end)(line) end }, Server)
  self.secure = self.scheme == "https" or (opts.public or ""):find "^https:" ~= nil
  self.workspaces = workspaces.new { default = opts.profile, profiles = opts.profiles,
    all = opts.all_profiles, connect = { jobs = options.jobs, rate = options.rate,
      timeout = options.timeout } }
  routes_of(self)
  self.native = native.listen({ port = opts.port or 0, host = self.bind, token = self.token,
    secrets = { "dest_token" }, max_body = MAX_BODY, max_header = MAX_HEADER,
    request_timeout = 60, timeout = 75, certificate = opts.certificate, key = opts.key },
    function(request) return self:answer(request) end)
  self.guards = auth.guards(self.scheme, self.bind, self.native.port, opts.public)
  return self
end

return M
