--- tarn which and tarn eject: the files of a name, and copies of built-in files.

local program = require "testing.program"
local json = require "native.json"

test("which shows every candidate in order, and the one in force", function(t)
  local a <close> = program.dir()
  local b <close> = program.dir()
  a.write("scripts/list.lua", "return 1")
  b.write("scripts/list.lua", "x =")
  local rows = program.data { "--path", a.path, "--path", b.path, "which", "list" }
  t.equal(#rows, 3)
  t.equal(rows[1].status, "in force")
  t.equal(rows[1].path, a.path .. "/scripts/list.lua")
  t.match(rows[1].problem, "a script returns one table")
  t.equal(rows[2].status, "shadowed")
  t.match(rows[2].problem, "scripts/list.lua:1:")
  t.equal(rows[3].path, "bundle/scripts/list.lua")
  t.equal(rows[3].from, "bundle")
  local r = program.run { "--path", a.path, "which", "list" }
  t.match(r.stdout, "* " .. a.path .. "/scripts/list.lua  (in force, --path)\n    broken: ")
  t.match(r.stdout, "\n  bundle/scripts/list.lua  (shadowed)\n")
end)

test("which finds modules and files too", function(t)
  local function path_of(name)
    return program.data({ "which", name })[1].path
  end
  t.equal(path_of "tarn.pipelines", "bundle/lua/tarn/pipelines.lua")
  t.equal(path_of "lua/engine/find.lua", "bundle/lua/engine/find.lua")
  t.equal(program.run({ "which", "nothing" }).status, 3)
  t.equal(program.run({ "which", "../../etc/passwd" }).status, 3)
end)

test("eject copies to the user's directory, and replaces no file", function(t)
  local home <close> = program.dir()
  local env = { XDG_CONFIG_HOME = home.path }
  local path = home.path .. "/tarn/scripts/list.lua"
  t.equal(program.data({ "eject", "list", "--dry-run" }, { env = env }),
    { file = "scripts/list.lua", path = path, exists = false, written = false })
  t.is_nil(home.read "tarn/scripts/list.lua")
  t.equal(program.run({ "eject", "list" }, { env = env }).status, 0)
  local text = home.read "tarn/scripts/list.lua"
  t.match(text, "List the pipelines of a workspace, or of several.")
  t.match(text, "\n%-%- ejected from tarn %d+%.%d+%.%d+, %x+\n$", true)
  t.match(program.run({ "which", "list" }, { env = env }).stdout, "* " .. path)

  home.write("tarn/scripts/list.lua", "changed")
  local r = program.run({ "eject", "list" }, { env = env })
  t.equal(r.status, 5)
  t.match(r.stderr, "--force replaces it")
  t.equal(home.read "tarn/scripts/list.lua", "changed")
  t.equal(program.run({ "eject", "list", "--force" }, { env = env }).status, 0)
  t.equal(home.read "tarn/scripts/list.lua", text)
end)

test("eject writes to a named folder, also modules", function(t)
  local dir <close> = program.dir()
  t.equal(program.run({ "eject", "base.glob", "--to", dir.path }).status, 0)
  t.is_true(dir.read "lua/base/glob.lua")
  local r = program.run { "eject", "lst", "--to", dir.path }
  t.equal(r.status, 3)
  t.match(r.stderr, "did you mean 'list'?")
end)

test("an unchanged ejected file works", function(t)
  local dir <close> = program.dir()
  for _, name in ipairs { "which", "engine.find", "engine.args", "main" } do
    t.equal(program.run({ "eject", name, "--to", dir.path }).status, 0, name)
  end
  t.equal(program.data({ "--path", dir.path, "which", "list" })[1].path,
    "bundle/scripts/list.lua")
end)

test("a module that parses the command line can be overridden, too", function(t)
  local dir <close> = program.dir()
  program.run { "eject", "output.formats", "--to", dir.path }
  local text = dir.read "lua/output/formats.lua"
  dir.write("lua/output/formats.lua", (text:gsub('{ name = "csv"', '{ name = "x" }, %0')))
  dir.write("lua/output/render/x.lua", "return function(write) write 'mine\\n' end")
  for _, words in ipairs { { "list", "-o", "x", "--path", dir.path },
    { "--path", dir.path, "list", "-o", "x" }, { "--path=" .. dir.path, "-o", "x", "list" } } do
    t.equal(program.run({ "-p", "demo", table.unpack(words) }).stdout, "mine\n")
  end
  t.equal(program.run({ "list", "-ox" }, { env = { TARN_PATH = dir.path } }).status, 4)
  local r = program.run { "list", "-o", "x", "--path", dir.path, "--bundled" }
  t.match(r.stderr, "'x' is not one of text, json, jsonl, csv")
end)

test("which says that an override of a module that finds overrides has no effect", function(t)
  local dir <close> = program.dir()
  program.run { "eject", "engine.find", "--to", dir.path }
  local rows = json.decode(program.run({ "--path", dir.path, "which", "engine.find", "-o", "json" })
    .stdout)
  t.equal(rows[1].status, "no effect")
  t.equal(rows[2].status, "in force")
  t.match(program.run({ "--path", dir.path, "which", "engine.find" }).stdout,
    "engine/find.lua  (no effect, tarn loads its own file before it searches for others, --path, ")
end)

test("the doctor reports overrides that are broken or from another version", function(t)
  local home <close> = program.dir()
  local env = program.env("http://127.0.0.1:9", { XDG_CONFIG_HOME = home.path })
  local function check()
    local text = program.run({ "doctor", "-o", "jsonl", "--timeout", "1" }, { env = env }).stdout
    for line in text:gmatch "[^\n]+" do
      local row = json.decode(line)
      if row.check == "overrides" then
        return row
      end
    end
  end
  t.equal(check().status, "ok")
  program.run({ "eject", "list" }, { env = env })
  t.equal(check().message, "1 file of your own, 1 in place of bundled ones")
  local text = home.read "tarn/scripts/list.lua"
  home.write("tarn/scripts/list.lua", (text:gsub("from tarn %S+ %x+", "from tarn 0.0.9, 00")))
  t.equal(check().status, "warn")
  t.match(check().message, "scripts/list.lua (0.0.9)")
  home.write("tarn/lua/tarn/pipelines.lua", "return {")
  t.equal(check().status, "fail")
  t.match(check().message, "pipelines.lua:1:")
end)

test("an ejected file is reported when the built-in file has changed since", function(t)
  local home <close> = program.dir()
  local env = program.env("http://127.0.0.1:1", { XDG_CONFIG_HOME = home.path })
  local words = { "help", "wait" }
  program.run({ "eject", "wait" }, { env = env })
  local text = home.read "tarn/scripts/wait.lua"
  home.write("tarn/scripts/wait.lua", "-- mine\n" .. text)
  t.equal(program.run(words, { env = env }).stderr, "", "the built-in file has not changed")
  home.write("tarn/scripts/wait.lua", (text:gsub(", %x+\n$", ", 0123456789abcdef\n")))
  local r = program.run(words, { env = env })
  t.equal(r.status, 0)
  t.match(r.stderr, home.path .. "/tarn/scripts/wait.lua replaces a built-in file that has "
    .. "changed since it was ejected: `tarn which scripts/wait.lua`\n")
  t.equal(select(2, r.stderr:gsub("\n", "")), 1, "one line")
  t.equal(program.run({ "-q", "help", "wait" }, { env = env }).stderr, "")
  t.equal(program.run({ "--bundled", "help", "wait" }, { env = env }).stderr, "")
  t.match(program.run({ "which", "wait" }, { env = env }).stdout,
    "the built-in file has changed since")
  program.run({ "eject", "wait", "--force" }, { env = env })
  t.equal(program.run(words, { env = env }).stderr, "")
end)

test("an override of a command is for the command line, unless it says for_scripts", function(t)
  local home <close> = program.dir()
  local env = program.env("http://127.0.0.1:9", { XDG_CONFIG_HOME = home.path })
  env.DATABRICKS_HOST, env.DATABRICKS_TOKEN = nil, nil
  local function write(more)
    home.write("tarn/scripts/list.lua", [[
      local base = require "@list"
      return { summary = base.summary, effect = "read", args = base.args, ]] .. more .. [[
        run = function() return require("native.json").array { { name = "only" } } end }]])
  end
  local function count()
    return program.run({ "-p", "demo", "-e", "#tarn.list {}" }, { env = env }).stdout
  end
  write ""
  t.match(program.run({ "-p", "demo", "list" }, { env = env }).stdout, "only")
  t.is_true(tonumber(count()) > 30, count())
  t.match(program.run({ "which", "--all" }, { env = env }).stdout,
    "list.lua  (in force on the command line; scripts use the built-in command, config)")
  write "for_scripts = true, "
  t.equal(count(), "1\n")
  t.match(program.run({ "which", "--all" }, { env = env }).stdout, "list.lua  (in force, config)")
  t.match(program.run({ "doctor", "-o", "jsonl", "--timeout", "1" }, { env = env }).stdout,
    "changes what scripts get too: ")
  home.write("tarn/scripts/mine.lua", 'return { summary = "Mine.", effect = "read", args = {}, '
    .. "run = function() return 1 end }")
  t.match(program.run({ "which", "--all" }, { env = env }).stdout, "mine.lua  (your own, config)")
  t.equal(program.run({ "-e", "tarn.mine {}" }, { env = env }).stdout, "1\n")
  t.equal(program.run({ "--bundled", "which", "--all" }, { env = env }).stdout, "")
  t.equal(program.run({ "which" }, { env = env }).status, 2)
end)
