--- The error replies of the API.
--
-- `standard` returns a reply and `info` a detail for it; all other functions raise the reply, and
-- the server sends what was raised. Replies in other forms, which faults ask for, are in
-- sandbox.http.troubles.

local json = require "native.json"
local reply = require "sandbox.http.reply"

local M = {}

--- The usual body, `{"error_code", "message", "details"}`, as a reply.
---@param status integer
---@param code string|integer
---@param message string
---@param details? table[]
function M.standard(status, code, message, details)
  return reply.value({ error_code = code, message = message, details = details }, status)
end

--- Refuse with a status, an error_code and a message.
---@param status integer
---@param code string|integer
---@param message string
---@param details? table[]
function M.raise(status, code, message, details)
  error(M.standard(status, code, message, details), 0)
end

--- Refuse an argument: 400 INVALID_PARAMETER_VALUE.
function M.invalid(message, ...)
  M.raise(400, "INVALID_PARAMETER_VALUE", select("#", ...) > 0 and message:format(...) or message)
end

--- Refuse a request for something that does not exist: 404 RESOURCE_DOES_NOT_EXIST.
function M.missing(message, ...)
  M.raise(404, "RESOURCE_DOES_NOT_EXIST", select("#", ...) > 0 and message:format(...) or message)
end

--- Refuse a request that the caller may not make: 403 PERMISSION_DENIED.
function M.denied(message)
  M.raise(403, "PERMISSION_DENIED", message)
end

--- Refuse a request that is in conflict with the present state: 409.
function M.conflict(message, code)
  M.raise(409, code or "RESOURCE_CONFLICT", message)
end

--- An ErrorInfo detail.
function M.info(reason, domain, metadata)
  return {
    ["@type"] = "type.googleapis.com/google.rpc.ErrorInfo",
    reason = reason,
    domain = domain or "databricks.com",
    metadata = metadata or {},
  }
end

--- An error of OAuth: `{"error", "error_description"}`.
function M.oauth(status, code, description)
  error(reply.value({ error = code, error_description = description }, status), 0)
end

--- Refuse a body that does not have the expected form: 400 MALFORMED_REQUEST.
---@param what string as for string.format
function M.malformed(what, ...)
  M.raise(400, "MALFORMED_REQUEST", "Could not parse request object: " .. what:format(...))
end

--- Decode a request's body; refuses one that is not JSON.
---@param text string
---@return any
function M.decode(text)
  local ok, value = pcall(json.decode, text)
  if not ok then
    M.malformed("%s", tostring(value))
  end
  return value
end

return M
