--- The embedded workspace: a stand-in for Databricks on our own HTTP server and SQLite.
--
-- One server answers for two workspaces; the bearer token says which. It shares no code
-- with the client, so that a mistake cannot cancel itself out.

local native = require "native.server"
local task = require "native.task"
local json = require "native.json"
local auth = require "sandbox.identity.auth"
local clock = require "sandbox.clock"
local compute = require "sandbox.scenarios.compute"
local errors = require "sandbox.http.errors"
local faults = require "sandbox.http.faults"
local people = require "sandbox.identity.people"
local reply = require "sandbox.http.reply"
local router = require "sandbox.http.router"
local scenarios = require "sandbox.scenarios"
local store = require "sandbox.store"

local M = {}

local MAX_BODY <const> = 64 << 20 -- a workspace file of 10 MB in base64, and statements of 16 MiB

local RUN_MS <const> = 4000 -- a run that somebody starts is over in that time

local Workspace = {}
Workspace.__index = Workspace

--- Run `f()` in a transaction; see sandbox.store.
function Workspace:write(f)
  return self.store:write(f)
end

--- Another number after any write; see sandbox.store.
function Workspace:version()
  return self.store:version()
end

--- True if Unity Catalog has a catalog of that name.
function Workspace:has_catalog(name)
  return self.db:find_row("SELECT 1 AS yes FROM catalogs WHERE name = ?", { name }) ~= nil
end

local function open_workspace(who, opts, dir, parts, time)
  local w = {
    principal = who.people[1], clock = time, cache = {}, run_ms = opts.run_ms or RUN_MS,
    node_types = compute.node_types(who.cloud), org_text = ("%d"):format(who.org_id),
  }
  for key, value in pairs(who) do
    w[key] = value
  end
  w.store = store.open(dir, ("%s-%s"):format(who.name, opts.scenario:gsub("%W", "_")), parts)
  w.db = w.store.db
  return setmetatable(w, Workspace)
end

local Server = {}
Server.__index = Server

local function not_found(method, path)
  local short = path:gsub("^/+api/%d+%.%d+", "")
  errors.raise(404, "ENDPOINT_NOT_FOUND", ("No API found for '%s %s'"):format(method, short))
end

local function decoded_body(route, request)
  if route.raw or request.body == "" then
    return request.body
  end
  return errors.decode(request.body)
end

function Server:dispatch(request)
  local route, params = self.router:find(request.method, request.path)
  if not route then
    if request.path:find "^/+api/" then
      auth.check(self, request.headers)
    end
    not_found(request.method, request.path)
  end
  local body = decoded_body(route, request)
  local w, principal = self, nil
  if not route.public then
    w, principal = auth.check(self, request.headers)
    request.w = w
  end
  return route.handler(w, {
    method = request.method,
    path = request.path,
    params = params,
    query = router.query(request.query),
    body = body,
    headers = request.headers,
    principal = principal,
    server = self,
  })
end

-- What SQLite says of the file of a workspace's state, and not of a statement.
local OF_THE_FILE <const> = { "IOERR", "FULL", "CORRUPT", "NOTADB", "CANTOPEN", "READONLY" }

local function is_of_file(e)
  local code = type(e) == "table" and tostring(e.code):match "^SQLITE_(%u+)"
  for _, name in ipairs(OF_THE_FILE) do
    if code == name then
      return true
    end
  end
  return false
end

-- A refusal is a reply that was raised. Else the disk has failed, or it is a bug in here.
local function as_reply(e)
  if reply.is(e) then
    return e
  end
  local words = is_of_file(e) and ("%s\nhint: %s"):format(e.message, e.hint)
    or debug.traceback(tostring(e), 2)
  io.stderr:write("sandbox: ", words, "\n")
  return errors.standard(500, "INTERNAL_ERROR", "The embedded workspace failed: " .. tostring(e))
end

local function workspace_of(server, request)
  local token = (request.headers.authorization or ""):match "(%S+)$"
  for _, w in ipairs(server.workspaces) do
    if token == w.token or token == w.viewer_token then
      return w
    end
  end
end

-- The true reply to a request; sets `request.w` to the workspace that it was for.
function Server:plain_answer(request)
  faults.restore(request)
  local _, result = xpcall(self.dispatch, as_reply, self, request)
  if not reply.is(result) then
    result = reply.json(json.encode(result or {}))
  end
  return result
end

