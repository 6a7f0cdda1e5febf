--- `tarn serve`: serves the HTTP API and the page from one process.
--
-- Each request is a task of its own, which waits for the workspace. The routes come from the
-- scripts' headers (server.api). `Server:dispatch` decides first of all who may call.

local answers = require "server.answers"
local api = require "server.api"
local auth = require "server.auth"
local broadcast = require "server.broadcast"
local cache = require "server.cache"
local errors = require "server.errors"
local fault = require "base.fault"
local find = require "engine.find"
local log = require "server.log"
local metrics = require "server.metrics"
local native = require "native.server"
local openapi = require "server.openapi"
local querystring = require "base.querystring"
local reload = require "engine.reload"
local router = require "server.router"
local routes = require "server.routes"
local static = require "server.static"
local streams = require "server.streams"
local task = require "native.task"
local workspaces = require "server.workspaces"

local M = {}

local CACHE <const> = 5 -- seconds that an answer may be old
local MAX_STREAMS <const> = 512
local MAX_BODY <const> = 1 << 20    -- bytes
local MAX_DEPTH <const> = 32        -- levels of a JSON body
local MAX_HEADER <const> = 32 << 10 -- bytes of the request line and the header
local MAX_ANONYMOUS <const> = 512   -- connections of one address that have not shown the token
local HEADER_TIMEOUT <const> = 10   -- seconds in which a header must arrive
local REQUEST_TIMEOUT <const> = 60  -- seconds in which a body must arrive
local IDLE_TIMEOUT <const> = 75     -- seconds without data until a connection is closed
local REFRESH <const> = 1           -- seconds between two checks for changed scripts
local POLL <const> = 0.02           -- seconds between two looks whether requests have ended

local Server = {}
Server.__index = Server

local function key_of(request)
  return request.path .. "?" .. request.query
end

