--- Export a pipeline's sources to a local folder, and read such a folder.
--
-- An index in the folder says for each file its path, kind, language and format in the workspace,
-- which a file's name and first line do not always show. The index changes only if the sources do.

local closure = require "tarn.sources.closure"
local fault = require "base.fault"
local fs = require "native.fs"
local json = require "native.json"
local names = require "tarn.sources.names"
local objects = require "tarn.objects"
local path = require("tarn.objects").path
local pool = require "base.pool"

local digest = require("native.server").digest

local M = {}

local OP <const> = "sources.folder"

--- The name of the index.
M.INDEX = "sources.json"

local VERSION <const> = 1

---@class tarn.SourceIndex
---@field version integer
---@field objects table[]  { path, file, kind, language?, format?, roles, via, headed?, digest? }
---@field left_out table[] { path, verdict, reason }

-- ---- export ----

local function entry_of(item, file)
  return { path = item.path, file = file, kind = item.kind, language = item.language,
    format = item.format, roles = item.roles, via = item.via }
end

local function leave_out(index, item, verdict, reason)
  table.insert(index.left_out, { path = item.path, verdict = verdict, reason = reason })
end

-- Write one object. A refused object is left out.
local function write_one(ws, dir, index, entry, item)
  local bytes, e = fault.try(objects.read, ws, item)
  if e and (objects.is_fatal(e) or not e.status) then
    error(e, 0)
  elseif e then
    leave_out(index, item, objects.is_too_large(e) and "too_large" or objects.is_missing(e)
      and "missing" or "odd", e.message)
    return
  end
  dir:write(entry.file, bytes)
  entry.digest = digest(bytes)
  entry.headed = item.kind == "FILE" and names.find_notebook(entry.file, bytes) ~= nil or nil
  entry.written = true
end

-- The index in an open folder; nil if there is none.
local function find_index(dir, dir_path)
  local text = dir:find_read(M.INDEX)
  if not text then
    return nil
  end
  local ok, index = pcall(json.decode, text)
  if not ok or type(index) ~= "table" or type(index.objects) ~= "table" then
    fault.raise { kind = "parse", op = OP,
      message = ("%s/%s is not an index of sources"):format(dir_path, M.INDEX),
      hint = "export into a new folder" }
  elseif index.version ~= VERSION then
    fault.raise { kind = "parse", op = OP,
      message = ("%s/%s has version %s; this program reads version %d"):format(dir_path, M.INDEX,
        tostring(index.version), VERSION) }
  end
  return index
end

-- The digests of the files that an earlier export has written, by file.
local function digests_of(index)
  local digests = {}
  for _, entry in ipairs(index and index.objects or {}) do
    if type(entry) == "table" and type(entry.file) == "string" and entry.kind ~= "DIRECTORY" then
      digests[entry.file] = entry.digest
    end
  end
  return digests
end

-- True if the file is as an earlier export has written it, and may be replaced or removed.
local function is_ours(dir, file, digests)
  local known = digests[file]
  local stat = known and dir:find_stat(file)
  return stat ~= nil and stat.type == "file" and digest(dir:read(file)) == known
end

-- True if the file has the content that the export would write. An interrupted export has written
-- such files, but no index.
local function is_done(ws, dir, item, file)
  local stat = dir:find_stat(file)
  return stat.type == "file" and item.kind ~= "DIRECTORY"
    and fault.try(objects.read, ws, item) == dir:read(file)
end

-- Refuse to replace existing files without `force`; with it, files that no export has written. This
-- is checked before the first file is written.
local function refuse_to_replace(ws, dir, dir_path, planned, before, force)
  local digests = digests_of(before)
  for _, one in ipairs(planned) do
    local entry = one.entry
    local stat = dir:find_stat(entry.file)
    local is_folder = entry.kind == "DIRECTORY"
    if stat and not (is_folder and stat.type == "directory")
      and not (force and (is_ours(dir, entry.file, digests)
        or is_done(ws, dir, one.item, entry.file))) then
      local place = dir_path .. "/" .. entry.file
      fault.raise { kind = "conflict", op = OP, code = "ALREADY_EXISTS",
        message = not force and place .. " exists already" or ("%s is %s"):format(place,
          stat.type == "link" and "a link" or "not from an export, or was changed since"),
        hint = force and "move it away, or choose another folder"
          or "--force replaces the files of an earlier export; or choose another folder" }
    end
  end
