--- Suggest a map: every value of a source that names an object of its workspace, to be filled in.

local file = require "tarn.mapping.file"
local secrets = require "base.secrets"
local spec = require "tarn.spec"

local M = {}

local function without_prefix(path)
  return (path:gsub("^/Workspace/", "/"))
end

-- The part of a path that a map would replace: the folder of a user.
local function folder_of(path)
  return without_prefix(path):gsub("/%*%*$", ""):match "^/[^/]+/[^/]+" or path
end

local function entries_for(kind, value)
  if kind == "secret" then
    local list = {}
    for i, reference in ipairs(secrets.references(value)) do
      list[i] = reference.scope
    end
    return list
  elseif kind == "path" then
    return { folder_of(value:match "/.*$" or value) }
  elseif kind == "volume" then
    return { value:match "/Volumes/[^/]+/[^/]+/[^/]+" or value:match "/.*$" or value }
  end
  return { value }
end

--- The values that name objects of a workspace, by section.
---@param found { kind: string, value: string, path: string }[]
---@return table<string, table<string, string[]>> sections section -> old name -> paths
function M.sections(found)
  local sections = {}
  for _, item in ipairs(found) do
    local name = file.sections[item.kind]
    for _, old in ipairs(name and entries_for(item.kind, item.value) or {}) do
      sections[name] = sections[name] or {}
      local paths = sections[name][old] or {}
      sections[name][old] = paths
      if paths[#paths] ~= item.path then
        paths[#paths + 1] = item.path
      end
    end
  end
  return sections
end

local SHOWN_PATHS <const> = 3

local function comment(paths)
  local shown = table.concat(paths, ", ", 1, math.min(#paths, SHOWN_PATHS))
  return #paths > SHOWN_PATHS and ("%s and %d more"):format(shown, #paths - SHOWN_PATHS) or shown
end

--- A suggestion as a Lua file.
---@param sections table
---@return string
function M.text(sections)
  local lines = {
    "-- Names of the source's workspace. Write the target's name for each. An empty name is",
    "-- reported as needing attention, the same name says that the target has it too, and false",
    "-- drops the field.", "return {",
  }
  for _, name in ipairs(spec.sorted_keys(sections)) do
    lines[#lines + 1] = ("  %s = {"):format(name)
    for _, old in ipairs(spec.sorted_keys(sections[name])) do
      lines[#lines + 1] = ("    [%s] = \"\", -- %s"):format(("%q"):format(old):gsub("\\\n", "\\n"),
        comment(sections[name][old]):gsub("%c", " "))
    end
    lines[#lines + 1] = "  },"
  end
  lines[#lines + 1] = "}"
  return table.concat(lines, "\n") .. "\n"
end

--- The map to fill in for some clones, as data and as the text of a file.
---@param plans tarn.ClonePlan[]
---@return { map: table, suggestion: string }
function M.map(plans)
  local found = {}
  for _, plan in ipairs(plans) do
    table.move(plan.suggestions, 1, #plan.suggestions, #found + 1, found)
  end
  local sections, map = M.sections(found), {}
  for name, entries in pairs(sections) do
    map[name] = {}
    for old in pairs(entries) do
      map[name][old] = ""
    end
  end
  return { map = map, suggestion = M.text(sections) }
end

return M
