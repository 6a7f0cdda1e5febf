--- Rules about the C files that a program can hold. Run from the top of the tree, by the program
-- of the build whose object files are looked at.

local fs = require "native.fs"
local process = require "native.process"

-- What a C file may have at most; a file is one subject.
local MOST_LINES <const> = 450

-- Names of all files below a folder that end so.
local function files(folder, ending, found)
  found = found or {}
  for _, name in ipairs(fs.list(folder)) do
    local path = folder .. "/" .. name
    if fs.find_stat(path).type ~= "directory" then
      found[#found + 1] = path:find(ending .. "$") and path
    elseif name ~= "node_modules" then
      files(path, ending, found)
    end
  end
  return found
end

local function none(t, list, why)
  table.sort(list)
  t.is_true(#list == 0, (why and why .. ":\n" or "") .. table.concat(list, "\n"))
end

-- ---- who includes what ----

test("only the bindings, the engine, the scheduler, faults and main see Lua", function(t)
  local wrong = {}
  for _, path in ipairs(files("src", "%.[ch]")) do
    local allowed = path:find "^src/api/" or path:find "^src/engine%.[ch]$"
      or path:find "^src/sched%.[ch]$" or path:find "^src/luafault%.[ch]$" or path == "src/main.c"
    if not allowed and fs.read(path):find "#include%s*<lu?a[ux]*l?i?b?%.h>" then
      wrong[#wrong + 1] = path
    end
  end
  none(t, wrong, "these include Lua's headers")
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

-- ---- size and names ----

test("a C file has at most " .. MOST_LINES .. " lines", function(t)
  local wrong = {}
  for _, path in ipairs(files("src", "%.[ch]")) do
    local _, lines = fs.read(path):gsub("\n", "")
    if lines > MOST_LINES then
      wrong[#wrong + 1] = ("%s has %d"):format(path, lines)
    end
  end
  none(t, wrong)
end)

-- Tests of a file under other conditions, and of all bindings.
local OTHER_TESTS <const> = { http_tls = "http", loop_model = "loop", bindings = "box",
  finalizers = "box" }

test("a test in C has the name of the file that it tests", function(t)
  local names, wrong = {}, {}
  for _, path in ipairs(files("src", "%.[ch]")) do
    names[path:match "([^/]+)%.[ch]$"] = true
  end
  for _, folder in ipairs { "tests/unit", "tests/api" } do
    for _, path in ipairs(files(folder, "%.c")) do
      local name = path:match "/test_([^/]+)%.c$"
      if not names[OTHER_TESTS[name] or name] then
        wrong[#wrong + 1] = path .. " is of no file"
      end
    end
  end
  none(t, wrong)
end)

-- ---- circles ----

-- The object files of this build, by the C file that each was made from, and the C files that
-- have none.
local function objects()
  local build = fs.realpath("/proc/self/exe"):match "^(.*)/[^/]*$"
  local found, without = {}, {}
  for _, path in ipairs(files("src", "%.c")) do
    local target = path == "src/main.c" and "tarn" or "tarncore"
    local object = ("%s/CMakeFiles/%s.dir/%s.o"):format(build, target, path)
    if fs.find_stat(object) then
      found[path] = object
    else
      without[#without + 1] = path
    end
  end
  return found, without
end

-- { [file] = { [other file] = a name that `file` uses and the other one defines } }
local function uses_by_file(t)
  local by_file, without = objects()
  none(t, without, "these have no object file beside the program: is it built?")
  local argv, by_object = { "nm", "-A", "-g", "-P" }, {}
  for path, object in pairs(by_file) do
    argv[#argv + 1] = object
    by_object[object] = path
  end
  local result = process.run(argv)
  t.equal(result.status, 0, result.stderr)
  local defined_in, needed, uses = {}, {}, {}
  for object, name, kind in result.stdout:gmatch "([^\n]+): (%S+) (%a)" do
    local path = by_object[object]
    if kind == "U" then
      needed[#needed + 1] = { path, name }
    elseif kind:find "[TDBRC]" then
      defined_in[name] = path
    end
  end
  for path in pairs(by_file) do
    uses[path] = {}
  end
  for _, one in ipairs(needed) do
    local path, name = one[1], one[2]
    local other = defined_in[name]
    if other and other ~= path then
      uses[path][other] = name
    end
  end
  return uses
end

-- The sets of files of which each uses each other one, by itself or by way of others (Tarjan's
-- strongly connected components of more than one member).
local function circles(uses)
  local index, low, on_stack, stack, found, count = {}, {}, {}, {}, {}, 0
  local function visit(file)
    count = count + 1
    index[file], low[file] = count, count
    stack[#stack + 1], on_stack[file] = file, true
    for other in pairs(uses[file] or {}) do
      if not index[other] then
        visit(other)
        low[file] = math.min(low[file], low[other])
      elseif on_stack[other] then
        low[file] = math.min(low[file], index[other])
      end
    end
    if low[file] == index[file] then
      local set = {}
      repeat
        local last = table.remove(stack)
        on_stack[last] = nil
        set[#set + 1] = last
      until last == file
      if #set > 1 then
        table.sort(set)
        found[#found + 1] = set
      end
    end
  end
  for file in pairs(uses) do
    if not index[file] then
      visit(file)
    end
  end
  table.sort(found, function(a, b)
    return a[1] < b[1]
  end)
  return found
end

test("a circle is found however long it is, and nothing else", function(t)
  local function found(uses)
    local list = {}
    for i, set in ipairs(circles(uses)) do
      list[i] = table.concat(set, " ")
    end
    return table.concat(list, ", ")
  end
  t.equal(found { a = { b = "f", c = "g" }, b = { c = "g" }, c = {} }, "")
  t.equal(found { a = { b = "f" }, b = { a = "g" } }, "a b")
  t.equal(found { a = { b = "f" }, b = { c = "g" }, c = { d = "h" }, d = { b = "g", e = "i" },
    e = {} }, "b c d")
  t.equal(found { a = { b = "f" }, b = { a = "g" }, c = { d = "h", a = "g" }, d = { c = "i" } },
    "a b, c d")
end)

test("no C file uses itself by way of others", function(t)
  local uses, wrong = uses_by_file(t), {}
  t.is_true(uses["src/main.c"]["src/engine.c"], "nm tells who uses what")
  for _, set in ipairs(circles(uses)) do
    for _, file in ipairs(set) do
      for _, other in ipairs(set) do
        if uses[file][other] then
          wrong[#wrong + 1] = ("%s uses %s of %s"):format(file, uses[file][other], other)
        end
      end
    end
  end
  none(t, wrong, "each of these files uses each other one")
end)
