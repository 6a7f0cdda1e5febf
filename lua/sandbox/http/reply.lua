--- Replies with status, headers and bytes, which a handler may return instead of a table.
--
-- A handler's plain table is encoded as JSON and sent with status 200. All other answers are
-- replies made here: text that is JSON already, raw bytes, a redirect, an error.

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

--- A reply with text that is JSON already.
---@param text string
---@param status? integer
function M.json(text, status)
  return setmetatable({ status = status, body = text }, MT)
end

--- A reply with a value as JSON.
function M.value(value, status)
  return M.json(json.encode(value), status)
end

--- A reply with raw bytes of that content type.
---@param bytes string
---@param content_type string
---@param headers? table<string, string>
---@param status? integer
function M.bytes(bytes, content_type, headers, status)
  headers = headers or {}
  headers["Content-Type"] = content_type
  return setmetatable({ status = status, body = bytes, headers = headers }, MT)
end

--- A reply with an HTML page.
function M.html(status, body)
  return setmetatable({
    status = status,
    body = body,
    headers = { ["Content-Type"] = "text/html; charset=utf-8" },
  }, MT)
end

return M
