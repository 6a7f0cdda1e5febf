--- The page: files of the bundle under `web/`, with their types, as they are.
--
-- The page names its files by a folder that is the digest of all of them, `/assets/DIGEST/...`:
-- under such a name nothing ever changes, and a browser asks once. Under their plain names they
-- are asked for anew, which costs a 304.

local bundle = require "native.bundle"
local find = require "engine.find"
local server = require "native.server"
local task = require "native.task"

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
  local source = find.file("web/" .. name)
  return source and source.text
end

local files = {} -- name -> { text =, digest =, body = }: made once for each text

-- A file in force, ready to be sent; nil if there is none.
local function file_of(name)
  local text = read(name)
  local known = files[name]
  if text and not (known and known.text == text) then
    known = { text = text, digest = server.digest(text) }
    files[name] = known
  end
  return text and known
end

local folder_name, looked = nil, 0

-- The digest of all files that the page names, as it was a second ago at the most.
local function version()
  if folder_name and task.now() < looked + 1 then
    return folder_name
  end
  local parts = {}
  for _, path in ipairs(bundle.list "web/assets/") do
    local file = file_of(path:sub(#"web/" + 1))
    parts[#parts + 1] = path .. (file and file.digest or "")
  end
  folder_name, looked = server.digest(table.concat(parts, "\n")), task.now()
  return folder_name
end

-- An address without a file of its own is a view of the page: /pipelines/ID.
local function name_of(path)
  local name = path:match "^/([%w_][%w_./-]*)$"
  if not name or name:find("..", 1, true) or name:find("//", 1, true) then
    return "index.html"
  end
  local folder, rest = name:match "^assets/(%x+)/(.+)$"
  if folder and #folder == 32 then
    return "assets/" .. rest, folder
  end
  return read(name) and name or name:find "^assets/" == nil and "index.html" or nil
end

-- The page itself, which names its files by their folder. It is made anew when one of them has
-- changed.
local function page()
  local file, folder = file_of "index.html", version()
  if not file.body or file.folder ~= folder then
    local text = file.text:gsub('"/assets/', ('"/assets/%s/'):format(folder))
    file.folder, file.body, file.etag = folder, text, server.digest(text)
  end
  return { body = file.body, etag = file.etag,
    headers = { ["Content-Type"] = TYPES.html, ["Cache-Control"] = "no-cache" } }
end

--- The reply with a file of the page; nil if there is none.
---@param path string
---@return tarn.Reply?
function M.reply(path)
  if not read "index.html" then
    return { status = path == "/" and 200 or 404, body = MISSING,
      headers = { ["Content-Type"] = TYPES.html, ["Cache-Control"] = "no-cache" } }
  end
  local name, folder = name_of(path)
  if name == "index.html" then
    return page()
  end
  local file = name and file_of(name)
  if not file then
    return nil
  end
  file.body = file.body or server.body(file.text)
  local for_ever = folder and folder == version()
  return { body = file.body, etag = file.digest,
    headers = { ["Content-Type"] = TYPES[name:match "%.(%w+)$"] or "application/octet-stream",
      ["Cache-Control"] = for_ever and "private, max-age=31536000, immutable" or "no-cache" } }
end

return M
