--- Find, read and write notebooks and files of a workspace.
--
--     local objects = require "tarn.objects"
--     for _, item in ipairs(objects.find_below(ws, "/Shared") or {}) do
--       local object = objects.has_bytes(item) and objects.find(ws, item.path)
--       print(item.path, object and #objects.read(ws, object))
--     end
--
-- Objects keep their kind and format: an import with SOURCE or JUPYTER creates a notebook at
-- exactly the path, one with RAW creates a file whatever its first line is. AUTO would remove the
-- extension of a file that begins like a notebook, so it is only used to read files.

local fault = require "base.fault"
local json = require "native.json"
local path = require "tarn.objects.path"
local rates = require "tarn.objects.rates"
local strings = require "base.strings"

local M = {
  path = path,
}

local text = strings.non_empty

--- The most bytes that the workspace imports or exports.
M.MAX_SIZE = 10 * 1024 * 1024

---@class tarn.SourceObject
---@field path string          without /Workspace
---@field kind string          "NOTEBOOK", "FILE", "DIRECTORY", or another type of the API
---@field language? string     of notebooks
---@field format? string       for an import: "SOURCE" or "JUPYTER" for notebooks, "RAW" for files
---@field size? integer        bytes, of files
---@field modified_at? integer ms since 1970
---@field object_id? integer

-- ---- faults ----

--- True if the fault says that the object does not exist, and not that the endpoint does not.
---@param e tarn.Fault
---@return boolean
function M.is_missing(e)
  return e.code == "RESOURCE_DOES_NOT_EXIST" or e.status == 404 and e.code ~= "ENDPOINT_NOT_FOUND"
end

local TOO_LARGE <const> = { MAX_NOTEBOOK_SIZE_EXCEEDED = true, MAX_READ_SIZE_EXCEEDED = true }

--- True if the workspace refused an object for its size.
---@param e tarn.Fault
---@return boolean
function M.is_too_large(e)
  return TOO_LARGE[e.code] or e.status == 400
    and (e.message or ""):find "MAX_%u+_SIZE_EXCEEDED" ~= nil
end

--- True if the path has an object already.
---@param e tarn.Fault
---@return boolean
function M.is_there(e)
  return e.code == "RESOURCE_ALREADY_EXISTS" or e.code == "ALREADY_EXISTS"
end

--- True if the caller has no permission for this object.
---@param e tarn.Fault
---@return boolean
function M.is_denied(e)
  return e.status == 403 or e.code == "PERMISSION_DENIED"
end

--- True if every other request would fail in the same way. A journal that cannot be written is
-- fatal, a local file that cannot be read is not.
---@param e tarn.Fault
---@return boolean
function M.is_fatal(e)
  return e.kind == "cancelled" or e.kind == "bug" or e.status == 401
    or e.kind == "io" and e.op ~= "fs.read" or e.kind == "auth" and not M.is_denied(e)
end

-- ---- objects ----

local function integer(value)
  return math.tointeger(tonumber(value)) -- some services send 64-bit integers as texts
end

-- An ObjectInfo as an object. A listing has no format of notebooks.
local function from_info(info)
  local kind, format = text(info.object_type) or "UNKNOWN", nil
  if kind == "NOTEBOOK" then
    format = text(info.repos_export_format)
  elseif kind == "FILE" then
    format = "RAW"
  end
  local normal = path.find_normal(info.path)
  if not normal then
    fault.raise { kind = "parse", op = "objects.read", retryable = false,
      message = ("'%s' in the answer is not a path"):format(info.path),
      hint = "the workspace, or a proxy on the way to it, gives wrong answers" }
  end
  return {
    path = normal, kind = kind, format = format,
    language = kind == "NOTEBOOK" and text(info.language) or nil,
    size = kind == "FILE" and (integer(info.size) or 0) or nil,
    modified_at = integer(info.modified_at), object_id = integer(info.object_id),
  }
end

-- Call `f(...)`; nil if the object does not exist.
local function unless_missing(f, ...)
  local found, e = fault.try(f, ...)
  if e and not M.is_missing(e) then
    error(e, 0)
  end
  return found
end

--- The object at a path, or nil. A notebook has its format.
---@param ws tarn.WorkspaceClient
---@param at string path
---@return tarn.SourceObject?
function M.find(ws, at)
  local native = ws.native
  local info = unless_missing(native.workspace_status, native, at, { return_export_info = true })
  if not info then
    return nil
  end
  local object = from_info(info)
  object.path = at
  if object.kind == "NOTEBOOK" then
    object.format = object.format == "JUPYTER" and "JUPYTER" or "SOURCE"
  end
  return object
end

--- The objects in a folder; nil if the folder does not exist. A path that is not a folder lists
-- itself.
---@param ws tarn.WorkspaceClient
---@param at string path
---@return tarn.SourceObject[]?
function M.find_below(ws, at)
  local native = ws.native
  local infos = unless_missing(native.workspace_list, native, at)
  if not infos then
    return nil
  end
  local list = {}
  for i, info in ipairs(infos) do
    list[i] = from_info(info)
  end
  return list
end

--- True for folders and Git folders.
---@param object tarn.SourceObject
---@return boolean
function M.is_folder(object)
  return object.kind == "DIRECTORY" or object.kind == "REPO"
end

--- True for notebooks and files.
---@param object tarn.SourceObject
---@return boolean
function M.has_bytes(object)
  return object.kind == "NOTEBOOK" or object.kind == "FILE"
end

-- ---- bytes ----

--- The bytes of a notebook in its own format, or of a file.
---@param ws tarn.WorkspaceClient
---@param object tarn.SourceObject
---@return string
function M.read(ws, object)
  rates.wait(ws, "export")
  local format = object.kind == "NOTEBOOK" and object.format or "AUTO"
  return (ws.native:workspace_export(object.path, { format = format }))
end

-- Bytes that were read for a comparison are kept for the copy. Only small objects are kept, so that
-- a plan of a thousand objects does not hold a thousand files in memory.
local HOLD <const> = 256 * 1024
local held = setmetatable({}, { __mode = "k" })

--- Keep the bytes of a small object until `take_held`.
---@param object table
---@param bytes string
function M.hold(object, bytes)
  held[object] = #bytes <= HOLD and bytes or nil
end

--- The kept bytes of an object, once; or nil.
---@param object table
---@return string?
function M.take_held(object)
  local bytes = held[object]
  held[object] = nil
  return bytes
end

-- Fields of Jupyter documents that each export writes anew.
local VOLATILE <const> = { notebookOrigID = true, nuid = true }

local function without_volatile(value)
  if type(value) ~= "table" then
    return value
  end
  for key, item in pairs(value) do
    if VOLATILE[key] then
      value[key] = nil
    else
      without_volatile(item)
    end
  end
  return value
end

local function same_document(a, b)
  local ok, first = pcall(json.decode, a)
  local also, second = pcall(json.decode, b)
  return ok and also
    and json.encode(without_volatile(first)) == json.encode(without_volatile(second))
end

--- True if two contents of the same format are equal, apart from fields that each export changes.
---@param format string
---@param a string
---@param b string
---@return boolean
function M.is_same(format, a, b)
  return a == b or format == "JUPYTER" and same_document(a, b)
end

local function import(ws, at, bytes, object, overwrite)
  rates.wait(ws, "import")
  ws.native:workspace_import(at, bytes, { format = object.format, overwrite = overwrite,
    language = object.format == "SOURCE" and object.language or nil })
end

--- True if the object at a path is equal to `object` with these bytes.
---@param ws tarn.WorkspaceClient
---@param at string path
---@param bytes string
---@param object tarn.SourceObject kind, format, language
---@return boolean
function M.holds(ws, at, bytes, object)
  local there = M.find(ws, at)
  return there ~= nil and there.kind == object.kind and there.format == object.format
    and there.language == object.language
    and M.is_same(object.format, M.read(ws, there), bytes)
end

local TRIES <const> = 3

--- Write an object. If an answer is lost, the object is read to find out whether it was written.
-- Raises a fault if it was not. Without `overwrite` an existing object is not changed; it is no
-- fault if it is equal.
---@param ws tarn.WorkspaceClient
---@param at string path
---@param bytes string
---@param object tarn.SourceObject kind, format, language
---@param overwrite boolean
---@return { settled?: string, existed?: boolean } `settled` says how the outcome is known without
--- an answer; `existed`: an equal object existed
function M.write(ws, at, bytes, object, overwrite)
  local lost -- the fault of a try that may have taken effect
  for try = 1, TRIES do
    local _, e = fault.try(import, ws, at, bytes, object, overwrite)
    if not e then
      return {}
    end
    lost = e.ambiguous and e or lost
    if not (e.ambiguous or M.is_there(e) and not overwrite) then
      error(e, 0)
    end
    local holds, blind = fault.try(M.holds, ws, at, bytes, object)
    if blind then
      error(lost or blind, 0) -- the outcome is unknown
    elseif holds then
      return { settled = lost and "the answer was lost; the object was written"
        or "an equal object existed", existed = not lost or nil }
    elseif try == TRIES or not e.ambiguous then
      error(e, 0)
    end
  end
end

--- Create a folder and all folders above it.
---@param ws tarn.WorkspaceClient
---@param at string path
function M.make_folder(ws, at)
  local _, e = fault.try(ws.native.workspace_mkdirs, ws.native, at)
  if e and M.is_there(e) then
    -- another process has created it at the same time, or a notebook has its name
    local there = M.find(ws, at)
    if there and M.is_folder(there) then
      return
    end
  end
  if e then
    error(e, 0)
  end
end

--- Set the rates of imports and exports for a connection, in place of the published ones.
---@param ws tarn.WorkspaceClient
---@param new { import: integer|false, export: integer|false } calls per second; false: no limit
function M.set_rates(ws, new)
  rates.set(ws, new)
end

return M
