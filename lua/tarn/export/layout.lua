--- Where the sources of a pipeline lie in a folder on this machine.
--
-- Pure. What is below the pipeline's root folder (or below the folder that all of them share)
-- goes to `src/`, all else to `other/` under its whole path.

local M = {}

local EXTENSIONS <const> = { PYTHON = ".py", SQL = ".sql", SCALA = ".scala", R = ".r" }

--- A path without "/Workspace" in front and without "/" at its end.
---@param path string
---@return string
function M.normal(path)
  local short = path:gsub("^/Workspace/", "/")
  return #short > 1 and (short:gsub("/+$", "")) or short
end

local function is_below(path, folder)
  return folder == "/" or path:sub(1, #folder + 1) == folder .. "/"
end

local function parent(path)
  local folder = path:match "^(.*)/[^/]*$"
  return folder ~= "" and folder or "/"
end

-- The deepest folder that holds all of them.
local function common_folder(paths)
  local folder
  for _, path in ipairs(paths) do
    folder = folder or parent(path)
    while path ~= folder and not is_below(path, folder) do
      folder = parent(folder)
    end
  end
  return folder or "/"
end

--- The folder whose content goes to `src/`.
---@param spec table
---@param items { path: string }[]
---@return string
function M.base(spec, items)
  if type(spec.root_path) == "string" and spec.root_path ~= "" then
    return M.normal(spec.root_path)
  end
  local paths = {}
  for _, item in ipairs(items) do
    paths[#paths + 1] = M.normal(item.path)
  end
  return common_folder(paths)
end

--- The place of a path of the workspace in the exported folder.
---@param path string
---@param base string
---@return string
function M.place(path, base)
  path = M.normal(path)
  if path == base then
    return "src"
  elseif is_below(path, base) then
    return "src" .. path:sub(base == "/" and 1 or #base + 1)
  end
  return "other" .. path
end

--- The file of each item: path in the workspace -> place, with the extension that makes a
-- notebook out of it again. Two that would share a place keep apart.
---@param items { path: string, kind: string, language?: string, format?: string }[]
---@param base string
---@return table<string, string>
function M.places(items, base)
  local places, taken = {}, {}
  for _, item in ipairs(items) do
    if item.kind ~= "NOTEBOOK" then
      places[item.path] = M.place(item.path, base)
      taken[places[item.path]] = true
    end
  end
  for _, item in ipairs(items) do
    if item.kind == "NOTEBOOK" then
      local extension = item.format == "JUPYTER" and ".ipynb" or EXTENSIONS[item.language] or ""
      local stem = M.place(item.path, base)
      local place = stem .. extension
      while taken[place] do
        stem = stem .. "_notebook"
        place = stem .. extension
      end
      places[item.path], taken[place] = place, true
    end
  end
  return places
end

return M
