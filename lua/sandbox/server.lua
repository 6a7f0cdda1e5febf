--- The embedded workspace: a stand-in for Databricks on our own HTTP server and SQLite.
--
-- One server answers for two workspaces; the bearer token chooses one of them. The server shares
-- no code with the client: a mistake in shared code would not be noticed by either side.

local native = require "native.server"
local task = require "native.task"
local json = require "native.json"
local auth = require "sandbox.identity.auth"
local clock = require "sandbox.clock"
local clusters = require "sandbox.compute.clusters"
local errors = require "sandbox.http.errors"
local faults = require "sandbox.http.faults"
local incoming = require "sandbox.http.incoming"
local people = require "sandbox.identity.people"
local reply = require "sandbox.http.reply"
local router = require "sandbox.http.router"
local runs = require "sandbox.jobs.runs"
local scenarios = require "sandbox.scenarios"
local store = require "sandbox.store"
local tables = require "sandbox.tables"

local M = {}

local MAX_BODY <const> = 64 << 20 -- a workspace file of 10 MB in base64, and statements of 16 MiB

local RUN_MS <const> = 4000 -- how long an update takes that a request starts

local Workspace = {}
Workspace.__index = Workspace

--- Run `f()` in a transaction; see sandbox.store.
function Workspace:write(f)
  return self.store:write(f)
end

--- A number that differs after any write; see sandbox.store.
function Workspace:version()
  return self.store:version()
end

--- True if Unity Catalog has a catalog of that name.
function Workspace:has_catalog(name)
  return self.db:find_row("SELECT 1 AS yes FROM catalogs WHERE name = ?", { name }) ~= nil
end

local function open_workspace(who, opts, dir, parts, time)
  local w = tables.merged({
    principal = who.people[1], clock = time, cache = {}, run_ms = opts.run_ms or RUN_MS,
    node_types = clusters.node_types(who.cloud), org_text = ("%d"):format(who.org_id),
  }, who)
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

function Server:dispatch(request)
  local route, params = self.router:find(request.method, request.path)
  if not route then
    if request.path:find "^/+api/" then
      auth.check(self, request.headers)
    end
    not_found(request.method, request.path)
  end
  local w, principal = self, nil
  if not route.public then
    w, principal = auth.check(self, request.headers)
    request.w = w
    incoming.check_workspace(w, request)
    runs.advance(w)
  end
  return route.handler(w, {
    method = request.method,
    path = request.path,
    params = params,
    query = incoming.query(route, request),
    body = incoming.body(route, request),
    headers = request.headers,
    principal = principal,
    server = self,
  })
end

-- SQLite's errors about the file of a workspace's state, and not about a statement.
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

-- A refusal is a reply that was raised. Another error is a failure of the disk, or a bug of the
-- embedded workspace.
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

-- The reply to a request before faults change it; sets `request.w` to the request's workspace.
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

-- Only one process fills a new workspace: the first one that gets the write lock.
function Server:fill(scenario, parts)
  for side, w in ipairs(self.workspaces) do
    if not w.store:find_meta "scenario" then
      w:write(function()
        scenarios.fill(w, side, scenario, parts)
      end)
    end
  end
end

--- Address of the server, without a trailing slash; for a request, the address that its client
-- knows.
---@param req? table
---@return string
function Server:url(req)
  local host = req and req.headers.host
  return host and "http://" .. host or ("http://127.0.0.1:%d"):format(self.port)
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
---@field latency? number   ms by which every answer is delayed
---@field faults? table[]   rules; see sandbox.http.faults
---@field state? string|false directory that keeps the state; false: memory; nil: for `demo` the
--- user's state directory where there is one, else memory
---@field run_ms? integer   how long an update takes from start to end; default 4000
---@field token_ttl? integer seconds for which an OAuth token is valid; default 3600
---@field strict? boolean   refuse what the documentation forbids and the real server lets pass

local OPTIONS <const> = {
  port = true, scenario = true, latency = true, faults = true, state = true, run_ms = true,
  token_ttl = true, strict = true,
}

local function with_defaults(opts)
  for key in pairs(opts or {}) do
    if not OPTIONS[key] then
      error(("unknown option '%s'"):format(tostring(key)), 3)
    end
  end
  return tables.merged({ scenario = "demo" }, opts or {})
end

-- The directory that keeps the state; nil: memory. A state directory that cannot be written to is
-- not used.
local function state_dir(opts)
  if opts.state ~= nil then
    return opts.state or nil
  end
  local dir = opts.scenario == "demo" and store.find_home() or nil
  if dir and not store.is_usable(dir) then
    io.stderr:write(("sandbox: cannot write to %s: the state is kept in memory only\n"):format(dir))
    return nil
  end
  return dir
end

--- Start an embedded workspace in this process.
---@param opts? sandbox.Options
function M.start(opts)
  opts = with_defaults(opts)
  local scenario = scenarios.find(opts.scenario)
    or error(("'%s' is not a scenario: use demo, empty, large:N or large:N,M,E")
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
  local latency = (opts.latency or 0) / 1000
  server.listener = native.listen({ port = opts.port or 0, max_body = MAX_BODY }, function(request)
    if latency > 0 then
      task.sleep(latency)
    end
    return server:answer(request)
  end)
  server.port = server.listener.port
  return server
end

return M
