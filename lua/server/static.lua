--- Serves the files of the page: those in the bundle under `web/`, unchanged.
--
-- The page names its files as `/assets/DIGEST/...`, where DIGEST is the digest of all files. The
-- content of such a URL never changes, so a browser requests it once. A file under its plain name,
-- `/assets/...`, is revalidated at each use.

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
<p>This build contains no page, because npm was missing when it was built.
<code>./dev build --web</code> builds Tarn with the page.
<p>The API works: <a href="/api/openapi.json">/api/openapi.json</a>.
</html>
]]

--- The Content-Security-Policy of the page: it loads files of this server and calls this server.
M.policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
  .. "font-src 'self'; connect-src 'self'; manifest-src 'self'; base-uri 'none'; "
  .. "form-action 'none'; frame-ancestors 'none'"

local function read(name)
  local source = find.file("web/" .. name)
  return source and source.text
end

local files = {} -- name -> { text =, digest =, body = }

-- The file of that name, made anew if its text has changed; nil if there is none.
local function file_of(name)
  local text = read(name)
  local known = files[name]
  if text and not (known and known.text == text) then
    known = { text = text, digest = server.digest(text) }
    files[name] = known
  end
  return text and known
end

local CHECK <const> = 1 -- seconds between two checks for changed files
local folder_name, checked = nil, 0

-- The digest of all files of the page.
local function version()
  if folder_name and task.now() < checked + CHECK then
    return folder_name
  end
  local parts = {}
  for _, path in ipairs(bundle.list "web/assets/") do
    local file = file_of(path:sub(#"web/" + 1))
    parts[#parts + 1] = path .. (file and file.digest or "")
  end
  folder_name, checked = server.digest(table.concat(parts, "\n")), task.now()
  return folder_name
end

-- The name of the file for a path, and the digest in the path, if it has one. A path without a file
-- is a view of the page: /pipelines/ID. Nil for a missing file of assets.
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

-- The reply with index.html, in which the names of the files have the present digest.
local function page()
  local file, folder = file_of "index.html", version()
  if not file.body or file.folder ~= folder then
    local text = file.text:gsub('"/assets/', ('"/assets/%s/'):format(folder))
    file.folder, file.body, file.etag = folder, text, server.digest(text)
  end
  return { body = file.body, etag = file.etag,
    headers = { ["Content-Type"] = TYPES.html, ["Cache-Control"] = "no-cache" } }
end

--- The reply with a file of the page; nil if there is no such file.
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
  local is_immutable = folder and folder == version()
  return { body = file.body, etag = file.digest,
    headers = { ["Content-Type"] = TYPES[name:match "%.(%w+)$"] or "application/octet-stream",
      ["Cache-Control"] = is_immutable and "private, max-age=31536000, immutable" or "no-cache" } }
end

return M
