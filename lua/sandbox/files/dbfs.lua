--- /api/2.0/dbfs: the files of the DBFS root, as much as clients use: list, status, folders, put,
--- read, streams of blocks, move, delete.

local http = require "native.http"
local blobs = require "sandbox.files.blobs"
local errors = require "sandbox.http.errors"
local fields = require "sandbox.http.fields"
local multipart = require "sandbox.files.multipart"

local M = {}

local ROOT <const> = "dbfs:"
local MAX_READ <const> = 1024 * 1024 -- bytes of a read
local MAX_BLOCK <const> = 1024 * 1024 -- bytes of a put, or of a block of a stream

local FORM <const> = {
  path = "string", contents = "string", overwrite = "boolean", handle = "integer",
  data = "string", recursive = "boolean", source_path = "string", destination_path = "string",
}

-- The path of a request as blobs have it: with the scheme, without a slash at its end.
local function path_of(from, field)
  local path = fields.required(from, field or "path")
  local plain = path:gsub("^dbfs:", "")
  if plain:sub(1, 1) ~= "/" then
    errors.invalid("Path must be absolute: %s", path)
  end
  return ROOT .. blobs.plain(plain)
end

local function shown(path)
  return path == ROOT and "/" or path:sub(#ROOT + 1)
end

local function exists(path)
  errors.raise(400, "RESOURCE_ALREADY_EXISTS", ("A file or directory already exists at the input "
    .. "path %s."):format(ROOT .. shown(path)))
end

-- What stands at a path: the root is always there.
local function find(w, path)
  if path == ROOT then
    return { path = ROOT, modified = 0, is_folder = 1 }
  end
  return blobs.find(w, path)
end

local function get(w, path)
  return find(w, path)
    or errors.missing("No file or directory exists on path %s.", shown(path))
end

local function info(entry)
  return {
    path = shown(entry.path), is_dir = entry.is_folder == 1, file_size = entry.size or 0,
    modification_time = entry.modified,
  }
end

local function list(w, req)
  local entry = get(w, path_of(req.query))
  local files = {}
  for i, child in ipairs(entry.is_folder == 1 and blobs.children(w, entry.path) or { entry }) do
    files[i] = info(child)
  end
  return #files > 0 and { files = files } or {}
end

local function get_status(w, req)
  return info(get(w, path_of(req.query)))
end

local function mkdirs(w, req)
  local path = path_of(req.body)
  w:write(function()
    blobs.mkdirs(w, path, ROOT, exists)
  end)
  return {}
end

local function decoded(text, most)
  local ok, bytes = pcall(http.base64_decode, text or "")
  if not ok then
    errors.invalid "The contents are not valid base64."
  elseif #bytes > most then
    errors.raise(400, "MAX_BLOCK_SIZE_EXCEEDED", ("The data has %d bytes, more than %d.")
      :format(#bytes, most))
  end
  return bytes
end

local function store(w, path, bytes, overwrite)
  local there = find(w, path)
  if there and (there.is_folder == 1 or not overwrite) then
    exists(path)
  end
  blobs.put(w, path, bytes, ROOT, exists)
end

-- The fields of a put, which may be a form with the bytes of the file.
local function put_fields(req)
  local boundary = multipart.find_boundary(req.headers["content-type"])
  if not boundary then
    local body = fields.check(errors.decode(req.body == "" and "{}" or req.body), FORM)
    return body, decoded(body.contents, MAX_BLOCK)
  end
  local parts = multipart.find_parts(req.body, boundary)
    or errors.malformed "a form with several parts"
  return { path = parts.path, overwrite = parts.overwrite == "true" }, parts.contents or ""
end

local function put(w, req)
  local body, bytes = put_fields(req)
  local path = path_of(body)
  w:write(function()
    store(w, path, bytes, body.overwrite)
  end)
  return {}
end

local function read(w, req)
  local entry = get(w, path_of(req.query))
  if entry.is_folder == 1 then
    errors.invalid("The path %s is a directory.", shown(entry.path))
  end
  local offset = fields.integer(req.query, "offset", 0, 0)
  local length = fields.integer(req.query, "length", MAX_READ, 0, MAX_READ)
  local bytes = blobs.content(w, entry.path):sub(offset + 1, offset + length)
  return { bytes_read = #bytes, data = http.base64_encode(bytes) }
end

local function streams(w)
  w.cache.streams = w.cache.streams or { last = 0, open = {} }
  return w.cache.streams
end

local function create(w, req)
  local path, all = path_of(req.body), streams(w)
  w:write(function()
    store(w, path, "", req.body.overwrite)
  end)
  all.last = all.last + 1
  all.open[all.last] = { path = path, blocks = {} }
  return { handle = all.last }
end

local function stream_of(w, req)
  local handle = req.body.handle
  if not handle then
    errors.invalid "Missing required field: handle"
  end
  return streams(w).open[handle] or errors.missing("No stream exists with handle %d.", handle)
end

local function add_block(w, req)
  local stream = stream_of(w, req)
  stream.blocks[#stream.blocks + 1] = decoded(req.body.data, MAX_BLOCK)
  return {}
end

local function close(w, req)
  local stream = stream_of(w, req)
  streams(w).open[req.body.handle] = nil
  w:write(function()
    store(w, stream.path, table.concat(stream.blocks), true)
  end)
  return {}
end

local function delete(w, req)
  local path = path_of(req.body)
  local entry = find(w, path)
  if path == ROOT then
    errors.invalid "The root directory cannot be deleted."
  elseif entry and #blobs.children(w, path) > 0 and not req.body.recursive then
    errors.raise(400, "IO_ERROR", ("The directory %s is not empty."):format(shown(path)))
  end
  w:write(function()
    blobs.delete_below(w, path)
  end)
  return {}
end

local function move(w, req)
  local from, to = path_of(req.body, "source_path"), path_of(req.body, "destination_path")
  local entry = get(w, from)
  if find(w, to) then
    exists(to)
  elseif from == ROOT or (to .. "/"):sub(1, #from + 1) == from .. "/" then
    errors.invalid("Cannot move %s to %s.", shown(from), shown(to))
  end
  local function copy(source, target)
    if source.is_folder == 0 then
      blobs.put(w, target, blobs.content(w, source.path), ROOT, exists)
      return
    end
    blobs.mkdirs(w, target, ROOT, exists)
    for _, child in ipairs(blobs.children(w, source.path)) do
      copy(child, target .. child.path:sub(#source.path + 1))
    end
  end
  w:write(function()
    copy(entry, to)
    blobs.delete_below(w, from)
  end)
  return {}
end

--- Make the folders that every DBFS root has.
function M.seed(w)
  for _, path in ipairs { "/FileStore", "/databricks-datasets", "/tmp", "/user" } do
    blobs.mkdirs(w, ROOT .. path, ROOT, exists)
  end
end

local PATH <const>, BODY <const> = "/api/2.0/dbfs/", { body = FORM }

M.routes = {
  { "GET", PATH .. "list", list },
  { "GET", PATH .. "get-status", get_status },
  { "GET", PATH .. "read", read },
  { "POST", PATH .. "mkdirs", mkdirs, BODY },
  { "POST", PATH .. "put", put, { raw = true } },
  { "POST", PATH .. "create", create, BODY },
  { "POST", PATH .. "add-block", add_block, BODY },
  { "POST", PATH .. "close", close, BODY },
  { "POST", PATH .. "delete", delete, BODY },
  { "POST", PATH .. "move", move, BODY },
}

return M
