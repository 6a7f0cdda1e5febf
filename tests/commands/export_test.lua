--- The commands export, import and diff, against the embedded workspaces.

local program = require "testing.program"
local fs = require "native.fs"
local hcl = require "support.hcl"
local json = require "native.json"
local process = require "native.process"
local workspace = require "testing.workspace"
local yaml = require "native.yaml"

-- One state for all tests of this file.
local state = program.dir()

local function tarn(profile, ...)
  return program.run({ "--profile", profile, ... }, { env = { XDG_STATE_HOME = state.path } })
end

local function run(t, ...)
  local r = tarn("demo", ...)
  t.equal(r.status, 0, table.concat({ ... }, " ") .. ": " .. r.stderr)
  return r
end

local function data(t, ...)
  return json.decode(run(t, "-o", "json", ...).stdout)
end

test("every pipeline that can be made from a file is the same after export and import", function(t)
  t.timeout(300)
  local dir <close> = program.dir()
  local made = 0
  for _, row in ipairs(data(t, "list")) do
    local path = dir.path .. "/" .. row.pipeline_id
    run(t, "export", row.pipeline_id, "--dir", path, "-q")
    local name = "back: " .. row.pipeline_id
    local r = tarn("demo", "import", path, "--name", name, "-o", "json")
    if r.status == 0 then
      made = made + 1
      r = tarn("demo", "diff", row.pipeline_id, name, "--no-sources")
      t.equal(r.stdout:match "no difference in the settings", "no difference in the settings",
        row.name .. "\n" .. r.stdout)
      t.equal(r.status, 0)
      t.equal(tarn("demo", "diff", path, name, "--no-sources").status, 0)
      run(t, "undo", json.decode(tarn("demo", "journal", "-o", "json").stdout)[1].id, "--yes")
    else
      t.equal(r.status, 5, r.stderr)
      t.match(r.stderr, "cannot be created from a file")
    end
  end
  t.is_true(made > 30, made)
end)

test("sources are imported too, into another workspace", function(t)
  local dir <close> = program.dir()
  for _, name in ipairs { "marketing_attribution", "sales_customers_scd", "finance_fx_rates" } do
    local path = dir.path .. "/" .. name
    local report = data(t, "export", name, "--dir", path, "--with-sources")
    t.is_true(report.sources.objects > 0)
    local copy = "copy of " .. name
    local r = tarn("demo-dr", "import", path, "--name", copy, "--no-run-as", "--overwrite")
    t.equal(r.status, 0, r.stderr)
    r = tarn("demo-dr", "diff", "demo:" .. name, copy)
    t.equal(r.status, 0, r.stdout)
    t.match(r.stdout, "no difference\n")
    r = tarn("demo-dr", "diff", path, copy)
    t.equal(r.status, 0, r.stdout)
  end
end)

test("a dry run of an import creates nothing", function(t)
  local dir <close> = program.dir()
  run(t, "export", "iot_telemetry_stream", "--dir", dir.path .. "/x")
  local plan = data(t, "import", dir.path .. "/x", "--name", "not yet", "--dry-run",
    "--no-continuous", "-q")
  t.equal(plan.dry_run, true)
  t.equal(plan.name_taken, false)
  t.equal(plan.spec.continuous, false)
  t.equal(plan.effective_settings.name, "not yet")
  local verdicts = {}
  for _, field in ipairs(plan.fields) do
    verdicts[field.path] = field.verdict
  end
  t.equal(verdicts, { id = "dropped", name = "set", continuous = "set" })
  t.equal(tarn("demo", "get", "not yet").status, 3)
  local r = tarn("demo", "import", dir.path .. "/x", "--dry-run")
  t.equal(r.status, 5, "it ends with the status of the import")
  t.match(r.stdout, "the name is taken")
  t.match(r.stderr, "it starts as soon as it is created")
  r = tarn("demo", "import", dir.path .. "/x")
  t.equal(r.status, 5)
  t.match(r.stderr, "--name gives the new pipeline another name")
end)

