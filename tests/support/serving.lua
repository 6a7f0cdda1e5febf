--- A server of the API for a test, in this process and over the test's workspaces, with a client.
--
--     local s <close> = serving.start()         -- serving.demo() has the demo workspaces, too
--     local r = s:ask("GET", "/api/session")    -- { status, headers, body, data }

local fs = require "native.fs"
local http = require "native.http"
local json = require "native.json"
local serve = require "server.start"
local workspace = require "testing.workspace"

local M = {}

--- The token of every server that is started here.
M.token = "token-of-the-test-0123456789"

local Fixture = {}
Fixture.__index = Fixture

--- Start a server. Its default workspace is `demo`; requests may also name `demo-dr`.
---@param opts? tarn.ServeOptions
function M.start(opts)
  local dir = fs.mktemp()
  fs.write(dir .. "/token", M.token .. "\n", { mode = 384 })
  local lines = {}
  local all = { profile = "demo", profiles = { "demo-dr" }, token_file = dir .. "/token",
    options = { jobs = 8 }, log = function(line) lines[#lines + 1] = line end }
  for key, value in pairs(opts or {}) do
    all[key] = value
  end
  local server = serve.start(all)
  return setmetatable({ server = server, url = server:url(), lines = lines, dir = dir }, Fixture)
end

--- Start a server over the workspaces of the demo, which are in its field `w`.
---@param opts? tarn.ServeOptions
---@param run_ms? integer milliseconds that an update takes
function M.demo(opts, run_ms)
  local w = workspace.start { scenario = "demo", run_ms = run_ms }
  local fixture = M.start(opts)
  fixture.w = w
  return fixture
end

function Fixture:close()
  self.server:close()
  if self.w then
    self.w:__close()
  end
  fs.remove(self.dir, { recursive = true })
end
Fixture.__close = Fixture.close

--- One request. A table as body is sent as JSON.
---@param method string
---@param path string
---@param opts? { headers?: table, body?: any, plain?: boolean } plain: without the token
---@return { status: integer, headers: table, body: string, data: any }
function Fixture:ask(method, path, opts)
  opts = opts or {}
  local headers = { Authorization = not opts.plain and "Bearer " .. M.token or nil }
  local body = opts.body
  if type(body) == "table" then
    body = json.encode(next(body) == nil and json.decode "{}" or body)
    headers["Content-Type"] = "application/json"
  end
  for name, value in pairs(opts.headers or {}) do
    headers[name] = value or nil
  end
  local answer = http.request(method, self.url .. path, { headers = headers, body = body,
    retry = false })
  local kind = answer.headers["content-type"] or ""
  answer.data = kind == "application/json" and answer.body ~= "" and json.decode(answer.body)
    or nil
  return answer
end

--- The events in the text of a stream: { { event =, data =, id = } }.
---@param text string
---@return table[]
function M.events(text)
  local list = {}
  for block in text:gmatch "(.-)\n\n" do
    local event = { event = block:match "event: ([^\n]*)", id = block:match "id: ([^\n]*)" }
    local data = block:match "data: ([^\n]*)"
    if event.event then
      event.data = json.decode(data)
      list[#list + 1] = event
    end
  end
  return list
end

return M