end

-- Remove files of an earlier export that this one does not have. Changed files are kept.
local function remove_stale(dir, before, index)
  local now, digests = {}, digests_of(before)
  for _, entry in ipairs(index.objects) do
    now[entry.file] = true
  end
  for file in pairs(digests) do
    local ours = not now[file] and fault.try(is_ours, dir, file, digests)
    if ours then
      dir:remove(file)
    end
  end
end

local function by_path(a, b)
  return a.path < b.path
end

-- { item, entry } for each item that gets a file in the folder; the index lists those that do not.
local function plan(items, index, place)
  local names_here = names.new({ M.INDEX }, place)
  local planned = {}
  for _, item in ipairs(items) do
    if item.verdict or (item.size or 0) > objects.MAX_SIZE then
      leave_out(index, item, item.verdict or "too_large", item.reason
        or ("%d bytes; the workspace exports at most %d"):format(item.size, objects.MAX_SIZE))
    else
      planned[#planned + 1] = { item = item, entry = entry_of(item, names_here:of(item)) }
    end
  end
  return planned
end

-- Create the planned folders. Returns the other planned objects.
local function make_folders(dir, planned)
  local todo = {}
  for _, one in ipairs(planned) do
    if one.entry.kind == "DIRECTORY" then
      dir:mkdir(one.entry.file)
      one.entry.written = true
    else
      todo[#todo + 1] = one
    end
  end
  return todo
end

--- Write all sources of a spec into a folder, with an index. `place` chooses the local folder
-- of a workspace folder (nil: below its parent's; by default the whole path is kept). Nothing
-- that is there is replaced or removed, but with `force` what an earlier export wrote and nobody
-- has changed; no step below the folder follows a link.
---@param ws tarn.WorkspaceClient
---@param spec table
---@param dir_path string
---@param opts? { place?: (fun(folder: string): string?), force?: boolean, progress?: function,
---  jobs?: integer, memo?: tarn.Memo }
---@return tarn.SourceIndex index
---@return string[] warnings
function M.export(ws, spec, dir_path, opts)
  opts = opts or {}
  local items, warnings = closure.of(ws, spec, { jobs = opts.jobs, memo = opts.memo })
  local index = { version = VERSION, objects = json.array {}, left_out = json.array {} }
  fs.mkdir(dir_path, { parents = true })
  local dir <close> = fs.folder(dir_path)
  local before = find_index(dir, dir_path)
  local planned = plan(items, index, opts.place)
  refuse_to_replace(ws, dir, dir_path, planned, before, opts.force)
  local todo, done = make_folders(dir, planned), 0
  pool.each(todo, function(one)
    write_one(ws, dir, index, one.entry, one.item)
    done = done + 1
    if opts.progress then
      opts.progress(done, #todo, one.item.path)
    end
  end, { limit = opts.jobs or 32 })
  for _, one in ipairs(planned) do
    if one.entry.written then
      one.entry.written = nil
      table.insert(index.objects, one.entry)
    end
  end
  table.sort(index.left_out, by_path)
  if opts.force then
    remove_stale(dir, before, index)
  end
  dir:write(M.INDEX, json.encode(index, { indent = 2 }) .. "\n")
  return index, warnings
end

-- ---- reading a folder ----

-- A path that stays inside of the folder.
local function is_safe(file)
  return type(file) == "string" and file ~= "" and file:sub(1, 1) ~= "/"
    and not file:find("\0", 1, true) and not ("/" .. file .. "/"):find("/../", 1, true)
end

local KINDS <const> = { NOTEBOOK = true, FILE = true, DIRECTORY = true }
local FORMATS <const> = { SOURCE = true, JUPYTER = true, RAW = true }

local function check_entry(dir, i, entry)
  local function refuse(what)
    fault.raise { kind = "parse", op = OP,
      message = ("%s/%s: objects[%d] %s"):format(dir, M.INDEX, i - 1, what) }
  end
  if type(entry) ~= "table" then
    refuse "is not an object"
  elseif not path.find_normal(entry.path) then
    refuse "has no path"
  elseif not KINDS[entry.kind] then
    refuse "has an unknown kind"
  elseif not is_safe(entry.file) then
    refuse "has a file outside of the folder"
  elseif entry.kind ~= "DIRECTORY" and not FORMATS[entry.format] then
    refuse "has an unknown format"
  elseif entry.format == "SOURCE" and type(entry.language) ~= "string" then
    refuse "has no language"
  end
end

local function strings_of(value)
  local list = json.array {}
  for i, one in ipairs(type(value) == "table" and value or {}) do
    list[i] = tostring(one)
  end
  return list
end

-- A link may lead to any file of this machine: it is left out, and said to be.
local function leave_link_out(item)
  item.verdict, item.reason = "odd", ("%s is a link, which is not followed"):format(item.file)
end

-- What is at a place of the folder; nil also where a link is on the way to it.
local function find_stat(dir, file)
  local stat, e = fault.try(dir.find_stat, dir, file)
  if e and e.code == "ELOOP" then
    return { type = "link" }
  elseif e then
    fault.raise(e)
  end
  return stat
end

local function item_of(dir, entry)
  local item = { path = path.find_normal(entry.path), kind = entry.kind, format = entry.format,
    language = entry.language, file = entry.file, roles = strings_of(entry.roles),
    via = strings_of(entry.via) }
  local stat = find_stat(dir, entry.file)
  if stat and stat.type == "link" then
    leave_link_out(item)
  elseif item.kind ~= "DIRECTORY" then
    item.size = stat and stat.type == "file" and stat.size or nil
    if not item.size then
      item.verdict, item.reason = "missing", ("%s is not in the folder"):format(entry.file)
    end
  end
  return item
end

-- Files of other programs, which do not belong to the sources.
local function is_litter(name)
  return name:sub(1, 1) == "." or name == "__pycache__"
end

-- The item of a file that was added to a folder of the pipeline.
local function added(dir, file, folder, name, stat)
  local item = { path = path.find_joined(folder, name), kind = "FILE", format = "RAW",
    file = file, size = stat.size, roles = json.array { "added" }, via = json.array {} }
  local found = stat.size <= objects.MAX_SIZE
    and names.find_notebook(name, dir:read(file))
  if found then
    item.kind, item.format, item.language = "NOTEBOOK", found.format, found.language
    item.path = path.find_joined(folder, found.name)
  end
  return item
end

-- The names in a folder that may be there, and is no link.
local function names_in(dir, folder)
  local stat = find_stat(dir, folder)
  return stat and stat.type == "directory" and dir:list(folder) or {}
end

local function add_new(dir, items)
  local known, folders = {}, {}
  for _, item in ipairs(items) do
    known[item.file] = true
    folders[#folders + 1] = item.kind == "DIRECTORY" and not item.verdict and item or nil
  end
  local function add(folder, name)
    local file = folder.file .. "/" .. name
    local stat = not known[file] and not is_litter(name) and dir:find_stat(file) or { type = "" }
    local item = { path = path.find_joined(folder.path, name), kind = "FILE", file = file,
      roles = json.array { "added" }, via = json.array {} }
    if stat.type == "directory" then
      item.kind = "DIRECTORY"
      folders[#folders + 1] = item
    elseif stat.type == "file" then
      item = added(dir, file, folder.path, name, stat)
    elseif stat.type == "link" then
      leave_link_out(item)
    else
      return
    end
    items[#items + 1] = item
  end
  local at = 1
  while folders[at] do
    for _, name in ipairs(names_in(dir, folders[at].file)) do
      add(folders[at], name)
    end
    at = at + 1
  end
end

--- The objects in an exported folder, folders before their content, and files that were added
-- since.
---@param dir_path string
---@return tarn.SourceItem[] each with `file`; links are left out, with a reason
---@return tarn.SourceIndex
function M.items(dir_path)
  local dir <close> = fs.find_stat(dir_path) and fs.folder(dir_path) or nil
  local index = dir and find_index(dir, dir_path)
  if not index then
    fault.raise { kind = "io", op = OP, message = ("%s has no %s"):format(dir_path, M.INDEX),
      hint = "`tarn export PIPELINE --dir DIR` writes such a folder" }
  end
  local items = {}
  for i, entry in ipairs(index.objects) do
    check_entry(dir_path, i, entry)
    items[i] = item_of(dir, entry)
  end
  add_new(dir, items)
  table.sort(items, by_path)
  return items, index
end

--- The bytes of an item of a folder.
---@param dir string
---@param item tarn.SourceItem
---@return string
function M.read(dir, item)
  local folder <close> = fs.folder(dir)
  return folder:read(item.file)
end

return M
