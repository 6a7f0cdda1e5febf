--- engine.reload: changed files are loaded again, broken ones are not.

local program = require "testing.program"
local find = require "engine.find"
local fs = require "native.fs"
local reload = require "engine.reload"
local script = require "engine.script"

local function text_of(summary)
  return ('return { summary = "%s.", effect = "read", args = {}, run = function() end }')
    :format(summary)
end

-- Call `f` with a directory that is the only root, the list of warnings, and a function that warns.
local function with_root(f)
  local dir <close> = program.dir()
  local before, warnings = find.roots, {}
  local _ <close> = setmetatable({}, { __close = function()
    find.roots = before
    script.keeper = nil
  end })
  find.roots = { { dir = dir.path, from = "--path" } }
  f(dir, warnings, function(text) warnings[#warnings + 1] = text end)
end

test("a script is loaded again if it has changed, and only then", function(t)
  with_root(function(dir, warnings, warn)
    reload.install(warn)
    dir.write("scripts/changing.lua", text_of "One")
    local one = script.load "changing"
    t.is_true(one == script.load "changing")
    dir.write("scripts/changing.lua", text_of "Two")
    t.equal(script.load("changing").summary, "Two.")
    t.equal(#warnings, 0)
  end)
end)

test("the earlier version of a broken script stays in use, with one warning", function(t)
  with_root(function(dir, warnings, warn)
    reload.install(warn)
    dir.write("scripts/breaking.lua", text_of "One")
    t.equal(script.load("breaking").summary, "One.")
    dir.write("scripts/breaking.lua", "return {")
    t.equal(script.load("breaking").summary, "One.")
    t.equal(script.load("breaking").summary, "One.")
    t.equal(#warnings, 1)
    t.match(warnings[1], "breaking.lua:1:")
    t.match(warnings[1], "the earlier version of the command breaking stays in use")
    dir.write("scripts/breaking.lua", text_of "Three")
    t.equal(script.load("breaking").summary, "Three.")
  end)
end)

test("a script that never loaded, or that is gone, is an error", function(t)
  with_root(function(dir, _, warn)
    reload.install(warn)
    dir.write("scripts/never.lua", "return {")
    t.equal(t.fault(script.load, "never").kind, "parse")
    dir.write("scripts/gone.lua", text_of "One")
    script.load "gone"
    fs.remove(dir.path .. "/scripts/gone.lua")
    t.equal(t.fault(script.load, "gone").kind, "usage")
  end)
end)

test("a module that has changed keeps its table and gets the new functions", function(t)
  with_root(function(dir, warnings, warn)
    dir.write("lua/tarn/mine.lua", "return { f = function() return 1 end, old = true }")
    local mine = require "tarn.mine"
    local _ <close> = setmetatable({}, { __close = function()
      package.loaded["tarn.mine"] = nil
    end })
    reload.refresh(warn)
    t.equal(#reload.refresh(warn), 0)
    dir.write("lua/tarn/mine.lua", "return { f = function() return 2.5 end }")
    t.equal(reload.refresh(warn), { "tarn.mine" })
    t.equal(mine.f(), 2.5)
    t.is_nil(mine.old)
    dir.write("lua/tarn/mine.lua", "this is no Lua")
    t.equal(#reload.refresh(warn), 0)
    t.equal(mine.f(), 2.5)
    t.equal(#warnings, 1)
    t.match(warnings[1], "the earlier version of the module tarn.mine stays in use")
    t.equal(#reload.refresh(warn), 0)
    t.equal(#warnings, 1)
  end)
end)

test("an override that appears is used, and after its removal the bundled module", function(t)
  with_root(function(dir, _, warn)
    local glob = require "base.glob"
    local before = {}
    for key, value in pairs(glob) do
      before[key] = value
    end
    reload.refresh(warn)
    dir.write("lua/base/glob.lua", "return { mine = function() return 'mine' end }")
    t.equal(reload.refresh(warn), { "base.glob" })
    t.equal(glob.mine(), "mine")
    fs.remove(dir.path .. "/lua/base/glob.lua")
    t.equal(reload.refresh(warn), { "base.glob" })
    t.is_nil(glob.mine)
    for key in pairs(before) do
      t.is_true(glob[key], key)
    end
  end)
end)
