--- Makes the replies: of results and faults, with the headers that every reply has.

local errors = require "server.errors"
local json = require "native.json"
local native = require "native.server"
local static = require "server.static"
local term = require "native.term"

local M = {}

-- Headers of every reply: no other page may frame, embed or read it.
local COMMON <const> = {
  ["Content-Security-Policy"] = "default-src 'none'; frame-ancestors 'none'",
  ["X-Content-Type-Options"] = "nosniff", ["Cross-Origin-Resource-Policy"] = "same-origin",
}

-- Headers of HTML.
local DOCUMENT <const> = {
  ["Content-Security-Policy"] = static.policy, ["X-Content-Type-Options"] = "nosniff",
  ["Cross-Origin-Resource-Policy"] = "same-origin", ["X-Frame-Options"] = "DENY",
  ["Referrer-Policy"] = "no-referrer", ["Cross-Origin-Opener-Policy"] = "same-origin",
}

-- The value of a header: one line of printable ASCII.
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

--- Write a bug, with its traceback, to stderr.
---@param f tarn.Fault
---@param request tarn.Request
function M.note(f, request)
  if f.kind == "bug" then
    io.stderr:write(("tarn: %s: %s\n"):format(request.id,
      term.clean(f.traceback or f.message, true)))
  end
end

--- The reply with a command's result.
---@param route table
---@param result tarn.Served
---@return table reply `etag` is the digest of the body
function M.of(route, result)
  local body = json.encode(result.data)
  return { status = result.status, headers = result_headers(result), body = body,
    etag = route.method == "GET" and result.status == 200 and native.digest(body) or nil }
end

-- True if a person opened this address in a browser.
local function wants_page(request)
  return request.method == "GET" and not request.path:find "^/api/"
    and (request.headers.accept or ""):find("text/html", 1, true) ~= nil
end

local function page_of(f)
  local text = f.message:gsub("[<>&]", { ["<"] = "&lt;", [">"] = "&gt;", ["&"] = "&amp;" })
  return ('<!doctype html><html lang="en"><meta charset="utf-8"><title>Tarn</title>'
    .. "<h1>Tarn</h1><p>%s.<p>%s.</html>\n"):format(text, f.hint or "")
end

--- The reply for a fault: a page for a browser without the token, else JSON.
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

-- Add the headers that do not depend on the request.
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

--- Prepare a reply for the cache: its body is copied and compressed only once.
---@param reply tarn.Reply
---@return tarn.Reply
function M.keep(reply)
  reply.body = native.body(reply.body)
  complete(reply)
  return reply
end

-- True if the client has this body already.
local function not_modified(request, etag)
  local known = etag and request.headers["if-none-match"]
  return known and (known == "*" or known:find(etag, 1, true) ~= nil)
end

--- Complete a reply for this request; 304 without a body if the client has the body already. The
-- table of headers of a cached reply is reused: it is sent before another request can change it.
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
