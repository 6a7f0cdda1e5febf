--- The layout of a pipeline's sources in an exported bundle or Terraform folder.
--
-- Pure. Sources below the pipeline's root folder (or below the folder that its libraries share) go
-- to `src/`, all others to `other/` with their whole path.

local M = {}

--- A path without "/Workspace" at its beginning and without "/" at its end.
---@param path string
---@return string
function M.normal(path)
  local short = path:gsub("^/Workspace/", "/")
  return #short > 1 and (short:gsub("/+$", "")) or short
end

local function is_below(path, folder)
  return folder == "/" or path == folder or path:sub(1, #folder + 1) == folder .. "/"
end

local function parent(path)
  local folder = path:match "^(.*)/[^/]*$"
  return folder ~= nil and folder ~= "" and folder or "/"
end

-- The folders that the libraries name, and those of the files that they name.
local function library_folders(spec)
  local folders = {}
  for _, library in ipairs(spec.libraries or {}) do
    local named = library.notebook or library.file
    local include = library.glob and library.glob.include
    if named and named.path then
      folders[#folders + 1] = parent(M.normal(named.path))
    elseif include then
      local folder = include:match "^(.*)/%*%*$"
      folders[#folders + 1] = folder and M.normal(folder) or parent(M.normal(include))
    end
  end
  return folders
end

--- The folder of the workspace that becomes `src/`.
---@param spec table
---@return string
function M.base(spec)
  if type(spec.root_path) == "string" and spec.root_path ~= "" then
    return M.normal(spec.root_path)
  end
  local base
  for _, folder in ipairs(library_folders(spec)) do
    base = base or folder
    while not is_below(folder, base) do
      base = parent(base)
    end
  end
  return base or "/"
end

--- A function that returns the local folder for a folder of the workspace; nil means: inside the
-- local folder of its parent.
---@param base string
---@return fun(folder: string): string?
function M.placer(base)
  return function(folder)
    if folder == base then
      return "src"
    elseif folder == "/" then
      return "other"
    end
  end
end

--- A path relative to a base; a path outside of the base unchanged.
---@param path string
---@param base string
---@return string
function M.relative(path, base)
  path = M.normal(path)
  if base ~= "/" and path ~= base and is_below(path, base) then
    return path:sub(#base + 2)
  end
  return path
end

return M
