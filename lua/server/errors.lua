--- Faults as HTTP answers: a status, and a body with the fault's fields.

local fault = require "base.fault"
local json = require "native.json"
local report = require "engine.report"

local M = {}

--- The statuses of the server's answers with their descriptions, for OpenAPI.
M.statuses = {
  [400] = "The request is malformed, or an argument in the query is wrong.",
  [401] = "The server's token is missing or wrong, or the workspace refused its credentials.",
  [403] = "The request is not allowed.",
  [404] = "There is no such path, or no such pipeline, update or operation.",
  [405] = "The path allows other methods.",
  [409] = "Something of that name exists already, or an update is active.",
  [413] = "The body is too large.",
  [415] = "The body is not JSON.",
  [422] = "An argument in the body is wrong.",
  [429] = "The workspace limits the rate of calls; Retry-After says how long to wait.",
  [500] = "The server has a bug, or a problem on its machine.",
  [502] = "The workspace failed.",
  [503] = "The server is about to end, or has too many open streams.",
  [504] = "The workspace did not answer in time.",
}

--- Refuse a request before a command has run.
---@param status integer the HTTP status
---@param code string
---@param message string
---@param hint? string
---@param fields? table further fields of the fault; `headers` are headers of the answer
function M.refuse(status, code, message, hint, fields)
  local f = { kind = (status == 401 or status == 403) and "auth" or "usage", op = "serve",
    status = status, code = code, message = message, hint = hint, refusal = status }
  for name, value in pairs(fields or {}) do
    f[name] = value
  end
  fault.raise(f)
end

local BY_OUTCOME <const> = { [2] = 400, [3] = 404, [5] = 409, [6] = 504, [70] = 500, [130] = 503 }
local BY_KIND <const> = { io = 500, http = 502, network = 502, parse = 502, sql = 502 }

--- The HTTP status for a fault.
---@param f tarn.Fault
---@return integer
function M.status(f)
  if f.refusal then
    return f.refusal
  elseif f.code == "READ_ONLY" or f.code == "PRIVATE_HOST" then
    return 403
  elseif f.kind == "bug" then
    return 500
  elseif f.status == 429 then
    return 429
  end
  local outcome = report.status(f)
  if outcome == 4 then
    return (f.status == 403 or f.code == "PERMISSION_DENIED") and 403 or 401
  elseif BY_OUTCOME[outcome] then
    return BY_OUTCOME[outcome]
  elseif f.kind == "http" and (f.status == 400 or f.status == 422) then
    return f.status
  end
  return BY_KIND[f.kind] or 500
end

-- Tracebacks and causes are for the log and not for clients.
local function fields_of(f, status)
  local fields = report.fields(f)
  fields.traceback, fields.cause = nil, nil
  fields.status = status
  fields.code = fields.code or f.kind:upper()
  if f.status and f.status ~= status then
    fields.workspace_status = f.status
  end
  if f.kind == "bug" then
    fields.message, fields.hint = "the server has a bug", "the log of the server has the traceback"
  end
  return fields
end

--- The body of the answer for a fault. Its request_id is that of the workspace if there is one,
-- because the support of the workspace asks for it.
---@param f tarn.Fault
---@param request_id string
---@return table { error = { kind, code, message, status, request_id, hint } }
function M.body(f, request_id)
  local fields = fields_of(f, M.status(f))
  fields.request_id = fields.request_id or request_id
  return { error = fields }
end

--- The reply for a fault.
---@param f tarn.Fault
---@param request_id string
---@return tarn.Reply
function M.reply(f, request_id)
  local status = M.status(f)
  local headers = { ["Content-Type"] = "application/json" }
  for name, value in pairs(f.headers or {}) do
    headers[name] = value
  end
  if status == 429 then
    headers["Retry-After"] = ("%d"):format(math.max(1, math.ceil(f.retry_after or 1)))
  elseif status == 401 then
    headers["WWW-Authenticate"] = 'Bearer realm="tarn"'
  end
  return { status = status, headers = headers, body = json.encode(M.body(f, request_id)) }
end

return M
