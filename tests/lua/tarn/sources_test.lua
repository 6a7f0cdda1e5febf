local json = require "native.json"
local memo = require "tarn.sources.memo"
local names = require "tarn.sources.names"
local path = require "tarn.objects.path"
local pool = require "base.pool"
local ratelimit = require "base.ratelimit"
local references = require "tarn.sources.references"
local task = require "native.task"

-- ---- paths ----

test("a path has one form, with or without /Workspace", function(t)
  for given, want in pairs {
    ["/Workspace/Users/a@x.io/etl"] = "/Users/a@x.io/etl",
    ["/Users/a@x.io/etl/"] = "/Users/a@x.io/etl",
    ["/Workspace"] = "/", ["/"] = "/", ["//Shared//x"] = "/Shared/x",
    ["/Workspaces/x"] = "/Workspaces/x",
  } do
    t.equal(path.find_normal(given), want, given)
  end
  t.is_nil(path.find_normal "relative/x")
  t.is_nil(path.find_normal(json.null))
end)

test("folders above a path are listed from the root down", function(t)
  t.equal(path.above "/Users/a/b/c", { "/Users", "/Users/a", "/Users/a/b" })
  t.equal(path.above "/Shared", {})
  t.equal(path.parent "/Shared", "/")
  t.equal(path.find_joined("/Shared/a", "../b/./c"), "/Shared/b/c")
  t.is_nil(path.find_joined("/Shared", "../../x"))
end)

-- ---- references in a spec ----

test("a spec's references are found in every field that has them", function(t)
  local list = references.of_spec {
    libraries = {
      { notebook = { path = "/Workspace/Users/a/nb" } }, { file = { path = "/Shared/f.py" } },
      { glob = { include = "/Shared/all/**" } }, { glob = { include = "/Shared/one.sql" } },
      { jar = "dbfs:/x.jar" }, { whl = "/Workspace/Shared/w.whl" }, { maven = {} },
    },
    root_path = "/Workspace/Users/a/project",
    environment = { dependencies = {
      "requests==2.32.3", "/Workspace/Shared/lib-1.0.whl",
      "-r /Workspace/Shared/req.txt", "/Volumes/main/x/y.whl",
      "--editable /Workspace/Shared/pkg" } },
    clusters = { { label = "default" }, { init_scripts = {
      { dbfs = { destination = "dbfs:/a" } }, { workspace = { destination = "/Shared/init.sh" } },
    } } },
  }
  local short = {}
  for i, r in ipairs(list) do
    short[i] = ("%s %s %s%s"):format(r.via, r.role, r.path, r.folder and "/" or "")
  end
  t.equal(short, {
    "libraries[0].notebook.path library /Users/a/nb",
    "libraries[1].file.path library /Shared/f.py",
    "libraries[2].glob.include glob /Shared/all/",
    "libraries[3].glob.include glob /Shared/one.sql",
    "libraries[5].whl library /Shared/w.whl",
    "root_path root_path /Users/a/project/",
    "environment.dependencies[1] dependency /Shared/lib-1.0.whl",
    "environment.dependencies[2] requirements /Shared/req.txt",
    "environment.dependencies[4] dependency /Shared/pkg/",
    "clusters[1].init_scripts[1].workspace.destination init_script /Shared/init.sh",
  })
end)

test("nulls and odd types in a spec are no references", function(t)
  t.equal(references.of_spec { libraries = json.null, environment = json.null, root_path = "",
    clusters = { json.null, { init_scripts = json.null } } }, {})
end)

test("a pattern that pipelines do not support is odd", function(t)
  local one = references.of_spec { libraries = { { glob = { include = "/Shared/*.py" } } } }[1]
  t.match(one.odd, "pattern")
  t.match(references.of_spec { libraries = { { file = { path = "a.py" } } } }[1].odd, "absolute")
end)

