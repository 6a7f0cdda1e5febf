local cli = require "testing.program"
local json = require "native.json"

test("which shows every candidate in order, and the one in force", function(t)
  local a <close> = cli.dir()
  local b <close> = cli.dir()
  a.write("scripts/list.lua", "return 1")
  b.write("scripts/list.lua", "x =")
  local r = cli.run { "--path", a.path, "--path", b.path, "which", "list", "-o", "json" }
  local rows = json.decode(r.stdout)
  t.equal(#rows, 3)
  t.equal(rows[1].status, "in force")
  t.equal(rows[1].path, a.path .. "/scripts/list.lua")
  t.match(rows[1].problem, "a script returns one table")
  t.equal(rows[2].status, "shadowed")
  t.match(rows[2].problem, "scripts/list.lua:1:")
  t.equal(rows[3].path, "bundle/scripts/list.lua")
  t.equal(rows[3].from, "bundle")
  r = cli.run { "--path", a.path, "which", "list" }
  t.match(r.stdout, "* " .. a.path .. "/scripts/list.lua  (in force, --path)\n    broken: ")
  t.match(r.stdout, "\n  bundle/scripts/list.lua  (shadowed)\n")
end)

test("which knows modules and files too", function(t)
  local function path_of(name)
    return json.decode(cli.run({ "which", name, "-o", "json" }).stdout)[1].path
  end
  t.equal(path_of "tarn.pipelines", "bundle/lua/tarn/pipelines.lua")
  t.equal(path_of "lua/engine/find.lua", "bundle/lua/engine/find.lua")
  t.equal(cli.run({ "which", "nothing" }).status, 3)
  t.equal(cli.run({ "which", "../../etc/passwd" }).status, 3)
end)

test("eject copies to the user's directory, and never over a file", function(t)
  local home <close> = cli.dir()
  local env = { XDG_CONFIG_HOME = home.path }
  local path = home.path .. "/tarn/scripts/list.lua"
  local r = cli.run({ "eject", "list", "--dry-run", "-o", "json" }, { env = env })
  t.equal(json.decode(r.stdout), { file = "scripts/list.lua", path = path, exists = false,
    written = false })
  t.is_nil(home.read "tarn/scripts/list.lua")
  t.equal(cli.run({ "eject", "list" }, { env = env }).status, 0)
  local text = home.read "tarn/scripts/list.lua"
  t.match(text, "List the pipelines of a workspace.")
  t.match(text, "\n%-%- ejected from tarn %d+%.%d+%.%d+, %x+\n$", true)
  t.match(cli.run({ "which", "list" }, { env = env }).stdout, "* " .. path)

  home.write("tarn/scripts/list.lua", "changed")
  r = cli.run({ "eject", "list" }, { env = env })
  t.equal(r.status, 5)
  t.match(r.stderr, "--force replaces it")
  t.equal(home.read "tarn/scripts/list.lua", "changed")
  t.equal(cli.run({ "eject", "list", "--force" }, { env = env }).status, 0)
  t.equal(home.read "tarn/scripts/list.lua", text)
end)

test("eject writes to a folder that is named, modules too", function(t)
  local dir <close> = cli.dir()
  t.equal(cli.run({ "eject", "base.glob", "--to", dir.path }).status, 0)
  t.is_true(dir.read "lua/base/glob.lua")
  local r = cli.run { "eject", "lst", "--to", dir.path }
  t.equal(r.status, 3)
  t.match(r.stderr, "did you mean 'list'?")
end)

test("an ejected file works as it is", function(t)
  local dir <close> = cli.dir()
  for _, name in ipairs { "which", "engine.find", "engine.args", "main" } do
    t.equal(cli.run({ "eject", name, "--to", dir.path }).status, 0, name)
  end
  local r = cli.run { "--path", dir.path, "which", "list", "-o", "json" }
  t.equal(json.decode(r.stdout)[1].path, "bundle/scripts/list.lua")
end)

test("a module that parses the command line can be overridden, too", function(t)
  local dir <close> = cli.dir()
  cli.run { "eject", "output.formats", "--to", dir.path }
  local text = dir.read "lua/output/formats.lua"
  dir.write("lua/output/formats.lua", (text:gsub('{ name = "csv"', '{ name = "x" }, %0')))
  dir.write("lua/output/render/x.lua", "return function(write) write 'mine\\n' end")
  for _, words in ipairs { { "list", "-o", "x", "--path", dir.path },
    { "--path", dir.path, "list", "-o", "x" }, { "--path=" .. dir.path, "-o", "x", "list" } } do
    t.equal(cli.run({ "-p", "demo", table.unpack(words) }).stdout, "mine\n")
  end
  t.equal(cli.run({ "list", "-ox" }, { env = { TARN_PATH = dir.path } }).status, 4)
  local r = cli.run { "list", "-o", "x", "--path", dir.path, "--bundled" }
  t.match(r.stderr, "'x' is not one of text, json, jsonl, csv")
end)

test("which says that an override of a module that finds overrides has no effect", function(t)
  local dir <close> = cli.dir()
  cli.run { "eject", "engine.find", "--to", dir.path }
  local rows = json.decode(cli.run({ "--path", dir.path, "which", "engine.find", "-o", "json" })
    .stdout)
  t.equal(rows[1].status, "no effect")
  t.equal(rows[2].status, "in force")
  t.match(cli.run({ "--path", dir.path, "which", "engine.find" }).stdout,
    "engine/find.lua  (no effect, tarn loads its own file before it searches for others, --path, ")
end)

test("the doctor tells of overrides that are broken or from another version", function(t)
  local home <close> = cli.dir()
  local env = { XDG_CONFIG_HOME = home.path, DATABRICKS_HOST = "http://127.0.0.1:9",
    DATABRICKS_TOKEN = "x" }
  local function check()
    local text = cli.run({ "doctor", "-o", "jsonl", "--timeout", "1" }, { env = env }).stdout
    for line in text:gmatch "[^\n]+" do
      local row = json.decode(line)
      if row.check == "overrides" then
        return row
      end
    end
  end
  t.equal(check().status, "ok")
  cli.run({ "eject", "list" }, { env = env })
  t.equal(check().message, "1 file of your own, 1 in place of bundled ones")
  local text = home.read "tarn/scripts/list.lua"
  home.write("tarn/scripts/list.lua", (text:gsub("from tarn %S+ %x+", "from tarn 0.0.9, 00")))
  t.equal(check().status, "warn")
  t.match(check().message, "scripts/list.lua (0.0.9)")
  home.write("tarn/lua/tarn/pipelines.lua", "return {")
  t.equal(check().status, "fail")
  t.match(check().message, "pipelines.lua:1:")
end)

test("an ejected file tells when the built-in one has changed since", function(t)
  local home <close> = cli.dir()
  local env = { XDG_CONFIG_HOME = home.path, DATABRICKS_HOST = "http://127.0.0.1:1",
    DATABRICKS_TOKEN = "x" }
  local words = { "help", "wait" }
  cli.run({ "eject", "wait" }, { env = env })
  local text = home.read "tarn/scripts/wait.lua"
  home.write("tarn/scripts/wait.lua", "-- mine\n" .. text)
  t.equal(cli.run(words, { env = env }).stderr, "", "what it was taken from is as it was")
  home.write("tarn/scripts/wait.lua", (text:gsub(", %x+\n$", ", 0123456789abcdef\n")))
  local r = cli.run(words, { env = env })
  t.equal(r.status, 0)
  t.match(r.stderr, home.path .. "/tarn/scripts/wait.lua replaces a built-in file that has "
    .. "changed since it was ejected: `tarn which scripts/wait.lua`\n")
  t.equal(select(2, r.stderr:gsub("\n", "")), 1, "one line")
  t.equal(cli.run({ "-q", "help", "wait" }, { env = env }).stderr, "")
  t.equal(cli.run({ "--bundled", "help", "wait" }, { env = env }).stderr, "")
  t.match(cli.run({ "which", "wait" }, { env = env }).stdout, "the built-in file has changed since")
  cli.run({ "eject", "wait", "--force" }, { env = env })
  t.equal(cli.run(words, { env = env }).stderr, "")
end)
