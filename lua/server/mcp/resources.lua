--- What an assistant can read: pages of the documentation, pipelines, and their updates.

local api = require "server.api"
local fault = require "base.fault"
local http = require "native.http"
local json = require "native.json"
local pages = require "engine.help.pages"
local protocol = require "server.mcp.protocol"
local script = require "engine.script"
local secrets = require "base.secrets"

local M = {}

local DOCS <const> = "tarn://docs/"

-- Each template: its URI, with the arguments of the command whose data it is.
local TEMPLATES <const> = {
  { uriTemplate = "tarn://pipelines/{pipeline}", name = "pipeline", title = "Pipeline",
    command = "get", description = "A pipeline with its spec, as the workspace has it." },
  { uriTemplate = "tarn://pipelines/{pipeline}/updates", name = "updates", title = "Runs",
    command = "updates", description = "The newest updates of a pipeline." },
  { uriTemplate = "tarn://pipelines/{pipeline}/updates/{update}", name = "update", title = "Run",
    command = "updates", description = "An update, with the causes if it failed." },
  { uriTemplate = "tarn://pipelines/{pipeline}/events", name = "events", title = "Events",
    command = "events", description = "The newest events of a pipeline." },
}

--- All resources that have an address of their own: the pages of the documentation.
---@return table[]
function M.list()
  local list = json.array {}
  for i, name in ipairs(pages.names()) do
    list[i] = { uri = DOCS .. name, name = name, mimeType = "text/markdown",
      description = pages.summary(name) }
  end
  return list
end

--- The templates of the addresses of other resources.
---@return table[]
function M.templates()
  local list = json.array {}
  for i, one in ipairs(TEMPLATES) do
    list[i] = { uriTemplate = one.uriTemplate, name = one.name, title = one.title,
      description = one.description, mimeType = "application/json" }
  end
  return list
end

-- The arguments in an address that a template fits, or nil.
local function arguments_of(uri, template)
  local names = {}
  local pattern = template:gsub("[%-.]", "%%%0"):gsub("{(.-)}", function(name)
    names[#names + 1] = name
    return "([^/]+)"
  end)
  local values = { uri:match("^" .. pattern .. "$") }
  if not values[1] then
    return nil
  end
  local arg = {}
  for i, name in ipairs(names) do
    arg[name] = http.unescape(values[i])
  end
  return arg
end

local function not_found(call, uri)
  protocol.refuse(call.is_stateless and protocol.codes.params or protocol.codes.no_resource,
    ("there is no resource %s"):format(uri), { uri = uri })
end

local function data_of(host, call, command, arg)
  local route = { method = "POST", path = "/", script = script.load(command), command = command }
  local ok, served = fault.call(api.run, host, route, {}, {}, arg, { progress = call.progress })
  if ok then
    return json.encode(secrets.masked(served.data))
  elseif served.kind == "cancelled" then
    error(served, 0)
  elseif served.status == 404 or served.code == "NOT_FOUND" then
    not_found(call, call.params.uri)
  end
  host.note(served, call)
  protocol.refuse(protocol.codes.internal, served.message, { hint = served.hint })
end

--- Read a resource.
---@param host table
---@param call tarn.McpCall
---@return table result
function M.read(host, call)
  local uri = call.params.uri
  if type(uri) ~= "string" then
    protocol.refuse(protocol.codes.params, "'uri' is not a string")
  end
  local page = uri:sub(1, #DOCS) == DOCS and uri:sub(#DOCS + 1)
  if page then
    local text, name = pages.find(page)
    if not text or name ~= page then
      not_found(call, uri)
    end
    return { contents = json.array { { uri = uri, mimeType = "text/markdown", text = text } } }
  end
  for _, one in ipairs(TEMPLATES) do
    local arg = arguments_of(uri, one.uriTemplate)
    if arg then
      return { contents = json.array { { uri = uri, mimeType = "application/json",
        text = data_of(host, call, one.command, arg) } } }
    end
  end
  not_found(call, uri)
end

return M