test("an import is in the journal, and can be undone", function(t)
  local dir <close> = program.dir()
  run(t, "export", "quickstart", "--dir", dir.path)
  local report = data(t, "import", dir.path, "--name", "imported")
  t.equal(report.status, "created")
  local r = tarn("demo", "journal", report.op, "-o", "json")
  t.equal(r.status, 0, r.stderr)
  t.match(r.stdout, "pipeline.create")
  run(t, "diff", "journal:" .. report.op, "imported", "--no-sources")
  run(t, "undo", report.op, "--yes")
  t.equal(tarn("demo", "get", "imported").status, 3)
end)

test("a folder without an export is not imported", function(t)
  local dir <close> = program.dir()
  t.equal(tarn("demo", "import", dir.path).status, 3)
  dir.write("pipeline.json", "{}")
  local r = tarn("demo", "import", dir.path)
  t.equal(r.status, 1)
  t.match(r.stderr, "this is not an exported pipeline")
end)

test("an export replaces no file without --force", function(t)
  local dir <close> = program.dir()
  run(t, "export", "quickstart", "--dir", dir.path)
  local report = data(t, "export", "quickstart", "--dir", dir.path, "--force")
  local again = report.files[1]
  t.equal(again.path, "pipeline.json")
  dir.write("pipeline.json", "mine")
  local r = tarn("demo", "export", "quickstart", "--dir", dir.path)
  t.equal(r.status, 5)
  t.match(r.stderr, "pipeline.json exists already")
  t.equal(dir.read "pipeline.json", "mine")
  r = tarn("demo", "export", "quickstart", "--dir", dir.path .. "/new", "--dry-run")
  t.match(r.stdout, "would be written")
  t.is_nil(fs.find_stat(dir.path .. "/new"))
  run(t, "export", "quickstart", "--dir", dir.path, "--force")
  t.match(dir.read "pipeline.json", "tarn-pipeline/1")
end)

