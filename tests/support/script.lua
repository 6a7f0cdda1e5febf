--- Runs one script against a workspace that answers what the test says, and nothing else.

local args = require "engine.args"
local contexts = require "engine.context"
local fault = require "base.fault"
local loader = require "engine.script"

local M = {}

local function answer(routes, method, path, body, query)
  local key = method .. " " .. path
  local route = routes[key]
  if route == nil then
    error({ assertion = "unexpected call: " .. key }, 0)
  elseif type(route) == "function" then
    route = route(body, query)
  end
  if type(route) == "table" and route.error_code then
    fault.raise {
      kind = "http", op = "fake", status = route.status, code = route.error_code,
      message = route.message or route.error_code,
    }
  end
  return route, { status = 200, headers = {}, tries = 1 }
end

-- luacheck: ignore 212/self

-- The handle of docs/reference/native/databricks.lua, in terms of its requests.
local function native(routes)
  local ws = {}
  local function call(method, path, body, query)
    return (answer(routes, method, path, body, query))
  end
  function ws:request(method, path, opts)
    opts = opts or {}
    return answer(routes, method, path, opts.body, opts.query)
  end
  function ws:pipeline_get(id) return call("GET", "/api/2.0/pipelines/" .. id) end
  function ws:pipeline_create(spec) return call("POST", "/api/2.0/pipelines", spec) end
  function ws:pipeline_list(query) return call("GET", "/api/2.0/pipelines", nil, query) end
  function ws:pipeline_edit(id, spec) return call("PUT", "/api/2.0/pipelines/" .. id, spec) end
  function ws:pipeline_delete(id, q) return call("DELETE", "/api/2.0/pipelines/" .. id, nil, q) end
  function ws:update_start(id, body)
    return call("POST", "/api/2.0/pipelines/" .. id .. "/updates", body)
  end
  function ws:update_list(id, query)
    return call("GET", "/api/2.0/pipelines/" .. id .. "/updates", nil, query)
  end
  function ws:stop(id) return call("POST", "/api/2.0/pipelines/" .. id .. "/stop") end
  function ws:events(id, query)
    return call("GET", "/api/2.0/pipelines/" .. id .. "/events", nil, query)
  end
  function ws:info() return { host = "https://fake", auth_type = "pat", attributes = {} } end
  function ws:authenticate() end
  function ws:close() end
  return ws
end

--- Run a bundled script. `routes` maps "METHOD path" to an answer, or to a function of body and
-- query that gives it; { status =, error_code = } is a refusal. Any other call fails the test.
---@param name string
---@param given table arguments by name
---@param routes table
---@return any data ... as `run` returned it
function M.run(name, given, routes)
  local script = loader.load("@" .. name)
  local op = "tarn " .. name
  local ctx = contexts.new(op, { quiet = true })
  rawset(ctx, "workspace", require("tarn.workspace").wrap(native(routes)))
  return script.run(ctx, args.from_table(op, script.args, given))
end

return M
