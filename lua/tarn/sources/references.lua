--- The references to workspace objects in a pipeline's spec. Pure.

local path = require("tarn.objects").path

local M = {}

---@class tarn.SourceReference
---@field path string     without /Workspace
---@field via string      the field that names it: "libraries[0].notebook.path"
---@field role "library"|"glob"|"root_path"|"dependency"|"requirements"|"init_script"
---@field folder? boolean true: with everything below it
---@field expect? "NOTEBOOK"|"FILE" the kind that it must have
---@field odd? string     why it cannot be followed

local function text_in(value, ...)
  for _, key in ipairs { ... } do
    if type(value) ~= "table" then
      return nil
    end
    value = value[key]
  end
  return type(value) == "string" and value or nil
end

local function list_in(value, key)
  local list = type(value) == "table" and value[key]
  return type(list) == "table" and list or {}
end

local function add(list, reference, spelled)
  reference.path = path.find_normal(spelled)
  if not reference.path then
    reference.path, reference.odd = spelled, "is not an absolute path"
  end
  list[#list + 1] = reference
end

-- A glob is one object, or a folder and "/**".
local function add_glob(list, include, via)
  local folder = include:match "^(.*)/%*%*$"
  local reference = { via = via, role = "glob", folder = folder and true or nil }
  add(list, reference, folder == "" and "/" or folder or include)
  if (folder or include):find "[%*%?%[]" then
    reference.odd = "is a pattern that pipelines do not support: a folder ends in /**"
  end
end

-- The path in `/Workspace/...` or in a file URI.
local function find_in_tree(text)
  text = text and text:gsub("^file:/+", "/")
  local plain = path.find_normal(text)
  return plain and path.in_tree(plain) and plain or nil
end

local function add_libraries(list, spec)
  for i, library in ipairs(list_in(spec, "libraries")) do
    local via = ("libraries[%d]."):format(i - 1)
    local notebook, file = text_in(library, "notebook", "path"), text_in(library, "file", "path")
    local include, whl = text_in(library, "glob", "include"), text_in(library, "whl")
    if notebook then
      add(list, { via = via .. "notebook.path", role = "library", expect = "NOTEBOOK" }, notebook)
    elseif file then
      add(list, { via = via .. "file.path", role = "library", expect = "FILE" }, file)
    elseif include then
      add_glob(list, include, via .. "glob.include")
    elseif find_in_tree(whl) then
      add(list, { via = via .. "whl", role = "library", expect = "FILE" }, find_in_tree(whl))
    end
  end
end

local REQUIREMENTS <const> = {
  ["-r"] = true, ["--requirement"] = true, ["-c"] = true, ["--constraint"] = true,
}
local FOLDERS <const> = {
  ["-e"] = true, ["--editable"] = true, ["-f"] = true, ["--find-links"] = true,
}

-- An option of pip and its value, or nil and the line.
local function split_option(line)
  local option, value = line:match "^(%-%-[%w%-]+)[%s=]%s*(.+)$"
  if not option then
    option, value = line:match "^(%-%a)%s*(.+)$"
  end
  return option, value or line
end

-- The path in a requirement, without markers, extras, hashes and quotes.
local function path_of_requirement(text)
  text = text:gsub("%s+%-%-.*$", ""):gsub("%s*;.*$", ""):gsub("^[\"'](.*)[\"']$", "%1")
  text = text:gsub("^.-@%s*file:", "file:"):gsub("^file:/+", "/"):gsub("%[[%w_%-,%s%.]*%]$", "")
  return text
end

--- The reference in a line for pip; nil for the name of a package, a volume or a URL.
---@param line string
---@param via string
---@param folder? string the base of relative paths
---@return tarn.SourceReference?
function M.find_requirement(line, via, folder)
  line = line:gsub("^#.*$", ""):gsub("%s+#.*$", ""):match "^%s*(.-)%s*$"
  local option, value = split_option(line)
  if option and not REQUIREMENTS[option] and not FOLDERS[option] then
    return nil
  end
  local named = path_of_requirement(value)
  local relative = named:find "^%.%.?/" or (option and not named:find "^%a+:" )
  if folder and relative and named:sub(1, 1) ~= "/" then
    named = path.find_joined(folder, named)
  end
  local plain = find_in_tree(named)
  if not plain then
    return nil
  end
  return {
    path = plain, via = via, role = REQUIREMENTS[option] and "requirements" or "dependency",
    folder = FOLDERS[option] and true or nil,
  }
end

--- The references in a requirements file.
---@param text string
---@param file string its path
---@return tarn.SourceReference[]
function M.of_requirements(text, file)
  local list, n = {}, 0
  for line in (text:gsub("\\\r?\n", " ") .. "\n"):gmatch "(.-)\r?\n" do
    n = n + 1
    list[#list + 1] = M.find_requirement(line, ("%s:%d"):format(file, n), path.parent(file))
  end
  return list
end

local function add_dependencies(list, spec)
  for i, line in ipairs(list_in(spec.environment, "dependencies")) do
    local via = ("environment.dependencies[%d]"):format(i - 1)
    list[#list + 1] = type(line) == "string" and M.find_requirement(line, via) or nil
  end
end

local function add_init_scripts(list, spec)
  for i, cluster in ipairs(list_in(spec, "clusters")) do
    for j, script in ipairs(list_in(cluster, "init_scripts")) do
      local destination = text_in(script, "workspace", "destination")
      if destination then
        add(list, { role = "init_script", expect = "FILE",
          via = ("clusters[%d].init_scripts[%d].workspace.destination"):format(i - 1, j - 1),
        }, destination)
      end
    end
  end
end

--- All references in a spec, in the order of its fields.
---@param spec table
---@return tarn.SourceReference[]
function M.of_spec(spec)
  local list = {}
  add_libraries(list, spec)
  if type(spec.root_path) == "string" and spec.root_path ~= "" then
    add(list, { via = "root_path", role = "root_path", folder = true }, spec.root_path)
  end
  add_dependencies(list, spec)
  add_init_scripts(list, spec)
  return list
end

return M
