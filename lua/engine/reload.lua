--- Files that change while the program runs: the REPL and the server use the new ones.
--
-- A script is loaded anew when its text has changed; a module of the user's directories when
-- its file has, at the next `refresh`. What does not load is told once, and the version from
-- before stays in use. A module that is loaded anew keeps its table, so that whoever holds it
-- sees the new functions.

local fault = require "base.fault"
local find = require "engine.find"

local M = {}

-- These hold the state of the process: new ones would begin without it.
local KEPT <const> = { ["engine.find"] = true, ["engine.reload"] = true, ["engine.command"] = true,
  ["engine.strict"] = true, ["tarn.workspace"] = true, ["output.progress"] = true,
  ["main"] = true, ["output.stdout"] = true, ["base.fault"] = true, ["engine.script"] = true }

local function place(source)
  return source.path or "bundle/" .. source.name
end

-- ---- scripts ----

local scripts = {} -- name -> { script =, text =, place =, broken = }

local function warn_kept(warn, e, what)
  warn(("%s; %s stays as it was before"):format(tostring(e.message), what))
end

--- As engine.script.load, for a program that lives long: a script that has not changed is not
-- loaded again, and of one that is broken now the version from before is given.
---@param name string
---@param load_fresh fun(name: string): table, tarn.Source
---@param warn fun(text: string)
---@return table script
---@return tarn.Source source
function M.script(name, load_fresh, warn)
  local at, plain = name:match "^(@?)(.*)$"
  local source = find.file(at .. "scripts/" .. plain .. ".lua")
  local known = scripts[name]
  if known and source and known.text == source.text and known.place == place(source) then
    return known.script, known.source
  end
  local ok, script, loaded = fault.call(load_fresh, name)
  if ok then
    scripts[name] = { script = script, source = loaded, text = loaded.text, place = place(loaded) }
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

local seen = {} -- module -> the mark of the file that it was loaded from

-- What tells that a file has changed, without reading it.
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

-- The file in force, without its text: `refresh` asks for each module, often.
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

-- What tells of a module which file it is from, and as of when.
local function mark_of(module)
  local source = locate(module)
  return (source.path or "bundle") .. " " .. stamp(source), source
end

-- Those of the program, which a file may come to override, and those that were loaded from a file
-- since `install`.
local function modules()
  local list = {}
  for name in pairs(package.loaded) do
    if type(name) == "string" and (seen[name] or name == "tarn" or name:find "^tarn%.") then
      list[#list + 1] = name
    end
  end
  table.sort(list)
  return list
end

-- The old table gets what the new one holds, so that every holder of it has the new version.
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

--- Load anew what has changed since the last call; the first one only looks. Returns the names
-- of the modules that are new now.
---@param warn fun(text: string)
---@return string[]
function M.refresh(warn)
  local changed = {}
  for _, module in ipairs(#find.roots > 0 and modules() or {}) do
    local mark, source = mark_of(module)
    local before = seen[module]
    seen[module] = mark
    if not before or before == mark then
      goto continue
    elseif KEPT[module] then
      warn(("%s has changed: it is used from the next start on"):format(place(source)))
    elseif reload(module, warn) then
      changed[#changed + 1] = module
    end
    ::continue::
  end
  return changed
end

-- A file that changes between its first use and the next `refresh` has changed too: what it was
-- is noted as it is loaded.
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

--- From now on `engine.script.load` gives scripts so, and `refresh` knows of each module what it
-- was when it was loaded.
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
