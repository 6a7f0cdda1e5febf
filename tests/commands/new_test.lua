local cli = require "testing.program"
local json = require "native.json"

local CASES <const> = {
  { "creators", {}, "scripts/creators.lua" },
  { "refresh-idle", { "--effect", "write" }, "scripts/refresh-idle.lua" },
  { "approve", { "--kind", "hook" }, "hooks/approve.lua" },
  { "looks", { "--kind", "test" } },
}

for _, case in ipairs(CASES) do
  test(("`tarn new %s` writes what runs, and tests that pass"):format(case[1]), function(t)
    local home <close> = cli.dir()
    local opts = { env = { XDG_CONFIG_HOME = home.path, XDG_STATE_HOME = home.path .. "/state" } }
    local words = { "new", case[1], "-o", "json", table.unpack(case[2]) }
    local r = cli.run(words, opts)
    t.equal(r.status, 0, r.stderr)
    local files = json.decode(r.stdout).files
    if case[3] then
      t.equal(files[1].path, home.path .. "/tarn/" .. case[3])
      t.no_match(home.read("tarn/" .. case[3]), "NAME")
    end
    local tests = files[#files].path
    t.no_match(home.read(tests:sub(#home.path + 2)), "NAME")
    r = cli.run({ "test", tests }, opts)
    t.equal(r.status, 0, r.stdout .. r.stderr)
    t.match(r.stdout, "2 passed, 0 failed")
    t.equal(cli.run(words, opts).status, 5, "never over a file")
  end)
end

test("a new command is a command in every way", function(t)
  local home <close> = cli.dir()
  local opts = { env = { XDG_CONFIG_HOME = home.path, XDG_STATE_HOME = home.path .. "/state" } }
  cli.run({ "new", "creators" }, opts)
  local r = cli.run({ "-p", "demo", "creators", "--least", "2", "-o", "json" }, opts)
  t.equal(r.status, 0, r.stderr)
  t.is_true(#json.decode(r.stdout) > 0)
  t.match(cli.run({ "help", "creators" }, opts).stdout,
    "Show only creators with at least N pipelines.")
  t.match(cli.run({ "help" }, opts).stdout, "creators")
  r = cli.run({ "creators", "--lest", "2" }, opts)
  t.equal(r.status, 2)
  t.match(r.stderr, "--least")
  local path = home.write("call.lua", [[return require("tarn").creators { least = 2 }]])
  r = cli.run({ "-p", "demo", "run", path, "-o", "json" }, opts)
  t.is_true(#json.decode(r.stdout) > 0)
  cli.run({ "new", "refresh", "--effect", "write" }, opts)
  r = cli.run({ "-p", "demo", "refresh", "sales_forecast", "--dry-run" }, opts)
  t.equal(r.status, 0, r.stderr)
  t.match(r.stdout, "would be started")
end)

test("a route makes a command a part of the HTTP API", function(t)
  local home <close> = cli.dir()
  home.write("tarn/scripts/hello.lua", [[return {
    summary = "Say hello.", effect = "read", route = { "GET", "/api/own/hello/{who}" },
    args = { { "who", "string", "To whom." } },
    run = function(_, arg) return { hello = arg.who } end,
  }]])
  local opts = { env = { XDG_CONFIG_HOME = home.path, XDG_STATE_HOME = home.path .. "/state" } }
  local r = cli.run({ "api-reference" }, opts)
  t.match(r.stdout, "/api/own/hello/{who}")
end)

test("what cannot be a command is refused", function(t)
  local dir <close> = cli.dir()
  for _, name in ipairs { "../x", "X", "1", "a.b", "a b", "" } do
    t.equal(cli.run({ "new", name, "--to", dir.path }).status, 2, name)
  end
  t.equal(cli.run({ "new", "x", "--kind", "hook", "--effect", "read", "--to", dir.path }).status, 2)
  local r = cli.run { "new", "x", "--to", dir.path, "--dry-run" }
  t.match(r.stdout, "would write  " .. dir.path .. "/scripts/x.lua")
  t.is_nil(dir.read "scripts/x.lua")
end)

test("nothing is written over, and no built-in command is hidden by accident", function(t)
  local dir <close> = cli.dir()
  dir.write("tests/x_test.lua", "mine")
  for _, more in ipairs { {}, { "--dry-run" } } do
    local r = cli.run { "new", "x", "--to", dir.path, table.unpack(more) }
    t.equal(r.status, 5)
    t.match(r.stderr, dir.path .. "/tests/x_test.lua exists")
    r = cli.run { "new", "list", "--to", dir.path, table.unpack(more) }
    t.equal(r.status, 5)
    t.match(r.stderr, "`tarn eject list` writes a copy of it")
  end
  t.is_nil(dir.read "scripts/x.lua")
  t.equal(cli.run({ "new", "list", "--kind", "hook", "--to", dir.path }).status, 0)
end)

test("in a folder of its own a command says how it is run from there, and is", function(t)
  local dir <close> = cli.dir()
  local r = cli.run { "new", "hello", "--to", dir.path .. "/my team" }
  local lines = {}
  for line in r.stdout:gmatch "try    tarn ([^\n]+)" do
    lines[#lines + 1] = line
    t.equal(cli.shell('"$TARN" ' .. line).status, 0, line)
  end
  t.equal(#lines, 2)
  t.match(dir.read "my team/scripts/hello.lua", "tarn --path '" .. dir.path .. "/my team' -p demo")
end)
