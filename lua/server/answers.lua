--- Replies: of a command, of what went wrong, and what all of them have.

local errors = require "server.errors"
local json = require "native.json"
local native = require "native.server"
local static = require "server.static"
local term = require "native.term"

local M = {}

-- On every answer: nothing here is for another page to frame, to embed or to read.
local COMMON <const> = {
  ["Content-Security-Policy"] = "default-src 'none'; frame-ancestors 'none'",
  ["X-Content-Type-Options"] = "nosniff", ["Cross-Origin-Resource-Policy"] = "same-origin",
}

-- On what a browser shows as a page.
local DOCUMENT <const> = {
  ["Content-Security-Policy"] = static.policy, ["X-Content-Type-Options"] = "nosniff",
  ["Cross-Origin-Resource-Policy"] = "same-origin", ["X-Frame-Options"] = "DENY",
  ["Referrer-Policy"] = "no-referrer", ["Cross-Origin-Opener-Policy"] = "same-origin",
}

-- A header is one line of printable ASCII.
local function one_line(text)
  return (text:gsub("[^\x20-\x7e]+", " "))
end

local function result_headers(result)
  local headers = { ["Content-Type"] = "application/json", ["Cache-Control"] = "no-store" }
  headers["X-Tarn-Outcome"] = result.outcome ~= "done" and result.outcome or nil
  headers["X-Tarn-Partial"] = result.partial and "true" or nil
  headers["X-Tarn-Warning"] = result.warnings[1]
    and one_line(table.concat(result.warnings, "; ")):sub(1, 1000) or nil
  return headers
end

--- Say on stderr what is a mistake of the program's.
---@param f tarn.Fault
---@param request tarn.Request
function M.note(f, request)
  if f.kind == "bug" then
    io.stderr:write(("tarn: %s: %s\n"):format(request.id,
      term.clean(f.traceback or f.message, true)))
  end
end

--- A result as it can be kept: text, and what is to be said of it.
---@param route table
---@param result tarn.Served
---@return table answer
function M.of(route, result)
  local body = json.encode(result.data)
  return { status = result.status, headers = result_headers(result), body = body,
    etag = route.method == "GET" and result.status == 200 and native.digest(body) or nil }
end

-- A page for a person who came without the token.
local function wants_page(request)
  return request.method == "GET" and not request.path:find "^/api/"
    and (request.headers.accept or ""):find("text/html", 1, true) ~= nil
end

local function page_of(f)
  local text = f.message:gsub("[<>&]", { ["<"] = "&lt;", [">"] = "&gt;", ["&"] = "&amp;" })
  return ('<!doctype html><html lang="en"><meta charset="utf-8"><title>Tarn</title>'
    .. "<h1>Tarn</h1><p>%s.<p>%s.</html>\n"):format(text, f.hint or "")
end

--- The reply that tells a fault: a page for a person who came without the token, else JSON.
---@param f tarn.Fault
---@param request tarn.Request
---@return tarn.Reply
function M.failed(f, request)
  M.note(f, request)
  local reply = errors.reply(f, request.id)
  if f.refusal == 401 and wants_page(request) then
    reply.body, reply.headers["Content-Type"] = page_of(f), "text/html; charset=utf-8"
  end
  return reply
end

-- What does not depend on who asks.
local function complete(reply)
  local headers = reply.headers or {}
  local is_page = (headers["Content-Type"] or ""):find("^text/html") ~= nil
  for name, value in pairs(is_page and DOCUMENT or COMMON) do
    headers[name] = value
  end
  if reply.etag then
    headers.ETag, reply.etag = ('W/"%s"'):format(reply.etag), nil
    if headers["Cache-Control"] == "no-store" then
      headers["Cache-Control"] = "private, no-cache"
    end
  end
  reply.headers, reply.complete = headers, true
end

--- An answer that many will get, as it will be sent.
---@param reply tarn.Reply
---@return tarn.Reply
function M.keep(reply)
  reply.body = native.body(reply.body)
  complete(reply)
  return reply
end

-- The client has it already: no body.
local function not_modified(request, etag)
  local known = etag and request.headers["if-none-match"]
  return known and (known == "*" or known:find(etag, 1, true) ~= nil)
end

--- What every reply has, and what the caller has already is not sent again. Of an answer that
-- was kept the headers are used again: the reply is sent before anybody else can have it.
---@param reply tarn.Reply
---@param request tarn.Request
---@return tarn.Reply
function M.finish(reply, request)
  if not reply.complete then
    complete(reply)
  end
  local headers = reply.headers
  headers["X-Request-Id"] = request.id
  if not_modified(request, headers.ETag) then
    return { status = 304, headers = { ETag = headers.ETag, ["X-Request-Id"] = request.id,
      ["Cache-Control"] = headers["Cache-Control"], Age = headers.Age } }
  end
  return { status = reply.status, headers = headers, body = reply.body, stream = reply.stream,
    login = reply.login }
end

return M
