local fault = require "base.fault"
local journal = require "tarn.journal"
local json = require("tarn").json
local querystring = require "base.querystring"

local OP <const> = "tarn api"

local function read_all(path)
  if path == "-" then
    return io.read "a"
  end
  local file <close>, why = io.open(path, "rb")
  if not file then
    fault.usage(OP, "--body: " .. why)
  end
  return file:read "a"
end

local function find_body(text)
  if not text then
    return nil
  end
  local from = text:match "^@(.+)$" or text == "-" and text
  local ok, value = pcall(json.decode, from and read_all(from) or text)
  if not ok and fault.is(value) then
    fault.usage(OP, "--body is not JSON: " .. value.message)
  elseif not ok then
    error(value, 0)
  end
  return value
end

-- A repeated key is sent repeatedly.
local function query_of(list)
  local query = {}
  for _, item in ipairs(list or {}) do
    local key, value = item:match "^([^=]+)=(.*)$"
    if not key then
      fault.usage(OP, ("--query: '%s' is not KEY=VALUE"):format(item))
    end
    querystring.add(query, key, value)
  end
  return query
end

local function check_path(path)
  if path:find "^/api/" or path:find "^/oidc/" or path:find "^/%.well%-known/" then
    return
  elseif path:find "^https?://" then
    fault.usage(OP, "the endpoint must be a path, not a URL",
      "it begins with /api/; --profile chooses the workspace")
  elseif not path:find "^/" then
    fault.usage(OP, ("'%s' does not begin with '/'"):format(path),
      ("did you mean '/api/%s'?"):format((path:gsub("^api/", ""))))
  end
end

-- A call that changes something is written to the journal with its result, but without body and
-- answer, because either may be a token.
local function call(ctx, arg, options)
  local ws = ctx.workspace
  if arg.method == "GET" or arg.method == "HEAD" then
    return (ws:request(arg.method, arg.endpoint, options))
  end
  local request = ("%s %s"):format(arg.method, arg.endpoint:match "^[^?]*")
  local op <close> = journal.begin { command = "api",
    target = { host = ws:host(), profile = ws.profile, name = request } }
  local step = op:step { kind = "api.call", request = request, what = { name = request } }
  local ok, answer = fault.call(ws.request, ws, arg.method, arg.endpoint, options)
  if not ok then
    step:failed(answer)
    error(answer, 0)
  end
  step:done()
  op:finish "done"
  return answer
end

return {
  summary = "Call any REST endpoint of the workspace.",
  effect = "write",
  details = [[
The answer is printed as JSON. If the answer of a call is lost, the call is sent again only if
that is safe: GET, HEAD, PUT and DELETE. All calls but GET and HEAD are in the journal, without
their bodies; `tarn undo` cannot revert them.

--raw prints the answer unchanged.]],
  args = {
    { "method", "choice", "The HTTP method.",
      choices = { "GET", "POST", "PUT", "PATCH", "DELETE", "HEAD" } },
    { "endpoint", "string", "Path in the workspace, beginning with /api/." },
    { "query", "list", "Query parameter, KEY=VALUE (repeatable).", optional = true, value = "K=V" },
    { "body", "string", "JSON body; @FILE reads a file, - reads standard input.", optional = true,
      value = "JSON" },
    { "dry_run", "flag", "Show what would be sent, and send nothing." },
  },
  examples = {
    { "api GET /api/2.0/pipelines --query max_results=5", "get a page of the list of pipelines" },
    { "api POST /api/2.0/pipelines/6d1f/stop", "send a POST" },
    { [[api POST /api/2.0/pipelines --body @spec.json --dry-run]], "show what would be sent" },
  },
  see = { "sql" },
  render = {
    text = function(data, screen)
      screen:write(type(data) == "string" and data or json.encode(data, { indent = 2 }) .. "\n")
    end,
  },

  run = function(ctx, arg)
    local body, query = find_body(arg.body), query_of(arg.query)
    check_path(arg.endpoint)
    if arg.dry_run then
      return { method = arg.method, path = arg.endpoint, query = query, body = body }
    end
    return call(ctx, arg, { query = query, body = body, nulls = true,
      raw = ctx.options.raw or nil })
  end,
}
