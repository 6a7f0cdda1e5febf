-- The sources of a pipeline, copied between the embedded workspaces.

local fault = require "base.fault"
local faults = require "sandbox.http.faults"
local fs = require "native.fs"
local json = require "native.json"
local pool = require "base.pool"
local program = require "testing.program"
local sources = require "tarn.sources"
local tree = require "support.tree"
local workspace = require "testing.workspace"

local DEMO <const>, DR <const> = "demo-token", "demo-dr-token"
local FAST <const> = { import = false, export = false }

local function client(w, token, rates)
  local ws = workspace.client(w, { timeout = 10 }, token)
  sources.set_rates(ws, rates or FAST)
  return ws
end

-- Two workspaces on one server, with these objects in the first.
local function start(objects, opts)
  local w = workspace.start(opts)
  if objects then
    tree.plant(w, DEMO, objects)
  end
  return w, client(w, DEMO), client(w, DR)
end

local function glob(folder)
  return { libraries = { { glob = { include = folder .. "/**" } } } }
end

-- path -> verdict
local function verdicts(plan)
  local map = {}
  for _, item in ipairs(plan.items) do
    map[item.path] = item.verdict
  end
  return map
end

-- An operation of the journal that keeps its steps.
local function recorder()
  local op = { steps = {} }
  function op:step(fields)
    local step = { fields = fields, status = "unknown" }
    table.insert(self.steps, step)
    function step.done(_, result) step.status, step.result = "done", result end
    function step.failed() step.status = "failed" end
    return step
  end
  return op
end

local IPYNB <const> = json.encode {
  cells = json.array { { cell_type = "code", source = json.array { "SELECT 1" }, outputs =
    json.array {}, metadata = {} } }, metadata = { language_info = { name = "sql" } },
  nbformat = 4, nbformat_minor = 0,
}

-- An object of each kind, and of each difficulty of import and export.
local EVERY <const> = {
  ["/Shared/p/nb_py"] = tree.notebook("PYTHON", "# Databricks notebook source\nx = 1\n"),
  ["/Shared/p/nb_sql"] = tree.notebook("SQL", "-- Databricks notebook source\nSELECT 1"),
  ["/Shared/p/nb_scala"] = tree.notebook("SCALA", "// Databricks notebook source\nval x = 1"),
  ["/Shared/p/nb_r"] = tree.notebook("R", "# Databricks notebook source\nx <- 1"),
  ["/Shared/p/jupyter"] = tree.jupyter("SQL", IPYNB),
  ["/Shared/p/named.py"] = tree.notebook("PYTHON", "# Databricks notebook source\ny = 1"),
  ["/Shared/p/headed.py"] = tree.file "# Databricks notebook source\nnot = 'a notebook'\n",
  ["/Shared/p/plain.py"] = tree.file "import dlt\r\n\n",
  ["/Shared/p/no_extension"] = tree.file "x",
  ["/Shared/p/data.ipynb"] = tree.file "{\"cells\": 1}",
  ["/Shared/p/bytes.bin"] = tree.file "\0\1\255\254\r\n\0",
  ["/Shared/p/nothing.txt"] = tree.file "",
  ["/Shared/p/sub/ünï cødé & (1).sql"] = tree.file "SELECT 1",
  ["/Shared/p/sub/deep/er/x.txt"] = tree.file "deep",
  ["/Shared/p/empty"] = tree.folder,
  ["/Shared/p/sub/empty too"] = tree.folder,
}

