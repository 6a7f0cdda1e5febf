--- Read the sources in an exported folder.

local fault = require "base.fault"
local fs = require "native.fs"
local indexes = require "tarn.sources.index"
local json = require "native.json"
local names = require "tarn.sources.names"
local objects = require "tarn.objects"
local path = require("tarn.objects").path

local M = {}

local OP <const> = "sources.folder"

-- True for a path inside of the folder.
local function is_safe(file)
  return type(file) == "string" and file ~= "" and file:sub(1, 1) ~= "/"
    and not file:find("\0", 1, true) and not ("/" .. file .. "/"):find("/../", 1, true)
end

local KINDS <const> = { NOTEBOOK = true, FILE = true, DIRECTORY = true }
local FORMATS <const> = { SOURCE = true, JUPYTER = true, RAW = true }

local function check_entry(dir, i, entry)
  local function refuse(what)
    fault.raise { kind = "parse", op = OP,
      message = ("%s/%s: objects[%d] %s"):format(dir, indexes.FILE, i - 1, what) }
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

-- Leave a link out, with a reason: it may lead to any file of this machine.
local function leave_link_out(item)
  item.verdict, item.reason = "odd", ("%s is a link, which is not followed"):format(item.file)
end

-- The state of a file in the folder; of type "link" also if a link is on the way to it.
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

-- The names in a folder; none if it does not exist or is a link.
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
  local index = dir and indexes.find(dir, dir_path)
  if not index then
    fault.raise { kind = "io", op = OP, message = ("%s has no %s"):format(dir_path, indexes.FILE),
      hint = "`tarn export PIPELINE --dir DIR` writes such a folder" }
  end
  local items = {}
  for i, entry in ipairs(index.objects) do
    check_entry(dir_path, i, entry)
    items[i] = item_of(dir, entry)
  end
  add_new(dir, items)
  table.sort(items, function(a, b) return a.path < b.path end)
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
