--- Plan the copy of objects to a workspace: a verdict for each object. Changes nothing.

local collections = require "base.collections"
local fault = require "base.fault"
local folders = require "tarn.sources.folders"
local json = require "native.json"
local memo = require "tarn.sources.memo"
local objects = require "tarn.objects"
local path = require("tarn.objects").path
local pool = require "base.pool"

local M = {}

local Plan = {}
Plan.__index = Plan

local function settle(item, verdict, reason)
  item.verdict, item.reason = verdict, reason
end

-- ---- targets ----

-- Set the target of an item, and its verdict if that needs no request.
local function set_target(self, item, taken)
  local target = path.find_normal(self.path_map(item.path))
  if not target then
    fault.usage("sources.plan", ("the map gives no absolute path for %s"):format(item.path))
  end
  item.target = target
  if item.verdict then
    return
  elseif taken[target] then
    settle(item, "odd", ("%s has the same target path"):format(taken[target]))
    return
  end
  taken[target] = item.path
  if self.same_workspace and target == item.path then
    settle(item, "same", "source and target are the same object")
  elseif (item.size or 0) > objects.MAX_SIZE then
    settle(item, "too_large", ("%d bytes; the workspace takes %d"):format(item.size,
      objects.MAX_SIZE))
  elseif item.format == "JUPYTER" and target:find "%.ipynb$" then
    settle(item, "odd", "an import removes .ipynb from a notebook's name")
  end
end

-- ---- existing objects ----

-- The object at the item's target, or nil.
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

-- True if both objects are equal. The bytes that were read are kept for the copy.
function Plan:same_bytes(item, there)
  if there.format ~= item.format or there.language ~= item.language
    or not self.edits and item.size and there.size and item.size ~= there.size then
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
    settle(item, "odd", ("the target path has a %s, which an import cannot replace: delete it "
      .. "first"):format(there.kind:lower()))
  elseif self:same_bytes(item, there) then
    settle(item, "same", "the target has it already")
  elseif self.overwrite then
    settle(item, "copy", "replaces the target's")
    self.replaced[item] = there
  elseif not (item.modified_at and there.modified_at) then
    settle(item, "newer", "the target's differs and may be newer; --overwrite replaces it")
  elseif there.modified_at > item.modified_at then
    settle(item, "newer", "the target's was changed later; --overwrite replaces it")
  else
    settle(item, "copy", "replaces the target's, which is older")
    self.replaced[item] = there
  end
end

-- The verdict on an object whose target may exist.
function Plan:judge(item)
  local folder = self.folders[folders.of(item)]
  local copied = self.memo:find(("copied %s %s"):format(self.connection, item.target))
  if copied then
    local mine = copied == item.path
    settle(item, mine and "same" or "odd", mine and "this command has copied it already"
      or ("%s was copied to the same path"):format(copied))
  elseif folder and folder.state == "blocked" then
    settle(item, "odd", ("a %s has the path of its folder"):format(folder.kind:lower()))
  elseif folder and folder.state == "missing" then
    settle(item, "copy")
  elseif item.kind == "DIRECTORY" then
    settle(item, "same", "the target has it already")
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
    settle(item, "odd", "cannot be read: " .. e.message)
  else
    error(e, 0)
  end
end

local function add_home_warnings(missing_folders, warnings)
  for _, entry in ipairs(missing_folders) do
    for _, folder in ipairs(entry.missing) do
      if path.parent(folder) == "/Users" then
        warnings[#warnings + 1] = ("the target has no home folder %s, which is created with its "
          .. "user; --path-map maps it to another folder"):format(folder)
      elseif folder:find "^/Repos/[^/]+/[^/]+$" then
        warnings[#warnings + 1] = ("the target has no Git folder %s: create it there, or map it to "
          .. "another folder with --path-map"):format(folder)
      end
    end
  end
end

local function add_git_warnings(items, warnings)
  for _, item in ipairs(items) do
    if item.git and item.verdict == "copy" then
      warnings[#warnings + 1] = ("%s is a Git folder; its copy %s is a plain one, without history")
        :format(item.path, item.target)
    end
  end
end

-- ---- the plan ----

---@class tarn.SourcePlan
---@field items tarn.SourceItem[] each with `target`, `verdict`, `reason`
---@field folders { path: string, missing: string[] }[] to be created; `missing`: the folders that
--- this creates
---@field counts table<string, integer> verdict -> number of items
---@field warnings string[]

-- The objects that a copy replaces: plan -> item -> object. They are not part of the plan's data.
local replaced = setmetatable({}, { __mode = "k" })

--- The existing object that a copy of the item replaces, as the plan has found it.
---@param plan tarn.SourcePlan
---@param item tarn.SourceItem
---@return tarn.SourceObject?
function M.find_replaced(plan, item)
  local of_plan = replaced[plan]
  return of_plan and of_plan[item]
end

local function identity(at)
  return at
end

--- Plan a copy of items to a workspace.
---@param source { read: (fun(item: tarn.SourceItem): string), same_workspace?: boolean }
---@param target_ws tarn.WorkspaceClient
---@param items tarn.SourceItem[]
---@param opts? { path_map?: (fun(path: string): string), overwrite?: boolean, jobs?: integer,
---  memo?: tarn.Memo }
---@return tarn.SourcePlan
function M.of(source, target_ws, items, opts)
  opts = opts or {}
  local self = setmetatable({
    ws = target_ws, read = source.read, edits = source.edits,
    same_workspace = source.same_workspace,
    path_map = opts.path_map or identity, overwrite = opts.overwrite,
    limit = { limit = opts.jobs or 32 }, memo = opts.memo or memo.new(),
    connection = tostring(target_ws.native), replaced = setmetatable({}, { __mode = "k" }),
  }, Plan)
  local taken = {}
  for _, item in ipairs(items) do
    set_target(self, item, taken)
  end
  folders.ask(self, items)
  local open = {}
  for _, item in ipairs(items) do
    open[#open + 1] = not item.verdict and item or nil
  end
  pool.each(open, function(item) self:judge_safely(item) end, self.limit)
  local plan = { items = items, folders = folders.to_create(self, items),
    counts = collections.counts(items, "verdict"), warnings = json.array {} }
  add_home_warnings(plan.folders, plan.warnings)
  add_git_warnings(items, plan.warnings)
  replaced[plan] = self.replaced
  return plan
end

return M