test("kinds, languages, formats and bytes are copied as they are", function(t)
  local w <close>, a, b = start(EVERY)
  local plan = sources.plan(a, b, glob "/Shared/p")
  local report = sources.copy(a, b, plan)
  t.equal(report.failed, {})
  t.equal(report.skipped, {})
  t.equal(#report.copied, 14)
  t.equal(tree.read(w, DR, "/Shared/p"), EVERY)
end)

test("a second copy has nothing to do and sends no import", function(t)
  local w <close>, a, b = start(EVERY) -- luacheck: ignore w
  sources.copy(a, b, sources.plan(a, b, glob "/Shared/p"))
  local op = recorder()
  local plan = sources.plan(a, b, glob "/Shared/p")
  local report = sources.copy(a, b, plan, op)
  t.equal(plan.counts, { same = 20 })
  t.equal({ #report.copied, report.same, report.folders, #op.steps }, { 0, 14, 0, 0 })
end)

test("a plan changes nothing", function(t)
  local w <close>, a, b = start(EVERY)
  sources.plan(a, b, glob "/Shared/p")
  t.equal(w:call("GET", "/api/2.0/workspace/get-status?path=/Shared/p", nil, { token = DR }), 404)
end)

test("a plan is data, without the bytes", function(t)
  local w <close>, a, b = start(EVERY) -- luacheck: ignore w
  local text = json.encode(sources.plan(a, b, glob "/Shared/p"))
  t.no_match(text, "not = 'a notebook'")
  t.match(text, '"language":"SCALA"')
end)

test("every object that a spec names is found once, however the path is written", function(t)
  local w <close>, a = start { -- luacheck: ignore w
    ["/Shared/p/nb"] = tree.notebook("SQL", "-- Databricks notebook source\nSELECT 1"),
    ["/Shared/p/f.py"] = tree.file "x",
    ["/Shared/req/all.txt"] = tree.file "requests\n-r base.txt\n/Workspace/Shared/req/w.whl\n",
    ["/Shared/req/base.txt"] = tree.file "numpy\n-r all.txt\n",
    ["/Shared/req/w.whl"] = tree.file "PK",
    ["/Shared/init.sh"] = tree.file "#!/bin/sh",
  }
  local items, warnings = sources.closure(a, {
    libraries = { { notebook = { path = "/Workspace/Shared/p/nb" } },
      { notebook = { path = "/Shared/p/nb" } }, { file = { path = "/Shared/p/gone.py" } } },
    root_path = "/Workspace/Shared/p/",
    environment = { dependencies = { "-r /Workspace/Shared/req/all.txt" } },
    clusters = { { init_scripts = { { workspace = { destination = "/Shared/init.sh" } } } } },
  })
  local seen = {}
  for i, item in ipairs(items) do
    seen[i] = item.path .. " " .. table.concat(item.roles, ",")
  end
  t.equal(seen, { "/Shared/init.sh init_script", "/Shared/p root_path",
    "/Shared/p/f.py root_path", "/Shared/p/gone.py library",
    "/Shared/p/nb library,root_path", "/Shared/req/all.txt requirements",
    "/Shared/req/base.txt requirements", "/Shared/req/w.whl dependency" })
  t.equal(items[4].verdict, "missing")
  t.equal(items[5].via, { "libraries[0].notebook.path", "libraries[1].notebook.path" })
  t.equal(warnings, {})
end)

test("a notebook that is named as a file is copied, with a warning", function(t)
  local w <close>, a, b = start { -- luacheck: ignore w
    ["/Shared/nb"] = tree.notebook("SQL", "-- Databricks notebook source\nSELECT 1"),
  }
  local plan = sources.plan(a, b, { libraries = { { file = { path = "/Shared/nb" } } } })
  t.equal(plan.counts, { copy = 1 })
  t.match(plan.warnings[1], "names /Shared/nb as a file; it is a notebook")
end)

test("paths are mapped, and two that map to one path do not replace each other", function(t)
  local w <close>, a, b = start {
    ["/Shared/p/x"] = tree.file "1", ["/Shared/p/y"] = tree.file "2",
    ["/Shared/p/sub/z"] = tree.file "3",
  }
  local plan = sources.plan(a, b, glob "/Shared/p", { path_map = function(path)
    return (path:gsub("^/Shared/p", "/Workspace/Shared/q"))
  end })
  sources.copy(a, b, plan)
  t.equal(tree.read(w, DR, "/Shared/q"), { ["/Shared/q/x"] = tree.file "1",
    ["/Shared/q/y"] = tree.file "2", ["/Shared/q/sub/z"] = tree.file "3" })
  local met = sources.plan(a, b, glob "/Shared/p", { path_map = function(path)
    return path == "/Shared/p/y" and "/Shared/r/x" or (path:gsub("^/Shared/p", "/Shared/r"))
  end })
  t.equal(verdicts(met)["/Shared/p/y"], "odd")
  t.equal(verdicts(met)["/Shared/p/x"], "copy")
end)

test("within one workspace no object is copied onto itself", function(t)
  local w <close>, a = start { ["/Shared/p/x"] = tree.file "1" } -- luacheck: ignore w
  t.equal(sources.plan(a, a, glob "/Shared/p").counts, { same = 2 })
  local report = sources.copy(a, a, sources.plan(a, a, glob "/Shared/p", {
    path_map = function(path) return "/Shared/copy" .. path end }))
  t.equal(report.copied, { "/Shared/copy/Shared/p/x" })
end)

-- ---- objects that the target has ----

test("a newer object is replaced only with overwrite, and the step keeps its bytes", function(t)
  local w <close>, a, b = start { ["/Shared/p/x"] = tree.file "ours",
    ["/Shared/p/same"] = tree.file "same" }
  w.clock:advance(60000)
  tree.plant(w, DR, { ["/Shared/p/x"] = tree.file "theirs", ["/Shared/p/same"] = tree.file "same" })
  local plan = sources.plan(a, b, glob "/Shared/p")
  t.equal(plan.counts, { same = 2, newer = 1 })
  local report = sources.copy(a, b, plan)
  t.equal(report.skipped[1].verdict, "newer")
  t.equal(tree.read(w, DR, "/Shared/p")["/Shared/p/x"][4], "theirs")

  local op = recorder()
  sources.copy(a, b, sources.plan(a, b, glob "/Shared/p", { overwrite = true }), op)
  t.equal(tree.read(w, DR, "/Shared/p")["/Shared/p/x"][4], "ours")
  t.equal(op.steps[1].fields.before, { bytes = "theirs", format = "RAW" })
  t.equal(op.steps[1].status, "done")
  t.equal(#op.steps, 1)
end)

test("an older object is replaced, and the step keeps its bytes", function(t)
  local w <close>, a, b = start()
  local old = "-- Databricks notebook source\nSELECT 1"
  tree.plant(w, DR, { ["/Shared/p/x"] = tree.notebook("SQL", old) })
  w.clock:advance(60000)
  tree.plant(w, DEMO, { ["/Shared/p/x"] = tree.notebook("PYTHON",
    "# Databricks notebook source\nx = 1") })
  local op = recorder()
  sources.copy(a, b, sources.plan(a, b, glob "/Shared/p"), op)
  t.equal(tree.read(w, DR, "/Shared/p"), tree.read(w, DEMO, "/Shared/p"))
  t.equal(op.steps[1].fields.before, { bytes = old, format = "SOURCE", language = "SQL" })
end)

test("an object of the target that has changed since the plan is not replaced", function(t)
  local w <close>, a, b = start()
  tree.plant(w, DR, { ["/Shared/p/x"] = tree.file "old" })
  w.clock:advance(60000)
  tree.plant(w, DEMO, { ["/Shared/p/x"] = tree.file "new", ["/Shared/p/y"] = tree.file "y" })
  local plan = sources.plan(a, b, glob "/Shared/p")
  t.equal(plan.counts, { copy = 2, same = 1 })
  w.clock:advance(60000)
  tree.plant(w, DR, { ["/Shared/p/x"] = tree.file "hand", ["/Shared/p/y"] = tree.file "hand" })
  local report = sources.copy(a, b, plan)
  t.equal({ report.skipped[1].path, report.skipped[1].verdict }, { "/Shared/p/x", "newer" })
  t.equal({ report.failed[1].path, report.failed[1].code },
    { "/Shared/p/y", "RESOURCE_ALREADY_EXISTS" })
  t.equal(tree.read(w, DR, "/Shared/p"),
    { ["/Shared/p/x"] = tree.file "hand", ["/Shared/p/y"] = tree.file "hand" })
end)

test("an object of another kind is not replaced, and the others are copied", function(t)
  local w <close>, a, b = start { ["/Shared/p/x"] = tree.file "1",
    ["/Shared/p/f/y"] = tree.file "2", ["/Shared/p/z"] = tree.file "3" }
  tree.plant(w, DR, { ["/Shared/p/x"] = tree.folder, ["/Shared/p/f"] = tree.file "a file" })
  local report = sources.copy(a, b, sources.plan(a, b, glob "/Shared/p"))
  t.equal(report.copied, { "/Shared/p/z" })
  t.equal(#report.skipped, 3)
  t.match(report.skipped[1].reason, "has the path of its folder")
  t.match(report.skipped[3].reason, "the target path has a directory")
  t.equal(tree.read(w, DR, "/Shared/p")["/Shared/p/f"], tree.file "a file")
end)

test("Jupyter documents are equal if only the ids of their exports differ", function(t)
  local objects = require "tarn.objects"
  local function document(id, source)
    return json.encode { cells = json.array { { source = source, metadata = {
      ["application/vnd.databricks.v1+cell"] = { nuid = id, title = "t" } } } },
      metadata = { ["application/vnd.databricks.v1+notebook"] = { notebookOrigID = id } } }
  end
  t.is_true(objects.is_same("JUPYTER", document(1, "a"), document(2, "a")))
  t.is_false(objects.is_same("JUPYTER", document(1, "a"), document(1, "b")))
  t.is_false(objects.is_same("SOURCE", document(1, "a"), document(2, "a")))
  t.is_false(objects.is_same("JUPYTER", "no json", document(1, "a")))
end)

-- ---- objects that cannot be copied ----

test("objects that are too large or cannot be exported are listed, the others copied", function(t)
  local big = ("x"):rep(10 * 1024 * 1024)
  local w <close>, a, b = start { ["/Shared/p/fits.bin"] = tree.file(big),
    ["/Shared/p/x"] = tree.file "1", ["/Shared/p/gone"] = tree.file "2" }
  -- no import can create a larger object
  local model = w.server.workspaces[1]
  model.db:exec("UPDATE tree SET size = size + 1 WHERE path = '/Shared/p/fits.bin'")
  model.db:exec("INSERT INTO tree SELECT '/Shared/p/board', parent, 'DASHBOARD', id + 7000000, "
    .. "NULL, NULL, created_at, modified_at, 0, '', NULL FROM tree WHERE path = '/Shared/p/x'")
  local plan = sources.plan(a, b, glob "/Shared/p")
  t.equal(verdicts(plan), { ["/Shared/p"] = "copy", ["/Shared/p/fits.bin"] = "too_large",
    ["/Shared/p/x"] = "copy", ["/Shared/p/gone"] = "copy", ["/Shared/p/board"] = "odd" })
  w:ok("POST", "/api/2.0/workspace/delete", { path = "/Shared/p/gone" })
  local report = sources.copy(a, b, plan)
  t.equal(report.copied, { "/Shared/p/x" })
  t.equal({ report.failed[1].path, report.failed[1].verdict }, { "/Shared/p/gone", "missing" })
  t.equal(#report.skipped, 2)
end)

test("an object of exactly 10 MB is copied", function(t)
  local big = ("\0\255ab"):rep(10 * 1024 * 1024 // 4)
  local w <close>, a, b = start { ["/Shared/p/fits.bin"] = tree.file(big) }
  sources.copy(a, b, sources.plan(a, b, glob "/Shared/p"))
  t.is_true(tree.read(w, DR, "/Shared/p")["/Shared/p/fits.bin"][4] == big)
end)

test("a missing folder, library or root is reported", function(t)
  local w <close>, a, b = start() -- luacheck: ignore w
  local plan = sources.plan(a, b, { root_path = "/Shared/none", libraries = {
    { glob = { include = "/Shared/gone/**" } }, { glob = { include = "/Shared/one.sql" } } } })
  t.equal(plan.counts, { missing = 3 })
  t.equal(#sources.copy(a, b, plan).skipped, 3)
end)

test("a home that the target lacks is reported before anything is copied", function(t)
  local w <close>, a, b = start { -- luacheck: ignore w
    ["/Users/nobody@example.com/etl/x"] = tree.file "1" }
  local plan = sources.plan(a, b, glob "/Users/nobody@example.com/etl")
  t.match(plan.warnings[1], "no home folder /Users/nobody@example.com")
  t.equal(plan.folders, { { path = "/Users/nobody@example.com/etl",
    missing = { "/Users/nobody@example.com", "/Users/nobody@example.com/etl" } } })
end)

test("folders and objects that the caller may not write are listed as failed", function(t)
  local w <close>, a = start { ["/Users/ada.okafor@example.com/etl/x"] = tree.file "1" }
  local viewer = client(w, "demo-dr-viewer-token")
  local op = recorder()
  local plan = sources.plan(a, viewer, glob "/Users/ada.okafor@example.com/etl")
  local report = sources.copy(a, viewer, plan, op)
  t.equal(#report.copied, 0)
  t.is_true(#report.failed >= 1)
  for _, step in ipairs(op.steps) do
    t.equal(step.status, "failed")
  end
end)

test("objects that only the code names are reported after the copy", function(t)
  local w <close>, a, b = start { -- luacheck: ignore w
    ["/Shared/p/x"] = tree.notebook("PYTHON", "# Databricks notebook source\n"
      .. "# MAGIC %pip install /Workspace/Shared/w.whl\n# MAGIC %run ./y"),
    ["/Shared/p/y"] = tree.notebook("PYTHON", "# Databricks notebook source\ny = 1"),
  }
  local report = sources.copy(a, b, sources.plan(a, b, glob "/Shared/p"))
  t.equal(report.warnings, { "/Shared/p/x needs /Shared/w.whl, which the spec does not name: "
    .. "it was not copied" })
end)

test("a Git folder is copied as a plain folder, with a warning", function(t)
  local w <close>, a, b = start()
  local repo = ("/Repos/%s/sales-pipelines"):format(w.w.principal.user_name)
  local plan = sources.plan(a, b, glob(repo), { path_map = function(path)
    return (path:gsub("^/Repos", "/Shared"))
  end })
  t.match(plan.warnings[1], "is a Git folder; its copy /Shared/")
  t.equal(#sources.copy(a, b, plan).copied, 1)
end)

test("an equal object that somebody else has created is not undone", function(t)
  local w <close>, a, b = start { ["/Shared/p/x"] = tree.file "1" }
  local plan = sources.plan(a, b, glob "/Shared/p")
  tree.plant(w, DR, { ["/Shared/p/x"] = tree.file "1" })
  local op = recorder()
  sources.copy(a, b, plan, op)
  t.equal(op.steps[2].result, { path = "/Shared/p/x", settled = "an equal object existed",
    existed = true })
end)

-- ---- the demo ----

test("the sources of every pipeline of the demo are copied", function(t)
  local w <close> = workspace.start { scenario = "demo" }
  local a, b = client(w, DEMO), client(w, DR)
  local known = sources.new_memo()
  local copied, missing = 0, {}
  for row in a:pipelines() do
    local spec = a:pipeline(row.pipeline_id).spec
    local plan = sources.plan(a, b, spec, { overwrite = true, memo = known })
    local report = sources.copy(a, b, plan, nil, { memo = known })
    t.equal(report.failed, {}, row.name)
    copied = copied + #report.copied
    for _, skipped in ipairs(report.skipped) do
      missing[skipped.path] = skipped.verdict
    end
    local again = sources.plan(a, b, spec)
    t.is_nil(again.counts.copy, row.name)
  end
  t.is_true(copied > 40, copied)
  t.equal(missing, { ["/Shared/init/ml.sh"] = "missing" })
end)

test("pipelines that share sources copy them once, also at the same time", function(t)
  local w <close>, a, b = start(EVERY)
  local known, op = sources.new_memo(), recorder()
  local reports = pool.map({ 1, 2, 3 }, function()
    local plan = sources.plan(a, b, glob "/Shared/p", { memo = known })
    return sources.copy(a, b, plan, op, { memo = known })
  end)
  local imports = 0
  for _, step in ipairs(op.steps) do
    imports = imports + (step.fields.kind == "workspace.import" and 1 or 0)
  end
  t.equal(imports, 14)
  for _, report in ipairs(reports) do
    t.equal({ #report.copied + report.same, #report.failed }, { 14, 0 })
  end
  t.equal(tree.read(w, DR, "/Shared/p"), EVERY)
end)

-- ---- calls ----

test("a copy to an empty target makes no call twice", function(t)
  local w <close>, a, b = start(EVERY) -- luacheck: ignore w
  local plan = sources.plan(a, b, glob "/Shared/p")
  sources.copy(a, b, plan)
  -- 6 lists of folders, 6 formats of notebooks, 14 exports
  t.equal(a.native:stats().calls, 6 + 6 + 14)
  -- one call finds that /Shared/p is missing; 3 calls create all 6 folders; 14 imports
  t.equal(b.native:stats().calls, 1 + 3 + 14)
end)

test("the published rate limits are kept", function(t)
  local objects = {}
  for i = 1, 40 do
    objects[("/Shared/p/%02d"):format(i)] = tree.file(tostring(i))
  end
  local w <close> = workspace.start()
  tree.plant(w, DEMO, objects)
  local rates = { import = 30, export = 60 }
  local a, b = client(w, DEMO, rates), client(w, DR, rates)
  local task = require "native.task"
  local begin = task.now()
  sources.copy(a, b, sources.plan(a, b, glob "/Shared/p"))
  t.is_true(task.now() - begin >= 1) -- 40 imports: a second of a full bucket, and another one
end)

test("progress counts folders and objects", function(t)
  local w <close>, a, b = start(EVERY) -- luacheck: ignore w
  local shown = {}
  sources.copy(a, b, sources.plan(a, b, glob "/Shared/p"), nil, {
    progress = function(done, total) shown[#shown + 1] = { done, total } end })
  t.equal(#shown, 17)
  t.equal(shown[17], { 17, 17 })
end)

-- ---- faults ----

-- Faults of the workspaces. In the end every object is there, once.
local TROUBLES <const> = {
  { "429 now and then", { action = "429", retry_after = 0, probability = 0.2 } },
  { "503 now and then", { action = "503", probability = 0.2, retry_after = 0 } },
  { "a page of a proxy", { action = "503_html", probability = 0.1 } },
  { "resets before imports", { path = "*/import", action = "reset_before", probability = 0.3 } },
  { "resets after imports", { path = "*/import", action = "reset_after", probability = 0.3 } },
  { "gateway timeouts", { path = "*/import", action = "504", probability = 0.3 } },
  { "resets after folders", { path = "*/mkdirs", action = "reset_after", count = 2 } },
  { "resets of exports", { path = "*/export", action = "reset_after", probability = 0.3 } },
  { "truncated exports", { path = "*/export", action = "truncate", count = 3 } },
  { "truncated lists", { path = "*/list", action = "truncate", count = 2 } },
  { "truncated answers to imports", { path = "*/import", action = "truncate", count = 3 } },
}

for _, case in ipairs(TROUBLES) do
  test("a copy under " .. case[1] .. " ends in the same tree", function(t)
    local w <close>, a, b = start(EVERY)
    w.server.faults = faults.new { case[2] }
    local report
    for _ = 1, 6 do -- repeated until nothing is left to do
      local _, e = fault.try(function()
        local plan = sources.plan(a, b, glob "/Shared/p")
        report = sources.copy(a, b, plan)
      end)
      if not e and #report.failed == 0 then
        break
      end
    end
    w.server.faults = faults.new {}
    t.equal(report.failed, {})
    t.equal(tree.read(w, DR, "/Shared/p"), EVERY)
  end)
end

test("an import whose answer is lost is verified by a read, and not sent again", function(t)
  local w <close>, a, b = start({ ["/Shared/p/x"] = tree.file "1" })
  w.server.faults = faults.new {
    { path = "*/import", action = "reset_after", count = 1 } }
  local op = recorder()
  local report = sources.copy(a, b, sources.plan(a, b, glob "/Shared/p"), op)
  t.equal(report.copied, { "/Shared/p/x" })
  t.equal(op.steps[#op.steps].status, "done")
end)

test("an import that cannot be verified stays unknown", function(t)
  local w <close>, a, b = start({ ["/Shared/p/x"] = tree.file "1" })
  local plan = sources.plan(a, b, glob "/Shared/p")
  w.server.faults = faults.new {
    { path = "*/import", action = "reset_after" }, { path = "*/get-status", action = "403" } }
  local op, failure = recorder(), nil
  function op:step(fields) -- luacheck: ignore self
    return { done = function() end, failed = function(_, e)
      failure = fields.kind == "workspace.import" and e or failure
    end }
  end
  local report = sources.copy(a, b, plan, op)
  t.equal(#report.failed, 1)
  t.is_true(failure.ambiguous)
end)

test("an expired token ends the copy, and its step is not done", function(t)
  local w <close>, a, b = start { ["/Shared/p/x"] = tree.file "1",
    ["/Shared/p/y"] = tree.file "2" }
  local plan = sources.plan(a, b, glob "/Shared/p")
  w.server.faults = faults.new { { path = "*/import", action = "expired_token" } }
  local op = recorder()
  local e = t.fault(sources.copy, a, b, plan, op)
  t.equal(e.kind, "auth")
  t.equal(op.steps[#op.steps].status, "failed")
end)

test("a network that is down ends the copy instead of failing object by object", function(t)
  local objects = {}
  for i = 1, 30 do
    objects["/Shared/p/" .. i] = tree.file(tostring(i))
  end
  local w <close>, a, b = start(objects) -- luacheck: ignore w
  local plan = sources.plan(a, b, glob "/Shared/p")
  local read = 0
  local gone = { read = function()
    read = read + 1
    fault.raise { kind = "network", op = "test", message = "connection refused" }
  end }
  t.equal(t.fault(require("tarn.sources.copy").run, gone, b, plan, nil, { jobs = 1 }).kind,
    "network")
  t.equal(read, 8)
end)

test("a journal that cannot be written stops the copy before the request", function(t)
  local w <close>, a, b = start({ ["/Shared/p/x"] = tree.file "1" })
  local op = {}
  function op.step()
    fault.raise { kind = "io", op = "journal", message = "no space left" }
  end
  t.equal(t.fault(sources.copy, a, b, sources.plan(a, b, glob "/Shared/p"), op).kind, "io")
  t.equal(w:call("GET", "/api/2.0/workspace/get-status?path=/Shared/p", nil, { token = DR }), 404)
end)

-- ---- folders ----

local function with_dir(f)
  local dir <close> = program.dir()
  f(dir.path .. "/out")
end

test("an export has all objects, and its import restores them", function(t)
  local w <close>, a, b = start(EVERY)
  with_dir(function(dir)
    local index = sources.export(a, glob "/Shared/p", dir)
    t.equal(fs.list(dir .. "/Shared/p"), { "bytes.bin", "data.ipynb", "empty", "headed.py",
      "jupyter.ipynb", "named.py.py", "nb_py.py", "nb_r.r", "nb_scala.scala", "nb_sql.sql",
      "no_extension", "nothing.txt", "plain.py", "sub" })
    t.equal(fs.read(dir .. "/Shared/p/bytes.bin"), EVERY["/Shared/p/bytes.bin"][4])
    t.equal(index.left_out, {})
    local plan = sources.plan_import(dir, b)
    t.equal(plan.counts, { copy = 20 })
    t.equal(sources.import(dir, b, plan).failed, {})
    t.equal(tree.read(w, DR, "/Shared/p"), EVERY)
    t.equal(sources.plan_import(dir, b).counts, { same = 20 })
  end)
end)

test("two exports of the same sources are the same files", function(t)
  local w <close>, a = start(EVERY)
  with_dir(function(dir)
    sources.export(a, glob "/Shared/p", dir)
    local first = fs.read(dir .. "/sources.json")
    w:ok("POST", "/api/2.0/workspace/delete", { path = "/Shared/p/plain.py" })
    tree.plant(w, DEMO, { ["/Shared/p/plain.py"] = EVERY["/Shared/p/plain.py"] })
    sources.export(a, glob "/Shared/p", dir, { force = true })
    t.equal(fs.read(dir .. "/sources.json"), first)
    w:ok("POST", "/api/2.0/workspace/delete", { path = "/Shared/p/plain.py" })
    sources.export(a, glob "/Shared/p", dir, { force = true })
    t.is_nil(fs.find_stat(dir .. "/Shared/p/plain.py"), "deleted objects are removed")
  end)
end)

test("an export replaces nothing without force, and with it only what an export wrote", function(t)
  local w <close>, a = start(EVERY) -- luacheck: ignore w
  with_dir(function(dir)
    local spec, mine = glob "/Shared/p", dir .. "/Shared/p/plain.py"
    fs.mkdir(dir .. "/Shared/p", { parents = true })
    fs.write(mine, "MINE")
    for _, opts in ipairs { {}, { force = true } } do
      local e = t.fault(sources.export, a, spec, dir, opts)
      t.equal({ e.kind, e.code }, { "conflict", "ALREADY_EXISTS" })
      t.match(e.message, "Shared/p/plain.py " .. (opts.force and "is not" or "exists"))
      t.equal(fs.read(mine), "MINE")
      t.equal(fs.list(dir .. "/Shared/p"), { "plain.py" }, "nothing was written beside it")
    end
    fs.remove(mine)
    sources.export(a, spec, dir)
    t.match(t.fault(sources.export, a, spec, dir).message, "exists already")
    sources.export(a, spec, dir, { force = true })
    fs.write(mine, "changed since")
    t.match(t.fault(sources.export, a, spec, dir, { force = true }).message, "was changed since")
    t.equal(fs.read(mine), "changed since")
  end)
end)

test("an index that a stranger wrote removes nothing", function(t)
  local w <close>, a = start(EVERY) -- luacheck: ignore w
  with_dir(function(dir)
    fs.mkdir(dir .. "/sub", { parents = true })
    fs.write(dir .. "/sub/important.txt", "mine")
    for _, digest in ipairs { json.null, "00", ("0"):rep(32) } do
      fs.write(dir .. "/sources.json", json.encode { version = 1, left_out = json.array {},
        objects = { { path = "/x", file = "sub/important.txt", kind = "FILE", format = "RAW",
          digest = digest } } })
      sources.export(a, glob "/Shared/p", dir, { force = true })
      t.equal(fs.read(dir .. "/sub/important.txt"), "mine")
      fs.remove(dir .. "/Shared", { recursive = true })
    end
  end)
end)

test("no step of an export below its folder follows a link", function(t)
  local w <close>, a = start(EVERY) -- luacheck: ignore w
  with_dir(function(dir)
    local victim = dir .. "-victim"
    fs.mkdir(victim .. "/p", { parents = true })
    fs.write(victim .. "/p/plain.py", "mine")
    local function link(target, name)
      fs.mkdir(dir .. "/Shared/p", { parents = true })
      t.is_true(os.execute(("ln -sfn %s %s"):format(target, dir .. "/" .. name)))
    end
    for _, case in ipairs {
      { victim .. "/p/plain.py", "Shared/p/plain.py" }, -- in the file's place
      { victim, "Shared" }, { victim .. "/p", "Shared/p" }, -- on the way
      { "../../nowhere", "Shared/p/plain.py" },
    } do
      fs.remove(dir, { recursive = true })
      if case[2]:find "plain" then
        link(case[1], case[2])
      else
        fs.mkdir(dir .. "/Shared", { parents = true })
        fs.remove(dir .. "/" .. case[2], { recursive = true })
        t.is_true(os.execute(("ln -sfn %s %s"):format(case[1], dir .. "/" .. case[2])))
      end
      for _, force in ipairs { false, true } do
        local e = t.fault(sources.export, a, glob "/Shared/p", dir, { force = force })
        t.match(e.message, "is")
        t.equal(fs.read(victim .. "/p/plain.py"), "mine", case[2])
      end
    end
    fs.remove(victim, { recursive = true })
  end)
end)

test("links in a folder are left out of an import, and said to be", function(t)
  local w <close>, a, b = start(EVERY)
  with_dir(function(dir)
    sources.export(a, glob "/Shared/p", dir)
    local victim = dir .. "-victim"
    fs.mkdir(victim .. "/deep", { parents = true })
    fs.write(victim .. "/secret", "token = SECRETFILE")
    fs.write(victim .. "/deep/secret", "token = SECRETFILE")
    fs.remove(dir .. "/Shared/p/plain.py")
    for _, link in ipairs { { "secret", "plain.py" }, { "secret", "added.py" }, { "", "whole" },
      { "none", "dangling" } } do
      t.is_true(os.execute(("ln -s %s/%s %s/Shared/p/%s"):format(victim, link[1], dir, link[2])))
    end
    local plan = sources.plan_import(dir, b)
    local told = 0
    for _, item in ipairs(plan.items) do
      told = told + (tostring(item.reason):find "is a link, which is not followed" and 1 or 0)
    end
    t.equal(told, 4)
    sources.import(dir, b, plan)
    for path, object in pairs(tree.read(w, DR, "/Shared/p")) do
      for _, value in pairs(object) do
        t.no_match(tostring(value), "SECRETFILE", path)
      end
    end
    -- an index with a folder that is a link
    fs.write(dir .. "/sources.json", json.encode { version = 1, left_out = json.array {},
      objects = { { path = "/Shared/q", file = "Shared/p/whole", kind = "DIRECTORY" } } })
    plan = sources.plan_import(dir, b)
    t.equal({ #plan.items, plan.items[1].verdict }, { 1, "odd" })
    fs.remove(victim, { recursive = true })
  end)
end)

test("edited, added and removed files are imported as such", function(t)
  local w <close>, a, b = start(EVERY)
  with_dir(function(dir)
    sources.export(a, glob "/Shared/p", dir)
    sources.import(dir, b, sources.plan_import(dir, b))
    fs.write(dir .. "/Shared/p/plain.py", "import dlt  # edited\n")
    fs.remove(dir .. "/Shared/p/no_extension")
    fs.mkdir(dir .. "/Shared/p/fresh/__pycache__", { parents = true })
    fs.write(dir .. "/Shared/p/fresh/__pycache__/x.pyc", "litter")
    fs.write(dir .. "/Shared/p/fresh/new.sql", "-- Databricks notebook source\nSELECT 2")
    fs.write(dir .. "/Shared/p/fresh/new.py", "x = 2")
    t.equal(sources.plan_import(dir, b).counts, { same = 18, newer = 1, missing = 1, copy = 3 })
    local plan = sources.plan_import(dir, b, { overwrite = true })
    t.equal(plan.counts, { same = 18, copy = 4, missing = 1 })
    sources.import(dir, b, plan)
    local there = tree.read(w, DR, "/Shared/p")
    t.equal(there["/Shared/p/plain.py"], tree.file "import dlt  # edited\n")
    t.equal(there["/Shared/p/fresh/new"],
      tree.notebook("SQL", "-- Databricks notebook source\nSELECT 2"))
    t.equal(there["/Shared/p/fresh/new.py"], tree.file "x = 2")
  end)
end)

test("an index with a path outside of its folder, or a wrong index, is refused", function(t)
  local w <close>, _, b = start() -- luacheck: ignore w
  with_dir(function(dir)
    t.match(t.fault(sources.plan_import, dir, b).message, "has no sources.json")
    fs.mkdir(dir)
    for _, object in ipairs {
      { path = "/Shared/x", file = "../x", kind = "FILE", format = "RAW" },
      { path = "/Shared/x", file = "/etc/passwd", kind = "FILE", format = "RAW" },
      { path = "/Shared/x", file = "a/../../x", kind = "FILE", format = "RAW" },
      { path = "x", file = "x", kind = "FILE", format = "RAW" },
      { path = "/Shared/x", file = "x", kind = "REPO" },
      { path = "/Shared/x", file = "x", kind = "NOTEBOOK", format = "SOURCE" },
    } do
      fs.write(dir .. "/sources.json", json.encode { version = 1, objects = { object } })
      t.match(t.fault(sources.plan_import, dir, b).message, "objects[0] has")
    end
    fs.write(dir .. "/sources.json", "{}")
    t.equal(t.fault(sources.plan_import, dir, b).kind, "parse")
    fs.write(dir .. "/sources.json", '{"version":2,"objects":[]}')
    t.match(t.fault(sources.plan_import, dir, b).message, "version 2")
  end)
end)
