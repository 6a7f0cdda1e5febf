--- One object of the tree: looking, reading, writing, exactly as it is (api E.2, E.3).
--
-- A notebook stays a notebook in its own format, a file stays a file: SOURCE and JUPYTER make
-- notebooks at the very path, RAW makes a file whatever its first line says. AUTO would take
-- the extension from a file that begins like a notebook, and is only used to read files.

local fault = require "base.fault"
local json = require "native.json"
local path = require "tarn.objects.path"
local ratelimit = require "base.ratelimit"

local M = {
  path = path, -- paths of objects, in one spelling
}

--- What an import or an export may carry: more is refused by the workspace.
M.MAX_SIZE = 10 * 1024 * 1024

---@class tarn.SourceObject
---@field path string          in the short form
---@field kind string          "NOTEBOOK", "FILE", "DIRECTORY", or what else the workspace says
---@field language? string     notebooks only
---@field format? string       as an import takes it: "SOURCE" or "JUPYTER", "RAW" for files
---@field size? integer        bytes; of files only
---@field modified_at? integer ms since 1970
---@field object_id? integer

-- ---- rates ----

-- Published for a workspace, in calls a second (api G.4).
local RATES <const> = { import = 30, export = 60 }

-- For each connection one pace of each kind, for all that is copied at the same time.
local paces = setmetatable({}, { __mode = "k" })

local function take(ws, kind)
  local mine = paces[ws.native]
  if not mine then
    mine = {}
    for name, rate in pairs(RATES) do
      mine[name] = ratelimit.new(rate)
    end
    paces[ws.native] = mine
  end
  if mine[kind] then
    mine[kind]:take()
  end
end

--- Other rates than the published ones for a connection; false: none.
---@param ws tarn.WorkspaceClient
---@param rates { import: integer|false, export: integer|false }
function M.set_rates(ws, rates)
  local mine = {}
  for name in pairs(RATES) do
    mine[name] = rates[name] and ratelimit.new(rates[name]) or nil
  end
  paces[ws.native] = mine
end

-- ---- what a fault means ----

--- True if the fault says that the object, not the address, is not there.
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

--- True if the caller may not do this to the object, whatever the caller may do to others.
---@param e tarn.Fault
---@return boolean
function M.is_denied(e)
  return e.status == 403 or e.code == "PERMISSION_DENIED"
end

--- True if whatever comes next would fail the same way. A local file that cannot be read is not
-- that, a journal that cannot be written is.
---@param e tarn.Fault
---@return boolean
function M.is_fatal(e)
  return e.kind == "cancelled" or e.kind == "bug" or e.status == 401
    or e.kind == "io" and e.op ~= "fs.read" or e.kind == "auth" and not M.is_denied(e)
end

-- ---- looking ----

local function integer(value)
  return math.tointeger(tonumber(value)) -- some services send 64-bit integers as text
end

local function text(value)
  return type(value) == "string" and value ~= "" and value or nil
end

-- ObjectInfo as an object. A listing does not tell a notebook's format.
local function from_info(info)
  local kind, format = text(info.object_type) or "UNKNOWN", nil
  if kind == "NOTEBOOK" then
    format = text(info.repos_export_format)
  elseif kind == "FILE" then
    format = "RAW"
  end
  return {
    path = path.find_normal(info.path), kind = kind, format = format,
    language = kind == "NOTEBOOK" and text(info.language) or nil,
    size = kind == "FILE" and (integer(info.size) or 0) or nil,
    modified_at = integer(info.modified_at), object_id = integer(info.object_id),
  }
end

-- Nil for what is not there.
local function unless_missing(f, ...)
  local found, e = fault.try(f, ...)
  if e and not M.is_missing(e) then
    error(e, 0)
  end
  return found
end

--- The object there, or nil. Of a notebook also the format.
---@param ws tarn.WorkspaceClient
---@param at string
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

--- What is right below a folder; nil if there is none. A path that is no folder lists itself.
---@param ws tarn.WorkspaceClient
---@param at string
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

--- True for what can hold others: a folder, or a Git folder.
---@param object tarn.SourceObject
---@return boolean
function M.is_folder(object)
  return object.kind == "DIRECTORY" or object.kind == "REPO"
end

--- True for what can be copied as bytes.
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
  take(ws, "export")
  local format = object.kind == "NOTEBOOK" and object.format or "AUTO"
  return (ws.native:workspace_export(object.path, { format = format }))
end

-- Bytes that were read to compare them and are wanted again for the copy. Only what is small:
-- a plan of a thousand objects is not a thousand files in memory.
local HOLD <const> = 256 * 1024
local held = setmetatable({}, { __mode = "k" })

--- Keep an object's bytes until `take_held`, if they are few.
---@param object table
---@param bytes string
function M.hold(object, bytes)
  held[object] = #bytes <= HOLD and bytes or nil
end

--- What was kept for an object, once; or nil.
---@param object table
---@return string?
function M.take_held(object)
  local bytes = held[object]
  held[object] = nil
  return bytes
end

-- What Jupyter documents hold beside the work of their author, and each export writes anew.
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

--- True if two contents of one format are the same work.
---@param format string
---@param a string
---@param b string
---@return boolean
function M.is_same(format, a, b)
  return a == b or format == "JUPYTER" and same_document(a, b)
end

local function import(ws, at, bytes, object, overwrite)
  take(ws, "import")
  ws.native:workspace_import(at, bytes, { format = object.format, overwrite = overwrite,
    language = object.format == "SOURCE" and object.language or nil })
end

--- True if what is at `at` is `object` with these bytes.
---@param ws tarn.WorkspaceClient
---@param at string
---@param bytes string
---@param object tarn.SourceObject
---@return boolean
function M.holds(ws, at, bytes, object)
  local there = M.find(ws, at)
  return there ~= nil and there.kind == object.kind and there.format == object.format
    and there.language == object.language
    and M.is_same(object.format, M.read(ws, there), bytes)
end

local TRIES <const> = 3

--- Put an object's bytes at `at`. A lost answer is settled by looking, so that in the end they
-- are there once, or a fault is raised. Without `overwrite` nothing that is there is changed;
-- if it is the same, that is no fault.
---@param ws tarn.WorkspaceClient
---@param at string
---@param bytes string
---@param object tarn.SourceObject kind, format, language
---@param overwrite boolean
---@return { settled?: string, existed?: boolean } how the outcome is known, if not by the answer
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
      error(lost or blind, 0) -- that nobody knows is what the caller has to hear
    elseif holds then
      return { settled = lost and "the answer was lost; the object is there"
        or "the same was there", existed = not lost or nil }
    elseif try == TRIES or not e.ambiguous then
      error(e, 0)
    end
  end
end

--- Make a folder and those above it.
---@param ws tarn.WorkspaceClient
---@param at string
function M.make_folder(ws, at)
  local _, e = fault.try(ws.native.workspace_mkdirs, ws.native, at)
  if e and M.is_there(e) then
    -- Somebody else made it at the same moment, or a notebook has its name.
    local there = M.find(ws, at)
    if there and M.is_folder(there) then
      return
    end
  end
  if e then
    error(e, 0)
  end
end

return M
