--- A workspace that answers what a test tells it to, over real HTTP.
--
--     local ws <close> = fake.workspace(t, { ["GET /api/2.0/pipelines"] = { statuses = {} } })
--
-- An answer is a table (sent as JSON), a reply ({ status =, body = } as native.server takes
-- them, marked by `reply`), or a function of the request that returns one of them. A request
-- that is not foreseen is answered 404, and fails what waits for it. `ws.seen` lists requests.

local databricks = require "native.databricks"
local json = require "native.json"
local server = require "native.server"
local workspace = require "tarn.workspace"

local M = {}

local REPLY = {}

--- A reply as native.server takes it, in place of a JSON value.
---@param fields tarn.Reply
function M.reply(fields)
  return setmetatable(fields, REPLY)
end

--- An error as the API sends it.
---@param status integer
---@param code string
---@param message string
function M.refusal(status, code, message)
  return M.reply { status = status, body = json.encode { error_code = code, message = message } }
end

local function answer(answers, request)
  local found = answers[request.method .. " " .. request.path]
  if type(found) == "function" then
    found = found(request)
  end
  if found == nil then
    found = M.refusal(404, "ENDPOINT_NOT_FOUND", "not foreseen: " .. request.path)
  end
  if getmetatable(found) ~= REPLY then
    found = { body = json.encode(found) }
  end
  found.headers = found.headers or {}
  found.headers["Content-Type"] = found.headers["Content-Type"] or "application/json"
  return found
end

--- A client of a server that gives these answers.
---@param answers table<string, any>
---@param opts? table options of native.databricks.connect
---@return tarn.WorkspaceClient
function M.workspace(answers, opts)
  local seen = {}
  local listener = server.listen({}, function(request)
    seen[#seen + 1] = request
    return answer(answers, request)
  end)
  local connect = { host = "http://127.0.0.1:" .. listener.port,
    credential = databricks.credential { token = "secret-of-the-test" } }
  for key, value in pairs(opts or {}) do
    connect[key] = value
  end
  local ws = workspace.wrap(databricks.connect(connect), "fake")
  ws.seen = seen
  return setmetatable(ws, {
    __index = getmetatable(ws).__index,
    __close = function(self)
      self.native:close()
      listener:close()
    end,
  })
end

--- Run a bundled command against a workspace; returns its data, iterators as lists.
---@param name string
---@param arg table
---@param ws tarn.WorkspaceClient
function M.run(name, arg, ws)
  local script = require("tarn.script").load(name)
  local complete = require("tarn.args").complete("tarn " .. name, script.args, arg)
  local ctx = require("tarn.command").context("tarn " .. name, {})
  rawset(ctx, "workspace", ws)
  local data = script.run(ctx, complete)
  if type(data) ~= "function" then
    return data
  end
  local list = {}
  for item in data do
    list[#list + 1] = item
  end
  return list
end

return M
