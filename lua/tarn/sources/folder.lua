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

local M = {}

local OP <const> = "sources.folder"

--- The name of the index.
M.INDEX = "sources.json"

local VERSION <const> = 1

---@class tarn.SourceIndex
---@field version integer
---@field objects table[]  { path, file, kind, language?, format?, roles, via, headed? }
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
  fs.mkdir(dir .. "/" .. path.parent("/" .. entry.file), { parents = true })
  fs.write(dir .. "/" .. entry.file, bytes)
  entry.headed = item.kind == "FILE" and names.find_notebook(entry.file, bytes) ~= nil or nil
  entry.written = true
end

local function find_index(dir)
  local text = fs.find_read(dir .. "/" .. M.INDEX)
  if not text then
    return nil
  end
  local ok, index = pcall(json.decode, text)
  if not ok or type(index) ~= "table" or type(index.objects) ~= "table" then
    fault.raise { kind = "parse", op = OP,
      message = ("%s/%s is not an index of sources"):format(dir, M.INDEX) }
  elseif index.version ~= VERSION then
    fault.raise { kind = "parse", op = OP,
      message = ("%s/%s has version %s; this program reads version %d"):format(dir, M.INDEX,
        tostring(index.version), VERSION) }
  end
  return index
end

-- True for a path inside of the folder.
local function is_safe(file)
  return type(file) == "string" and file ~= "" and file:sub(1, 1) ~= "/"
    and not file:find("\0", 1, true) and not ("/" .. file .. "/"):find("/../", 1, true)
end

-- Remove files of an earlier export that this one does not have.
local function remove_stale(dir, before, index)
  local now = {}
  for _, entry in ipairs(index.objects) do
    now[entry.file] = true
  end
  for _, entry in ipairs(before and before.objects or {}) do
    if entry.kind ~= "DIRECTORY" and is_safe(entry.file) and not now[entry.file] then
      fs.remove(dir .. "/" .. entry.file)
    end
  end
end

local function by_path(a, b)
  return a.path < b.path
end

--- Write all sources of a spec into a folder, with an index.
---@param ws tarn.WorkspaceClient
---@param spec table
---@param dir string
---@param opts? { place?: (fun(folder: string): string?), progress?: function, jobs?: integer,
---  memo?: tarn.Memo } `place` returns the local folder of a workspace folder; nil means: inside
---  that of its parent
---@return tarn.SourceIndex index
---@return string[] warnings
function M.export(ws, spec, dir, opts)
  opts = opts or {}
  local items, warnings = closure.of(ws, spec, { jobs = opts.jobs, memo = opts.memo })
  local index = { version = VERSION, objects = json.array {}, left_out = json.array {} }
  local names_here = names.new({ M.INDEX }, opts.place)
  fs.mkdir(dir, { parents = true })
  local before = find_index(dir)
  local entries, todo = {}, {}
  for _, item in ipairs(items) do
    if item.verdict or (item.size or 0) > objects.MAX_SIZE then
      leave_out(index, item, item.verdict or "too_large", item.reason
        or ("%d bytes; the workspace exports at most %d"):format(item.size, objects.MAX_SIZE))
    else
      local entry = entry_of(item, names_here:of(item))
      entries[#entries + 1] = entry
      if item.kind == "DIRECTORY" then
        entry.written = true
        fs.mkdir(dir .. "/" .. entry.file, { parents = true })
      else
        todo[#todo + 1] = { item = item, entry = entry }
      end
    end
  end
  local done = 0
  pool.each(todo, function(one)
    write_one(ws, dir, index, one.entry, one.item)
    done = done + 1
    if opts.progress then
      opts.progress(done, #todo, one.item.path)
    end
  end, { limit = opts.jobs or 32 })
  for _, entry in ipairs(entries) do
    if entry.written then
      entry.written = nil
      table.insert(index.objects, entry)
    end
  end
  table.sort(index.left_out, by_path)
  remove_stale(dir, before, index)
  fs.write(dir .. "/" .. M.INDEX, json.encode(index, { indent = 2 }) .. "\n")
  return index, warnings
end

-- ---- reading a folder ----

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

local function item_of(dir, entry)
  local item = { path = path.find_normal(entry.path), kind = entry.kind, format = entry.format,
    language = entry.language, file = entry.file, roles = strings_of(entry.roles),
    via = strings_of(entry.via) }
  local stat = fs.find_stat(dir .. "/" .. entry.file)
  if item.kind ~= "DIRECTORY" then
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
    and names.find_notebook(name, fs.read(dir .. "/" .. file))
  if found then
    item.kind, item.format, item.language = "NOTEBOOK", found.format, found.language
    item.path = path.find_joined(folder, found.name)
  end
  return item
end

local function add_new(dir, items)
  local known, folders = {}, {}
  for _, item in ipairs(items) do
    known[item.file] = true
    folders[#folders + 1] = item.kind == "DIRECTORY" and item or nil
  end
  local at = 1
  while folders[at] do
    local folder = folders[at]
    local stat = fs.find_stat(dir .. "/" .. folder.file)
    for _, name in ipairs(stat and stat.type == "directory"
      and fs.list(dir .. "/" .. folder.file) or {}) do
      local file = folder.file .. "/" .. name
      local inner = fs.find_stat(dir .. "/" .. file)
      if known[file] or is_litter(name) or not inner then
        goto continue
      elseif inner.type == "directory" then
        items[#items + 1] = { path = path.find_joined(folder.path, name), kind = "DIRECTORY",
          file = file, roles = json.array { "added" }, via = json.array {} }
        folders[#folders + 1] = items[#items]
      elseif inner.type == "file" then
        items[#items + 1] = added(dir, file, folder.path, name, inner)
      end
      ::continue::
    end
    at = at + 1
  end
end

--- The objects in an exported folder, folders before their content, and files that were added
-- since.
---@param dir string
---@return tarn.SourceItem[] each with `file`
---@return tarn.SourceIndex
function M.items(dir)
  local index = find_index(dir)
  if not index then
    fault.raise { kind = "io", op = OP, message = ("%s has no %s"):format(dir, M.INDEX),
      hint = "`tarn export PIPELINE --dir DIR` writes such a folder" }
  end
  local items = {}
  for i, entry in ipairs(index.objects) do
    check_entry(dir, i, entry)
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
  return fs.read(dir .. "/" .. item.file)
end

return M
