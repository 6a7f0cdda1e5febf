--- The output of clone, journal and undo: the field names of its JSON, and its words.

local program = require "testing.program"
local json = require "native.json"

local function start()
  local state = program.dir()
  local function run(...)
    return program.run({ ... }, { env = { XDG_STATE_HOME = state.path } })
  end
  local function data(t, ...)
    local value, r = program.data({ ... }, { env = { XDG_STATE_HOME = state.path } })
    t.equal(r.stderr, "")
    return value
  end
  return setmetatable({ run = run, data = data, dir = state }, { __close = state.close })
end

test("the JSON of a clone has the field names of the product's page", function(t)
  local demo <close> = start()
  local function has(data, names)
    for _, name in ipairs(names) do
      t.is_true(data[name] ~= nil, name)
    end
  end
  local both = { "source_pipeline_id", "source_pipeline_name", "source_workspace",
    "dest_workspace", "new_name", "catalog", "target", "libraries_count", "clusters_count",
    "continuous", "serverless", "dry_run", "dest_pipeline_id", "status", "fields", "steps",
    "warnings" }
  local words = { "-p", "demo", "clone", "finance_gl_close", "--to", "demo-dr", "--name", "copy" }
  local plan = demo.data(t, "--yes", "-p", "demo", "clone", "--dry-run", table.unpack(words, 4))
  has(plan, both)
  has(plan, { "pipeline_id" })
  t.equal({ plan.target, plan.spec_preview.target, plan.dry_run, plan.dest_pipeline_id },
    { "gl", "gl", true, json.null })
  local made = demo.data(t, table.unpack(words))
  has(made, both)
  t.equal({ made.target, made.dry_run, made.status, made.dest_pipeline_id },
    { "gl", false, "created", made.new_pipeline_id })
  t.equal({ made.source.profile, made.copy.profile, made.copy.pipeline_id },
    { "demo", "demo-dr", made.new_pipeline_id })
end)

test("a secret that --set gives is not in the journal", function(t)
  local demo <close> = start()
  local r = demo.run("-p", "demo", "clone", "finance_gl_close", "--name", "copy", "--schema", "s",
    "--set", 'configuration["db.password"]=hunter2hunter')
  t.equal(r.status, 0, r.stderr)
  for _, form in ipairs { "text", "json" } do
    local page = demo.run("-o", form, "journal", "last").stdout
    t.no_match(page, "hunter2")
    t.match(page, "db.password")
  end
  local kept = program.shell("strings -a tarn/journal.db* 2>/dev/null || cat tarn/journal.db*",
    { cwd = demo.dir.path }).stdout
  t.match(kept, "db.password")
  t.no_match(kept, "hunter2hunter")
end)

test("the table of a bulk clone shows refusals, with what to do", function(t)
  local demo <close> = start()
  for _, more in ipairs { { "--dry-run" }, {} } do
    local r = demo.run("-p", "demo", "clone", "--match", "finance_g*", "--to", "demo-dr",
      table.unpack(more))
    t.equal(r.status, 1, r.stderr)
    t.match(r.stdout, "refused +finance_gl_close: 'demo%-dr' already has", true)
    t.match(r.stdout, "--update treats that pipeline as the copy")
  end
  local r = demo.run("-p", "demo", "clone", "finance.staging.bank_feed", "--to", "demo-dr",
    "--dry-run")
  t.equal(r.status, 2)
  r = demo.run("-p", "demo", "clone", "--match", "finance.*", "--to", "demo-dr")
  t.match(r.stdout, "\nrefused  finance.staging.bank_feed: ")
end)

test("a secret that is missing at the target is named once", function(t)
  local demo <close> = start()
  local r = demo.run("-p", "demo", "clone", "iot_telemetry_stream", "--to", "demo-dr", "--dry-run")
  t.match(r.stdout, "the target has no secret 'mqtt_password' in scope 'iot'")
end)

test("an empty entry of a map is not reported as matching nothing", function(t)
  local demo <close> = start()
  local map = demo.dir.write("map.lua",
    'return { catalogs = { finance = "" }, pools = { x = "y" } }')
  local r = demo.run("-p", "demo", "clone", "finance_gl_close", "--to", "demo-dr", "--map", map,
    "--catalog", "finance_dr", "--name", "copy", "--dry-run")
  t.match(r.stdout, "'x' does not occur in the source")
  t.no_match(r.stdout, "'finance' does not occur")
end)

test("lists keep their columns, and no line has blanks at its end", function(t)
  local demo <close> = start()
  local words = { "-p", "demo", "clone", "sales_orders_etl", "--to", "demo-dr", "--name", "copy",
    "--catalog", "sales_dr", "--with-sources" }
  local r = demo.run(table.unpack(words))
  t.match(r.stdout, "\n\n  `tarn undo ")
  words[#words + 1] = "--dry-run"
  words[8] = "copy2"
  r = demo.run(table.unpack(words))
  t.match(r.stdout, "pipeline.create  copy2")
  t.match(r.stdout, "Sources %(%d+ to copy, %d+ the same, 2 not copied%)", true)
  t.no_match(r.stdout, " \n")
end)

test("a second undo says that the operation is undone already", function(t)
  local demo <close> = start()
  t.equal(demo.run("-p", "demo", "clone", "quickstart", "--name", "q2").status, 0)
  t.equal(demo.data(t, "undo", "last", "--yes").status, "undone")
  local again = demo.data(t, "undo", "last", "--yes")
  t.equal(again.status, "already undone")
  t.is_nil(again.undo)
end)

test("a dry run of an import ends with the status of the import", function(t)
  local demo <close> = start()
  local folder = demo.dir.path .. "/q"
  t.equal(demo.run("-p", "demo", "export", "quickstart", "--dir", folder).status, 0)
  local r = demo.run("-p", "demo", "import", folder, "--dry-run")
  t.equal({ r.status, demo.run("-p", "demo", "import", folder).status }, { 5, 5 })
  t.match(r.stdout, "would not create the pipeline quickstart in .* %(the name is taken%)", true)
  t.equal(demo.run("-p", "demo", "import", folder, "--name", "q2", "--dry-run").status, 0)
end)