local function aged(reply, age)
  reply.headers.Age = ("%d"):format(age // 1 | 0)
  return reply
end

-- The answer in the cache. Only path and query decide about it, so the arguments are not read.
local function find_cached(self, route, request)
  local headers = request.headers
  if route.cached and not headers["cache-control"] and not streams.wanted(request) then
    local reply, age = self.cache:find(key_of(request))
    return reply and aged(reply, age)
  end
end

function Server:command(route, request, params)
  local cached = find_cached(self, route, request)
  if cached then
    return cached
  end
  local given
  if request.method == "POST" then
    auth.check_type(request)
    given = api.body(request)
  else
    given = querystring.parse(request.query)
  end
  -- A command that failed may have changed something as well, so the cache is cleared in any case.
  local function forget()
    if route.script.effect ~= "read" then
      self.cache:clear()
    end
  end
  if streams.wanted(request) then
    return streams.command(self, request, function(listener)
      local _ <close> = setmetatable({}, { __close = forget })
      return api.run(self, route, request, params, given, listener)
    end)
  end
  local function run()
    return answers.of(route, api.run(self, route, request, params, given))
  end
  if not route.cached then
    local _ <close> = setmetatable({}, { __close = forget })
    return run()
  end
  local fresh = (request.headers["cache-control"] or ""):find("no-cache", 1, true) ~= nil
  return aged(self.cache:get(key_of(request), function() return answers.keep(run()) end, fresh))
end

local function method_not_allowed(allowed)
  local list = {}
  for _, name in ipairs(allowed) do
    list[#list + 1] = name
    list[#list + 1] = name == "GET" and "HEAD" or nil
  end
  local methods = table.concat(list, ", ")
  errors.refuse(405, "METHOD_NOT_ALLOWED", "this path allows other methods: " .. methods, nil,
    { headers = { Allow = methods } })
end

-- Load the scripts that have changed.
function Server:refresh()
  local now = task.now()
  if #find.roots == 0 or now < self.refreshed + REFRESH then
    return
  end
  self.refreshed = now
  reload.refresh(self.warn)
  self:take_routes()
end

function Server:dispatch(request)
  self:refresh()
  local method = request.method == "HEAD" and "GET" or request.method
  if not auth.public[request.path] then
    auth.check_origin(self, request)
    if request.path ~= "/login" then
      auth.check_token(request)
    end
  end
  local route, params = self.router:find(method, request.path)
  if route then
    request.route = route.path
    if route.script then
      return self:command(route, request, params)
    end
    return route.handler(self, request, params)
  elseif params then
    method_not_allowed(params)
  elseif method ~= "GET" then
    errors.refuse(404, "NOT_FOUND", "there is no such path")
  end
  local reply = not request.path:find "^/api/" and static.reply(request.path)
  if not reply then
    errors.refuse(404, "NOT_FOUND", "there is no such path", "/api/openapi.json lists all paths")
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
    reply = answers.failed(reply, request)
  end
  reply = answers.finish(reply, request)
  self.metrics:count(request.route or "other", request.method, reply.status or 200,
    task.now() - began)
  if self.log then
    local size = not reply.stream and #(reply.body or "") or nil
    self.log(log.line(request, reply.status or 200, size, task.now() - began, request.id,
      task.time()))
  end
  return reply
end

-- Make the routes anew if a script has changed.
function Server:take_routes()
  local commands = api.routes(self.warn_once)
  local same = self.commands and #commands == #self.commands
  for i, route in ipairs(commands) do
    same = same and self.commands[i].script == route.script
  end
  if same then
    return
  end
  self.commands, self.router = commands, router.new()
  self.document = openapi.document(commands, routes.list)
  for _, list in ipairs { commands, routes.list } do
    for _, route in ipairs(list) do
      self.router:add(route.method, route.path, route)
    end
  end
end

--- The URL of the address that the server listens on.
---@return string
function Server:url()
  local host = self.bind:find(":", 1, true) and "[" .. self.bind .. "]" or self.bind
  return ("%s://%s:%d"):format(self.scheme, host, self.native.port)
end

--- Print the link that opens the page on stderr. This is the only place that shows the token. A
-- token in a file is not shown: its users can read the file, and stderr may be a log.
function Server:reveal()
  local link = ("open %s/login?token="):format(self.public or self:url())
  if self.token_file then
    io.stderr:write(link, "... with the token in ", self.token_file, "\n")
  else
    self.token:reveal(link)
  end
end

--- Serve until the program is asked to end (Ctrl-C, SIGTERM). Then streams are ended, and running
-- requests have `seconds` to finish.
---@param seconds number
function Server:wait(seconds)
  task.wait_for_stop()
  self.stopping = true
  self.native:drain()
  self.broadcast:close()
  local due = task.now() + seconds
  repeat
    local _, active = self.native:stats()
    if active == 0 then
      break
    end
    task.sleep(POLL)
  until task.now() > due
end

function Server:close()
  self.native:close()
end
Server.__close = Server.close

---@class tarn.ServeOptions
---@field port? integer       0, the default, chooses a free port
---@field bind? string        the address to listen on; default 127.0.0.1
---@field token_file? string  file with the token; written with a new token if it is missing
---@field certificate? string PEM file; with `key`: TLS
---@field key? string         PEM file
---@field public? string      the URL by which clients reach the server, behind a proxy
---@field profile? string     the workspace of requests that name none
---@field profiles? string[]  further profiles that requests may name
---@field all_profiles? boolean requests may name any profile
---@field allow_private_hosts? boolean `dest_host` may be in a private network, or on this machine
---@field cache? number       seconds that a cached answer may be old; default 5
---@field options? table      the options that every command takes
---@field mcp_allow? string   what tools of /mcp may do: "read" (the default), "write", "destroy"
---@field log? fun(line: string) gets each line of the access log

--- Start the server.
---@param opts tarn.ServeOptions
---@return table server to be closed, as a <close> variable
function M.start(opts)
  local options = opts.options or {}
  local self = setmetatable({ options = options, bind = opts.bind or "127.0.0.1",
    scheme = opts.certificate and "https" or "http", public = opts.public,
    broadcast = broadcast.new(), cache = cache.new(opts.cache or CACHE), refreshed = task.now(),
    mcp_allow = opts.mcp_allow,
    allow_private_hosts = opts.allow_private_hosts or false, metrics = metrics.new(),
    max_streams = MAX_STREAMS, note = answers.note,
    warn = function(text) io.stderr:write("tarn: ", text, "\n") end,
    token = native.token { file = opts.token_file }, token_file = opts.token_file,
    log = opts.log }, Server)
  self.secure = self.scheme == "https" or (opts.public or ""):find "^https:" ~= nil
  self.workspaces = workspaces.new { default = opts.profile, profiles = opts.profiles,
    all = opts.all_profiles, options = options }
  local told = {}
  self.warn_once = function(text)
    if not told[text] then
      told[text] = true
      self.warn(text)
    end
  end
  reload.install(self.warn)
  reload.refresh(self.warn)
  self:take_routes()
  self.native = native.listen({ port = opts.port or 0, host = self.bind, token = self.token,
    secrets = { "dest_token" }, max_body = MAX_BODY, max_depth = MAX_DEPTH,
    max_header = MAX_HEADER, max_per_address = MAX_ANONYMOUS, header_timeout = HEADER_TIMEOUT,
    request_timeout = REQUEST_TIMEOUT, timeout = IDLE_TIMEOUT, certificate = opts.certificate,
    key = opts.key },
    function(request) return self:answer(request) end)
  self.guards = auth.guards(self.scheme, self.bind, self.native.port, opts.public)
  return self
end

return M
