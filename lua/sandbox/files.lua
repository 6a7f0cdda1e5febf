--- /api/2.0/workspace and /api/2.0/workspace-files: import, export and the folders.

local http = require "native.http"
local json = require "native.json"
local errors = require "sandbox.http.errors"
local fields = require "sandbox.http.fields"
local multipart = require "sandbox.files.multipart"
local notebook = require "sandbox.files.notebook"
local reply = require "sandbox.http.reply"
local tree = require "sandbox.files.tree"
local zip = require "sandbox.files.zip"

local M = {}

M.schema = tree.schema

local FORMATS <const> = {
  SOURCE = true, AUTO = true, HTML = true, JUPYTER = true, DBC = true, RAW = true,
  R_MARKDOWN = true,
}

local function format_of(text)
  local format = text or "SOURCE"
  if not FORMATS[format] then
    errors.invalid("Invalid format: %s", tostring(format))
  end
  return format
end

local function is_true(value)
  return value == true or value == "true"
end

local function exists_400(path)
  errors.raise(400, "RESOURCE_ALREADY_EXISTS", ("Path (%s) already exists."):format(path))
end

local function exists_409(path)
  errors.raise(409, "RESOURCE_ALREADY_EXISTS", ("File already exists at (%s)."):format(path))
end

local function file(path, bytes)
  return { path = path, type = "FILE", content = bytes }
end

local function jupyter(path, bytes)
  local document, language = notebook.find_jupyter(bytes)
  if not document then
    errors.invalid("The zip archive or notebook at %s is not a valid Jupyter notebook.", path)
  end
  return {
    path = path, type = "NOTEBOOK", language = language, format = "JUPYTER", content = bytes,
  }
end

-- For each format: from a path and bytes to an object of the tree.
local makers = {}

function makers.SOURCE(path, bytes, language)
  if not language then
    errors.invalid("Language must be specified when importing in SOURCE format.")
  elseif not notebook.is_language(language) then
    errors.invalid("Invalid language: %s", tostring(language))
  end
  return {
    path = path, type = "NOTEBOOK", language = language, format = "SOURCE",
    content = notebook.with_header(bytes, language),
  }
end

function makers.AUTO(path, bytes)
  local language, stem, format = notebook.find_auto(path, bytes)
  if format == "JUPYTER" then
    return jupyter(stem, bytes)
  elseif language then
    return {
      path = stem, type = "NOTEBOOK", language = language, format = "SOURCE", content = bytes,
    }
  end
  return file(path, bytes)
end

function makers.RAW(path, bytes)
  return file(path, bytes)
end

function makers.JUPYTER(path, bytes)
  return jupyter((path:gsub("%.ipynb$", "")), bytes)
end

