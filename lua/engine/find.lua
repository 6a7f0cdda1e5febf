--- Where files come from: the user's directories first, then the bundle.
--
-- `require`, `run`, `help`, `which` and the web server all ask here, so that the header that
-- is shown belongs to the code that is run. The working directory is not searched unless it
-- is named: a cloned repository must not change what a command does.

local bundle = require "native.bundle"

local M = {}

---@class tarn.Root
---@field dir string
---@field from string  "--path", "TARN_PATH" or "config"

--- Directories to look in, first to last. Set once, by `setup`.
---@type tarn.Root[]
M.roots = {}

---@class tarn.Source
---@field name string     "scripts/clone.lua"
---@field origin string   a directory, or "bundle"
---@field path? string    where the file is, if it is not in the bundle
---@field text? string    what it holds; nil if it cannot be read
---@field problem? string why it cannot be read

local ENOENT <const>, ENOTDIR <const> = 2, 20

-- The text; or nil and why, where nil alone means that there is no such file. A file that is
-- there but cannot be read must not let another one silently take its place.
local function read(path)
  local file <close>, why, code = io.open(path, "rb")
  if not file then
    return nil, code ~= ENOENT and code ~= ENOTDIR and why or nil
  end
  local text, reason = file:read "a"
  return text, not text and ("%s: %s"):format(path, reason) or nil
end

--- The directory for the user's own files, whether it exists or not; nil without a home.
---@return string?
function M.find_config_dir()
  local xdg, home = os.getenv "XDG_CONFIG_HOME", os.getenv "HOME"
  if xdg and xdg:sub(1, 1) == "/" then
    return xdg .. "/tarn"
  elseif home and home ~= "" then
    return home .. "/.config/tarn"
  end
end

--- Say where to look. Done once, before the first script is looked for.
---@param opts { path?: string[], bundled?: boolean }
function M.setup(opts)
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

-- A name comes from the command line and from the web server: it must not climb out of a root.
local function climbs(name)
  return name:find "^/" or ("/" .. name .. "/"):find("/../", 1, true) or name:find "%z"
end

-- Each file of that name, one after the other, first to last.
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

--- Every file of that name, the one in force first. "@name" sees the bundle only, which is
-- how an override calls what it overrides.
---@param name string
---@return tarn.Source[]
function M.all(name)
  local found = {}
  for source in candidates(name) do
    found[#found + 1] = source
  end
  return found
end

--- The file in force, or nil.
---@param name string
---@return tarn.Source?
function M.file(name)
  return candidates(name)()
end

--- Names of all files below a folder ("scripts/"), in any root or in the bundle, sorted.
-- Folders inside it are not looked into in the user's directories.
---@param folder string with its final slash
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

--- Called with a line for the user about a file that is about to be used; main sets it.
---@type fun(text: string)?
M.warn = nil

local warned = {}

-- An ejected file hides what the built-in one has become: once for each, a line says so.
local function warn_outdated(source)
  if M.warn and source.path and not warned[source.path]
    and source.text:find("-- ejected from tarn ", -80, true)
    and require("engine.ejected").is_outdated(source.name, source.text) then
    warned[source.path] = true
    M.warn(("%s was ejected, and the built-in file has changed since: `tarn which %s`"):format(
      source.path, source.name))
  end
end

--- Compile a source. Raises a fault that names its file when it cannot be read or compiled.
---@param source tarn.Source
---@return function
function M.compile(source)
  local fault = require "base.fault"
  if not source.text then
    fault.raise { kind = "io", op = "find", message = source.problem }
  end
  warn_outdated(source)
  local text = source.text:gsub("^#[^\n]*", "") -- as `lua` does: a script may begin with #!
  local f, why = load(text, "@" .. (source.path or "bundle/" .. source.name), "t")
  if not f then
    fault.raise { kind = "parse", op = "find", message = why }
  end
  return f
end

local function missing(plain)
  return ("no file 'lua/%s.lua' in any root or in the bundle"):format((plain:gsub("%.", "/")))
end

--- Searcher for `require`: "tarn.clone" is lua/tarn/clone.lua, "@tarn.clone" the bundled one,
-- and "@clone" the bundled script of that name, for a script that wraps it.
---@param module string
---@return function|string
function M.searcher(module)
  local at, plain = module:match "^(@?)(.*)$"
  local source = M.file(at .. "lua/" .. plain:gsub("%.", "/") .. ".lua")
  if not source and at == "@" and not plain:find("[./]") then
    source = M.file("@scripts/" .. plain .. ".lua")
  end
  if source then
    return M.compile(source)
  end
  local new = require("engine.moved").find(plain)
  if not new then
    return missing(plain)
  end
  if M.warn then
    M.warn(require("engine.moved").advice(plain)) -- once: `require` keeps what this returns
  end
  return function() return require(at .. new) end
end

return M
