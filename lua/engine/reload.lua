--- Reloads files that change while the program runs, for the prompt and the server.
--
-- A script is loaded again when its text has changed. A module is loaded again at the next
-- `refresh` when its file in the user's directories has changed, has appeared or is gone. If the
-- new version does not load, there is one warning, and the earlier version stays in use. A reloaded
-- module keeps its table, so that modules that hold the table call the new functions.

local bundle = require "native.bundle"
local fault = require "base.fault"
local find = require "engine.find"

local M = {}

-- These modules hold the state of the process, which a new version would not have.
local KEPT <const> = { ["base.fault"] = true, ["engine.command"] = true, ["engine.context"] = true,
  ["engine.find"] = true, ["engine.providers"] = true, ["engine.reload"] = true,
  ["engine.script"] = true, ["engine.strict"] = true, ["main"] = true,
  ["output.progress"] = true, ["output.render.rows"] = true, ["output.stdout"] = true,
  ["tarn.workspace"] = true }

-- ---- scripts ----

local scripts = {} -- name -> { script =, source =, text =, path =, broken = }

local function warn_kept(warn, e, what)
  warn(("%s; the earlier version of %s stays in use"):format(tostring(e.message), what))
end

--- Load a script unless it is loaded and has not changed. If it does not load, return its earlier
-- version; raise if there is none.
---@param name string
---@param load_fresh fun(name: string): table, tarn.Source
---@param warn fun(text: string)
---@return table script
---@return tarn.Source source
function M.script(name, load_fresh, warn)
  local at, plain = name:match "^(@?)(.*)$"
  local source = find.file(at .. "scripts/" .. plain .. ".lua")
  local known = scripts[name]
  if known and source and known.text == source.text and known.path == find.shown_path(source) then
    return known.script, known.source
  end
  local ok, script, loaded = fault.call(load_fresh, name)
  if ok then
    scripts[name] = { script = script, source = loaded, text = loaded.text,
      path = find.shown_path(loaded) }
    return script, loaded
  elseif not known or not source or script.kind == "cancelled" then
    error(script, 0)
  elseif known.broken ~= source.text then
    known.broken = source.text
    warn_kept(warn, script, "the command " .. plain)
  end
  return known.script, known.source
end

-- ---- modules ----

local seen = {} -- module -> the mark of the file from which it was loaded

-- A text that is another one when the file has changed. The file is not read.
local function stamp(source)
  if not source.path then
    return "bundle"
  end
  local stat = fault.try(require("native.fs").find_stat, source.path)
  return stat and ("%d %d"):format(stat.mtime, stat.size) or "gone"
end

local function file_of(module)
  return "lua/" .. module:gsub("%.", "/") .. ".lua"
end

-- The file of a module that is in force. Unlike find.file, it does not read the file: `refresh`
-- runs often, for all modules.
local function locate(module)
  local fs = require "native.fs"
  for _, root in ipairs(find.roots) do
    local path = root.dir .. "/" .. file_of(module)
    local stat = fault.try(fs.find_stat, path)
    if stat and stat.type ~= "directory" then
      return { path = path, name = file_of(module) }
    end
  end
  return { name = file_of(module) }
end

-- The file of a module and its stamp, as one text.
local function mark_of(module)
  local source = locate(module)
  return (source.path or "bundle") .. " " .. stamp(source), source
end

local bundled -- the files of modules in the bundle, as a set

-- The loaded modules that may change: those that have a file in the bundle, which a file in the
-- user's directories can override, and those that were loaded from such a file since `install`.
local function modules()
  if not bundled then
    bundled = {}
    for _, file in ipairs(bundle.list "lua/") do
      bundled[file] = true
    end
  end
  local list = {}
  for name in pairs(package.loaded) do
    if type(name) == "string" and (seen[name] or bundled[file_of(name)]) then
      list[#list + 1] = name
    end
  end
  table.sort(list)
  return list
end

-- Give the old table the fields of the new one, so that modules that hold it have the new version.
local function replace(old, new)
  for key in pairs(old) do
    if rawget(new, key) == nil then
      old[key] = nil
    end
  end
  for key, value in pairs(new) do
    rawset(old, key, value)
  end
  return setmetatable(old, getmetatable(new))
end

local function load_module(module)
  local source = find.file(file_of(module))
  if not source then
    fault.raise { kind = "io", op = "reload", message = file_of(module) .. " is gone" }
  end
  return find.compile(source)(module)
end

local function reload(module, warn)
  local old = package.loaded[module]
  local ok, new = fault.call(load_module, module)
  if not ok and new.kind == "cancelled" then
    error(new, 0)
  elseif not ok then
    warn_kept(warn, new, "the module " .. module)
    return false
  elseif type(old) == "table" and type(new) == "table" then
    replace(old, new)
  else
    package.loaded[module] = new
  end
  return true
end

--- Reload the modules that have changed since the last call. The first call only notes the state.
---@param warn fun(text: string)
---@return string[] names of the reloaded modules
function M.refresh(warn)
  local changed = {}
  for _, module in ipairs(#find.roots > 0 and modules() or {}) do
    local mark, source = mark_of(module)
    local before = seen[module]
    seen[module] = mark
    if not before or before == mark then
      goto continue
    elseif KEPT[module] then
      warn(("%s has changed; the change takes effect when the program is started again"):format(
        find.shown_path(source)))
    elseif reload(module, warn) then
      changed[#changed + 1] = module
    end
    ::continue::
  end
  return changed
end

-- Note the state of each file when it is loaded: it may change before the next `refresh`.
local function note_loads()
  local search = package.searchers[2]
  package.searchers[2] = function(module)
    local loader = search(module)
    if type(loader) == "function" and #find.roots > 0 then
      seen[module] = mark_of(module)
    end
    return loader
  end
end

local installed = false

--- Make engine.script.load keep scripts, and `refresh` know the state of each module when it was
-- loaded.
---@param warn fun(text: string)
function M.install(warn)
  require("engine.script").keeper = function(name, load_fresh)
    return M.script(name, load_fresh, warn)
  end
  if not installed then
    installed = true
    note_loads()
  end
end

return M
