--- What copying a list of objects to a workspace would do, object by object. Changes nothing.

local fault = require "base.fault"
local json = require "native.json"
local memo = require "tarn.sources.memo"
local objects = require "tarn.objects"
local path = require("tarn.objects").path
local pool = require "base.pool"

local M = {}

-- From so many objects in one folder on, the target's folder is listed instead of asking for each.
local LIST_FROM <const> = 4

local Plan = {}
Plan.__index = Plan

local function settle(item, verdict, reason)
  item.verdict, item.reason = verdict, reason
end

-- ---- where each object goes ----

-- Set the target of an item and say what can be said without asking.
local function aim(self, item, taken)
  local target = path.find_normal(self.path_map(item.path))
  if not target then
    error(("the map makes no absolute path of %s"):format(item.path), 0)
  end
  item.target = target
  if item.verdict then
    return
  elseif taken[target] then
    settle(item, "odd", ("%s goes to the same place"):format(taken[target]))
    return
  end
  taken[target] = item.path
  if self.same_place and target == item.path then
    settle(item, "same", "it is used where it is")
  elseif (item.size or 0) > objects.MAX_SIZE then
    settle(item, "too_large", ("%d bytes; the workspace takes %d"):format(item.size,
      objects.MAX_SIZE))
  elseif item.format == "JUPYTER" and target:find "%.ipynb$" then
    settle(item, "odd", "an import takes .ipynb from a notebook's name")
  end
end

-- ---- the target's folders ----

local function folder_of(item)
  return item.kind == "DIRECTORY" and item.target or path.parent(item.target)
end

