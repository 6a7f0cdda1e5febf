--- What a handler may return instead of a table: a reply with status, headers and bytes.
--
-- A handler's plain table is encoded as JSON and sent with status 200. Everything else is
-- a reply made here: text that is JSON already, raw bytes, a redirect, an error.

local json = require "native.json"

local M = {}

local MT = { __name = "sandbox.http.reply" }

--- A reply from the fields of tarn.Reply (`status`, `headers`, `body`, `reset`, ...).
---@param fields table
---@return table
function M.new(fields)
  return setmetatable(fields, MT)
end

---@param value any
---@return boolean
function M.is(value)
  return getmetatable(value) == MT
end

--- Text that is JSON already.
---@param text string
---@param status? integer
function M.json(text, status)
  return setmetatable({ status = status, body = text }, MT)
end

--- A value, encoded, with a status other than 200.
function M.value(value, status)
  return M.json(json.encode(value), status)
end

--- Raw bytes of that content type.
function M.bytes(bytes, content_type, headers)
  headers = headers or {}
  headers["Content-Type"] = content_type
  return setmetatable({ body = bytes, headers = headers }, MT)
end

--- A page of HTML.
function M.html(status, body)
  return setmetatable({
    status = status,
    body = body,
    headers = { ["Content-Type"] = "text/html; charset=utf-8" },
  }, MT)
end

return M
