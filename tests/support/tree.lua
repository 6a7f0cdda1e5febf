--- Trees of workspace objects for tests: written and read by plain HTTP.
--
--   tree.plant(w, "demo-token", { ["/Shared/a/x"] = { "NOTEBOOK", "SQL", "SOURCE", bytes } })
--   tree.read(w, "demo-dr-token", "/Shared/a")   -- the same form

local http = require "native.http"

local M = {}

local function parent(path)
  return path:match "^(.*)/[^/]+$"
end

--- A file, a notebook, a Jupyter notebook and an empty folder, as `plant` takes them.
function M.file(bytes)
  return { "FILE", nil, "RAW", bytes }
end

function M.notebook(language, bytes)
  return { "NOTEBOOK", language, "SOURCE", bytes }
end

function M.jupyter(language, bytes)
  return { "NOTEBOOK", language, "JUPYTER", bytes }
end

M.folder = { "DIRECTORY" }

--- Write objects; they replace objects at the same paths.
---@param w table of testing.workspace
---@param token string
---@param objects table<string, table> path -> { kind, language, format, bytes }
function M.plant(w, token, objects)
  local opts = { token = token }
  for path, one in pairs(objects) do
    if one[1] == "DIRECTORY" then
      w:ok("POST", "/api/2.0/workspace/mkdirs", { path = path }, opts)
    else
      w:ok("POST", "/api/2.0/workspace/mkdirs", { path = parent(path) }, opts)
      w:ok("POST", "/api/2.0/workspace/import", { path = path, format = one[3],
        language = one[3] == "SOURCE" and one[2] or nil, overwrite = true,
        content = http.base64_encode(one[4]) }, opts)
    end
  end
end

local function read_one(w, opts, object)
  if object.object_type ~= "NOTEBOOK" then
    local _, bytes = w:call("GET", "/api/2.0/workspace/export?format=AUTO&path="
      .. http.escape(object.path), nil, opts)
    return { "FILE", nil, "RAW", http.base64_decode(bytes.content) }
  end
  local info = w:ok("GET", "/api/2.0/workspace/get-status?return_export_info=true&path="
    .. http.escape(object.path), nil, opts)
  local answer = w:ok("GET", ("/api/2.0/workspace/export?format=%s&path=%s"):format(
    info.repos_export_format, http.escape(object.path)), nil, opts)
  return { "NOTEBOOK", info.language, info.repos_export_format,
    http.base64_decode(answer.content) }
end

local function read_below(w, opts, folder, into)
  local answer = w:ok("GET", "/api/2.0/workspace/list?path=" .. http.escape(folder), nil, opts)
  if not answer.objects then
    into[folder] = { "DIRECTORY" } -- only empty folders are in the result
  end
  for _, object in ipairs(answer.objects or {}) do
    if object.object_type == "DIRECTORY" then
      read_below(w, opts, object.path, into)
    else
      into[object.path] = read_one(w, opts, object)
    end
  end
  return into
end

--- All objects below a folder, as `plant` takes them.
---@param w table
---@param token string
---@param folder string
---@return table<string, table>
function M.read(w, token, folder)
  return read_below(w, { token = token }, folder, {})
end

return M