test("a line for pip refers to files, folders and requirements files", function(t)
  for line, want in pairs {
    ["-r /Workspace/Shared/r.txt"] = "requirements /Shared/r.txt",
    ["-r/Workspace/Shared/r.txt"] = "requirements /Shared/r.txt",
    ["--requirement=/Workspace/Users/a b/r.txt"] = "requirements /Users/a b/r.txt",
    ["-c /Workspace/Shared/c.txt"] = "requirements /Shared/c.txt",
    ["lib @ file:///Workspace/Shared/lib.whl"] = "dependency /Shared/lib.whl",
    ["'/Workspace/Shared/lib.whl'"] = "dependency /Shared/lib.whl",
    ["/Workspace/Shared/pkg[extra,other] ; python_version > '3.8'"] = "dependency /Shared/pkg",
    ["/Workspace/Shared/lib.whl --hash=sha256:abc"] = "dependency /Shared/lib.whl",
    ["/Workspace/Shared/lib.whl  # ours"] = "dependency /Shared/lib.whl",
    ["-r more.txt"] = "requirements /Shared/sub/more.txt",
    ["-r ../more.txt"] = "requirements /Shared/more.txt",
    ["./wheels/a.whl"] = "dependency /Shared/sub/wheels/a.whl",
  } do
    local found = references.find_requirement(line, "x", "/Shared/sub")
    t.equal(found and found.role .. " " .. found.path, want, line)
  end
  for _, line in ipairs { "requests>=2", "# /Workspace/Shared/x", "", "--index-url https://a/b",
    "-r https://example.com/r.txt", "/Volumes/a/b/c.whl", "git+https://example.com/x@main",
    "-i https://example.com" } do
    t.is_nil(references.find_requirement(line, "x", "/Shared/sub"), line)
  end
  t.is_nil(references.find_requirement("-r more.txt", "x"), "relative, without a base")
end)

