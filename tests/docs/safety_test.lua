--- docs/scripting/overriding.md, docs/scripting/testing.md and docs/guide/safety.md: all that they show runs.

local cli = require "testing.program"
local fs = require "native.fs"
local hooks = require "engine.hooks"

local function commands(page)
  local list = {}
  for line in fs.read("docs/" .. page):gmatch "[^\n]+" do
    list[#list + 1] = line:match "^    (tarn .*)$"
  end
  return list
end

-- The page's Lua by the name in its first line.
local function blocks(page)
  local by_name = {}
  for text in fs.read("docs/" .. page):gmatch "```lua\n(.-)```" do
    by_name[text:match "^%-%- ([%w_/]+%.lua)"] = text
  end
  return by_name
end

-- A home with what it takes, and its environment.
local function home()
  local dir = cli.dir()
  return dir, { HOME = dir.path, XDG_CONFIG_HOME = dir.path .. "/.config",
    XDG_STATE_HOME = dir.path .. "/state" }
end

local function run_all(t, page, dir, env)
  local list = commands(page)
  for _, command in ipairs(list) do
    local r = cli.shell(command:gsub("^tarn", '"$TARN"', 1), { cwd = dir.path, env = env })
    t.equal(r.status, 0, command .. "\n" .. r.stdout .. r.stderr)
  end
  return #list
end

test("each command of docs/scripting/overriding.md runs", function(t)
  local dir, env = home()
  local _ <close> = dir
  t.is_true(run_all(t, "scripting/overriding.md", dir, env) >= 12)
end)

test("the files of docs/scripting/overriding.md do what they say", function(t)
  local dir, env = home()
  local _ <close> = dir
  for name, text in pairs(blocks "scripting/overriding.md") do
    dir.write(".config/tarn/" .. name, text)
  end
  local function run(line)
    return cli.shell('"$TARN" -p demo ' .. line, { cwd = dir.path, env = env })
  end
  t.equal(run("list").status, 0, run("list").stderr)
  local r = run "clone sales_forecast --name prod_x"
  t.equal(r.status, 5)
  t.match(r.stderr, "'prod_x' needs an approval")
  env.APPROVED_BY = "ada"
  r = run "clone sales_forecast --name prod_x -o json"
  t.equal(r.status, 0, r.stderr)
  t.equal(run("trigger prod_x --full-refresh").status, 5)
  t.match(run("get prod_x -o json").stdout, '"copied_from": "sales_forecast"')
end)

test("docs/scripting/overriding.md names every point, and what it may do", function(t)
  local text = fs.read "docs/scripting/overriding.md"
  for _, point in ipairs(hooks.points) do
    local row = text:match("\n(| `" .. point.name .. "` |[^\n]+)")
    t.is_true(row, point.name)
    t.match(row:match "| ([^|]+) |$", point.may)
  end
end)

test("the tests of docs/scripting/testing.md pass, and its commands run", function(t)
  local dir, env = home()
  local _ <close> = dir
  local list = commands "scripting/testing.md"
  for name, text in pairs(blocks "scripting/testing.md") do
    if not name:find "replay" then
      dir.write(name, text)
    end
  end
  local r = cli.shell('"$TARN" test more_test.lua --update', { cwd = dir.path, env = env })
  t.equal(r.status, 0, r.stdout .. r.stderr)
  t.equal(run_all(t, "scripting/testing.md", dir, env), #list)
  dir.write("replay_test.lua", blocks("scripting/testing.md")["replay_test.lua"])
  r = cli.shell('"$TARN" test .', { cwd = dir.path, env = env })
  t.match(r.stdout, "7 passed, 0 failed")
end)

test("each command of docs/guide/safety.md runs, and its script", function(t)
  local dir, env = home()
  local _ <close> = dir
  t.is_true(run_all(t, "guide/safety.md", dir, env) >= 5)
  local path = dir.write("count.lua", blocks("guide/safety.md")["count.lua"])
  t.equal(cli.run({ "run", path }, { env = env }).status, 0)
end)
