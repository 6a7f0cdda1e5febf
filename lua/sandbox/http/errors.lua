--- Refusals, in all the shapes in which Databricks says no.
--
-- Every function but `standard` raises; the server catches the raised reply and sends it.

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

--- Refuse what is not there: 404 RESOURCE_DOES_NOT_EXIST.
function M.missing(message, ...)
  M.raise(404, "RESOURCE_DOES_NOT_EXIST", select("#", ...) > 0 and message:format(...) or message)
end

--- Refuse what the caller may not do: 403 PERMISSION_DENIED.
function M.denied(message)
  M.raise(403, "PERMISSION_DENIED", message)
end

--- Refuse what clashes with something else: 409.
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

--- The shape with a message and nothing else.
function M.message_only(status, message)
  error(reply.value({ message = message }, status), 0)
end

--- The shape of API 1.2: `{"error": ...}`.
function M.api12(status, message)
  error(reply.value({ error = message }, status), 0)
end

--- The shape of SCIM.
function M.scim(status, detail, scim_type)
  error(reply.value({
    schemas = { "urn:ietf:params:scim:api:messages:2.0:Error" },
    detail = detail,
    status = tostring(status),
    scimType = scim_type,
  }, status), 0)
end

--- The shape of OAuth: `{"error", "error_description"}`.
function M.oauth(status, code, description)
  error(reply.value({ error = code, error_description = description }, status), 0)
end

--- Plain text, `CODE: message`.
function M.text(status, code, message)
  error(reply.new {
    status = status,
    body = code .. ": " .. message,
    headers = { ["Content-Type"] = "text/plain; charset=utf-8" },
  }, 0)
end

--- An HTML page with the message in `<pre>`.
function M.html(status, message)
  local page = "<html><head><title>Error %d</title></head><body><h2>HTTP ERROR %d</h2>"
    .. "<pre>%s</pre></body></html>"
  error(reply.html(status, page:format(status, status, message)), 0)
end

--- No body at all.
function M.empty(status)
  error(reply.new { status = status, body = "" }, 0)
end

--- Decode a request's body, or refuse it: 400 MALFORMED_REQUEST.
---@param text string
---@return any
function M.decode(text)
  local ok, value = pcall(json.decode, text)
  if not ok then
    M.raise(400, "MALFORMED_REQUEST", "Could not parse request object: " .. tostring(value))
  end
  return value
end

return M