local function make(path, bytes, format, language)
  local maker = makers[format]
  if not maker then
    errors.invalid("The content is not a valid %s document.", format)
  end
  tree.check_size(path, #bytes)
  return maker(path, bytes, language)
end

local function decoded(content)
  if content == nil then
    return ""
  elseif type(content) ~= "string" then
    errors.invalid "content must be a base64-encoded string."
  end
  local ok, bytes = pcall(http.base64_decode, content)
  if not ok then
    errors.invalid "content is not valid base64."
  end
  return bytes
end

local function import_fields(req)
  local boundary = multipart.find_boundary(req.headers["content-type"])
  if not boundary then
    local body = errors.decode(req.body)
    if type(body) ~= "table" then
      errors.malformed "not an object"
    end
    return body, decoded(body.content)
  end
  local parts = multipart.find_parts(req.body, boundary)
  if not parts then
    errors.raise(400, "MALFORMED_REQUEST", "Could not parse the multipart/form-data body.")
  end
  return parts, parts.content or ""
end

local function import(w, req)
  local asked, bytes = import_fields(req)
  local path, format = tree.path(asked.path), format_of(asked.format)
  local overwrite = is_true(asked.overwrite)
  if format == "DBC" and overwrite then
    errors.invalid "Overwrite cannot be used for DBC format."
  end
  tree.check_write(req.principal, path)
  local object = make(path, bytes, format, asked.language)
  w:write(function()
    tree.put(w, object, overwrite, exists_400)
  end)
  return {}
end

local function import_file(w, req)
  local path = tree.path("/" .. req.params.path)
  tree.check_write(req.principal, path)
  local object = makers.AUTO(path, req.body)
  w:write(function()
    tree.put(w, object, is_true(req.query.overwrite), exists_409)
  end)
  return {}
end

-- A notebook in a format: its bytes, and the extension of a file that holds them.
local function notebook_as(w, object, format)
  local bytes, language = tree.content(w, object.path), object.language
  if format == "AUTO" or format == "RAW" then
    format = object.format
  end
  local source, document = bytes, nil
  if object.format == "JUPYTER" then
    document = notebook.find_jupyter(bytes)
    source = notebook.from_jupyter(document, language)
  end
  if format == "SOURCE" then
    return source, notebook.extension(language)
  elseif format == "JUPYTER" then
    local text = document and bytes or notebook.to_jupyter(bytes, language, tree.name(object.path))
    return text, "ipynb"
  elseif format == "HTML" then
    return notebook.to_html(source, tree.name(object.path)), "html"
  end
  errors.invalid("Format %s is not supported for notebook %s.", format, object.path)
end

local function archive(w, root, format)
  if format ~= "SOURCE" and format ~= "AUTO" then
    errors.invalid("Directory %s can only be exported in SOURCE or AUTO format.", root.path)
  end
  local files, prefix = {}, #tree.parent(root.path)
  prefix = prefix > 1 and prefix + 2 or 2
  for _, object in ipairs(tree.below(w, root.path)) do
    local name = object.path:sub(prefix)
    if object.type == "NOTEBOOK" then
      local bytes, extension = notebook_as(w, object, format)
      files[#files + 1] = { name = name .. "." .. extension, bytes = bytes }
    elseif object.type == "FILE" then
      files[#files + 1] = { name = name, bytes = tree.content(w, object.path) }
    end
  end
  return zip.archive(files), "zip"
end

local function exported(w, object, format)
  if object.type == "DIRECTORY" then
    return archive(w, object, format)
  elseif object.type == "NOTEBOOK" then
    return notebook_as(w, object, format)
  elseif object.type ~= "FILE" then
    errors.invalid("%s objects cannot be exported.", object.type)
  elseif format ~= "AUTO" and format ~= "RAW" and format ~= "SOURCE" then
    errors.invalid("Format %s is not supported for file %s.", format, object.path)
  end
  return tree.content(w, object.path), tree.name(object.path):match "%.(%w+)$" or ""
end

local function export(w, req)
  local object = tree.get(w, req.principal, tree.path(req.query.path))
  local bytes, extension = exported(w, object, format_of(req.query.format))
  tree.check_size(object.path, #bytes, "MAX_READ_SIZE_EXCEEDED")
  if is_true(req.query.direct_download) then
    local name = tree.name(object.path):gsub('["\\\r\n]', "_")
    return reply.bytes(bytes, "application/octet-stream", {
      ["Content-Disposition"] = ('attachment; filename="%s"'):format(name),
    })
  end
  return { content = http.base64_encode(bytes), file_type = extension }
end

local function info(object)
  local directory = object.type == "DIRECTORY" or object.type == "REPO"
  return {
    object_type = object.type,
    object_id = object.id,
    resource_id = ("%d"):format(object.id),
    path = object.path,
    language = object.language,
    created_at = object.created_at,
    modified_at = object.modified_at,
    size = object.type == "FILE" and object.size or nil,
    directory_info = directory and object.git and { is_git_folder = true } or nil,
  }
end

-- The Git folder that holds the object, or nil.
local function find_repo(w, object)
  local path = object.path
  while path ~= "/" do
    local above = tree.find(w, path)
    if above and above.git then
      return above
    end
    path = tree.parent(path)
  end
end

local function get_status(w, req)
  local object = tree.get(w, req.principal, tree.path(req.query.path))
  local status = info(object)
  if is_true(req.query.return_export_info) and object.type == "NOTEBOOK" then
    status.repos_export_format = object.format
  end
  local repo = is_true(req.query.return_git_info) and find_repo(w, object)
  if repo then
    status.git_info = json.decode(repo.git)
    status.git_info.id, status.git_info.path = repo.id, repo.path
  end
  return status
end

local function visible(principal, objects, after)
  local list = json.array {}
  for _, object in ipairs(objects) do
    local old = object.type == "NOTEBOOK" and after and object.modified_at < after
    if not old and tree.may_read(principal, object.path) then
      list[#list + 1] = info(object)
    end
  end
  return list
end

local function list(w, req)
  local object = tree.get(w, req.principal, tree.path(req.query.path))
  local after = fields.integer(req.query, "notebooks_modified_after", nil, 0)
  local folder = object.type == "DIRECTORY" or object.type == "REPO"
  local objects = folder and tree.children(w, object.path) or { object }
  local found = visible(req.principal, objects, after)
  return #found > 0 and { objects = found } or {}
end

local function path_of_body(req)
  return tree.path(req.body.path)
end

local function mkdirs(w, req)
  local path = path_of_body(req)
  tree.check_write(req.principal, path)
  w:write(function()
    tree.mkdirs(w, path)
  end)
  return {}
end

local function delete(w, req)
  local object = tree.get(w, req.principal, path_of_body(req))
  tree.check_write(req.principal, object.path)
  w:write(function()
    tree.delete(w, object, is_true(req.body.recursive))
  end)
  return {}
end

local function read_file(w, req)
  local object = tree.get(w, req.principal, tree.path("/" .. req.params.path))
  if object.type == "NOTEBOOK" then
    return reply.bytes((notebook_as(w, object, "AUTO")), "application/octet-stream")
  elseif object.type ~= "FILE" then
    errors.invalid("%s is not a file.", object.path)
  end
  return reply.bytes(tree.content(w, object.path), "application/octet-stream")
end

M.routes = {
  { "POST", "/api/2.0/workspace/import", import, { raw = true } },
  { "GET", "/api/2.0/workspace/export", export },
  { "GET", "/api/2.0/workspace/get-status", get_status },
  { "GET", "/api/2.0/workspace/list", list },
  { "POST", "/api/2.0/workspace/mkdirs", mkdirs,
    { body = { path = "string" } } },
  { "POST", "/api/2.0/workspace/delete", delete,
    { body = { path = "string", recursive = "boolean" } } },
  { "POST", "/api/2.0/workspace-files/import-file/{path*}", import_file, { raw = true } },
  { "GET", "/api/2.0/workspace-files/{path*}", read_file },
}

local REPO <const> = '{"url":"https://github.com/example/sales-pipelines.git","branch":"main",'
  .. '"head_commit_id":"5f2d6a0c9b7e41d38a6f0b1c2d3e4f5061728394","provider":"gitHub"}'

--- Make the folders that every workspace has, and a Git folder.
function M.seed(w)
  for _, path in ipairs { "/Users", "/Shared", "/Repos" } do
    tree.mkdirs(w, path)
  end
  for _, person in ipairs(w.people) do
    tree.mkdirs(w, "/Users/" .. person.user_name)
  end
  local repo = ("/Repos/%s/sales-pipelines"):format(w.principal.user_name)
  tree.plant(w, { path = repo, type = "REPO", git = REPO })
  tree.plant(w, { path = repo .. "/README.md", type = "FILE", content = "# sales-pipelines\n" })
end

return M
