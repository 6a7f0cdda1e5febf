--- Find all objects of the workspace that a pipeline's spec needs.
--
-- Folders are walked level by level, many at once; requirements files are read for further
-- references. Each question is sent once.

local collections = require "base.collections"
local fault = require "base.fault"
local json = require "native.json"
local memo = require "tarn.sources.memo"
local objects = require "tarn.objects"
local pool = require "base.pool"
local references = require "tarn.sources.references"

local M = {}

---@class tarn.SourceItem: tarn.SourceObject
---@field roles string[]       why the pipeline needs it: "library", "glob", "root_path", ...
---@field via string[]         the fields that name it: "libraries[0].notebook.path"
---@field git? boolean         true for a Git folder
---@field verdict? "missing"|"odd" why it cannot be copied
---@field reason? string       the same in words

local UNMOVABLE <const> = "%s objects cannot be exported"

local Closure = {}
Closure.__index = Closure

-- The item at a path, created at its first use, with a further role.
function Closure:item(at, role, via)
  local item = self.items[at]
  if not item then
    item = { path = at, kind = "UNKNOWN", roles = json.array {},
      via = json.array {} }
    self.items[at] = item
  end
  collections.add_once(item.roles, role)
  if via then
    collections.add_once(item.via, via)
  end
  return item
end

-- Copy the workspace's answer about an object into the item.
local function learn(item, found)
  for _, field in ipairs { "kind", "language", "format", "size", "modified_at", "object_id" } do
    item[field] = found[field]
  end
  item.known = item.kind ~= "NOTEBOOK" or item.format ~= nil
  if objects.is_folder(found) then
    item.kind = "DIRECTORY"
    item.git = found.kind == "REPO" or nil
  elseif not objects.has_bytes(found) then
    item.verdict, item.reason = "odd", UNMOVABLE:format(found.kind)
  end
end

local function set_missing(item)
  item.verdict, item.known = "missing", true
  item.reason = "there is no such object, or no permission to read it"
end

local function set_denied(item, e)
  item.verdict, item.known, item.reason = "odd", true, "cannot be read: " .. e.message
end

-- Call `f(ws, path)`, once in this command. A refusal becomes the item's verdict, other faults are
-- raised.
function Closure:ask(what, item, f)
  local found, e = fault.try(self.memo.once, self.memo,
    ("%s %s %s"):format(what, self.connection, item.path), function()
      return f(self.ws, item.path) or false
    end)
  if e and not objects.is_denied(e) then
    error(e, 0)
  elseif e then
    set_denied(item, e)
  elseif not found then
    set_missing(item)
  end
  return found or nil
end

-- List a folder. Returns the folders in it.
function Closure:list(item)
  local found = self:ask("list", item, objects.find_below)
  if not found then
    return {}
  elseif #found == 1 and found[1].path == item.path then
    learn(item, found[1]) -- the path is not a folder
    return {}
  end
  item.kind, item.known = "DIRECTORY", true
  item.git = item.git or item.path:find "^/Repos/[^/]+/[^/]+$" ~= nil or nil
  local folders = {}
  for _, one in ipairs(found) do
    local known = self.items[one.path]
    local inner = self:item(one.path, item.roles[1])
    if not (known and known.known) then
      learn(inner, one)
    end
    if inner.kind == "DIRECTORY" and not self.walked[inner.path] then
      folders[#folders + 1] = inner
    end
  end
  return folders
end

function Closure:walk(folders)
  while #folders > 0 do
    local todo = {}
    for _, item in ipairs(folders) do
      if not self.walked[item.path] then
        self.walked[item.path] = true
        todo[#todo + 1] = item
      end
    end
    local found = pool.map(todo, function(item) return self:list(item) end, self.limit)
    folders = {}
    for _, list in ipairs(found) do
      table.move(list, 1, #list, #folders + 1, folders)
    end
  end
end

-- Ask for objects that are not known yet, and for the format of listed notebooks.
function Closure:ask_unknown()
  local todo = {}
  for _, item in pairs(self.items) do
    if not item.known then
      todo[#todo + 1] = item
    end
  end
  table.sort(todo, function(a, b) return a.path < b.path end)
  pool.each(todo, function(item)
    local found = self:ask("status", item, objects.find)
    if found then
      learn(item, found)
    end
  end, self.limit)
end

-- Add the objects of some references.
function Closure:follow(list)
  local folders = {}
  for _, reference in ipairs(list) do
    local item = self:item(reference.path, reference.role, reference.via)
    item.expect = item.expect or reference.expect
    if reference.odd then
      item.verdict, item.reason, item.known = "odd", reference.odd, true
    elseif reference.folder then
      folders[#folders + 1] = item
    end
  end
  self:walk(folders)
  self:ask_unknown()
end

-- The references in requirements files that were not read yet.
function Closure:read_requirements()
  local todo = {}
  for _, item in pairs(self.items) do
    for _, role in ipairs(item.roles) do
      if role == "requirements" and item.kind == "FILE" and not item.verdict
        and not self.read[item.path] and (item.size or 0) <= objects.MAX_SIZE then
        self.read[item.path] = true
        todo[#todo + 1] = item
      end
    end
  end
  local found = pool.map(todo, function(item)
    local bytes = objects.read(self.ws, item)
    objects.hold(item, bytes)
    return references.of_requirements(bytes, item.path)
  end, self.limit)
  local list = {}
  for _, more in ipairs(found) do
    table.move(more, 1, #more, #list + 1, list)
  end
  return list
end

local function check_kind(item, warnings)
  if item.expect and objects.has_bytes(item) and item.kind ~= item.expect then
    warnings[#warnings + 1] = ("%s names %s as a %s; it is a %s"):format(item.via[1], item.path,
      item.expect:lower(), item.kind:lower())
  end
end

--- All objects that a spec needs, folders before their content. Missing objects, and those that
-- cannot be copied, have a verdict and a reason.
---@param ws tarn.WorkspaceClient
---@param spec table
---@param opts? { jobs?: integer, memo?: tarn.Memo }
---@return tarn.SourceItem[] items
---@return string[] warnings
function M.of(ws, spec, opts)
  opts = opts or {}
  local closure = setmetatable({
    ws = ws, items = {}, walked = {}, read = {}, limit = { limit = opts.jobs or 32 },
    memo = opts.memo or memo.new(), connection = tostring(ws.native),
  }, Closure)
  local list = references.of_spec(spec)
  while #list > 0 do
    closure:follow(list)
    list = closure:read_requirements()
  end
  local items, warnings = {}, {}
  for _, item in pairs(closure.items) do
    items[#items + 1] = item
  end
  table.sort(items, function(a, b) return a.path < b.path end)
  for _, item in ipairs(items) do
    check_kind(item, warnings)
    item.known, item.expect = nil, nil
  end
  return items, warnings
end

return M