test("a secret in plain text gets a warning, and only its owner can read the file", function(t)
  local dir <close> = program.dir()
  data(t, "api", "POST", "/api/2.0/pipelines", "--body", [[{"name": "leaky", "catalog": "main",
    "schema": "s", "serverless": true, "configuration": {"db.password": "hunter22",
    "other": "1"}, "libraries": [{"notebook": {"path": "/Shared/x"}}]}]])
  local r = run(t, "export", "leaky", "--dir", dir.path)
  t.match(r.stderr, 'configuration["db.password"] looks like a secret')
  t.equal(fs.find_stat(dir.path .. "/pipeline.json").mode, tonumber("600", 8))
  local text = dir.read "pipeline.json"
  dir.write("pipeline.json", (text:gsub("hunter22", "hunter23"):gsub('"other": "1"',
    '"other": "2"')))
  r = tarn("demo", "diff", dir.path, "leaky", "--no-sources", "-o", "json")
  t.equal(r.status, 9)
  t.no_match(r.stdout .. r.stderr, "hunter2")
  t.equal(#json.decode(r.stdout).differences, 2)
  r = tarn("demo", "import", dir.path, "--name", "leaky 2", "--dry-run", "-o", "json")
  t.no_match(r.stdout .. r.stderr, "hunter2")
end)

-- The value that another reader of YAML finds; nil where there is no such reader.
local function read_by_python(path)
  local r = process.run({ "python3", "-c", "import json, sys, yaml\n"
    .. "json.dump(yaml.safe_load(open(sys.argv[1], encoding='utf-8')), sys.stdout)", path },
    { timeout = 30 })
  return r.status == 0 and json.decode(r.stdout) or nil
end

test("strict readers accept the bundle and Terraform files of every pipeline", function(t)
  local dir <close> = program.dir()
  local n, by_python = 0, 0
  for i, row in ipairs(data(t, "list")) do
    local at = dir.path .. "/" .. i
    local r = tarn("demo", "export", row.pipeline_id, "--format", "bundle", "--dir", at .. "/b")
    if r.status == 5 then
      t.match(r.stderr, "cannot be exported as bundle")
      t.equal(tarn("demo", "export", row.pipeline_id, "--format", "terraform", "--dir",
        at .. "/t").status, 5)
    else
      n = n + 1
      t.equal(r.status, 0, r.stderr)
      local name = fs.list(at .. "/b/resources")[1]
      local text = fs.read(at .. "/b/resources/" .. name)
      local _, resource = next(yaml.decode(text).resources.pipelines)
      t.equal(resource.name, row.name)
      if i % 10 == 1 then
        local other = read_by_python(at .. "/b/resources/" .. name)
        t.equal(other or yaml.decode(text), yaml.decode(text))
        by_python = by_python + (other and 1 or 0)
      end
      t.equal(yaml.decode(fs.read(at .. "/b/databricks.yml")).targets.dev.mode, "development")
      run(t, "export", row.pipeline_id, "--format", "terraform", "--dir", at .. "/t", "-q")
      local body = hcl.read(fs.read(at .. "/t/pipeline.tf"))
      t.equal(body.blocks[1].labels[1], "databricks_pipeline")
      t.equal(body.blocks[1].body.attributes.name, row.name)
      hcl.read(fs.read(at .. "/t/versions.tf"))
    end
  end
  t.is_true(n > 30, n)
end)

-- The one resource of an exported bundle, its key, and the main file.
local function bundled(at)
  local name = fs.list(at .. "/resources")[1]
  local key, resource = next(yaml.decode(fs.read(at .. "/resources/" .. name)).resources.pipelines)
  return resource, key, yaml.decode(fs.read(at .. "/databricks.yml"))
end

test("no two exported bundles share a name or a key, whatever their pipelines are called",
  function(t)
    local dir <close> = program.dir()
    local w <close> = workspace.start()
    local seen = {}
    for i, name in ipairs { "売上", "在庫", "Ωμέγα", "---", "\u{1F600}", "Daily Orders",
      "daily_orders", "scratch", "scratch", "2024 sales", ("long "):rep(60), ("売"):rep(80),
      ("売"):rep(80) .. "上", "con", "é", "e\u{301}", "-x", "..", "a/b" } do
      local id = w:pipeline { name = name, allow_duplicate_names = true }
      local at = ("%s/%d"):format(dir.path, i)
      local r = program.run({ "export", id, "--format", "bundle", "--dir", at }, { env = w:env() })
      t.equal(r.status, 0, r.stderr)
      local _, key, main = bundled(at)
      t.match(key, "_" .. id:sub(1, 8))
      t.no_match(key, "^%d", true)
      t.is_true(utf8.len(key) and #key <= 120, key)
      for _, one in ipairs { "key " .. key, "name " .. main.bundle.name } do
        t.is_nil(seen[one], one)
        seen[one] = true
      end
      t.match(main.bundle.name, "^[%w_-]+$", true)
      r = program.run({ "export", id, "--format", "terraform", "--dir", at .. "/t" },
        { env = w:env() })
      t.equal(r.status, 0, r.stderr)
      local resource = hcl.read(fs.read(at .. "/t/pipeline.tf")).blocks[1].labels[2]
      t.is_true(#resource <= 150 and resource:find "^%a[%w_]*$" ~= nil, resource)
      local text = fs.read(at .. "/resources/" .. fs.list(at .. "/resources")[1])
      t.match(text, ("databricks bundle deployment bind %s %s"):format(key, id))
    end
  end)

test("a bundle and Terraform files come with the sources that they name", function(t)
  local dir <close> = program.dir()
  run(t, "export", "sales_orders_etl", "--format", "bundle", "--with-sources", "--dir",
    dir.path .. "/b")
  local resource = bundled(dir.path .. "/b")
  t.equal(resource.root_path, "../src")
  t.equal(resource.libraries[1].glob.include, "../src/transformations/**")
  t.is_true(#fs.list(dir.path .. "/b/src/transformations") > 2)
  run(t, "export", "finance_fx_rates", "--format", "bundle", "--with-sources", "--dir",
    dir.path .. "/n")
  resource = bundled(dir.path .. "/n")
  local file = resource.libraries[1].notebook.path:gsub("^%.%./", "")
  t.match(dir.read("n/" .. file), "^# Databricks notebook source\n", true)
  run(t, "export", "sales_orders_etl", "--format", "terraform", "--with-sources", "--dir",
    dir.path .. "/t")
  local blocks = hcl.read(dir.read "t/sources.tf").blocks
  for _, block in ipairs(blocks) do
    local path = block.body.attributes.source.template:gsub("^%${path%.module}", "")
    t.is_true(dir.read("t" .. path), path)
  end
  local depends = hcl.read(dir.read "t/pipeline.tf").blocks[1].body.attributes.depends_on
  t.equal(#depends, #blocks)
end)

test("diff prints the differences and nothing else on stdout, with status 9", function(t)
  local r = tarn("demo", "diff", "sales_orders_etl", "[dev ada_okafor] sales_orders_etl", "-o",
    "json")
  t.equal(r.status, 9)
  t.equal(r.stderr, "")
  local report = json.decode(r.stdout)
  t.equal(report.equal, false)
  t.equal(report.left.name, "sales_orders_etl")
  local by_path = {}
  for _, d in ipairs(report.differences) do
    by_path[d.path] = d
  end
  t.equal(by_path.catalog.left, "sales")
  t.equal(by_path.catalog.right, "dev")
  t.is_nil(by_path.name)
  t.is_nil(report.ignored)
  t.is_true(report.sources.compared > #report.sources.differences)
  local all = json.decode(tarn("demo", "diff", "sales_orders_etl",
    "[dev ada_okafor] sales_orders_etl", "-o", "json", "--all").stdout)
  local rules = {}
  for _, d in ipairs(all.ignored) do
    rules[d.rule] = true
  end
  t.is_true(rules.name and rules.id and rules.deployment)
  t.equal(#all.differences, #report.differences)
end)

test("a pipeline does not differ from itself, by its name and with its profile", function(t)
  for _, name in ipairs { "marketing_attribution", "ml_embeddings_refresh", "legacy_web_sessions",
    "marketing: campañas 'Q4' 100%_final", "demo:quickstart" } do
    local r = tarn("demo", "diff", name, name)
    t.equal(r.status, 0, r.stdout .. r.stderr)
    t.match(r.stdout, "no difference\n")
  end
end)

test("in a wide terminal values are side by side, and in a pipe there are no colours", function(t)
  local function diff(columns)
    return program.run({ "--profile", "demo", "diff", "sales_customers_scd",
      "ml_features_product" },
      { env = { XDG_STATE_HOME = state.path, COLUMNS = columns } }).stdout
  end
  t.match(diff("160"), "\n~  catalog +sales +ml\n", true)
  t.match(diff("60"), "\n~ catalog\n    - sales\n    + ml\n")
  t.no_match(diff("160"), "\27")
end)

test("a side that does not exist is a fault that names it", function(t)
  for _, case in ipairs {
    { { "./no/such", "quickstart" }, 3, "./no/such/pipeline.json does not exist" },
    { { "quickstart", "nothing here" }, 3, "no pipeline is named 'nothing here'" },
    { { "journal:zzzz", "quickstart" }, 3, "there is no operation 'zzzz'" },
    { { "quickstart" }, 2, "RIGHT is missing" },
  } do
    local r = tarn("demo", "diff", table.unpack(case[1]))
    t.equal(r.status, case[2], r.stderr)
    t.match(r.stderr, case[3])
    t.equal(r.stdout, "")
  end
end)

test("a snapshot of the journal is compared with a pipeline", function(t)
  local made = data(t, "api", "POST", "/api/2.0/pipelines", "--body", [[{"name": "to delete",
    "catalog": "main", "schema": "s", "serverless": true,
    "libraries": [{"notebook": {"path": "/Shared/x"}}]}]])
  run(t, "delete", made.pipeline_id, "--yes")
  local r = tarn("demo", "diff", "journal:last", "quickstart", "-o", "json")
  t.equal(r.status, 9, r.stderr)
  local report = json.decode(r.stdout)
  t.equal(report.left.kind, "snapshot")
  t.equal(report.left.name, "to delete")
  t.equal(report.left.pipeline_id, made.pipeline_id)
  t.is_nil(report.sources)
  t.match(r.stderr, "sources are not compared")
end)

test("the state of these tests is removed", function(t)
  state.close()
  t.is_nil(fs.find_stat(state.path))
end)
