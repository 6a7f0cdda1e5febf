--- Rules of the tree that a program can hold. Run from the top of the tree.

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
  table.sort(list)
  t.is_true(#list == 0, (why and why .. ":\n" or "") .. table.concat(list, "\n"))
end

-- ---- modules: who requires whom ----

-- Modules of a layer require their own layer and those before it; of two in one row, neither
-- requires the other.
local LAYERS <const> = { native = 0, base = 1, sandbox = 1, output = 2, engine = 3, tarn = 4,
  repl = 5, server = 5, testing = 5 }

-- What puts the layers together, and scripts, may use all.
local function is_free(module)
  return module == "tarn" or module == "main" or module:find "^scripts/" ~= nil
end

local function layer_of(module)
  return module:match "^[^.]+"
end

-- "tarn.a.b" and what is inside of it are parts of the subject "tarn.a".
local function subject_of(module)
  return module:match "^tarn%.[%w_]+"
end

-- { [module] = { path, requires = { name, ... } } } of all Lua files that are in the program,
-- whether something is required at load or later.
local function modules()
  local found = {}
  for _, folder in ipairs { "lua", "scripts" } do
    for _, path in ipairs(files(folder, "%.lua")) do
      local module = folder == "scripts" and path or path:match "^lua/(.*)%.lua$":gsub("/", ".")
      local requires = {}
      for line in fs.read(path):gmatch "[^\n]+" do
        if not line:find "^%s*%-%-" then
          for name in line:gmatch "require%s*%(?[\"']@?([%w_.]+)[\"']%s*%)?" do
            -- a name in a message or in a template is no use of the module
            if not line:find "[\"'][^\"']*require%s*%(?[\"'][^\"']+[\"']%)?[^\"']*'" then
              requires[#requires + 1] = name
            end
          end
        end
      end
      found[module] = { path = path, requires = requires }
    end
  end
  return found
end

test("a module requires its own layer and those before it", function(t)
  local wrong = {}
  for module, one in pairs(modules()) do
    local own = layer_of(module)
    for _, name in ipairs(is_free(module) and {} or one.requires) do
      local other = layer_of(name)
      if not LAYERS[other] then
        wrong[#wrong + 1] = ("%s requires %s, which is in no layer"):format(one.path, name)
      elseif LAYERS[other] > LAYERS[own]
        or LAYERS[other] == LAYERS[own] and other ~= own then
        wrong[#wrong + 1] = ("%s (%s) requires %s (%s)"):format(one.path, own, name, other)
      end
    end
  end
  none(t, wrong)
end)

test("the front door is for scripts and for what stands above the library", function(t)
  local wrong = {}
  for module, one in pairs(modules()) do
    for _, name in ipairs(one.requires) do
      if name == "tarn" and LAYERS[layer_of(module)] and LAYERS[layer_of(module)] < LAYERS.repl then
        wrong[#wrong + 1] = one.path
      end
    end
  end
  none(t, wrong, "these require the front door, which requires them")
end)

test("the parts of a subject are required by the subject alone", function(t)
  local wrong = {}
  for module, one in pairs(modules()) do
    local reached = {}
    for _, name in ipairs(one.requires) do
      local subject = subject_of(name)
      if subject and subject ~= name and subject ~= subject_of(module) then
        reached[subject] = name
        if not module:find "^scripts/" then
          wrong[#wrong + 1] = one.path .. " requires " .. name
        end
      end
    end
    local first = next(reached)
    if first and next(reached, first) then
      wrong[#wrong + 1] = one.path .. " reaches into more than one subject"
    end
  end
  none(t, wrong, "a script reaches into one subject at most, everything else into none")
end)

test("no module requires itself by way of others", function(t)
  local all, state, wrong = modules(), {}, {}
  local function visit(module, path)
    if state[module] == "open" then
      wrong[#wrong + 1] = table.concat(path, " -> ") .. " -> " .. module
    elseif all[module] and not state[module] then
      state[module] = "open"
      path[#path + 1] = module
      for _, name in ipairs(all[module].requires) do
        visit(name, path)
      end
      path[#path] = nil
      state[module] = "done"
    end
  end
  for module in pairs(all) do
    visit(module, {})
  end
  none(t, wrong)
end)

test("the embedded workspace stands alone, and has four entrances", function(t)
  local entrances = { ["sandbox.server"] = true, ["sandbox.http.faults"] = true,
    ["sandbox.scenarios"] = true, ["sandbox.store"] = true }
  local wrong = {}
  for module, one in pairs(modules()) do
    local inside = layer_of(module) == "sandbox"
    for _, name in ipairs(one.requires) do
      local is_of_sandbox = layer_of(name) == "sandbox"
      if inside and not is_of_sandbox and layer_of(name) ~= "native" then
        wrong[#wrong + 1] = one.path .. " requires " .. name
      elseif not inside and is_of_sandbox and not entrances[name] then
        wrong[#wrong + 1] = one.path .. " requires " .. name
      end
    end
  end
  none(t, wrong)
end)

test("scripts leave primitives to the library", function(t)
  local wrong = {}
  for _, path in ipairs(files("scripts", "%.lua")) do
    if fs.read(path):find "[\"']native%." then
      wrong[#wrong + 1] = path
    end
  end
  none(t, wrong, "these require native.*")
end)

test("no folder is crowded", function(t)
  local counts, most, wrong = {}, { ["lua"] = 2, ["lua/tarn"] = 36, ["lua/tarn/lineage"] = 26,
    ["lua/engine"] = 28 }, {}
  for _, path in ipairs(files("lua", "%.lua")) do
    local folder = path:match "^(.*)/"
    counts[folder] = (counts[folder] or 0) + 1
  end
  for folder, n in pairs(counts) do
    if n > (most[folder] or 22) then
      wrong[#wrong + 1] = ("%s has %d files"):format(folder, n)
    end
  end
  none(t, wrong)
end)

-- Suites that are not about one module: rules of the tree, and what a subject does in trouble.
local OF_MANY <const> = { ["tests/lua/tree_test.lua"] = true, ["tests/lua/tree_c_test.lua"] = true,
  ["tests/lua/tarn/clone/faults_test.lua"] = true, ["tests/lua/tarn/clone/kill_test.lua"] = true,
  ["tests/lua/tarn/clone/room_test.lua"] = true, ["tests/lua/tarn/wait/table_test.lua"] = true,
  ["tests/lua/tarn/lineage/corpus_test.lua"] = true }
-- Suites in tests/commands that are about every command.
local OF_ALL <const> = { main = true, bad_input = true, limits = true, once = true,
  read_only = true, find_pipeline = true, hooks = true, hostile_text = true, sources = true,
  sources_kill = true, sources_property = true, width = true,
  workspace_fails = true, many = true }

test("tests of modules lie where their modules lie", function(t)
  local wrong = {}
  for _, path in ipairs(files("tests/lua", "_test%.lua")) do
    local name = path:match "^tests/lua/(.*)_test%.lua$"
    local folder, last = name:match "^(.*)/([^/]*)$"
    local stub = ("docs/reference/native/%s.lua"):format(last)
    local fits = fs.find_stat("lua/" .. name .. ".lua") or fs.find_stat("lua/" .. name)
      or folder and folder:find "^native" and fs.find_stat(stub)
      or last == "parts" and fs.find_stat("lua/" .. folder)
    if not fits and not OF_MANY[path] then
      wrong[#wrong + 1] = path .. " is of no module"
    end
  end
  for _, path in ipairs(files("tests/commands", "_test%.lua")) do
    local name = path:match "^tests/commands/(.*)_test%.lua$"
    if not fs.find_stat("scripts/" .. name:match "^[^_]+" .. ".lua") and not OF_ALL[name] then
      wrong[#wrong + 1] = path .. " is of no command"
    end
  end
  none(t, wrong)
end)

-- The functions of a module without a comment in front of them.
local function add_silent(path, list)
  local before = ""
  for line in fs.read(path):gmatch "([^\n]*)\n" do
    local name = line:match "^function ([%w_]+%.[%w_]+)%("
    if name and not before:find "^%-%-" then
      list[#list + 1] = ("%s: %s says nothing"):format(path, name)
    end
    before = line
  end
end

test("every public function says what it does, and what its parameters are", function(t)
  local stubs, wrong = require "engine.stubs", {}
  for _, module in ipairs(stubs.names()) do
    add_silent(stubs.file_of(module), wrong)
    for _, one in ipairs(stubs.find(module).functions) do
      local known = {}
      for _, param in ipairs(one.params) do
        known[param.name] = true
      end
      if one.help == "" then
        wrong[#wrong + 1] = one.signature .. " says nothing"
      end
      for name in (one.signature:match "%((.*)%)$" or ""):gmatch "[%w_]+" do
        if not known[name] then
          wrong[#wrong + 1] = ("%s does not say what '%s' is"):format(one.signature, name)
        end
      end
    end
  end
  none(t, wrong)
end)

test("no command has the name of a field of tarn", function(t)
  local library = require "engine.library"
  local tarn, wrong = require "tarn", {}
  for _, path in ipairs(files("scripts", "%.lua")) do
    local name = path:match "([^/]+)%.lua$":gsub("-", "_")
    local is_own = rawget(tarn, name) ~= nil and name ~= "get" -- which also runs the command
    if library.fields[name] or is_own then
      wrong[#wrong + 1] = name
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
    t.is_true(variable, path .. " does not end with `return` and a name")
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

test("the stubs of a native library say what it is for, and name its source", function(t)
  local wrong = {}
  for _, path in ipairs(files("docs/reference/native", "%.lua")) do
    local lib = path:match "([^/]+)%.lua$"
    local head = fs.read(path):match "^%-%-%-@meta [^\n]+\n(%-%-%- .-)\nlocal " or ""
    local source = ("src/api/l_%s.c"):format(lib)
    if not head:find("\n-- Source: " .. source, 1, true) or not fs.find_stat(source) then
      wrong[#wrong + 1] = path .. " does not name its source, " .. source
    end
  end
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
    tests = true, docs = true, ["README.md"] = true, ["SECURITY.md"] = true, dev = true,
    LICENSE = true }
  local wrong = {}
  for _, name in ipairs(fs.list ".") do
    if not allowed[name] and not name:find "^%." and not name:find "^build" then
      wrong[#wrong + 1] = name
    end
  end
  none(t, wrong, "these do not belong there")
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
