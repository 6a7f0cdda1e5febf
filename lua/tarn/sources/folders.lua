--- The folders of a plan's targets: which exist, and which have to be created.

local json = require "native.json"
local objects = require "tarn.objects"
local path = require("tarn.objects").path
local pool = require "base.pool"

local M = {}

-- For this many objects in a folder, the target's folder is listed instead of asking for each.
local LIST_FROM <const> = 4

--- The folder of an item's target; of a folder, its target.
---@param item tarn.SourceItem with `target`
---@return string
function M.of(item)
  return item.kind == "DIRECTORY" and item.target or path.parent(item.target)
end

-- The folders of all targets, by depth, and how many objects go into each.
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
      local folder = M.of(item)
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

-- The state of a folder: "exists" (with its content, if it was listed), "missing", "blocked".
local function ask_for_folder(ws, folder, listed)
  if not listed then
    local found = objects.find(ws, folder)
    if not found then
      return { state = "missing" }
    end
    return { state = objects.is_folder(found) and "exists" or "blocked", kind = found.kind }
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
  return { state = "exists", inside = inside }
end

--- Ask for the folders of all targets, from the top down. Folders below a missing one are not asked
-- for. Sets `folders` of the planner: path -> { state, inside?, kind? }.
---@param self table the planner of tarn.sources.plan
---@param items tarn.SourceItem[]
function M.ask(self, items)
  local levels, load = folders_of(items)
  self.folders = {}
  for _, level in ipairs(levels) do
    table.sort(level)
    pool.each(level, function(folder)
      local above = self.folders[path.parent(folder)]
      if above and above.state ~= "exists" then
        self.folders[folder] = { state = above.state, kind = above.kind }
        return
      end
      local key = ("folder %s %s"):format(self.connection, folder)
      local listed = (load[folder] or 0) >= LIST_FROM
      self.folders[folder] = self.memo:once(key, ask_for_folder, self.ws, folder, listed)
    end, self.limit)
  end
end

--- Each deepest missing folder, and the folders that its creation creates.
---@param self table the planner of tarn.sources.plan
---@param items tarn.SourceItem[]
---@return { path: string, missing: string[] }[]
function M.to_create(self, items)
  local missing = {}
  for _, item in ipairs(items) do
    local folder = item.verdict == "copy" and M.of(item)
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

return M
