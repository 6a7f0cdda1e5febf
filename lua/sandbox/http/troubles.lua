--- What may go wrong with a request, one function for each: see sandbox.http.faults.
--
-- Each takes the options of its rule, the request, and a function that gives the true answer,
-- and returns the reply. The keys are the names that rules use.

local json = require "native.json"
local task = require "native.task"
local reply = require "sandbox.http.reply"
local router = require "sandbox.http.router"

---@type table<string, fun(opts: table, request: table, answer: function): table>
local actions = {}

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

local EMPTY <const> = "empty." -- sandbox.http.faults takes it off again

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

return actions
