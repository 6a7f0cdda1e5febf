--- The OpenAPI 3.1 description of the server, made from the same headers as its routes.

local argspec = require "engine.header.argspec"
local arguments = require "server.arguments"
local bundle = require "native.bundle"
local errors = require "server.errors"
local json = require "native.json"
local schemas = require "engine.schema"

local M = {}

local TYPES <const> = { integer = "integer", number = "number", flag = "boolean" }

-- The schema of one argument.
local function schema_of(spec, default)
  local schema = { type = TYPES[spec[2]] or "string" }
  if spec.inline then
    return { type = "object" }
  elseif spec[2] == "list" then
    return { type = "array", items = { type = "string" } }
  elseif spec[2] == "choice" then
    schema.enum = json.array { table.unpack(spec.choices) }
  end
  schema.minimum, schema.maximum = spec.min, spec.max
  if default == nil then
    default = spec.default
  end
  schema.default = default
  return schema
end

local function default_of(route, spec)
  return (route.defaults or {})[spec[1]]
end

-- The arguments of a route that are not in its path.
local function others(route)
  local list, in_path = {}, {}
  for name in route.path:gmatch "{(.-)}" do
    in_path[name] = true
  end
  for _, specs in ipairs { arguments.served(route.script), arguments.common } do
    for _, spec in ipairs(specs) do
      if not in_path[spec[1]] and spec[1] ~= route.without then
        list[#list + 1] = spec
      end
    end
  end
  return list
end

local function path_parameters(path, specs)
  local list = json.array {}
  for name in path:gmatch "{(.-)}" do
    local parameter = { name = name, ["in"] = "path", required = true,
      schema = { type = "string" } }
    for _, spec in ipairs(specs or {}) do
      if spec[1] == name then
        parameter.description = spec[3]
      end
    end
    list[#list + 1] = parameter
  end
  return list
end

local function query_parameters(list, route)
  for _, spec in ipairs(others(route)) do
    for _, name in ipairs { spec[1], spec.alias } do
      list[#list + 1] = { name = name, ["in"] = "query",
        description = name == spec[1] and spec[3] or ("The same as `%s`."):format(spec[1]),
        required = name == spec[1] and argspec.is_required(spec) or nil,
        schema = schema_of(spec, default_of(route, spec)) }
    end
  end
end

local function described(schema, text)
  schema.description = text
  return schema
end

--- The schema of a command's arguments, as one object.
---@param route table { path, script, defaults?, without? }
---@return table
function M.arguments(route)
  local properties, required = {}, json.array {}
  for _, spec in ipairs(others(route)) do
    local default = default_of(route, spec)
    properties[spec[1]] = described(schema_of(spec, default), spec[3])
    if spec.alias then
      properties[spec.alias] = described(schema_of(spec, default),
        ("The same as `%s`."):format(spec[1]))
    elseif argspec.is_required(spec) then
      required[#required + 1] = spec[1]
    end
  end
  return { type = "object", properties = properties, additionalProperties = false,
    required = #required > 0 and required or nil }
end

local function body_of(route)
  local schema = M.arguments(route)
  if route.secret then
    schema.properties[route.secret] = { type = "string", format = "password", writeOnly = true,
      description = "Used once for this request; never stored, shown or logged." }
  end
  if route.script.effect == "destroy" then
    schema.properties.confirm = described({ type = "boolean" }, arguments.confirm[3])
  end
  return { required = schema.required ~= nil,
    content = { ["application/json"] = { schema = schema } } }
end

local HEADERS <const> = {
  ["X-Request-Id"] = "The id of the request in the log, which the client may have chosen.",
  ["X-Tarn-Outcome"] = "The name of the exit status that the command would have, if it is not 0.",
  ["X-Tarn-Partial"] = "`true`: something could not be read; the answer says what and why.",
  ["X-Tarn-Warning"] = "The warnings of the command, separated by semicolons.",
  ETag = "For If-None-Match.",
  Age = "Seconds since the workspace answered.",
}

local function headers(names)
  local list = {}
  for _, name in ipairs(names) do
    list[name] = { ["$ref"] = "#/components/headers/" .. name }
  end
  return list
end

local COMMANDS <const> = { "X-Request-Id", "X-Tarn-Outcome", "X-Tarn-Partial", "X-Tarn-Warning" }

-- Add the errors that an operation may answer with.
local function add_errors(responses, method, is_command)
  local statuses = { 401, 403, 500, 503 }
  if is_command then
    table.move({ 400, 404, 409, 429, 502, 504 }, 1, 6, #statuses + 1, statuses)
  end
  if method == "POST" then
    table.move({ 413, 415, 422 }, 1, 3, #statuses + 1, statuses)
  end
  for _, status in ipairs(statuses) do
    responses[tostring(status)] = { ["$ref"] = "#/components/responses/" .. status }
  end
end

local STREAM <const> = { type = "string",
  description = "Events: `progress` and `warning`, then one `result` or `error`." }

local function operation_of(route)
  local script, is_get = route.script, route.method == "GET"
  local answer = { description = "The data of the command.", headers = headers(COMMANDS),
    content = { ["application/json"] = { schema = schemas.expand(script.returns) },
      ["text/event-stream"] = { schema = STREAM } } }
  local responses = { ["200"] = answer }
  if is_get then
    answer.headers.ETag = { ["$ref"] = "#/components/headers/ETag" }
    answer.headers.Age = route.cached and { ["$ref"] = "#/components/headers/Age" } or nil
    responses["304"] = { description = "The client has the present answer already." }
  elseif script.effect ~= "read" then
    responses["201"] = { description = "Something was created.", headers = headers(COMMANDS),
      content = { ["application/json"] = { schema = schemas.expand(script.returns) } } }
  end
  add_errors(responses, route.method, true)
  local parameters = path_parameters(route.path, script.args)
  if is_get then
    query_parameters(parameters, route)
  end
  return { operationId = route.command:gsub("-", "_") .. (route.without and "_all" or ""),
    summary = script.summary, description = script.details, tags = json.array { "pipelines" },
    parameters = parameters, requestBody = not is_get and body_of(route) or nil,
    responses = responses, ["x-tarn-effect"] = script.effect,
    ["x-tarn-command"] = route.command }
end

local function own_operation(route)
  local parameters = path_parameters(route.path)
  for _, one in ipairs(route.query or {}) do
    parameters[#parameters + 1] = { name = one[1], ["in"] = "query", description = one[3],
      schema = schema_of(one) }
  end
  local kind = route.type or "application/json"
  local responses = { ["200"] = { description = route.summary,
    headers = headers { "X-Request-Id" },
    content = { [kind] = { schema = route.returns and schemas.expand(route.returns)
      or { type = "string" } } } } }
  if route.redirects then
    responses["303"] = { description = "Redirects to the page and sets the cookie.",
      headers = headers { "X-Request-Id" } }
  end
  add_errors(responses, route.method, route.asks)
  return { operationId = route.name, summary = route.summary, tags = json.array { "server" },
    parameters = parameters, responses = responses,
    security = route.public and json.array { {} } or nil }
end

local ERROR <const> = { error = {
  kind = "string", code = "string", message = "string", status = "integer",
  request_id = "string", ["hint?"] = "string", ["op?"] = "string",
  ["workspace_status?"] = "integer", ["retryable?"] = "boolean", ["ambiguous?"] = "boolean" } }

local function components()
  local responses, all_headers = {}, {}
  for status, text in pairs(errors.statuses) do
    local used = status ~= 405 -- no described operation answers so
    responses[tostring(status)] = used and { description = text,
      headers = headers { "X-Request-Id" }, content = { ["application/json"] = {
        schema = { ["$ref"] = "#/components/schemas/Error" } } } } or nil
  end
  for name, text in pairs(HEADERS) do
    all_headers[name] = { description = text, schema = { type = "string" } }
  end
  return { responses = responses, headers = all_headers,
    schemas = { Error = schemas.expand(ERROR) },
    securitySchemes = {
      bearer = { type = "http", scheme = "bearer", description = "The token of the server." },
      cookie = { type = "apiKey", ["in"] = "cookie", name = "tarn",
        description = "Set by the link that the server prints; digits follow its name." },
    } }
end

--- Make the description.
---@param commands table[] the routes of the commands: server.api
---@param own table[] the server's own routes: server.routes
---@return table
function M.document(commands, own)
  local paths = {}
  local function add(route, operation)
    paths[route.path] = paths[route.path] or {}
    paths[route.path][route.method:lower()] = operation
  end
  for _, route in ipairs(commands) do
    add(route, operation_of(route))
  end
  for _, route in ipairs(own) do
    if not route.undescribed then
      add(route, own_operation(route))
    end
  end
  return {
    openapi = "3.1.0",
    info = { title = "Tarn", version = bundle.version, summary = "Databricks pipelines over HTTP.",
      description = "Each path under /api/dlt is a command of Tarn, with the same arguments.",
      license = { name = "MIT", identifier = "MIT" } },
    servers = json.array { { url = "/", description = "This server." } },
    tags = json.array { { name = "pipelines", description = "The commands." },
      { name = "server", description = "The server itself, and streams." } },
    security = json.array { { bearer = json.array {} }, { cookie = json.array {} } },
    paths = paths, components = components(),
  }
end

return M
