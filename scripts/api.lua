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

-- A key that is given twice is sent twice.
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
    fault.usage(OP, "the endpoint is not a URL: the host is the workspace's",
      "begin it with /api/; --profile chooses the workspace")
  elseif not path:find "^/" then
    fault.usage(OP, ("'%s' does not begin with '/'"):format(path),
      ("did you mean '/api/%s'?"):format((path:gsub("^api/", ""))))
  end
end

-- What changes something is in the journal: that it was sent, and how it ended. Neither body
-- nor answer is: both may be a token.
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
The answer is printed as JSON. A call that may have taken effect although its answer was lost
is sent again only if that does no harm: GET, HEAD, PUT and DELETE. What is not GET or HEAD
is in the journal, without its body: `tarn undo` cannot take it back.]],
  args = {
    { "method", "choice", "GET, POST, PUT, PATCH, DELETE or HEAD.",
      choices = { "GET", "POST", "PUT", "PATCH", "DELETE", "HEAD" } },
    { "endpoint", "string", "Path on the workspace's host, with /api/ in front." },
    { "query", "list", "A parameter, KEY=VALUE (repeatable).", optional = true, value = "K=V" },
    { "body", "string", "JSON to send; @FILE reads a file, - standard input.", optional = true,
      value = "JSON" },
    { "raw", "flag", "Print the answer's bytes as they came." },
    { "dry_run", "flag", "Say what would be sent, and send nothing." },
  },
  examples = {
    { "api GET /api/2.0/pipelines --query max_results=5", "a page of pipelines" },
    { "api POST /api/2.0/pipelines/6d1f/stop", "any other verb" },
    { [[api POST /api/2.0/pipelines --body @spec.json --dry-run]], "look first" },
  },
  see = { "sql" },
  render = {
    text = function(data, out)
      out:write(type(data) == "string" and data or json.encode(data, { indent = 2 }) .. "\n")
    end,
  },

  run = function(ctx, arg)
    local body, query = find_body(arg.body), query_of(arg.query)
    check_path(arg.endpoint)
    if arg.dry_run then
      return { method = arg.method, path = arg.endpoint, query = query, body = body }
    end
    return call(ctx, arg, { query = query, body = body, raw = arg.raw or nil })
  end,
}