-- Folders that matter, by depth, and how many objects go right into each.
local function folders_of(items)
  local levels, seen, load = {}, {}, {}
  local function note(folder, depth)
    while #levels < depth do
      levels[#levels + 1] = {}
    end
    if not seen[folder] and not path.is_root(folder) then
      seen[folder] = true
      table.insert(levels[depth], folder)
    end
  end
  for _, item in ipairs(items) do
    if not item.verdict then
      local folder = folder_of(item)
      local above = path.above(folder)
      for depth, one in ipairs(above) do
        note(one, depth)
      end
      note(folder, #above + 1)
      load[folder] = (load[folder] or 0) + (item.kind == "DIRECTORY" and 0 or 1)
    end
  end
  return levels, load
end

-- The state of one folder: "there" (with what is in it, if it was listed), "missing", "blocked".
local function look_at_folder(ws, folder, listed)
  if not listed then
    local found = objects.find(ws, folder)
    if not found then
      return { state = "missing" }
    end
    return { state = objects.is_folder(found) and "there" or "blocked", kind = found.kind }
  end
  local found = objects.find_below(ws, folder)
  if not found then
    return { state = "missing" }
  elseif #found == 1 and found[1].path == folder then
    return { state = "blocked", kind = found[1].kind }
  end
  local inside = {}
  for _, one in ipairs(found) do
    inside[one.path] = one
  end
  return { state = "there", inside = inside }
end

-- From the top down: below a folder that is not there nothing is asked.
function Plan:look_at_folders(items)
  local levels, load = folders_of(items)
  self.folders = {}
  for _, level in ipairs(levels) do
    table.sort(level)
    pool.each(level, function(folder)
      local above = self.folders[path.parent(folder)]
      if above and above.state ~= "there" then
        self.folders[folder] = { state = above.state, kind = above.kind }
        return
      end
      local key = ("folder %s %s"):format(self.place, folder)
      local listed = (load[folder] or 0) >= LIST_FROM
      self.folders[folder] = self.memo:once(key, look_at_folder, self.ws, folder, listed)
    end, self.limit)
  end
end

-- ---- what is there already ----

-- What is at the item's target, or nil.
function Plan:find_there(item, folder)
  local inside = folder and folder.inside
  local listed = inside and inside[item.target]
  if inside and not listed then
    return nil
  elseif listed and not (listed.kind == "NOTEBOOK" and item.kind == "NOTEBOOK") then
    return listed
  end
  return objects.find(self.ws, item.target)
end

-- True if the bytes on both sides are the same. What was read is kept for the copy.
function Plan:same_bytes(item, there)
  if there.format ~= item.format or there.language ~= item.language
    or item.size and there.size and item.size ~= there.size then
    return false
  end
  local ours = objects.take_held(item) or self.read(item)
  objects.hold(item, ours)
  local theirs = objects.read(self.ws, there)
  if objects.is_same(item.format, ours, theirs) then
    objects.take_held(item)
    return true
  end
  objects.hold(there, theirs)
  return false
end

function Plan:compare(item, there)
  if there.kind ~= item.kind then
    settle(item, "odd", ("a %s is in its place: an import cannot change that; delete it first")
      :format(there.kind:lower()))
  elseif self:same_bytes(item, there) then
    settle(item, "same", "it is there already")
  elseif self.overwrite then
    settle(item, "copy", "replaces what is there")
    self.replaced[item] = there
  elseif not (item.modified_at and there.modified_at) then
    settle(item, "newer", "what is there differs, and may be newer; --overwrite replaces it")
  elseif there.modified_at > item.modified_at then
    settle(item, "newer", "what is there was changed later; --overwrite replaces it")
  else
    settle(item, "copy", "replaces what is there, which is older")
    self.replaced[item] = there
  end
end

-- The verdict on one object whose target may be there.
function Plan:judge(item)
  local folder = self.folders[folder_of(item)]
  local copied = self.memo:find(("copied %s %s"):format(self.place, item.target))
  if copied then
    local mine = copied == item.path
    settle(item, mine and "same" or "odd", mine and "copied a moment ago"
      or ("%s went to the same place"):format(copied))
  elseif folder and folder.state == "blocked" then
    settle(item, "odd", ("a %s has the name of its folder"):format(folder.kind:lower()))
  elseif folder and folder.state == "missing" then
    settle(item, "copy")
  elseif item.kind == "DIRECTORY" then
    settle(item, "same", "it is there already")
  else
    local there = self:find_there(item, folder)
    if there then
      self:compare(item, there)
    else
      settle(item, "copy")
    end
  end
end

function Plan:judge_safely(item)
  local _, e = fault.try(self.judge, self, item)
  if not e then
    return
  elseif objects.is_too_large(e) then
    settle(item, "too_large", e.message)
  elseif objects.is_missing(e) then
    settle(item, "missing", e.message)
  elseif objects.is_denied(e) or e.op == "fs.read" then
    settle(item, "odd", "may not be read: " .. e.message)
  else
    error(e, 0)
  end
end

-- ---- the folders to be made ----

-- Each deepest missing folder, and which folders its making makes.
local function folders_to_make(self, items)
  local missing = {}
  for _, item in ipairs(items) do
    local folder = item.verdict == "copy" and folder_of(item)
    while folder and self.folders[folder] and self.folders[folder].state == "missing"
      and not missing[folder] do
      missing[folder] = true
      folder = path.parent(folder)
    end
  end
  local inner = {}
  for folder in pairs(missing) do
    inner[path.parent(folder)] = true
  end
  local list = {}
  for folder in pairs(missing) do
    if not inner[folder] then
      list[#list + 1] = { path = folder, missing = json.array {} }
    end
  end
  table.sort(list, function(a, b) return a.path < b.path end)
  for _, entry in ipairs(list) do
    local chain = path.above(entry.path)
    chain[#chain + 1] = entry.path
    for _, folder in ipairs(chain) do
      if missing[folder] then
        missing[folder] = nil
        table.insert(entry.missing, folder)
      end
    end
  end
  return list
end

local function warn_of_homes(folders, warnings)
  for _, entry in ipairs(folders) do
    for _, folder in ipairs(entry.missing) do
      if path.parent(folder) == "/Users" then
        warnings[#warnings + 1] = ("the target has no home folder %s: a home comes with its user;"
          .. " --path-map leads elsewhere"):format(folder)
      elseif folder:find "^/Repos/[^/]+/[^/]+$" then
        warnings[#warnings + 1] = ("the target has no Git folder %s: make it there, or lead "
          .. "elsewhere with --path-map"):format(folder)
      end
    end
  end
end

local function warn_of_git(items, warnings)
  for _, item in ipairs(items) do
    if item.git and item.verdict == "copy" then
      warnings[#warnings + 1] = ("%s is a Git folder; its copy %s is a plain one, without history")
        :format(item.path, item.target)
    end
  end
end

-- ---- the whole ----

---@class tarn.SourcePlan
---@field items tarn.SourceItem[] each with `target`, `verdict`, `reason`
---@field folders { path: string, missing: string[] }[] to be made; `missing`: what that makes
---@field counts table<string, integer> verdict -> how many
---@field warnings string[]

-- What is to be replaced, for the copy and not for the reader of a plan: plan -> item -> object.
local replaced = setmetatable({}, { __mode = "k" })

--- What the plan found in the place of an item that it will replace.
---@param plan tarn.SourcePlan
---@param item tarn.SourceItem
---@return tarn.SourceObject?
function M.find_replaced(plan, item)
  local of_plan = replaced[plan]
  return of_plan and of_plan[item]
end

local function counts_of(items)
  local counts = {}
  for _, item in ipairs(items) do
    counts[item.verdict] = (counts[item.verdict] or 0) + 1
  end
  return counts
end

local function identity(at)
  return at
end

--- Plan the way of `items` to a workspace.
---@param source { read: (fun(item: tarn.SourceItem): string), same_place?: boolean }
---@param target_ws tarn.WorkspaceClient
---@param items tarn.SourceItem[]
---@param opts? { path_map?: (fun(path: string): string), overwrite?: boolean, jobs?: integer,
---  memo?: tarn.Memo }
---@return tarn.SourcePlan
function M.of(source, target_ws, items, opts)
  opts = opts or {}
  local self = setmetatable({
    ws = target_ws, read = source.read, same_place = source.same_place,
    path_map = opts.path_map or identity, overwrite = opts.overwrite,
    limit = { limit = opts.jobs or 32 }, memo = opts.memo or memo.new(),
    place = tostring(target_ws.native), replaced = setmetatable({}, { __mode = "k" }),
  }, Plan)
  local taken = {}
  for _, item in ipairs(items) do
    aim(self, item, taken)
  end
  self:look_at_folders(items)
  local open = {}
  for _, item in ipairs(items) do
    open[#open + 1] = not item.verdict and item or nil
  end
  pool.each(open, function(item) self:judge_safely(item) end, self.limit)
  local plan = { items = items, folders = folders_to_make(self, items),
    counts = counts_of(items), warnings = json.array {} }
  warn_of_homes(plan.folders, plan.warnings)
  warn_of_git(items, plan.warnings)
  replaced[plan] = self.replaced
  return plan
end

return M
