--- The page: files of the bundle under `web/`, with their types, as they are.
--
-- A file that is asked for with its digest (`/assets/app.js?v=...`) never changes under that
-- name; all others are asked for anew, which costs a 304.

local bundle = require "native.bundle"
local find = require "tarn.find"
local server = require "native.server"

local M = {}

local TYPES <const> = {
  html = "text/html; charset=utf-8", js = "text/javascript; charset=utf-8",
  mjs = "text/javascript; charset=utf-8", css = "text/css; charset=utf-8",
  svg = "image/svg+xml", png = "image/png", ico = "image/x-icon", json = "application/json",
  woff2 = "font/woff2", txt = "text/plain; charset=utf-8", map = "application/json",
  webmanifest = "application/manifest+json",
}

local MISSING <const> = [[
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Tarn</title>
<h1>Tarn</h1>
<p>This build has no page: npm was not there when it was made.
<code>./dev build --web</code> adds it.
<p>The API is there: <a href="/api/openapi.json">/api/openapi.json</a>.
</html>
]]

--- What a page may do: load our own files, ask our own server, and nothing else.
M.policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
  .. "font-src 'self'; connect-src 'self'; manifest-src 'self'; base-uri 'none'; "
  .. "form-action 'none'; frame-ancestors 'none'"

local function read(name)
  local source = find.find("web/" .. name)
  return source and source.text
end

-- An address without a file of its own is a view of the page: /pipelines/ID.
local function name_of(path)
  local name = path:match "^/([%w_][%w_./-]*)$"
  if not name or name:find("..", 1, true) or name:find("//", 1, true) then
    return "index.html"
  end
  return read(name) and name or name:find "^assets/" == nil and "index.html" or nil
end

--- The reply with a file of the page; nil if there is none.
---@param path string
---@return tarn.Reply?
function M.reply(path)
  if not bundle.read "web/index.html" and not read "index.html" then
    return { status = path == "/" and 200 or 404, body = MISSING,
      headers = { ["Content-Type"] = TYPES.html, ["Cache-Control"] = "no-cache" } }
  end
  local name = name_of(path)
  local text = name and read(name)
  if not text then
    return nil
  end
  return { body = text, etag = server.digest(text),
    headers = { ["Content-Type"] = TYPES[name:match "%.(%w+)$"] or "application/octet-stream",
      ["Cache-Control"] = "no-cache" } }
end

return M
