--- An embedded workspace for a test, plain HTTP to it, and commands run against it.
--
--   local w <close> = testing.workspace { scenario = "demo" }
--   local status, body = w:call("GET", "/api/2.0/pipelines")
--   local rows, exit = w:command("list", { filter = "sales*" })
--
-- Under `tarn test` the profile `demo`, and no profile, mean the newest workspace that is open;
-- `demo-dr` means its second workspace.

local http = require "native.http"
local json = require "native.json"
local server = require "sandbox.server"

local M = {}

local Fixture = {}
Fixture.__index = Fixture

local open = {} -- the newest last

--- Start a server; by default empty, and in memory.
---@param opts? sandbox.Options
function M.start(opts)
  local all = { scenario = "empty", state = false }
  for key, value in pairs(opts or {}) do
    all[key] = value
  end
  local started = server.start(all)
  local fixture = setmetatable({ server = started, clock = started.clock, url = started:url(),
    w = started.workspaces[1], dr = started.workspaces[2], names = {} }, Fixture)
  open[#open + 1] = fixture
  return fixture
end

function Fixture:close()
  for i = #open, 1, -1 do
    if open[i] == self then
      table.remove(open, i)
    end
  end
  self.server:close()
end
Fixture.__close = Fixture.close

local TOKENS <const> = { demo = "demo-token", ["demo-dr"] = "demo-dr-token" }

--- Let a profile name mean this workspace, or with "demo-dr" its second one.
---@param profile string
---@param side? "demo"|"demo-dr"
function Fixture:as(profile, side)
  self.names[profile] = TOKENS[side or "demo"]
end

--- Run a command as `tarn NAME` would; returns its data, iterators as lists, and its exit status.
---@param name string
---@param arg? table arguments by name
---@param options? table options that every command takes
function Fixture:command(name, arg, options)
  local opts = options or {}
  local client <close> = M.client(self, { timeout = opts.timeout, jobs = opts.jobs,
    rate = opts.rate })
  return require("testing.fake").run(name, arg or {}, client, options)
end

--- Set the rules of faults, as in a file of `tarn sandbox --faults`; nil: no faults.
---@param rules? table[]
function Fixture:faults(rules)
  self.server.faults = require("sandbox.http.faults").new(rules)
end

--- Let a function answer all requests: it gets each request, and a function that returns the
-- workspace's own reply. nil: the workspace answers again.
---@param f? fun(request: table, answer: fun(): table): table
function Fixture:intercept(f)
  local started = self.server
  local plain = getmetatable(started).__index.answer
  started.answer = f and function(_, request)
    return f(request, function() return plain(started, request) end)
  end or nil
end

--- A client of the embedded workspace that a profile means to the tests; nil for other profiles.
-- If no workspace is open, a new one with the scenario `demo` is started.
---@param profile string
---@return tarn.WorkspaceClient?
function M.open(profile)
  for i = #open, 1, -1 do
    local token = open[i].names[profile]
    if token then
      return M.client(open[i], nil, token, profile)
    end
  end
  if TOKENS[profile] then
    local w = open[#open] or M.start { scenario = "demo" }
    return M.client(w, nil, TOKENS[profile], profile)
  end
end

--- Close all workspaces that are still open.
function M.close_all()
  while open[1] do
    open[1]:close()
  end
end

--- One request. `opts`: `token` (default "demo-token"; false: none), `headers`, `text` (the body as
-- it is). Returns the status, the decoded body (text if it is not JSON) and the headers.
---@param method string
---@param path string
---@param body? table encoded as JSON
---@param opts? table
function Fixture:call(method, path, body, opts)
  opts = opts or {}
  local headers = { ["Content-Type"] = "application/json" }
  if opts.token ~= false then
    headers.Authorization = "Bearer " .. (opts.token or "demo-token")
  end
  for name, value in pairs(opts.headers or {}) do
    headers[name] = value
  end
  local response = http.request(method, self.url .. path, {
    headers = headers, body = opts.text or body and json.encode(body), retry = false,
  })
  local ok, value = pcall(json.decode, response.body)
  return response.status, ok and value or response.body, response.headers
end

--- The body of a request that must succeed.
function Fixture:ok(method, path, body, opts)
  local status, answer = self:call(method, path, body, opts)
  if status ~= 200 then
    error(("%s %s: %d %s"):format(method, path, status,
      type(answer) == "table" and json.encode(answer) or tostring(answer)), 2)
  end
  return answer
end

--- A client of an embedded workspace.
---@param w table what `start` returned
---@param opts? table options of native.databricks.connect
---@param token? string default: demo-token
---@param profile? string the name of its profile; default: demo
---@return tarn.WorkspaceClient
function M.client(w, opts, token, profile)
  local databricks = require "native.databricks"
  local connect = { host = w.url,
    credential = databricks.credential { token = token or "demo-token" } }
  for key, value in pairs(opts or {}) do
    connect[key] = value
  end
  return require("tarn.workspace").wrap(databricks.connect(connect), profile or "demo")
end

M.SOURCE = [[
-- Databricks notebook source
CREATE OR REFRESH STREAMING TABLE bronze AS SELECT * FROM STREAM read_files('/Volumes/a/b');
CREATE OR REFRESH STREAMING TABLE silver (
  CONSTRAINT valid_id EXPECT (id IS NOT NULL) ON VIOLATION DROP ROW
) AS SELECT * FROM STREAM(bronze);
CREATE MATERIALIZED VIEW gold AS SELECT * FROM silver;
]]

--- Create a pipeline with code that runs; returns its id. `spec` adds or replaces fields.
---@param spec? table
function Fixture:pipeline(spec)
  self:ok("POST", "/api/2.0/workspace/import", {
    path = "/Shared/etl", format = "SOURCE", language = "SQL", overwrite = true,
    content = http.base64_encode(M.SOURCE),
  })
  local body = {
    name = "p", catalog = "main", schema = "s", serverless = true, development = true,
    libraries = { { notebook = { path = "/Shared/etl" } } },
  }
  for key, value in pairs(spec or {}) do
    body[key] = value
  end
  return self:ok("POST", "/api/2.0/pipelines", body).pipeline_id
end

--- Start an update of a pipeline; returns its id.
function Fixture:run(id, body)
  return self:ok("POST", "/api/2.0/pipelines/" .. id .. "/updates", body or {}).update_id
end

--- Start an update of a pipeline, and move the clock until it is over; returns its id.
function Fixture:complete(id, body)
  local update_id = self:run(id, body)
  self.clock:advance(90000)
  return update_id
end

--- The text of a config file whose profiles use this workspace.
---@param tokens table<string, string> the token of each profile: "demo-token", "demo-dr-token"
---@return string
function Fixture:config(tokens)
  local profiles = {}
  for name, token in pairs(tokens) do
    profiles[#profiles + 1] = ("[%s]\nhost = %s\ntoken = %s\n"):format(name, self.url, token)
  end
  table.sort(profiles)
  return table.concat(profiles)
end

--- The environment in which the program uses this workspace.
---@param more? table<string, string|false> further variables
---@return table<string, string|false>
function Fixture:env(more)
  return require("testing.program").env(self.url, more)
end

--- All items of a listing, and the number of pages.
---@param path string with "?"
---@param field string
function Fixture:all(path, field)
  local items, pages, token = {}, 0, nil
  repeat
    local page = self:ok("GET", path .. (token and "&page_token=" .. http.escape(token) or ""))
    for _, item in ipairs(page[field] or {}) do
      items[#items + 1] = item
    end
    pages, token = pages + 1, page.next_page_token
  until not token or token == ""
  return items, pages
end

return M
