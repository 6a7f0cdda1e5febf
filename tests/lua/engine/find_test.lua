local program = require "testing.program"
local find = require "engine.find"

-- Run `f` with these roots, and restore the former ones afterwards.
local function with_roots(dirs, f)
  local before = find.roots
  local _ <close> = setmetatable({}, { __close = function() find.roots = before end })
  find.roots = {}
  for i, dir in ipairs(dirs) do
    find.roots[i] = { dir = dir.path, from = "--path" }
  end
  return f()
end

test("the first directory wins, and the bundle is last", function(t)
  local a <close> = program.dir()
  local c <close> = program.dir()
  a.write("scripts/list.lua", "A")
  c.write("scripts/list.lua", "C")
  with_roots({ a, c }, function()
    local all = find.all "scripts/list.lua"
    t.equal(#all, 3)
    t.equal(all[1].text, "A")
    t.equal(all[2].text, "C")
    t.equal(all[3].origin, "bundle")
    t.equal(find.file("scripts/list.lua").text, "A")
  end)
end)

test("a name with @ finds built-in files only", function(t)
  local a <close> = program.dir()
  a.write("scripts/list.lua", "A")
  with_roots({ a }, function()
    local all = find.all "@scripts/list.lua"
    t.equal(#all, 1)
    t.equal(all[1].origin, "bundle")
  end)
end)

test("a name cannot climb out of a root", function(t)
  local a <close> = program.dir()
  local outside = a.write("secret.lua", "S")
  local root = { path = a.path .. "/scripts" }
  with_roots({ root }, function()
    for _, name in ipairs { "../secret.lua", outside, "x/../../secret.lua", "..", "@../secret.lua",
      "scripts/../../secret.lua" } do
      t.equal(#find.all(name), 0, name)
    end
    t.equal(#find.all "a..b", 0)
  end)
end)

test("a file that cannot be read is an error, and does not give way to another", function(t)
  local a <close> = program.dir()
  a.write("scripts/list.lua/inner", "a directory in the file's place")
  with_roots({ a }, function()
    local source = find.file "scripts/list.lua"
    t.equal(source.origin, a.path)
    t.is_true(source.problem)
    t.equal(t.fault(find.compile, source).kind, "io")
  end)
end)

test("names are those in all directories, each once", function(t)
  local a <close> = program.dir()
  a.write("scripts/mine.lua", "")
  a.write("scripts/list.lua", "")
  with_roots({ a }, function()
    local seen = {}
    for _, name in ipairs(find.names "scripts/") do
      seen[name] = (seen[name] or 0) + 1
    end
    t.equal(seen["scripts/mine.lua"], 1)
    t.equal(seen["scripts/list.lua"], 1)
    t.equal(seen["scripts/run.lua"], 1)
  end)
end)

test("require finds overrides, and with @ what they override", function(t)
  local a <close> = program.dir()
  a.write("lua/base/glob.lua",
    'local base = require "@base.glob"\nreturn { base = base, mine = 1 }')
  with_roots({ a }, function()
    local module = find.searcher "base.glob"()
    t.equal(module.mine, 1)
    t.equal(type(module.base.matcher), "function")
    t.match(find.searcher "tarn.nothing", "no file 'lua/tarn/nothing.lua'")
    t.equal(type(find.searcher "@list"().run), "function")
  end)
  package.loaded["@base.glob"] = nil
end)

test("a syntax error names file and line", function(t)
  local a <close> = program.dir()
  local path = a.write("scripts/bad.lua", "local x = 1\nlocal = 2\n")
  with_roots({ a }, function()
    local e = t.fault(find.compile, find.file "scripts/bad.lua")
    t.match(e.message, path .. ":2:")
  end)
end)

test("a first line with #! does not change the numbers of the others", function(t)
  local f = find.compile { name = "x", path = "x", text = "#!/usr/bin/env tarn\nerror 'here'" }
  t.raises("x:2: here", f)
end)

test("bytecode is not loaded", function(t)
  local code = string.dump(function() end)
  t.equal(t.fault(find.compile, { name = "x", path = "x", text = code }).kind, "parse")
end)
