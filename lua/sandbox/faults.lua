--- Faults on demand: what a workspace, a proxy or a network may do to a client (api G.5).
--
-- A list of rules, from a file in JSON or Lua, is asked in order for each request; the first
-- that applies says what happens. The request header `X-Sandbox-Fault: 429;retry_after=2`
-- asks for a fault for that request alone. docs: `M.actions` has one function per fault.

local fs = require "native.fs"
local json = require "native.json"
local task = require "native.task"
local ids = require "sandbox.ids"
local reply = require "sandbox.reply"
local router = require "sandbox.router"

local M = {}

---@class sandbox.Rule
---@field action string        a name in `M.actions`
---@field method? string       only requests with this method
---@field path? string         only paths like this; `*` stands for anything
---@field workspace? string    only requests to this workspace (by its token)
---@field nth? integer         only the nth request that fits (from 1)
---@field count? integer       at most so many times
---@field probability? number  only so often (0 to 1); the same requests every time
---@field ... any              options of the action

--- Each takes the options, the request, and a function that gives the true answer.
---@type table<string, fun(opts: table, request: table, answer: function): table>
M.actions = {}
local actions = M.actions

local function standard(status, code, message, headers)
  local answer = reply.value({ error_code = code, message = message }, status)
  answer.headers = headers
  return answer
end

--- Slow: `ms` (default 1000).
function actions.latency(opts, request, answer)
  task.sleep((opts.ms or 1000) / 1000)
  return answer(request)
end

--- Too many requests: `retry_after` in seconds (default 1; false: without the header).
actions["429"] = function(opts)
  local headers = opts.retry_after ~= false
    and { ["Retry-After"] = tostring(opts.retry_after or 1) } or nil
  return standard(429, "REQUEST_LIMIT_EXCEEDED",
    "Current request has to be retried because of rate limit", headers)
end

--- A proxy's page with 503.
actions["503_html"] = function()
  return reply.html(503, "<html><head><title>503 Service Temporarily Unavailable</title></head>"
    .. "<body><center><h1>503 Service Temporarily Unavailable</h1></center></body></html>")
end

--- 503 in the usual shape; `retry_after` if wanted.
actions["503"] = function(opts)
  return standard(503, "TEMPORARILY_UNAVAILABLE",
    "The service at /api is temporarily unavailable. Please try again later.",
    opts.retry_after and { ["Retry-After"] = tostring(opts.retry_after) })
end

--- 500 in the usual shape.
actions["500"] = function()
  return standard(500, "INTERNAL_ERROR", "An internal error occurred.")
end

--- 500 without a body.
actions["500_empty"] = function()
  return reply.new { status = 500, body = "" }
end

--- 504 from a gateway that lost patience; the request took effect.
actions["504"] = function(_, request, answer)
  answer(request)
  return standard(504, "DEADLINE_EXCEEDED", "The request timed out.")
end

--- A message that SDKs know as worth another try, with status 400.
actions["400_retryable"] = function()
  return standard(400, "BAD_REQUEST", "RPC token bucket limit has been exceeded.")
end

--- The connection is reset before the request took effect.
function actions.reset_before()
  return reply.new { reset = true }
end

--- The connection is reset after the request took effect.
function actions.reset_after(_, request, answer)
  answer(request)
  return reply.new { reset = true }
end

--- The body ends early: after `bytes` (default: half of it).
function actions.truncate(opts, request, answer)
  local whole = answer(request)
  whole.truncate = opts.bytes or #(whole.body or "") // 2
  return whole
end

--- A body that says it is JSON and is not.
function actions.not_json()
  return reply.new { body = '{"pipelines": [oops' }
end

--- A page of HTML with status 200, as of a captive portal.
function actions.html_200()
  return reply.html(200, "<html><body>Please sign in to use this network.</body></html>")
end

--- The body comes `bytes` at a time (default 16) with `seconds` between (default 0.05).
function actions.drip(opts, request, answer)
  local whole = answer(request)
  whole.drip = { bytes = opts.bytes or 16, seconds = opts.seconds or 0.05 }
  return whole
end

--- The token has expired.
function actions.expired_token()
  return standard(401, "UNAUTHENTICATED", "Access token has expired")
end

actions["403"] = function()
  return standard(403, "PERMISSION_DENIED", "User does not have permission for this operation.")
end

--- 404 with a message and no error_code.
actions["404_message_only"] = function()
  return reply.value({ message = "The specified object was not found." }, 404)
end

actions["409"] = function()
  return standard(409, "RESOURCE_CONFLICT", "The request clashes with another one.")
end

--- error_code is a number.
function actions.integer_code()
  return standard(400, 400, "The request is not valid.")
end

--- The shape of API 1.2.
function actions.api12()
  return reply.value({ error = "SomeException: it did not work" }, 400)
end

--- The shape of SCIM.
function actions.scim()
  return reply.value({ detail = "Not found in SCIM", status = "404",
    schemas = json.array { "urn:ietf:params:scim:api:messages:2.0:Error" } }, 404)
end

--- Plain text, `CODE: message`.
function actions.text()
  return reply.new { status = 400, body = "INVALID_STATE: the cluster is not running",
    headers = { ["Content-Type"] = "text/plain" } }
end

