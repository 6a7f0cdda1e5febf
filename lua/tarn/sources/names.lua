--- Names of local files for workspace objects: the object's name with a fitting extension.
--
-- Pure. Names that a file system refuses, or cannot distinguish, are changed; the index has the
-- true path.

local files = require "base.files"
local path = require("tarn.objects").path

local M = {}

local EXTENSIONS <const> = { PYTHON = ".py", SQL = ".sql", SCALA = ".scala", R = ".r" }
local LANGUAGES <const> = { py = "PYTHON", sql = "SQL", scala = "SCALA", r = "R" }
local COMMENTS <const> = { PYTHON = "#", R = "#", SQL = "--", SCALA = "//" }

local HEADER <const> = " Databricks notebook source" -- of the first line, behind the comment sign

--- The extension of the file for an object; none for files, which have their own.
---@param item { kind: string, format?: string, language?: string }
---@return string
function M.extension(item)
  if item.kind ~= "NOTEBOOK" then
    return ""
  end
  return item.format == "JUPYTER" and ".ipynb" or EXTENSIONS[item.language] or ".txt"
end

--- The notebook that an import with AUTO makes of a file; nil for a plain file.
---@param name string
---@param bytes string
---@return { format: string, language?: string, name: string }?
function M.find_notebook(name, bytes)
  local stem, extension = name:match "^(.+)%.(%w+)$"
  local language = LANGUAGES[(extension or ""):lower()]
  if extension == "ipynb" then
    return { format = "JUPYTER", name = stem }
  elseif language and bytes:match "^[^\r\n]*" == COMMENTS[language] .. HEADER then
    return { format = "SOURCE", language = language, name = stem }
  end
end

local Names = {}
Names.__index = Names

--- Names for one local folder.
---@param reserved string[] names that are taken
---@param place? fun(folder: string): string? returns the local folder of a workspace folder; nil
--- means: inside that of its parent
function M.new(reserved, place)
  local root = place and place "/" or ""
  local names = setmetatable({ taken = {}, folders = { ["/"] = root }, place = place }, Names)
  for _, name in ipairs(reserved) do
    names.taken[name:lower()] = true
  end
  return names
end

-- `x.py`, or `x~2.py` if the name is taken, ignoring case.
function Names:free(folder, stem, extension)
  local n, name = 1, folder .. stem .. extension
  while self.taken[name:lower()] do
    n = n + 1
    name = ("%s%s~%d%s"):format(folder, stem, n, extension)
  end
  self.taken[name:lower()] = true
  return name
end

local function inside(folder)
  return folder == "" and "" or folder .. "/"
end

--- The local folder of a workspace folder, "" for the root.
---@param folder string
---@return string
function Names:folder(folder)
  local known = self.folders[folder]
  if known then
    return known
  end
  local named = self.place and self.place(folder)
  if named then
    self.taken[named:lower()] = true
  else
    named = self:free(inside(self:folder(path.parent(folder))),
      files.portable(path.name(folder)), "")
  end
  self.folders[folder] = named
  return named
end

--- The local file or folder of an object.
---@param item tarn.SourceItem
---@return string
function Names:of(item)
  if item.kind == "DIRECTORY" then
    return self:folder(item.path)
  end
  local folder = inside(self:folder(path.parent(item.path)))
  local name = files.portable(path.name(item.path))
  local extension = M.extension(item)
  if extension == "" then -- a file: a number is put before its own extension
    local stem, own = name:match "^(.+)(%.[^.]*)$"
    name, extension = stem or name, own or ""
  end
  return self:free(folder, name, extension)
end

return M
