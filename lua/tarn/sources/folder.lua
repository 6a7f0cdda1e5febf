--- Export a pipeline's sources to a local folder.

local closure = require "tarn.sources.closure"
local fault = require "base.fault"
local fs = require "native.fs"
local indexes = require "tarn.sources.index"
local json = require "native.json"
local names = require "tarn.sources.names"
local objects = require "tarn.objects"
local pool = require "base.pool"

local digest = require("native.server").digest

local M = {}

local OP <const> = "sources.folder"

local function entry_of(item, file)
  return { path = item.path, file = file, kind = item.kind, language = item.language,
    format = item.format, roles = item.roles, via = item.via }
end

local function leave_out(index, item, verdict, reason)
  table.insert(index.left_out, { path = item.path, verdict = verdict, reason = reason })
end

-- Write a file, unless it has this content. True if it was written.
local function write_changed(dir, file, bytes)
  local stat = dir:find_stat(file)
  if stat and stat.type == "file" and stat.size == #bytes and dir:read(file) == bytes then
    return false
  end
  dir:write(file, bytes)
  return true
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
  index.written = index.written + (write_changed(dir, entry.file, bytes) and 1 or 0)
  entry.digest = digest(bytes)
  entry.headed = item.kind == "FILE" and names.find_notebook(entry.file, bytes) ~= nil or nil
  entry.written = true
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

-- Add what an earlier export has and this one has not. Its files stay.
local function keep_others(before, index)
  local known = {}
  for _, entry in ipairs(index.objects) do
    known[entry.path], known[entry.file] = true, true
  end
  for _, entry in ipairs(before and before.objects or {}) do
    if not known[entry.path] and not known[entry.file] then
      table.insert(index.objects, entry)
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
  local names_here = names.new({ indexes.FILE }, place)
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

---@class tarn.SourceExportOptions
---@field place? fun(folder: string): string?  the local folder of a workspace folder; nil means:
--- inside that of its parent. By default the whole path is kept
---@field force? boolean      replace unchanged files of an earlier export, and remove those that
--- are not needed
---@field keep? boolean       remove nothing, and keep what an earlier export has in the index
---@field items? tarn.SourceItem[] in place of those that the spec needs
---@field progress? function
---@field jobs? integer
---@field memo? tarn.Memo

--- Write all sources of a spec into a folder, with an index. Existing files are not replaced or
-- removed; with `force`, unchanged files of an earlier export are. Links are not followed.
---@param ws tarn.WorkspaceClient
---@param spec table
---@param dir_path string
---@param opts? tarn.SourceExportOptions
---@return tarn.SourceIndex index
---@return string[] warnings
---@return integer written files; the others had this content already
function M.export(ws, spec, dir_path, opts)
  opts = opts or {}
  local items, warnings = opts.items, {}
  if not items then
    items, warnings = closure.of(ws, spec, { jobs = opts.jobs, memo = opts.memo })
  end
  local index = { version = indexes.VERSION, objects = json.array {}, left_out = json.array {},
    written = 0 }
  fs.mkdir(dir_path, { parents = true })
  local dir <close> = fs.folder(dir_path)
  local before = indexes.find(dir, dir_path)
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
  if opts.keep then
    keep_others(before, index)
    table.sort(index.objects, by_path)
  elseif opts.force then
    remove_stale(dir, before, index)
  end
  local written = index.written
  index.written = nil
  write_changed(dir, indexes.FILE, json.encode(index, { indent = 2 }) .. "\n")
  return index, warnings, written
end

-- Remove a folder and its folders, as far as they are empty.
local function remove_empty(dir, name)
  for _, inner in ipairs(dir:list(name)) do
    local path = name and name .. "/" .. inner or inner
    if dir:find_stat(path).type == "directory" then
      remove_empty(dir, path)
    end
  end
  if name and #dir:list(name) == 0 then
    dir:remove(name)
  end
end

--- Remove the files that an export has written into a folder, except those that were changed since,
-- and then empty folders. A folder without an index stays as it is.
---@param dir_path string
---@return string[] kept the changed files
function M.remove(dir_path)
  local kept = {}
  if not fs.find_stat(dir_path) then
    return kept
  end
  local dir <close> = fs.folder(dir_path)
  local index = indexes.find(dir, dir_path)
  local digests = digests_of(index)
  for file in pairs(digests) do
    if fault.try(is_ours, dir, file, digests) then
      dir:remove(file)
    elseif fault.try(dir.find_stat, dir, file) then
      kept[#kept + 1] = file
    end
  end
  table.sort(kept)
  if index and #kept == 0 then
    dir:remove(indexes.FILE)
    remove_empty(dir)
  end
  return kept
end

return M
