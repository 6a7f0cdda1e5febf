--- Overrides: the user's files that replace bundled ones. Lists them, and ejects copies.

local bundle = require "native.bundle"
local ejected = require "engine.ejected"
local fault = require "base.fault"
local find = require "engine.find"
local fs = require "native.fs"
local moved = require "engine.moved"

local M = {}

--- The files that a name may mean: a script, a module, or a path.
---@param name string
---@return string[]
function M.files(name)
  if name:find "/" then
    return { name }
  elseif name:find "%.lua$" then
    return { "scripts/" .. name, "lua/" .. name }
  end
  return { "scripts/" .. name .. ".lua", "lua/" .. name:gsub("%.", "/") .. ".lua" }
end

-- Why a file does not load, or nil; and the header of a command.
local function problem_of(source)
  if source.problem then
    return source.problem
  end
  local ok, e
  if source.name:find "^scripts/" then
    ok, e = fault.call(require("engine.script").load_source, source)
  elseif source.name:find "%.lua$" then
    ok, e = fault.call(find.compile, source)
  else
    return nil
  end
  if not ok and e.kind == "cancelled" then
    error(e, 0)
  end
  return not ok and e.message or nil, ok and e or nil
end

-- The hooks of a point, or all hooks, in the order in which they are called. Shadowed files and
-- those that do not load are always listed.
local function hooks_of(name)
  local list = {}
  for _, hook in ipairs(require("engine.hooks").all()) do
    local wanted = name == "hooks" or hook.shadowed or hook.problem
    for _, point in ipairs(hook.points or {}) do
      wanted = wanted or point == name
    end
    list[#list + 1] = wanted and {
      file = hook.file, path = hook.path, from = hook.from, points = hook.points,
      status = hook.shadowed and "shadowed" or "in force", problem = hook.problem,
    } or nil
  end
  return list
end

--- True for "hooks" and for the names of points, whether or not a file has a function for it.
---@param name string
---@return boolean
function M.is_hook_name(name)
  for _, point in ipairs(require("engine.hooks").points) do
    if point.name == name then
      return true
    end
  end
  return name == "hooks"
end

-- True if an override of the file has no effect, because its module is loaded before any override.
local function is_loaded_before(file)
  local module = file:match "^lua/(.*)%.lua$"
  return module ~= nil and find.loaded_before[module:gsub("/", ".")] ~= nil
end

--- All candidates of a name, in the order of the search. Of each file the first one is in force,
-- except for the few modules that are loaded before the search: of these it is the bundled file.
---@param name string "list", "tarn.pipelines", "scripts/list.lua", "hooks"; "@list" for bundled
--- files
---@return table[] { file, path, from, status, ejected_from?, outdated?, problem?, moved_to? }
function M.candidates(name)
  if M.is_hook_name(name) then
    return hooks_of(name)
  end
  local list = {}
  local at, plain = name:match "^(@?)(.*)$"
  for _, file in ipairs(M.files(plain)) do
    local status = "in force"
    for _, source in ipairs(find.all(at .. file)) do
      local ineffective = source.path and is_loaded_before(file)
      list[#list + 1] = {
        file = file, path = source.path or "bundle/" .. file, from = source.from or "bundle",
        status = ineffective and "no effect" or status,
        ejected_from = source.path and ejected.find_version(source.text) or nil,
        outdated = source.path and ejected.is_outdated(file, source.text) or nil,
        problem = (problem_of(source)), moved_to = moved.find_file(file),
      }
      status = ineffective and status or "shadowed"
    end
  end
  return list
end

local function names_below(root, folder, list)
  local dir = root.dir .. "/" .. folder
  local stat = fs.find_stat(dir)
  for _, name in ipairs(stat and stat.type == "directory" and fs.list(dir) or {}) do
    local file = folder .. "/" .. name
    local inner = fs.find_stat(root.dir .. "/" .. file)
    if inner and inner.type == "directory" then
      names_below(root, file, list)
    elseif name:find "%.lua$" then
      list[#list + 1] = { root = root, file = file }
    end
  end
end

--- All scripts and modules in the user's directories. `bundled` is true if the file overrides a
-- bundled one; `moved_to` is the new name of a module that has moved, whose override has no effect.
-- `for_scripts`: an override of a command that calls from Lua use, too.
---@return table[] { file, path, from, bundled, moved_to?, ejected_from?, outdated, problem?,
--- for_scripts? }
function M.all()
  local found, list = {}, {}
  for _, root in ipairs(find.roots) do
    for _, folder in ipairs { "lua", "scripts" } do -- engine.hooks checks the hooks
      names_below(root, folder, found)
    end
  end
  for i, entry in ipairs(found) do
    local path = entry.root.dir .. "/" .. entry.file
    local text = fault.try(fs.read, path)
    local problem, header = problem_of { name = entry.file, path = path, text = text,
      problem = not text and path .. ": cannot be read" or nil }
    list[i] = {
      file = entry.file, path = path, from = entry.root.from,
      bundled = bundle.read(entry.file) ~= nil, moved_to = moved.find_file(entry.file),
      ejected_from = ejected.find_version(text), outdated = ejected.is_outdated(entry.file, text),
      problem = problem, for_scripts = type(header) == "table" and header.for_scripts or nil,
    }
  end
  return list
end

--- What is changed on this machine: the user's files in place of built-in ones, his own commands
-- and modules, and his hooks.
---@return table[] { file, path, from, status, ejected_from?, outdated?, problem? }
function M.changes()
  local list = {}
  for _, entry in ipairs(M.all()) do
    local status = entry.moved_to and "no effect" or entry.bundled and "in force" or "new"
    if entry.bundled and entry.file:find "^scripts/" and not entry.for_scripts then
      status = "command line"
    end
    entry.status, entry.bundled, entry.for_scripts = status, nil, nil
    list[#list + 1] = entry
  end
  local hooks = hooks_of "hooks"
  return table.move(hooks, 1, #hooks, #list + 1, list)
end

local function bundled_file(name, op)
  local plain = name:gsub("^@", "")
  for _, file in ipairs(M.files(plain)) do
    if bundle.read(file) then
      return file
    end
  end
  local names = {}
  for _, file in ipairs(bundle.list "scripts/") do
    names[#names + 1] = file:match "^scripts/(.*)%.lua$"
  end
  fault.not_found(op, ("there is no built-in file '%s'"):format(plain),
    require("base.suggestion").hint(plain, names))
end

--- Plan to eject a bundled file. Raises a fault if there is no such file.
---@param name string
---@param root? string the folder to write to; default: the configuration directory
---@param op string the command, for messages
---@return { file: string, path: string, exists: boolean }
function M.plan(name, root, op)
  root = root or find.find_config_dir()
  if not root then
    fault.usage(op, "there is no home directory to write to", "--to DIR names another folder")
  end
  local file = bundled_file(name, op)
  local path = root:gsub("/+$", "") .. "/" .. file
  return { file = file, path = path, exists = fs.find_stat(path) ~= nil }
end

--- Write a copy of a bundled file. Raises a fault if the file exists, unless `force`.
---@param plan table the plan of `plan`
---@param force? boolean true: replace the file
---@param op string the command, for messages
function M.eject(plan, force, op)
  if plan.exists and not force then
    fault.raise { kind = "conflict", op = op, message = plan.path .. " exists already",
      hint = "--force replaces it" }
  end
  local text = bundle.read(plan.file)
  if plan.file:find "%.lua$" then
    text = ejected.mark(text)
  end
  fs.mkdir((plan.path:gsub("/[^/]*$", "")), { parents = true })
  fs.write(plan.path, text, { exclusive = not force })
end

return M
