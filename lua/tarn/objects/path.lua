--- Paths of workspace objects. Pure.
--
-- `/Workspace/Users/x` and `/Users/x` are the same object. Tarn uses the short form everywhere.

local M = {}

-- The folders that every workspace has.
local ROOTS <const> = { ["/"] = true, ["/Users"] = true, ["/Shared"] = true, ["/Repos"] = true }

--- The short form of an absolute path; nil if the value is not an absolute path.
---@param path any
---@return string?
function M.find_normal(path)
  if type(path) ~= "string" or path:sub(1, 1) ~= "/" then
    return nil
  end
  local plain = path:gsub("/+", "/"):gsub("^/Workspace%f[/\0]", ""):gsub("(.)/$", "%1")
  return plain == "" and "/" or plain
end

--- True for a path below one of the roots of the workspace; false for volumes and others.
---@param path string in the short form
---@return boolean
function M.in_tree(path)
  return path:find "^/Users/" ~= nil or path:find "^/Shared/" ~= nil or path:find "^/Repos/" ~= nil
end

--- True for the folders that exist in every workspace.
---@param path string
---@return boolean
function M.is_root(path)
  return ROOTS[path] == true
end

--- The folder of a path.
---@param path string
---@return string
function M.parent(path)
  local parent = path:match "^(.*)/[^/]*$"
  return (parent == nil or parent == "") and "/" or parent
end

--- The last part of a path.
---@param path string
---@return string
function M.name(path)
  return path:match "([^/]*)$"
end

--- True if `path` is `folder` or below it.
---@param path string
---@param folder string
---@return boolean
function M.is_below(path, folder)
  return path == folder or folder == "/" or path:sub(1, #folder + 1) == folder .. "/"
end

--- Join a folder and a relative path, resolving "." and ".."; nil if the result is above the root.
---@param folder string
---@param relative string
---@return string?
function M.find_joined(folder, relative)
  local parts = {}
  for part in (folder .. "/" .. relative):gmatch "[^/]+" do
    if part == ".." then
      if #parts == 0 then
        return nil
      end
      parts[#parts] = nil
    elseif part ~= "." then
      parts[#parts + 1] = part
    end
  end
  return "/" .. table.concat(parts, "/")
end

--- The folders above a path, topmost first, without "/" and without the path itself.
---@param path string
---@return string[]
function M.above(path)
  local list, at = {}, 1
  while true do
    at = path:find("/", at + 1, true)
    if not at then
      return list
    end
    list[#list + 1] = path:sub(1, at - 1)
  end
end

return M
