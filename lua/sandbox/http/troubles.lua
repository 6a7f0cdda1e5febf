--- The faults of a request, one function for each: see sandbox.http.faults.
--
-- Each function takes the options of its rule, the request, and a function that gives the reply
-- without the fault; it returns the reply. The keys are the names that rules use.

local json = require "native.json"
local task = require "native.task"
local errors = require "sandbox.http.errors"
local reply = require "sandbox.http.reply"
local router = require "sandbox.http.router"

---@type table<string, fun(opts: table, request: table, answer: function): table>
local actions = {}

local standard = errors.standard

local function with_retry_after(answer, seconds)
  answer.headers = seconds and { ["Retry-After"] = tostring(seconds) }
  return answer
end

--- The answer is delayed by `ms` (default 1000).
function actions.latency(opts, request, answer)
  task.sleep((opts.ms or 1000) / 1000)
  return answer(request)
end

--- Too many requests: `retry_after` in seconds (default 1; false: without the header).
actions["429"] = function(opts)
  return with_retry_after(standard(429, "REQUEST_LIMIT_EXCEEDED",
    "Current request has to be retried because of rate limit"),
    opts.retry_after ~= false and (opts.retry_after or 1))
end

--- 503 with a proxy's HTML page.
actions["503_html"] = function()
  return reply.html(503, "<html><head><title>503 Service Temporarily Unavailable</title></head>"
    .. "<body><center><h1>503 Service Temporarily Unavailable</h1></center></body></html>")
end

--- 503 as a standard error; `retry_after` in seconds (default: without the header).
actions["503"] = function(opts)
  return with_retry_after(standard(503, "TEMPORARILY_UNAVAILABLE",
    "The service at /api is temporarily unavailable. Please try again later."), opts.retry_after)
end

--- 500 as a standard error.
actions["500"] = function()
  return standard(500, "INTERNAL_ERROR", "An internal error occurred.")
end

--- 500 without a body.
actions["500_empty"] = function()
  return reply.new { status = 500, body = "" }
end

--- 504 from a gateway that did not wait for the answer; the request took effect.
actions["504"] = function(_, request, answer)
  answer(request)
  return standard(504, "DEADLINE_EXCEEDED", "The request timed out.")
end

--- Status 400 with a message on which SDKs retry.
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

--- The body ends early: after `bytes` (default: half of the body).
function actions.truncate(opts, request, answer)
  local whole = answer(request)
  whole.truncate = opts.bytes or #(whole.body or "") // 2
  return whole
end

--- A body with the content type of JSON that is not JSON.
function actions.not_json()
  return reply.new { body = '{"pipelines": [oops' }
end

--- An HTML page with status 200, as a captive portal sends it.
function actions.html_200()
  return reply.html(200, "<html><body>Please sign in to use this network.</body></html>")
end

--- The body is sent `bytes` at a time (default 16), with pauses of `seconds` (default 0.05).
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

--- An error whose error_code is a number.
function actions.integer_code()
  return standard(400, 400, "The request is not valid.")
end

--- An error of API 1.2.
function actions.api12()
  return reply.value({ error = "SomeException: it did not work" }, 400)
end

--- An error of SCIM.
function actions.scim()
  return reply.value({ detail = "Not found in SCIM", status = "404",
    schemas = json.array { "urn:ietf:params:scim:api:messages:2.0:Error" } }, 404)
end

--- Plain text, `CODE: message`.
function actions.text()
  return reply.new { status = 400, body = "INVALID_STATE: the cluster is not running",
    headers = { ["Content-Type"] = "text/plain" } }
end

--- A redirect to the login page, as a wrong host sends it.
function actions.login_redirect()
  return reply.new { status = 302, body = "", headers = {
    Location = "/login.html?error=private-link-validation-error" } }
end

local EMPTY <const> = "empty." -- sandbox.http.faults removes this prefix of a token

--- An empty page whose token leads to the page that was asked for.
function actions.empty_page(_, request, answer)
  local token = router.query(request.query).page_token
  if type(token) == "string" and token:sub(1, #EMPTY) == EMPTY then
    return answer(request)
  end
  return reply.value { next_page_token = EMPTY .. (token or "") }
end

local function rewritten(request, answer, pattern, replacement)
  local whole = answer(request)
  whole.body = whole.body and whole.body:gsub(pattern, replacement)
  return whole
end

--- States that no client knows.
function actions.unknown_enum(_, request, answer)
  return rewritten(request, answer, '"state":"[%u_]+"', '"state":"SUSPENDED_BY_POLICY"')
end

--- A field that no client knows, in every object of the answer.
function actions.unknown_field(_, request, answer)
  return rewritten(request, answer, '{"', '{"a_field_of_tomorrow":{"x":[]},"')
end

--- Integers of 10 or more digits as strings.
function actions.int64_as_string(_, request, answer)
  return rewritten(request, answer, ':(%d%d%d%d%d%d%d%d%d%d+)%f[^%d]', ':"%1"')
end

return actions