--- A redirect to the log-in page, as for a wrong host.
function actions.login_redirect()
  return reply.new { status = 302, body = "", headers = {
    Location = "/login.html?error=private-link-validation-error" } }
end

local EMPTY <const> = "empty."

--- An empty page with a token that leads to the true one.
function actions.empty_page(_, request, answer)
  local token = router.query(request.query).page_token
  if type(token) == "string" and token:sub(1, #EMPTY) == EMPTY then
    return answer(request)
  end
  return reply.value { next_page_token = EMPTY .. (token or "") }
end

local function rewritten(request, answer, pattern, by)
  local whole = answer(request)
  whole.body = whole.body and whole.body:gsub(pattern, by)
  return whole
end

--- States that nobody knows.
function actions.unknown_enum(_, request, answer)
  return rewritten(request, answer, '"state":"[%u_]+"', '"state":"SUSPENDED_BY_POLICY"')
end

--- A field that nobody knows, in every object of the answer.
function actions.unknown_field(_, request, answer)
  return rewritten(request, answer, '{"', '{"a_field_of_tomorrow":{"x":[]},"')
end

--- 64-bit integers come as strings.
function actions.int64_as_string(_, request, answer)
  return rewritten(request, answer, ':(%d%d%d%d%d%d%d%d%d%d+)%f[^%d]', ':"%1"')
end

local RULE_FIELDS <const> = {
  action = "string", method = "string", path = "string", workspace = "string", nth = "number",
  count = "number", probability = "number",
}

local function check_rule(i, rule)
  if type(rule) ~= "table" then
    error(("fault rule %d is not a table"):format(i), 0)
  end
  for field, kind in pairs(RULE_FIELDS) do
    if rule[field] ~= nil and type(rule[field]) ~= kind then
      error(("fault rule %d: '%s' must be a %s"):format(i, field, kind), 0)
    end
  end
  if not actions[rule.action] then
    local names = {}
    for name in pairs(actions) do
      names[#names + 1] = name
    end
    table.sort(names)
    error(("fault rule %d: no action '%s'; there are: %s"):format(i, tostring(rule.action),
      table.concat(names, ", ")), 0)
  end
end

-- A pattern with `*` as one of Lua, for whole paths.
local function lua_pattern(text)
  return "^" .. text:gsub("[%^%$%(%)%%%.%[%]%+%-%?]", "%%%0"):gsub("%*", ".*") .. "$"
end

--- The rules in a file: JSON, or Lua that returns them. A list, or a table with `rules`.
---@param path string
---@return sandbox.Rule[]
function M.read(path)
  local text = fs.read(path)
  local value
  if path:find "%.lua$" then
    local chunk, problem = load(text, "@" .. path, "t", {})
    if not chunk then
      error(problem, 0)
    end
    value = chunk()
  else
    value = json.decode(text)
  end
  value = type(value) == "table" and value.rules or value
  if type(value) ~= "table" then
    error(path .. " holds no list of rules", 0)
  end
  M.check(value)
  return value
end

--- Refuse rules that are not right, by number and field.
---@param rules sandbox.Rule[]
function M.check(rules)
  for i, rule in ipairs(rules) do
    check_rule(i, rule)
  end
end

local Faults = {}
Faults.__index = Faults

--- Rules with their counters.
---@param rules? sandbox.Rule[]
function M.new(rules)
  M.check(rules or {})
  local list = {}
  for i, rule in ipairs(rules or {}) do
    list[i] = { rule = rule, seen = 0, used = 0, number = i,
      pattern = rule.path and lua_pattern(rule.path) }
  end
  return setmetatable({ list = list }, Faults)
end

local function fits(entry, request, workspace)
  local rule = entry.rule
  if rule.method and rule.method ~= request.method
    or entry.pattern and not request.path:find(entry.pattern)
    or rule.workspace and rule.workspace ~= workspace then
    return false
  end
  entry.seen = entry.seen + 1
  if rule.nth and rule.nth ~= entry.seen or rule.count and entry.used >= rule.count then
    return false
  end
  local chance = ids.pick(entry.number << 32 ~ entry.seen, 1000000) / 1000000
  return not rule.probability or chance < rule.probability
end

-- `429;retry_after=2` as a rule.
local function from_header(text)
  local rule = {}
  for part in text:gmatch "[^;]+" do
    local key, value = part:match "^%s*([%w_]+)%s*=%s*(.-)%s*$"
    if key then
      rule[key] = tonumber(value) or value ~= "false" and value
    else
      rule.action = part:match "^%s*(.-)%s*$"
    end
  end
  return actions[rule.action] and rule or nil
end

--- The rule for a request, or nil.
---@param request table
---@param workspace? string name of the workspace that the token chooses
---@return sandbox.Rule?
function Faults:find(request, workspace)
  local header = request.headers["x-sandbox-fault"]
  if header then
    return from_header(header)
  end
  for _, entry in ipairs(self.list) do
    if fits(entry, request, workspace) then
      entry.used = entry.used + 1
      return entry.rule
    end
  end
end

--- Take back what `empty_page` did to a token.
---@param request table
function M.restore(request)
  if request.query:find(EMPTY, 1, true) then
    request.query = request.query:gsub("page_token=empty%.", "page_token=")
  end
end

return M
