--- Finds files: in the user's directories first, then in the bundle.
--
-- `require`, the command line, `help`, `which` and the server all find files here, so that the
-- header that help shows belongs to the code that runs. The working directory is searched only if
-- --path names it: a cloned repository must not change what a command does.

local bundle = require "native.bundle"

local M = {}

---@class tarn.Root
---@field dir string
---@field from string  what names the directory: "--path", "TARN_PATH" or "config"

--- The directories to search, in order. `setup` sets them.
---@type tarn.Root[]
M.roots = {}

---@class tarn.Source
---@field name string     "scripts/clone.lua"
---@field origin string   a directory, or "bundle"
---@field from? string    what names the directory; nil for the bundle
---@field path? string    the path of the file; nil for the bundle
---@field text? string    the content; nil if the file cannot be read
---@field problem? string why the file cannot be read

local ENOENT <const>, ENOTDIR <const> = 2, 20

-- The content of a file; or nil and why it cannot be read; or nil alone, if there is no such file.
-- An unreadable file is an error: otherwise the next file of that name would silently replace it.
local function read(path)
  local file <close>, why, code = io.open(path, "rb")
  if not file then
    return nil, code ~= ENOENT and code ~= ENOTDIR and why or nil
  end
  local text, reason = file:read "a"
  return text, not text and ("%s: %s"):format(path, reason) or nil
end

--- The configuration directory, whether it exists or not; nil without a home directory.
---@return string?
function M.find_config_dir()
  local xdg, home = os.getenv "XDG_CONFIG_HOME", os.getenv "HOME"
  if xdg and xdg:sub(1, 1) == "/" then
    return xdg .. "/tarn"
  elseif home and home ~= "" then
    return home .. "/.config/tarn"
  end
end

--- The modules that were loaded before the first `setup`: an override of them has no effect.
---@type table<string, true>?
M.loaded_before = nil

--- Set the directories to search. Called before the first script is searched for.
---@param opts { path?: string[], bundled?: boolean }
function M.setup(opts)
  if not M.loaded_before then
    M.loaded_before = { main = true }
    for module in pairs(package.loaded) do
      M.loaded_before[module] = true
    end
  end
  M.roots = {}
  if opts.bundled then
    return
  end
  local function add(dir, from)
    dir = #dir > 1 and dir:gsub("/+$", "") or dir
    if dir ~= "" then
      M.roots[#M.roots + 1] = { dir = dir, from = from }
    end
  end
  for _, dir in ipairs(opts.path or {}) do
    add(dir, "--path")
  end
  for dir in (os.getenv "TARN_PATH" or ""):gmatch "[^:]+" do
    add(dir, "TARN_PATH")
  end
  local config = M.find_config_dir()
  if config then
    add(config, "config")
  end
end

-- True for a name that leads out of a root. Names come from the command line and from requests.
local function climbs(name)
  return name:find "^/" or ("/" .. name .. "/"):find("/../", 1, true) or name:find "%z"
end

-- Iterates over the files of that name, in the order of the search.
local function candidates(name)
  return coroutine.wrap(function()
    local plain = name:gsub("^@", "")
    if climbs(plain) then
      return
    end
    for _, root in ipairs(plain == name and M.roots or {}) do
      local path = root.dir .. "/" .. plain
      local text, problem = read(path)
      if text or problem then
        coroutine.yield { name = plain, origin = root.dir, from = root.from, path = path,
          text = text, problem = problem }
      end
    end
    local text = bundle.read(plain)
    if text then
      coroutine.yield { name = plain, origin = "bundle", text = text }
    end
  end)
end

--- All files of a name, the one in force first. "@name" finds the file in the bundle only, so that
-- an override can use the file that it overrides.
---@param name string "scripts/list.lua", "@scripts/list.lua"
---@return tarn.Source[]
function M.all(name)
  local found = {}
  for source in candidates(name) do
    found[#found + 1] = source
  end
  return found
end

--- The file of a name that is in force, or nil.
---@param name string "scripts/list.lua", "@scripts/list.lua"
---@return tarn.Source?
function M.file(name)
  return candidates(name)()
end

--- The names of all files in a folder, in any root or in the bundle, sorted. Of the user's
-- directories only the folder itself is searched, not the folders in it.
---@param folder string with its final slash: "scripts/"
---@return string[]
function M.names(folder)
  local seen, names = {}, {}
  local function add(name)
    if not seen[name] then
      seen[name] = true
      names[#names + 1] = name
    end
  end
  for _, name in ipairs(bundle.list(folder)) do
    add(name)
  end
  if #M.roots > 0 then
    local fs = require "native.fs"
    for _, root in ipairs(M.roots) do
      local dir = root.dir .. "/" .. folder
      local stat = fs.find_stat(dir)
      for _, file in ipairs(stat and stat.type == "directory" and fs.list(dir) or {}) do
        add(folder .. file)
      end
    end
  end
  table.sort(names)
  return names
end

--- Called with a warning about a file that is about to be used; main sets it.
---@type fun(text: string)?
M.warn = nil

local warned = {}

-- Warn, once for each file, of an ejected file whose built-in original has changed since.
local function warn_outdated(source)
  if M.warn and source.path and not warned[source.path]
    and source.text:find("-- ejected from tarn ", -80, true)
    and require("engine.ejected").is_outdated(source.name, source.text) then
    warned[source.path] = true
    M.warn(("%s replaces a built-in file that has changed since it was ejected: `tarn which %s`")
      :format(source.path, source.name))
  end
end

--- The path of a source in messages; "bundle/scripts/list.lua" for a built-in file.
---@param source { path?: string, name: string }
---@return string
function M.shown_path(source)
  return source.path or "bundle/" .. source.name
end

--- Compile a source. Raises a fault that names the file if it cannot be read or compiled.
---@param source tarn.Source
---@param env? table its globals; default: those of the program
---@return function
function M.compile(source, env)
  local fault = require "base.fault"
  if not source.text then
    fault.raise { kind = "io", op = "find", message = source.problem }
  end
  warn_outdated(source)
  local text = source.text:gsub("^#[^\n]*", "") -- a script may begin with #!, as for `lua`
  local f, why = load(text, "@" .. M.shown_path(source), "t", env or _G)
  if not f then
    fault.raise { kind = "parse", op = "find", message = why }
  end
  return f
end

local function missing(plain)
  return ("no file 'lua/%s.lua' in any root or in the bundle"):format((plain:gsub("%.", "/")))
end

-- The file of a module, by the name that `require` gets.
local function source_of(module)
  local at, plain = module:match "^(@?)(.*)$"
  local source = M.file(at .. "lua/" .. plain:gsub("%.", "/") .. ".lua")
  if not source and at == "@" and not plain:find("[./]") then
    source = M.file("@scripts/" .. plain .. ".lua")
  end
  return source, at, plain
end

--- True if there is a file for a module.
---@param module string
---@return boolean
function M.has_module(module)
  return (source_of(module)) ~= nil
end

--- The searcher for `require`: "tarn.clone" is lua/tarn/clone.lua, "@tarn.clone" the one in the
-- bundle, and "@clone" the script scripts/clone.lua in the bundle, for a script that wraps it.
---@param module string
---@return function|string
function M.searcher(module)
  local source, at, plain = source_of(module)
  if source then
    return M.compile(source)
  end
  local new = require("engine.moved").find(plain)
  if not new then
    return missing(plain)
  end
  if M.warn then
    M.warn(require("engine.moved").advice(plain)) -- only once, because `require` keeps the module
  end
  return function() return require(at .. new) end
end

return M