--- The reply to one request, with the headers that every answer has.
---@param request tarn.Request
---@return tarn.Reply
function Server:answer(request)
  self.requests = self.requests + 1
  local chosen = workspace_of(self, request)
  local found, rule = xpcall(self.faults.find, as_reply, self.faults, request,
    chosen and chosen.name)
  local result
  if not found then
    result = rule
  elseif rule then
    result = faults.apply(rule, request, function(same)
      return self:plain_answer(same)
    end)
  else
    result = self:plain_answer(request)
  end
  local w = request.w or chosen or self.workspaces[1]
  local headers = result.headers or {}
  headers["Content-Type"] = headers["Content-Type"] or "application/json"
  headers["X-Databricks-Org-Id"] = w.org_text
  headers["X-Request-Id"] = ("%s-%012x"):format(self.request_prefix, self.requests)
  result.headers = headers
  return result
end

local function load_parts()
  local parts = {}
  for i, name in ipairs(require "sandbox.parts") do
    parts[i] = require(name)
  end
  return parts
end

function Server:add_routes(parts)
  for _, part in ipairs(parts) do
    for _, route in ipairs(part.routes or {}) do
      self.router:add(table.unpack(route))
    end
  end
end

-- Only one process fills a new workspace: the first that gets the write lock.
function Server:fill(scenario, parts)
  for side, w in ipairs(self.workspaces) do
    if not w.store:find_meta "scenario" then
      w:write(function()
        scenarios.fill(w, side, scenario, parts)
      end)
    end
  end
end

--- Address of the server, without a trailing slash.
---@return string
function Server:url()
  return ("http://127.0.0.1:%d"):format(self.port)
end

--- Serve until the task is cancelled.
function Server:wait()
  while self.listener do
    task.park()
  end
end

--- Stop listening and close the state.
function Server:close()
  if not self.listener then
    return
  end
  self.listener:close()
  self.listener = nil
  for _, w in ipairs(self.workspaces) do
    w.store:close()
  end
end
Server.__close = Server.close

---@class sandbox.Options
---@field port? integer     0 takes a free one
---@field scenario? string  "demo" (default), "empty", "large:N", "large:N,M,E"
---@field latency? number   ms that every answer is late
---@field faults? table[]   rules; see sandbox.http.faults
---@field state? string|false directory that keeps the state; false: memory; nil: the user's
--- own for `demo`, if there is one, and memory for all others
---@field run_ms? integer   how long an update takes from start to end; default 4000
---@field token_ttl? integer seconds that an OAuth token lives; default 3600
---@field strict? boolean   refuse what the documentation forbids and the real server lets pass

local OPTIONS <const> = {
  port = true, scenario = true, latency = true, faults = true, state = true, run_ms = true,
  token_ttl = true, strict = true,
}

local function with_defaults(opts)
  local all = { scenario = "demo" }
  for key, value in pairs(opts or {}) do
    if not OPTIONS[key] then
      error(("unknown option '%s'"):format(tostring(key)), 3)
    end
    all[key] = value
  end
  return all
end

-- Where the state is kept; nil for memory. A home that cannot be written to is none.
local function state_dir(opts)
  if opts.state ~= nil then
    return opts.state or nil
  end
  local dir = opts.scenario == "demo" and store.find_home() or nil
  if dir and not store.is_usable(dir) then
    io.stderr:write(("sandbox: %s cannot be written to: the state will be forgotten\n"):format(dir))
    return nil
  end
  return dir
end

--- Start an embedded workspace in this process.
---@param opts? sandbox.Options
function M.start(opts)
  opts = with_defaults(opts)
  local scenario = scenarios.find(opts.scenario)
    or error(("'%s' is no scenario: use demo, empty, large:N or large:N,M,E")
      :format(opts.scenario), 2)
  local parts = load_parts()
  local server = setmetatable({
    workspaces = {},
    clock = clock.new(),
    router = router.new(),
    strict = opts.strict or false,
    token_ttl = opts.token_ttl,
    faults = faults.new(opts.faults),
    requests = 0,
    request_prefix = ("%08x-0000-4000-8000"):format(math.random(0, 0xffffffff)),
  }, Server)
  local dir = state_dir(opts)
  for i, who in ipairs(people.workspaces) do
    server.workspaces[i] = open_workspace(who, opts, dir, parts, server.clock)
  end
  server:add_routes(parts)
  server:fill(scenario, parts)
  local late = (opts.latency or 0) / 1000
  server.listener = native.listen({ port = opts.port or 0, max_body = MAX_BODY }, function(request)
    if late > 0 then
      task.sleep(late)
    end
    return server:answer(request)
  end)
  server.port = server.listener.port
  return server
end

return M
