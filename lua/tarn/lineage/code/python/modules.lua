--- The files of the pipeline that its Python code imports. Pure: the caller reads the files.

local statements = require "tarn.lineage.code.python.syntax.statements"
local run_of = require "tarn.lineage.code.python.run"

local M = {}

---@class tarn.PythonFile
---@field path string
---@field read fun(): string? its text
---@field statements? table[] once it has been parsed
---@field is_code? boolean it is code of the pipeline itself, and is read by itself too

-- The folder of a path and the folders around it, from the innermost on.
local function folders_of(path)
  local list = {}
  local folder = path:match "^(.*)/[^/]*$"
  while folder and folder ~= "" do
    list[#list + 1] = folder
    folder = folder:match "^(.*)/[^/]*$"
  end
  return list
end

-- The file of a module below a folder.
local function file_in(by_path, folder, tail)
  return by_path[folder .. "/" .. tail .. ".py"] or by_path[folder .. "/" .. tail .. "/__init__.py"]
end

-- A relative module: one dot is the folder of the file, each further dot the folder around it.
local function find_relative(by_path, from, dots, rest)
  local folder = folders_of(from)[#dots]
  return folder and file_in(by_path, folder, rest:gsub("%.", "/"))
end

--- A function that finds the file of a module: in the folder of the file that imports it, in one
-- around it, or anywhere if there is only one such file.
---@param files tarn.PythonFile[]
---@return fun(from: string, module: string): tarn.PythonFile?
function M.finder(files)
  local by_path = {}
  for _, file in ipairs(files) do
    by_path[file.path] = file
  end
  return function(from, module)
    local dots, rest = module:match "^(%.*)(.*)$"
    if rest == "" or not from then
      return nil
    elseif dots ~= "" then
      return find_relative(by_path, from, dots, rest)
    end
    local tail = rest:gsub("%.", "/")
    for _, folder in ipairs(folders_of(from)) do
      local file = file_in(by_path, folder, tail)
      if file then
        return file
      end
    end
    local found
    for path, file in pairs(by_path) do
      if path:sub(-#tail - 4) == "/" .. tail .. ".py" then
        if found then
          return nil -- two files have this name
        end
        found = file
      end
    end
    return found
  end
end

-- The statements of a file, which is read and parsed once for all files that import it; nil if it
-- cannot be read.
local function parsed(file)
  if not file.is_asked then
    local text = file.read()
    file.is_asked, file.statements = true, text and statements.parse(text) or nil
  end
  return file.statements
end

--- A module that is a file of the pipeline: its code is read once, as Python runs it once.
---@param run tarn.PythonRun
---@param module string as it is written in the import
---@return table? value nil if no file has that name
function M.find(run, module)
  local find = run.context.find_module
  local file = find and find(run.file or run.context.path, module)
  if not file then
    return nil
  elseif not run.modules[file.path] then
    local value = { k = "file", path = file.path, scope = run_of.scope(nil, "module") }
    run.modules[file.path] = value
    value.is_read = parsed(file) ~= nil
    run:import_file(file, value.scope, parsed(file) or {})
  end
  return run.modules[file.path].is_read and run.modules[file.path] or nil
end

return M
