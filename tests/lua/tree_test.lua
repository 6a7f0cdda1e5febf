--- Rules of docs/style.md that a program can hold. Run from the top of the tree.

local fs = require "native.fs"

-- Names of all files below a folder that end so.
local function files(folder, ending)
  local found = {}
  local function walk(dir)
    for _, name in ipairs(fs.list(dir)) do
      local path = dir .. "/" .. name
      if fs.find_stat(path).type == "directory" then
        if name ~= "node_modules" then
          walk(path)
        end
      elseif path:find(ending .. "$") then
        found[#found + 1] = path
      end
    end
  end
  walk(folder)
  return found
end

-- All C and Lua files, and the folders they are in.
local function sources()
  local list = {}
  for _, folder in ipairs { "src", "tests", "lua", "scripts", "docs" } do
    for _, path in ipairs(files(folder, "%.[chl]u?a?")) do
      list[#list + 1] = path
    end
  end
  return list
end

local function none(t, list, why)
  t.equal(table.concat(list, "\n"), "", why)
end

test("only the bindings, the engine, the scheduler and main see Lua", function(t)
  local wrong = {}
  for _, path in ipairs(files("src", "%.[ch]")) do
    local allowed = path:find "^src/api/" or path:find "^src/engine%.[ch]$"
      or path:find "^src/sched%.[ch]$" or path == "src/main.c"
    if not allowed and fs.read(path):find "#include%s*<lu?a[ux]*l?i?b?%.h>" then
      wrong[#wrong + 1] = path
    end
  end
  none(t, wrong, "these include Lua's headers")
end)

test("only the library and the embedded workspace require primitives", function(t)
  local wrong = {}
  for _, folder in ipairs { "lua", "scripts" } do
    for _, path in ipairs(files(folder, "%.lua")) do
      local allowed = path:find "^lua/tarn/" or path:find "^lua/sandbox/" or path == "lua/tarn.lua"
      if not allowed and fs.read(path):find "[\"']native%." then
        wrong[#wrong + 1] = path
      end
    end
  end
  none(t, wrong, "these require native.*")
end)

test("the client and the embedded workspace share no code but primitives", function(t)
  local wrong = {}
  for _, path in ipairs(files("lua/sandbox", "%.lua")) do
    for name in fs.read(path):gmatch "require%s*%(?[\"'](tarn%.[%w_.]+)" do
      if name ~= "base.fault" and name ~= "base.pool" and name ~= "base.time" then
        wrong[#wrong + 1] = path .. " requires " .. name
      end
    end
  end
  none(t, wrong)
end)

-- What the tables of a C file register: functions, and methods.
local function registered(text)
  local functions, methods = {}, {}
  for name, body in text:gmatch "luaL_Reg ([%w_]+)%[%] = {(.-)\n};" do
    local set = name:find "_functions$" and functions or name:find "_methods$" and methods
    for entry in body:gmatch '{"([%w_]+)", *[%w_]+}' do
      if set then
        set[entry] = true
      end
    end
  end
  return functions, methods
end

local function missing(from, where, list, text)
  for name in pairs(from) do
    if not where[name] then
      list[#list + 1] = text:format(name)
    end
  end
end

test("every function of a native library has a stub, and the other way round", function(t)
  local wrong = {}
  for _, path in ipairs(files("docs/reference/native", "%.lua")) do
    local lib = path:match "([^/]+)%.lua$"
    local real, stubs = {}, {}
    for name, value in pairs(require("native." .. lib)) do
      if type(value) == "function" then
        real[name] = true
      end
    end
    local text = fs.read(path)
    local variable = text:match "\nreturn ([%w_]+)%s*$"
    for name in text:gmatch("\nfunction " .. variable .. "%.([%w_]+)%(") do
      stubs[name] = true
    end
    missing(real, stubs, wrong, lib .. ".%s has no stub in " .. path)
    missing(stubs, real, wrong, lib .. ".%s is in " .. path .. " and not in the library")
  end
  none(t, wrong)
end)

test("every method has a stub, and the other way round", function(t)
  local real, stubs, wrong = {}, {}, {}
  for _, path in ipairs(files("src/api", "%.c")) do
    local _, methods = registered(fs.read(path))
    for name in pairs(methods) do
      real[name] = true
    end
  end
  for _, path in ipairs(files("docs/reference/native", "%.lua")) do
    for name in fs.read(path):gmatch "\nfunction [%w_]+:([%w_]+)%(" do
      stubs[name] = true
    end
  end
  missing(real, stubs, wrong, "method %s has no stub in docs/reference/native")
  missing(stubs, real, wrong, "method %s has a stub, and no table registers it")
  none(t, wrong)
end)

test("every native library has a file of stubs", function(t)
  local libs = fs.read "src/api/libs.c"
  for name in libs:gmatch '{"native%.([%w_]+)"' do
    t.is_true(fs.find_stat("docs/reference/native/" .. name .. ".lua"), name)
  end
end)

test("there are no tabs, no trailing blanks, and each file ends with its line", function(t)
  local wrong = {}
  for _, path in ipairs(sources()) do
    local text = fs.read(path)
    if not path:find "^tests/golden/" and text ~= "" then
      if text:find "\t" then
        wrong[#wrong + 1] = path .. " has a tab"
      end
      if text:find " \n" then
        wrong[#wrong + 1] = path .. " has trailing blanks"
      end
      if text:sub(-1) ~= "\n" or text:sub(-2) == "\n\n" then
        wrong[#wrong + 1] = path .. " does not end with one line end"
      end
    end
  end
  none(t, wrong)
end)

test("the top level is what the design says", function(t)
  local allowed = { ["CMakeLists.txt"] = true, src = true, lua = true, scripts = true,
    tests = true, docs = true, ["README.md"] = true, dev = true, LICENSE = true }
  local wrong = {}
  for _, name in ipairs(fs.list ".") do
    if not allowed[name] and not name:find "^%." and not name:find "^build" then
      wrong[#wrong + 1] = name
    end
  end
  none(t, wrong, "these do not belong there")
end)

test("C functions that are unsafe are not used", function(t)
  local wrong = {}
  for _, path in ipairs(files("src", "%.[ch]")) do
    local text = fs.read(path):gsub("/%*.-%*/", "")
    for _, name in ipairs { "strcpy", "strcat", "sprintf", "vsprintf", "atoi", "strtok", "gets",
      "alloca" } do
      if text:find("[^%w_]" .. name .. "%s*%(") then
        wrong[#wrong + 1] = path .. " uses " .. name
      end
    end
  end
  none(t, wrong)
end)

-- Makes tables, and does nothing else: allowed while a module loads.
local PURE <const> = { ["json.array"] = true, ["json.number"] = true }

-- A native library whose functions raise.
local function asleep(lib)
  local copy = {}
  for name, value in pairs(require("native." .. lib)) do
    if type(value) == "function" and not PURE[lib .. "." .. name] then
      value = function()
        error(("native.%s.%s is called while a file loads"):format(lib, name), 2)
      end
    end
    copy[name] = value
  end
  return copy
end

test("loading a file does nothing but define", function(t)
  local wrong, loaded = {}, {}
  local env = setmetatable({}, { __index = _G })
  local function load_file(path)
    return assert(load(fs.read(path), "@" .. path, "t", env))
  end
  function env.require(name)
    if loaded[name] == nil then
      local lib = name:match "^native%.(.+)$"
      loaded[name] = lib and asleep(lib)
        or load_file("lua/" .. name:gsub("%.", "/") .. ".lua")(name) or true
    end
    return loaded[name]
  end
  for _, folder in ipairs { "lua", "scripts" } do
    for _, path in ipairs(files(folder, "%.lua")) do
      local ok, e = pcall(load_file(path))
      if not ok then
        wrong[#wrong + 1] = tostring(e)
      end
    end
  end
  none(t, wrong)
end)
