--- An embedded workspace for a test, and plain HTTP to it.
--
--   local w <close> = sandbox.start()
--   local status, body = w:call("GET", "/api/2.0/pipelines")

local http = require "native.http"
local json = require "native.json"
local server = require "sandbox.server"

local M = {}

local Fixture = {}
Fixture.__index = Fixture

--- Start a server; by default empty, and in memory.
---@param opts? sandbox.Options
function M.start(opts)
  local all = { scenario = "empty", state = false }
  for key, value in pairs(opts or {}) do
    all[key] = value
  end
  local started = server.start(all)
  return setmetatable({ server = started, clock = started.clock, url = started:url(),
    w = started.workspaces[1], dr = started.workspaces[2] }, Fixture)
end

function Fixture:__close()
  self.server:close()
end

--- One request. `opts`: `token` ("demo-token"; false: none), `headers`, `text` (a body as it
-- is). Returns the status, the decoded body (text if it is no JSON) and the headers.
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
---@return tarn.WorkspaceClient
function M.client(w, opts)
  local databricks = require "native.databricks"
  local connect = { host = w.url, credential = databricks.credential { token = "demo-token" } }
  for key, value in pairs(opts or {}) do
    connect[key] = value
  end
  return require("tarn.workspace").wrap(databricks.connect(connect), "demo")
end

M.SOURCE = [[
-- Databricks notebook source
CREATE OR REFRESH STREAMING TABLE bronze AS SELECT * FROM STREAM read_files('/Volumes/a/b');
CREATE OR REFRESH STREAMING TABLE silver (
  CONSTRAINT valid_id EXPECT (id IS NOT NULL) ON VIOLATION DROP ROW
) AS SELECT * FROM STREAM(bronze);
CREATE MATERIALIZED VIEW gold AS SELECT * FROM silver;
]]

--- Make a pipeline with code that runs; returns its id. `spec` adds to or replaces fields.
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
