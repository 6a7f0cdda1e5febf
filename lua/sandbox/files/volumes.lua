--- /api/2.0/fs/files and /api/2.0/fs/directories: the files of volumes.

local blobs = require "sandbox.files.blobs"
local errors = require "sandbox.http.errors"
local fields = require "sandbox.http.fields"
local paging = require "sandbox.http.paging"
local reply = require "sandbox.http.reply"
local securables = require "sandbox.unity.securables"

local M = {}

M.schema = blobs.schema

local PAGE <const>, MAX_PAGE <const> = 1000, 1000

-- The path of a request, and the folder of its volume; refuses a path outside of all volumes.
local function path_of(w, req)
  local path = blobs.plain("/" .. req.params.path)
  local catalog, schema, volume = path:match "^/Volumes/([^/]+)/([^/]+)/([^/]+)"
  if not catalog then
    errors.invalid("Invalid path: %s. A path must begin with /Volumes/<catalog>/<schema>/<volume>.",
      path)
  end
  local full = ("%s.%s.%s"):format(catalog, schema, volume):lower()
  if not securables.find(w, "volume", full) then
    errors.raise(404, "NOT_FOUND", ("Volume '%s' does not exist."):format(full))
  end
  local root = blobs.of_volume(full)
  return root .. path:sub(#root + 1), root
end

local function no_file(path)
  errors.raise(404, "NOT_FOUND", ("The file being accessed is not found: %s"):format(path))
end

local function no_folder(path)
  errors.raise(404, "NOT_FOUND", ("The directory being accessed is not found: %s"):format(path))
end

local function is_file(path)
  errors.conflict(("A file already exists at %s."):format(path), "ALREADY_EXISTS")
end

local function http_date(ms)
  return os.date("!%a, %d %b %Y %H:%M:%S GMT", ms // 1000)
end

local function file_of(w, req)
  local path = path_of(w, req)
  local file = blobs.find(w, path)
  if not file or file.is_folder == 1 then
    no_file(path)
  end
  return file
end

-- The bytes that a header `Range: bytes=FROM-TO` asks for, or all; and the other headers.
local function ranged(bytes, range)
  local from, to = (range or ""):match "^bytes=(%d+)%-(%d*)$"
  from, to = math.tointeger(tonumber(from)), math.tointeger(tonumber(to))
  if not from then
    return bytes, nil, 200
  elseif from >= #bytes then
    errors.raise(416, "INVALID_PARAMETER_VALUE", "The requested range is not satisfiable.")
  end
  to = math.min(to or #bytes - 1, #bytes - 1)
  return bytes:sub(from + 1, to + 1), ("bytes %d-%d/%d"):format(from, to, #bytes), 206
end

-- For HEAD too: the server sends the headers of the answer without its bytes.
local function get(w, req)
  local file = file_of(w, req)
  local bytes, range, status = ranged(blobs.content(w, file.path), req.headers.range)
  return reply.bytes(bytes, "application/octet-stream", {
    ["Last-Modified"] = http_date(file.modified), ["Content-Range"] = range,
    ["Accept-Ranges"] = "bytes", ["Content-Encoding"] = "identity", -- ranges are of these bytes
  }, status)
end

local function put(w, req)
  local path, root = path_of(w, req)
  local there = blobs.find(w, path)
  if path == root or there and there.is_folder == 1 then
    errors.conflict(("A directory already exists at %s."):format(path), "ALREADY_EXISTS")
  elseif there and not fields.flag(req.query, "overwrite") then
    errors.conflict(("The file being created already exists: %s"):format(path), "ALREADY_EXISTS")
  end
  w:write(function()
    blobs.put(w, path, req.body, root, is_file)
  end)
  return reply.new { status = 204 }
end

local function delete(w, req)
  local file = file_of(w, req)
  w:write(function()
    blobs.delete(w, file.path)
  end)
  return reply.new { status = 204 }
end

local function folder_of(w, req)
  local path, root = path_of(w, req)
  local folder = blobs.find(w, path)
  if path ~= root and (not folder or folder.is_folder == 0) then
    no_folder(path)
  end
  return path, root
end

local function list(w, req)
  local path = folder_of(w, req)
  local size = fields.integer(req.query, "page_size", PAGE, 0)
  size = (size == 0 or size > MAX_PAGE) and MAX_PAGE or size
  local page, more = paging.page(req.query, "fs|" .. path, blobs.children(w, path), size, "path")
  local contents = {}
  for i, entry in ipairs(page) do
    contents[i] = {
      path = entry.path, name = entry.path:match "[^/]+$", is_directory = entry.is_folder == 1,
      file_size = entry.size, last_modified = entry.is_folder == 0 and entry.modified or nil,
    }
  end
  return { contents = #contents > 0 and contents or nil, next_page_token = more }
end

local function head_folder(w, req)
  folder_of(w, req)
  return reply.new { status = 200 }
end

local function make_folder(w, req)
  local path, root = path_of(w, req)
  w:write(function()
    blobs.mkdirs(w, path, root, is_file)
  end)
  return reply.new { status = 204 }
end

local function delete_folder(w, req)
  local path, root = folder_of(w, req)
  if path == root then
    errors.invalid("The root of a volume cannot be deleted: %s", path)
  elseif #blobs.children(w, path) > 0 then
    errors.raise(400, "FILES_API_DIRECTORY_IS_NOT_EMPTY", ("The directory is not empty: %s")
      :format(path))
  end
  w:write(function()
    blobs.delete(w, path)
  end)
  return reply.new { status = 204 }
end

--- Put a file into a volume: for scenarios.
function M.plant(w, path, bytes)
  blobs.put(w, path, bytes, path:match "^/Volumes/[^/]+/[^/]+/[^/]+", is_file)
end

local FILES <const> = "/api/2.0/fs/files/{path*}"
local FOLDERS <const> = "/api/2.0/fs/directories/{path*}"

M.routes = {
  { "GET", FILES, get },
  { "HEAD", FILES, get },
  { "PUT", FILES, put, { raw = true } },
  { "DELETE", FILES, delete },
  { "GET", FOLDERS, list },
  { "HEAD", FOLDERS, head_folder },
  { "PUT", FOLDERS, make_folder, { raw = true } },
  { "DELETE", FOLDERS, delete_folder },
}

return M
