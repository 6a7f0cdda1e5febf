-- Export of many: a folder tree for Git, one bundle, one Terraform module.

local fs = require "native.fs"
local json = require "native.json"
local journaled = require "support.journaled"
local process = require "native.process"
local program = require "testing.program"
local workspace = require "testing.workspace"
local yaml = require "native.yaml"

local PATH <const> = "/api/2.0/pipelines/"

-- A workspace with pipelines of these names, and an empty folder; their ids by name.
local function start(...)
  local j, ids = journaled.start(), {}
  for _, name in ipairs { ... } do
    ids[name] = j.w:pipeline { name = name }
  end
  return j, j.dir.path .. "/out", ids
end

local function run(j, dir, ...)
  local r = j:run { "--profile", "there", "-o", "json", "export", "--dir", dir, ... }
  return r.status, r.stdout ~= "" and json.decode(r.stdout) or nil, r
end

local function column(rows, name)
  local list = {}
  for i, row in ipairs(rows) do
    list[i] = row[name] or false
  end
  return list
end

-- The files below a folder, sorted, with their times of change.
local function files(dir)
  local list, times = {}, {}
  local function walk(folder, prefix)
    for _, name in ipairs(fs.list(folder)) do
      local stat = fs.find_stat(folder .. "/" .. name)
      if stat.type == "directory" then
        walk(folder .. "/" .. name, prefix .. name .. "/")
      else
        list[#list + 1], times[prefix .. name] = prefix .. name, stat.mtime
      end
    end
  end
  walk(dir, "")
  table.sort(list)
  return list, times
end

-- Make all files old, so that one that is written again shows.
local function age(dir)
  local r = process.run({ "find", dir, "-type", "f", "-exec", "touch", "-d", "2020-01-01", "{}",
    ";" }, { timeout = 30 })
  assert(r.status == 0, r.stderr)
end

-- The files that were written since `age`.
local function written(dir)
  local list, times = files(dir)
  local new = {}
  for _, path in ipairs(list) do
    new[#new + 1] = times[path] > 1700000000000 and path or nil
  end
  return new
end

local function rename(j, id, name)
  local spec = j.w:ok("GET", PATH .. id).spec
  spec.name = name
  j.w:ok("PUT", PATH .. id, spec)
end

-- ---- the tree ----

test("a tree has a folder for each pipeline, which an import can read", function(t)
  local j <close>, dir = start("dev_a", "dev_b", "prod")
  local status, rows = run(j, dir, "dev_*")
  t.equal({ status, column(rows, "name"), column(rows, "status") },
    { 0, { "dev_a", "dev_b" }, { "written", "written" } })
  t.equal(files(dir), { ".tarn-export.json", "dev_a/pipeline.json", "dev_b/pipeline.json" })
  t.equal(j:run({ "-p", "there", "import", dir .. "/dev_a", "--name", "again" }).status, 0)
end)

test("what has not changed is not touched", function(t)
  local j <close>, dir, ids = start("dev_a", "dev_b")
  run(j, dir, "--all", "--with-sources")
  local before = files(dir)
  age(dir)
  local status, rows = run(j, dir, "--all", "--with-sources", "--force")
  t.equal({ status, column(rows, "status") }, { 0, { "unchanged", "unchanged" } })
  t.equal(written(dir), {})
  t.equal(files(dir), before)
  local spec = j.w:ok("GET", PATH .. ids.dev_b).spec
  spec.tags = { a = "b" }
  j.w:ok("PUT", PATH .. ids.dev_b, spec)
  status, rows = run(j, dir, "--all", "--with-sources", "--force")
  t.equal({ status, column(rows, "status") }, { 0, { "unchanged", "replaced" } })
  t.equal(written(dir), { ".tarn-export.json", "dev_b/pipeline.json" })
end)

test("files with other content need --force, and all are checked first", function(t)
  local j <close>, dir = start("dev_a", "dev_b", "dev_c")
  run(j, dir, "dev_a", "dev_b")
  j.dir.write("out/dev_b/pipeline.json", "mine")
  age(dir)
  local status, _, r = run(j, dir, "dev_*")
  t.equal(status, 5)
  t.match(r.stderr, "dev_b/pipeline.json")
  t.match(r.stderr, "nothing was written")
  t.equal(written(dir), {})
  t.is_nil(fs.find_stat(dir .. "/dev_c"))
  status = run(j, dir, "dev_*", "--force")
  t.equal({ status, written(dir) },
    { 0, { ".tarn-export.json", "dev_b/pipeline.json", "dev_c/pipeline.json" } })
end)

test("names that a file system cannot have, or tell apart, stay inside of the folder", function(t)
  local names = { "../../escape", "a/b", "A", "a", "nul", "..", ".git", "/etc/passwd" }
  local j <close>, dir, ids = start(table.unpack(names))
  local status, rows = run(j, dir, "--all")
  t.equal({ status, #rows }, { 0, #names })
  t.equal(#files(dir), #names + 1)
  t.is_nil(fs.find_stat(j.dir.path .. "/escape"))
  local short = ids["a/b"]:sub(1, 8)
  t.is_true(fs.find_stat(("%s/a_b~%s/pipeline.json"):format(dir, short)) ~= nil)
  for _, path in ipairs(files(dir)) do
    t.is_true(path == ".tarn-export.json" or path:find "^[^./][^/]*/pipeline%.json$", path)
  end
  -- the folder of one does not depend on which others are exported
  local alone = j.dir.path .. "/alone"
  run(j, alone, "A", "a")
  t.equal(#files(alone), 3)
  for _, path in ipairs(files(alone)) do
    t.is_true(fs.find_stat(dir .. "/" .. path) ~= nil, path)
  end
end)

test("a pipeline that is gone is told, and its files are removed only on request", function(t)
  local j <close>, dir, ids = start("a", "b", "c")
  run(j, dir, "--all", "--with-sources")
  j.w:ok("DELETE", PATH .. ids.a)
  j.w:ok("DELETE", PATH .. ids.b)
  j.dir.write("out/b/notes.md", "mine")
  j.dir.write("out/mine/pipeline.json", "mine")
  local status, rows = run(j, dir, "--all", "--with-sources", "--force")
  t.equal({ status, column(rows, "name"), column(rows, "status") },
    { 0, { "c", "a", "b" }, { "unchanged", "gone", "gone" } })
  t.equal({ rows[2].stale, fs.find_stat(dir .. "/a/pipeline.json") ~= nil },
    { { "a/pipeline.json" }, true })
  local text = j:run { "-p", "there", "export", "--all", "--dir", dir, "--force" }
  t.match(text.stdout, "out: 1 unchanged, 2 gone")
  t.match(text.stdout, "--prune removes")
  status, rows = run(j, dir, "--all", "--force", "--prune", "--dry-run")
  t.equal({ status, column(rows, "status") }, { 0, { "unchanged", "gone", "gone" } })
  t.is_true(fs.find_stat(dir .. "/a/pipeline.json") ~= nil)
  status, rows = run(j, dir, "--all", "--force", "--prune")
  t.equal({ status, column(rows, "status") }, { 0, { "unchanged", "removed", "removed" } })
  t.is_nil(fs.find_stat(dir .. "/a"))
  t.equal(fs.list(dir .. "/b"), { "notes.md" })
  t.equal(fs.read(dir .. "/mine/pipeline.json"), "mine")
  t.equal(#select(2, run(j, dir, "--all", "--force")), 1)
end)

test("a file that was changed by hand is never removed", function(t)
  local j <close>, dir, ids = start("a", "b")
  run(j, dir, "--all")
  j.w:ok("DELETE", PATH .. ids.a)
  j.dir.write("out/a/pipeline.json", "my notes")
  local status, rows = run(j, dir, "--all", "--prune")
  t.equal({ status, rows[2].status, rows[2].stale }, { 0, "gone", { "a/pipeline.json" } })
  t.match(rows[2].reason, "changed since")
  t.equal(fs.read(dir .. "/a/pipeline.json"), "my notes")
end)

test("files of a pipeline that is not exported now are no concern", function(t)
  local j <close>, dir = start("dev_a", "prod_a")
  run(j, dir, "--all")
  local _, rows = run(j, dir, "dev_*", "--prune")
  t.equal(column(rows, "name"), { "dev_a" })
  t.is_true(fs.find_stat(dir .. "/prod_a/pipeline.json") ~= nil)
end)

test("a renamed pipeline gets another folder, and the old one is told", function(t)
  local j <close>, dir, ids = start("old", "other")
  run(j, dir, "--all", "--with-sources")
  rename(j, ids.old, "new")
  local _, rows = run(j, dir, "--all", "--with-sources", "--force")
  t.equal({ column(rows, "status"), rows[1].stale },
    { { "written", "unchanged" }, { "old/pipeline.json" } })
  _, rows = run(j, dir, "--all", "--with-sources", "--force", "--prune")
  t.equal(rows[1].removed, { "old/pipeline.json" })
  t.is_nil(fs.find_stat(dir .. "/old"))
  t.is_true(fs.find_stat(dir .. "/new/sources/sources.json") ~= nil)
end)

test("a pipeline that cannot be read keeps its files, and the others are exported", function(t)
  local j <close>, dir, ids = start("a", "b", "c")
  run(j, dir, "--all")
  j.on_request = function(request, answer)
    if request.path == PATH .. ids.b then
      return { status = 403, headers = {}, body = json.encode { error_code = "PERMISSION_DENIED",
        message = "not yours" } }
    end
    return answer()
  end
  rename(j, ids.c, "c2")
  local status, rows, r = run(j, dir, "--all", "--force", "--prune")
  t.equal({ status, column(rows, "status") }, { 4, { "unchanged", "failed", "written" } })
  t.match(r.stderr, "1 of 3 pipelines failed")
  t.is_true(fs.find_stat(dir .. "/b/pipeline.json") ~= nil)
  j.on_request = nil
  t.equal(column(select(2, run(j, dir, "--all", "--force")), "status"),
    { "unchanged", "unchanged", "unchanged" })
end)

test("a link in the folder leads nowhere", function(t)
  local j <close>, dir = start("a", "b")
  fs.mkdir(dir, {})
  fs.mkdir(j.dir.path .. "/elsewhere", {})
  assert(process.run({ "ln", "-s", j.dir.path .. "/elsewhere", dir .. "/a" }, {}).status == 0)
  local status = run(j, dir, "--all", "--force")
  t.is_true(status ~= 0)
  t.equal(fs.list(j.dir.path .. "/elsewhere"), {})
end)

test("a manifest that leads out of the folder is refused", function(t)
  local j <close>, dir, ids = start "a"
  j.dir.write("precious", "mine")
  local digest = require("native.server").digest "mine"
  for _, path in ipairs { "../precious", j.dir.path .. "/precious", "x/../../precious" } do
    j.dir.write("out/.tarn-export.json", json.encode { export = "tarn-export/1", format = "json",
      pipelines = { gone = { name = "x", files = { [path] = digest } } } })
    local status, _, r = run(j, dir, "--all", "--prune", "--force")
    t.equal(status, 1)
    t.match(r.stderr, "not the manifest of an export")
  end
  t.equal(j.dir.read "precious", "mine")
  t.is_true(ids.a ~= nil)
end)

test("a folder holds one format and one workspace", function(t)
  local j <close>, dir = start "a"
  run(j, dir, "--all")
  local status, _, r = run(j, dir, "--all", "--format", "bundle")
  t.equal(status, 5)
  t.match(r.stderr, "holds an export with --format json")
  local other = j:run { "--profile", "dr", "export", "--all", "--dir", dir }
  t.equal(other.status, 5)
  t.match(other.stderr, "another workspace")
  t.equal((run(j, dir, "a", "--prune")), 2)
end)

-- ---- one bundle, one module ----

local function names_in(dir)
  local list = {}
  for _, name in ipairs(fs.list(dir .. "/resources")) do
    list[#list + 1] = name
  end
  return list
end

test("a bundle of many has a resource for each, and a name of its own that stays", function(t)
  local j <close>, dir, ids = start("dev_a", "dev_b", "prod")
  local status, rows = run(j, dir, "dev_*", "--format", "bundle")
  t.equal({ status, column(rows, "status") }, { 0, { "written", "written" } })
  t.equal(names_in(dir), { ("dev_a_%s.pipeline.yml"):format(ids.dev_a:sub(1, 8)),
    ("dev_b_%s.pipeline.yml"):format(ids.dev_b:sub(1, 8)) })
  local main = yaml.decode(fs.read(dir .. "/databricks.yml"))
  t.equal(main.include, { "resources/*.yml" })
  local name = main.bundle.name
  local later = j.w:pipeline { name = "dev_c" }
  t.equal((run(j, dir, "dev_*", "--format", "bundle")), 0)
  t.equal(yaml.decode(fs.read(dir .. "/databricks.yml")).bundle.name, name)
  t.equal(#names_in(dir), 3)
  t.is_true(later ~= nil)
  -- another selection is another bundle: it must not take the state of this one
  local other = j.dir.path .. "/other"
  run(j, other, "prod", "dev_a", "--format", "bundle")
  t.is_true(yaml.decode(fs.read(other .. "/databricks.yml")).bundle.name ~= name)
  -- and one pipeline does not get into the bundle of many
  status = run(j, dir, "prod", "--format", "bundle", "--force")
  t.equal(status, 5)
end)

test("pipelines share their sources in a bundle and in a module", function(t)
  local dir <close> = program.dir()
  local w <close> = workspace.start { scenario = "demo" }
  local function export(format, ...)
    local r = program.run({ "export", "--format", format, "--dir", dir.path .. "/" .. format,
      "--with-sources", "-o", "json", "-q", ... }, { env = w:env() })
    t.equal(r.status, 0, r.stderr)
    return json.decode(r.stdout)
  end
  for _, format in ipairs { "bundle", "terraform" } do
    local rows = export(format, "--all")
    local out = 0
    for _, row in ipairs(rows) do
      out = out + (row.status == "left out" and 1 or 0)
      t.is_true(row.status == "left out" or row.sources ~= nil, row.name)
    end
    t.equal(out, 3)
    age(dir.path .. "/" .. format)
    export(format, "--all", "--force")
    t.equal(written(dir.path .. "/" .. format), {})
    -- a part of them again: the sources of the others stay
    local before = files(dir.path .. "/" .. format)
    export(format, "sales_*", "--force")
    t.equal(files(dir.path .. "/" .. format), before)
  end
  for _, path in ipairs((files(dir.path .. "/bundle"))) do
    local text = path:find "^resources/" and fs.read(dir.path .. "/bundle/" .. path) or ""
    for source in text:gmatch "%.%./(src/[^\n\"'*]+)" do
      t.is_true(fs.find_stat(dir.path .. "/bundle/" .. source:gsub("/$", "")) ~= nil, source)
    end
  end
end)

test("what lies outside of the root folder of one pipeline goes to other/", function(t)
  local j <close>, dir = start()
  for _, path in ipairs { "/Shared/app/main", "/resources/tool" } do
    j.w:ok("POST", "/api/2.0/workspace/mkdirs", { path = path:match "^(.*)/" })
    j.w:ok("POST", "/api/2.0/workspace/import", { path = path, language = "SQL", format = "SOURCE",
      content = "U0VMRUNUIDEK" })
  end
  j.w:pipeline { name = "p", root_path = "/Shared/app", libraries = {
    { notebook = { path = "/Shared/app/main" } }, { notebook = { path = "/resources/tool" } } } }
  t.equal((run(j, dir, "p", "--format", "bundle", "--with-sources")), 0)
  local list = table.concat(files(dir), "\n")
  t.match(list, "src/main.sql")
  t.match(list, "other/resources/tool.sql")
end)

test("a thousand pipelines: the list once, two calls for each", function(t)
  t.timeout(300)
  local w <close> = workspace.start { scenario = "large:1000,10,100" }
  local dir <close> = program.dir()
  local seen = {}
  w:intercept(function(request, answer)
    local kind = request.path:gsub("%x+%-%x+%-%x+%-%x+%-%x+", "ID")
    seen[kind] = (seen[kind] or 0) + 1
    return answer()
  end)
  local r = program.run({ "export", "--all", "--dir", dir.path .. "/tree", "-q" },
    { env = w:env(), timeout = 200 })
  t.equal(r.status, 0, r.stderr)
  t.match(r.stdout, "1000 written")
  t.is_true(seen["/api/2.0/pipelines"] <= 12, seen["/api/2.0/pipelines"])
  t.equal({ seen["/api/2.0/pipelines/ID"], seen["/api/2.0/permissions/pipelines/ID"] },
    { 1000, 1000 })
  t.equal(#files(dir.path .. "/tree"), 1001)
end)