test("a requirements file is read line by line, continued lines as one", function(t)
  local list = references.of_requirements(
    "requests\r\n-r \\\n  base.txt\n/Workspace/Shared/w.whl", "/Shared/req/all.txt")
  t.equal({ list[1].path, list[2].path, #list }, { "/Shared/req/base.txt", "/Shared/w.whl", 2 })
end)

-- ---- references in code ----

test("installed files and notebooks that run are found in code", function(t)
  local mentions = require "tarn.sources.mentions"
  local nb = { path = "/Shared/p/nb", kind = "NOTEBOOK" }
  t.equal(mentions.of("# MAGIC %pip install -q -r /Workspace/Shared/r.txt requests "
    .. "'/Workspace/Shared/w.whl'\n# MAGIC %run ./other\n# MAGIC %run \"/Users/a b/nb\" $x=1\n"
    .. "%pip install -r ../req.txt\n", nb),
    { "/Shared/r.txt", "/Shared/w.whl", "/Shared/p/other", "/Users/a b/nb", "/Shared/req.txt" })
  t.equal(mentions.of('{"source":["%pip install /Workspace/Shared/w.whl\\n","x"]}', nb),
    { "/Shared/w.whl" })
  t.equal(mentions.of("-- MAGIC %run ../x\n", nb), { "/Shared/x" })
  t.equal(mentions.of("%pip install requests /Volumes/a/b/c.whl\nprint('%run ./x')", nb), {})
end)

-- ---- names of files ----

test("files have the names of their objects, with a fitting extension", function(t)
  local here = names.new { "sources.json" }
  local function of(at, kind, language, format)
    return here:of { path = at, kind = kind, language = language, format = format }
  end
  t.equal(of("/Shared/etl/a", "NOTEBOOK", "PYTHON", "SOURCE"), "Shared/etl/a.py")
  t.equal(of("/Shared/etl/b", "NOTEBOOK", "SQL", "SOURCE"), "Shared/etl/b.sql")
  t.equal(of("/Shared/etl/c", "NOTEBOOK", "SCALA", "SOURCE"), "Shared/etl/c.scala")
  t.equal(of("/Shared/etl/d", "NOTEBOOK", "R", "SOURCE"), "Shared/etl/d.r")
  t.equal(of("/Shared/etl/e", "NOTEBOOK", "SQL", "JUPYTER"), "Shared/etl/e.ipynb")
  t.equal(of("/Shared/etl/f.py", "FILE"), "Shared/etl/f.py")
  t.equal(of("/Shared/etl/g.py", "NOTEBOOK", "PYTHON", "SOURCE"), "Shared/etl/g.py.py")
  t.equal(of("/Shared/etl/empty", "DIRECTORY"), "Shared/etl/empty")
end)

test("names that a file system refuses are changed, and stay distinct", function(t)
  local here, seen = names.new { "sources.json" }, {}
  for _, case in ipairs {
    { "a.b.", "a.b_" }, { "blank ", "blank_" }, { "dots...", "dots_" }, { " front", "_front" },
    { "con", "_con" }, { "NUL.txt", "_NUL.txt" }, { "com1", "_com1" }, { "lpt9.sql", "_lpt9.sql" },
    { "console", "console" }, { "com10", "com10" },
    { "a\u{9b}b", "a b" }, { "a\u{202e}b", "a_b" }, { "a\xffb", "a_b~2" }, { "a\x1bb", "a b~2" },
    { "a:b*c?", "a_b_c_" }, { "売上", "売上" },
    { ("x"):rep(300), ("x"):rep(200) }, { ("é"):rep(150), ("é"):rep(100) },
  } do
    local name = here:of { path = "/" .. case[1], kind = "FILE" }
    t.equal(name, case[2], case[1])
    t.is_nil(seen[name:lower()], name)
    seen[name:lower()] = true
  end
end)

test("names that a file system cannot distinguish get numbers", function(t)
  local here = names.new { "sources.json" }
  local function of(at, kind)
    return here:of { path = at, kind = kind, language = "PYTHON", format = "SOURCE" }
  end
  t.equal(of("/Shared/x", "NOTEBOOK"), "Shared/x.py")
  t.equal(of("/Shared/x.py", "FILE"), "Shared/x~2.py")
  t.equal(of("/Shared/X.py", "FILE"), "Shared/X~3.py")
  t.equal(of("/sources.json", "FILE"), "sources~2.json")
  t.equal(of("/Shared/a:b?", "FILE"), "Shared/a_b_")
  t.equal(of("/Shared/a_b?", "FILE"), "Shared/a_b_~2")
  t.equal(of("/Shared/" .. ("é"):rep(150), "FILE"), "Shared/" .. ("é"):rep(100))
end)

test("a workspace folder can get another local folder", function(t)
  local here = names.new({}, function(folder)
    return folder == "/Users/a/etl" and "src" or nil
  end)
  t.equal(here:of { path = "/Users/a/etl/x/y.txt", kind = "FILE" }, "src/x/y.txt")
  t.equal(here:of { path = "/Users/a/etl", kind = "DIRECTORY" }, "src")
  t.equal(here:of { path = "/Users/a/other.txt", kind = "FILE" }, "Users/a/other.txt")
end)

test("a file is a notebook by its first line or by .ipynb, as for an import with AUTO", function(t)
  t.equal(names.find_notebook("a.py", "# Databricks notebook source\nx"),
    { format = "SOURCE", language = "PYTHON", name = "a" })
  t.equal(names.find_notebook("a.b.ipynb", "{}"), { format = "JUPYTER", name = "a.b" })
  t.is_nil(names.find_notebook("a.py", "x = 1"))
  t.is_nil(names.find_notebook("a.txt", "# Databricks notebook source\n"))
  t.is_nil(names.find_notebook("a.sql", "# Databricks notebook source\n"))
end)

-- ---- rates ----

-- A clock that moves only by sleeping.
local function fake_time()
  local now = 100
  return { now = function() return now end, sleep = function(s) now = now + s end,
    pass = function(s) now = now + s end }
end

test("no second has more calls than the rate", function(t)
  local clock = fake_time()
  local one = ratelimit.new(30, clock)
  local starts = {}
  for i = 1, 200 do
    one:take()
    starts[i] = clock.now()
    if i % 7 == 0 then
      clock.pass(0.05)
    end
  end
  for i = 31, #starts do
    t.is_true(starts[i] - starts[i - 30] >= 1 - 1e-9, "calls " .. i - 30 .. " and " .. i)
  end
  t.is_true(starts[200] - starts[1] < 200 / 30, "no slower than the rate")
end)

test("calls within the rate do not wait, also after a pause", function(t)
  local clock = fake_time()
  local one = ratelimit.new(10, clock)
  for _ = 1, 3 do
    local begin = clock.now()
    for _ = 1, 10 do
      one:take()
    end
    t.equal(clock.now(), begin)
    clock.pass(1)
  end
end)

test("tasks share one rate", function(t)
  local one = ratelimit.new(4, { seconds = 0.05 })
  local begin = task.now()
  pool.each({ 1, 2, 3, 4, 5, 6, 7, 8, 9 }, function() one:take() end)
  t.is_true(task.now() - begin >= 0.1 - 1e-6)
  t.raises("positive", ratelimit.new, 0)
end)

-- ---- memo ----

test("many tasks that ask at once share one call", function(t)
  local known, asked = memo.new(), 0
  local got = pool.map({ 1, 2, 3 }, function()
    return known:once("k", function()
      asked = asked + 1
      task.sleep(0.005)
      return "answer"
    end)
  end)
  t.equal(got, { "answer", "answer", "answer" })
  t.equal(asked, 1)
  t.equal(known:find "k", "answer")
end)

test("after a failed call, the next task tries again", function(t)
  local known, asked = memo.new(), 0
  local function f()
    asked = asked + 1
    task.sleep(0.002)
    if asked == 1 then
      error({ first = true }, 0)
    end
    return asked
  end
  local got = pool.map({ 1, 2 }, function()
    local ok, value = pcall(known.once, known, "k", f)
    return ok and value or false
  end)
  t.equal(got, { false, 2 })
end)
