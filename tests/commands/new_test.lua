--- tarn new: templates for commands, hooks and tests.

local program = require "testing.program"

local CASES <const> = {
  { "creators", {}, "scripts/creators.lua" },
  { "refresh-idle", { "--effect", "write" }, "scripts/refresh-idle.lua" },
  { "approve", { "--kind", "hook" }, "hooks/approve.lua" },
  { "looks", { "--kind", "test" } },
}

-- A home directory, and options of program.run for it.
local function start()
  local home = program.dir()
  return home, { env = { XDG_CONFIG_HOME = home.path, XDG_STATE_HOME = home.path .. "/state" } }
end

for _, case in ipairs(CASES) do
  test(("`tarn new %s` writes files that run, and tests that pass"):format(case[1]), function(t)
    local home <close>, opts = start()
    local words = { "new", case[1], table.unpack(case[2]) }
    local files = program.data(words, opts).files
    if case[3] then
      t.equal(files[1].path, home.path .. "/tarn/" .. case[3])
      t.no_match(home.read("tarn/" .. case[3]), "NAME")
    end
    local tests = files[#files].path
    t.no_match(home.read(tests:sub(#home.path + 2)), "NAME")
    local r = program.run({ "test", tests }, opts)
    t.equal(r.status, 0, r.stdout .. r.stderr)
    t.match(r.stdout, "2 passed, 0 failed")
    t.equal(program.run(words, opts).status, 5, "a file is never replaced")
  end)
end

test("a new command has help, options and a function of the library", function(t)
  local home <close>, opts = start()
  program.run({ "new", "creators" }, opts)
  t.is_true(#program.data({ "-p", "demo", "creators", "--least", "2" }, opts) > 0)
  t.match(program.run({ "help", "creators" }, opts).stdout,
    "Show only creators with at least N pipelines.")
  t.match(program.run({ "help" }, opts).stdout, "creators")
  local r = program.run({ "creators", "--lest", "2" }, opts)
  t.equal(r.status, 2)
  t.match(r.stderr, "--least")
  local path = home.write("call.lua", [[return require("tarn").creators { least = 2 }]])
  t.is_true(#program.data({ "-p", "demo", "run", path }, opts) > 0)
  program.run({ "new", "refresh", "--effect", "write" }, opts)
  r = program.run({ "-p", "demo", "refresh", "sales_forecast", "--dry-run" }, opts)
  t.equal(r.status, 0, r.stderr)
  t.match(r.stdout, "would be started")
end)

test("a route makes a command a part of the HTTP API", function(t)
  local home <close>, opts = start()
  home.write("tarn/scripts/hello.lua", [[return {
    summary = "Say hello.", effect = "read", route = { "GET", "/api/own/hello/{who}" },
    args = { { "who", "string", "To whom." } },
    run = function(_, arg) return { hello = arg.who } end,
  }]])
  local r = program.run({ "api-reference" }, opts)
  t.match(r.stdout, "/api/own/hello/{who}")
end)

test("a name that cannot be a command is refused", function(t)
  local dir <close> = program.dir()
  for _, name in ipairs { "../x", "X", "1", "a.b", "a b", "" } do
    t.equal(program.run({ "new", name, "--to", dir.path }).status, 2, name)
  end
  t.equal(program.run({ "new", "x", "--kind", "hook", "--effect", "read", "--to", dir.path })
    .status, 2)
  local r = program.run { "new", "x", "--to", dir.path, "--dry-run" }
  t.match(r.stdout, "would write  " .. dir.path .. "/scripts/x.lua")
  t.is_nil(dir.read "scripts/x.lua")
end)

test("no file is replaced, and no built-in command is shadowed by accident", function(t)
  local dir <close> = program.dir()
  dir.write("tests/x_test.lua", "mine")
  for _, more in ipairs { {}, { "--dry-run" } } do
    local r = program.run { "new", "x", "--to", dir.path, table.unpack(more) }
    t.equal(r.status, 5)
    t.match(r.stderr, dir.path .. "/tests/x_test.lua exists")
    r = program.run { "new", "list", "--to", dir.path, table.unpack(more) }
    t.equal(r.status, 5)
    t.match(r.stderr, "`tarn eject list` writes a copy of it")
  end
  t.is_nil(dir.read "scripts/x.lua")
  t.equal(program.run({ "new", "list", "--kind", "hook", "--to", dir.path }).status, 0)
end)

test("a command in another folder says how to run it, and that works", function(t)
  local dir <close> = program.dir()
  local r = program.run { "new", "hello", "--to", dir.path .. "/my team" }
  local lines = {}
  for line in r.stdout:gmatch "try    tarn ([^\n]+)" do
    lines[#lines + 1] = line
    t.equal(program.shell('"$TARN" ' .. line).status, 0, line)
  end
  t.equal(#lines, 2)
  t.match(dir.read "my team/scripts/hello.lua", "tarn --path '" .. dir.path .. "/my team' -p demo")
end)
