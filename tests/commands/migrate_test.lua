-- tarn migrate: from the Hive metastore to Unity Catalog, by the API's own clone.

local faults = require "sandbox.http.faults"
local http = require "native.http"
local journaled = require "support.journaled"
local json = require "native.json"

local PATH <const> = "/api/2.0/pipelines"

local GOOD <const> = [[
# Databricks notebook source
import dlt

@dlt.table
def bronze():
  return spark.readStream.table("hive_metastore.raw.orders")

@dlt.table
def gold():
  return dlt.read("bronze")
]]

-- A pipeline that publishes to the Hive metastore, with its code in Python.
local function start(code, spec)
  local j = journaled.start()
  j.w:ok("POST", "/api/2.0/workspace/import", { path = "/Shared/old", format = "SOURCE",
    language = "PYTHON", overwrite = true, content = http.base64_encode(code or GOOD) })
  local body = { name = "old", target = "sales", configuration = { a = "1" }, development = true,
    libraries = { { notebook = { path = "/Shared/old" } } } }
  for name, value in pairs(spec or {}) do
    body[name] = value ~= json.null and value or nil
  end
  local id = j.w:ok("POST", PATH, body).pipeline_id
  j:forget()
  return j, id
end

local function run(j, ...)
  local r = j:run { "-p", "there", "-ojson", "migrate", "old", ... }
  return r.stdout ~= "" and json.decode(r.stdout) or nil, r
end

-- The limits that a dry run tells, as text; those that stop with "!".
local function limits(j, ...)
  local data, r = run(j, "--catalog", "main", "--dry-run", ...)
  local list = {}
  for i, limit in ipairs(data.limits) do
    list[i] = (limit.stops and "!" or "") .. limit.limit
  end
  return table.concat(list, " "), data, r
end

test("the workspace makes the new pipeline and starts it; undo deletes it", function(t)
  local j <close>, id = start()
  local data, r = run(j, "--catalog", "main")
  t.equal(r.status, 0, r.stderr)
  t.equal({ data.status, data.name, data.place.from, data.place.to },
    { "migrated", "old [UC]", "hive_metastore.sales", "main.sales" })
  t.equal(j:changes(), { ("POST %s/%s/clone"):format(PATH, id) })
  local made = j.w:ok("GET", PATH .. "/" .. data.pipeline_id)
  t.equal({ made.name, made.spec.catalog, made.spec.target, made.spec.configuration.a },
    { "old [UC]", "main", "sales", "1" })
  t.equal(made.latest_updates[1].update_id, data.update_id)
  t.match(data.url, data.update_id)
  t.match(j:run({ "journal" }).stdout, "migrate")
  j:data { "undo", data.operation, "--yes" }
  t.equal(j.w:call("GET", PATH .. "/" .. data.pipeline_id), 404)
  t.equal(j.w:call("GET", PATH .. "/" .. id), 200)
end)

test("a dry run sends nothing, and shows the request", function(t)
  local j <close>, id = start()
  local data, r = run(j, "--catalog", "main", "--schema", "orders", "--name", "new", "--dry-run",
    "--set", "continuous=false", "--set", "clusters=[]")
  t.equal(r.status, 0, r.stderr)
  t.equal(j:changes(), {})
  t.equal({ data.status, data.request.path },
    { "would be migrated", PATH .. "/" .. id .. "/clone" })
  local body = data.request.body
  t.equal({ body.clone_mode, body.catalog, body.target, body.name, body.continuous,
    type(body.expected_last_modified) },
    { "MIGRATE_TO_UC", "main", "orders", "new", false, "number" })
end)

test("--wait waits for the end of the first update", function(t)
  local j <close> = start()
  local real = j.w.clock
  t.is_true(real ~= nil)
  j.on_request = function(request, answer)
    if request.method == "GET" and request.path:find "/updates/" then
      j.w.clock:advance(90000)
    end
    return answer()
  end
  local data, r = run(j, "--catalog", "main", "--wait")
  t.equal({ r.status, data.outcome, data.state }, { 0, "completed", "COMPLETED" }, r.stderr)
end)

test("each limit of the settings is named before anything is sent", function(t)
  for _, case in ipairs {
    { {}, "--catalog", "nowhere", "catalog", "no catalog 'nowhere'" },
    { {}, "--catalog", "hive_metastore", "catalog", "no catalog of Unity Catalog" },
    { { catalog = "main", schema = "s", target = json.null }, "--catalog", "main",
      "unity_catalog", "publishes to Unity Catalog already" },
    { { target = json.null }, "--catalog", "main", "schema", "no target schema" },
    { {}, "--name", "old", "name", "already has a pipeline named 'old'" },
  } do
    local j <close> = start(nil, case[1])
    local words = { case[2], case[3] }
    if case[2] == "--name" then
      words = { "--catalog", "main", "--name", "old" }
    end
    local data, r = run(j, "--dry-run", table.unpack(words))
    t.equal({ r.status, data.status }, { 5, "refused" }, case[4])
    local found = {}
    for _, limit in ipairs(data.limits) do
      found[limit.limit] = limit.stops and limit.message
    end
    t.match(found[case[4]] or "", case[5])
    local _, real = run(j, table.unpack(words))
    t.equal(real.status, 5, case[4])
    t.match(real.stderr, case[5])
    t.equal(j:changes(), {})
  end
end)

test("a pipeline that runs is refused, with the command that ends it", function(t)
  local j <close>, id = start()
  j.w:run(id)
  j:forget()
  local text, data = limits(j)
  t.match(text, "!running")
  t.match(data.limits[1].hint, "`tarn stop old`")
  t.equal(j:changes(), {})
end)

test("tables of the Hive metastore must be named in full, with the line where they are not",
  function(t)
    local j <close> = start [[
# Databricks notebook source
import dlt
SOURCE = "sales.customers"

# spark.table("sales.customers") in a comment
@dlt.table
def bronze():
  return spark.read.table(SOURCE).join(spark.table("countries"))

@dlt.table
def gold():
  return spark.table("LIVE.bronze").union(spark.table("bronze")).union(
    spark.sql("SELECT * FROM hive_metastore.sales.customers JOIN main.a.b"))
]]
    local _, data, r = limits(j)
    t.equal(r.status, 5)
    local names = {}
    for _, limit in ipairs(data.limits) do
      if limit.limit == "code.names" then
        names[#names + 1] = { limit.message:match "reads (%S+)", limit.places[1].path,
          limit.places[1].line, #limit.places }
      end
    end
    t.equal(names, { { "countries", "/Shared/old", 8, 1 },
      { "sales.customers", "/Shared/old", 3, 1 } })
    local done, forced = run(j, "--catalog", "main", "--skip-code")
    t.equal({ forced.status, done.status }, { 0, "migrated" }, forced.stderr)
  end)

test("names in SQL, in the module that code imports, and in a notebook of Jupyter", function(t)
  local j <close> = start()
  local function put(path, language, format, text)
    j.w:ok("POST", "/api/2.0/workspace/import", { path = path, format = format,
      language = language, overwrite = true, content = http.base64_encode(text) })
  end
  put("/Shared/q", "SQL", "SOURCE", "-- Databricks notebook source\n"
    .. "CREATE MATERIALIZED VIEW a AS SELECT * FROM `Raw`.Orders JOIN hive_metastore.raw.x;\n"
    .. "USE CATALOG hive_metastore;\nCREATE MATERIALIZED VIEW b AS SELECT * FROM raw.other;")
  put("/Shared/j", "PYTHON", "JUPYTER", json.encode { nbformat = 4, nbformat_minor = 5,
    metadata = { language_info = { name = "python" } }, cells = { { cell_type = "code",
      metadata = {}, outputs = {}, source = { "import dlt\n", "@dlt.table\n", "def c():\n",
        "  return spark.table('raw.third')\n" } } } })
  local id = j.w:ok("POST", PATH, { name = "many", target = "x", libraries = {
    { notebook = { path = "/Shared/q" } }, { notebook = { path = "/Shared/j" } } } })
  t.is_true(id ~= nil)
  local r = j:run { "-p", "there", "-ojson", "migrate", "many", "--catalog", "main", "--dry-run" }
  local places = {}
  for _, limit in ipairs(json.decode(r.stdout).limits) do
    for _, place in ipairs(limit.limit == "code.names" and limit.places or {}) do
      places[#places + 1] = { limit.message:match "reads (%S+)", place.path, place.line }
    end
  end
  t.equal(places, { { "Raw.Orders", "/Shared/q", 2 }, { "raw.third", "/Shared/j" } })
end)

test("storage locations need --ignore-paths, which the request carries", function(t)
  local j <close> = start [[
# Databricks notebook source
import dlt
@dlt.table(
  name="a",
  path="/mnt/a",
)
def a():
  return spark.readStream.format("cloudFiles").option("cloudFiles.schemaLocation", "/s").load("/x")
dlt.create_streaming_table(name="b", path = ROOT + "/b")
]]
  local text, data = limits(j)
  t.match(text, "!code.paths code.schema_location")
  for _, limit in ipairs(data.limits) do
    if limit.limit == "code.paths" then
      t.equal({ limit.places[1].line, limit.places[2].line, #limit.places }, { 5, 9, 2 })
    elseif limit.limit == "code.schema_location" then
      t.equal({ limit.stops, limit.places[1].line }, { false, 8 })
      t.match(limit.hint, "mergeSchema")
    end
  end
  local done, r = run(j, "--catalog", "main", "--ignore-paths")
  t.equal(r.status, 0, r.stderr)
  t.equal(j:spec(done.pipeline_id).configuration,
    { a = "1", ["pipelines.migration.ignoreExplicitPath"] = "true" })
end)

test("streams that the move cannot carry on are obstacles", function(t)
  local j <close> = start [[
# Databricks notebook source
import dlt
@dlt.table
def a():
  return (spark.readStream.format("kafka").option("kafka.group.id", "g").load())
@dlt.table
def b():
  return spark.readStream.format("pulsar").load()
@dlt.table
def c():
  return (spark.readStream.format("cloudFiles")
    .option("cloudFiles.useNotifications", "true").option("cloudFiles.schemaLocation", "/s")
    .option("mergeSchema", "true").load("/x"))
]]
  t.match((limits(j)), "!code.kafka !code.streams code.notifications")
end)

test("code that cannot be read is told, and is no obstacle", function(t)
  local j <close> = start(nil, { libraries = { { notebook = { path = "/Shared/gone" } } } })
  local text, data, r = limits(j)
  t.match(text, "code.unread")
  t.equal(r.status, 0)
  t.match(json.encode(data.limits), "/Shared/gone")
end)

test("--set cannot set what the request has of its own", function(t)
  local j <close> = start()
  for _, setting in ipairs { "run_as.user_name=x", "catalog=x", "clone_mode=x", "storage=x" } do
    local _, r = run(j, "--catalog", "main", "--set", setting)
    t.equal(r.status, 2, setting)
  end
  local _, r = run(j)
  t.equal(r.status, 2)
  t.match(r.stderr, "--catalog")
end)

test("a source that somebody has changed since it was read is not moved", function(t)
  local j <close>, id = start()
  j.on_request = function(request, answer)
    if request.path:find "/clone$" then
      j.w.clock:advance(10)
      j.on_request = nil
      j.w:ok("PUT", PATH .. "/" .. id, { name = "old", target = "other",
        libraries = { { notebook = { path = "/Shared/old" } } } })
    end
    return answer()
  end
  local _, r = run(j, "--catalog", "main")
  t.equal(r.status, 5, r.stderr)
end)

test("a lost answer is looked for, and the request is sent once", function(t)
  local j <close>, id = start()
  local sent = 0
  j.on_request = function(request, answer)
    if request.path:find "/clone$" then
      sent = sent + 1
      answer()
      return { status = 502, headers = {}, body = "" }
    end
    return answer()
  end
  local data, r = run(j, "--catalog", "main")
  t.equal({ r.status, sent }, { 0, 1 }, r.stderr)
  t.equal(j.w:ok("GET", PATH .. "/" .. data.pipeline_id).name, "old [UC]")
  t.is_true(data.pipeline_id ~= id)
end)

test("a workspace that refuses or fails is a fault, and nothing is left", function(t)
  for _, action in ipairs { "403", "500" } do
    local j <close> = start()
    j.w.server.faults = faults.new { { action = action, method = "POST",
      path = PATH .. "/*/clone", count = 9 } }
    local _, r = run(j, "--catalog", "main")
    t.is_true(r.status == 4 or r.status == 1, r.status .. r.stderr)
    t.match(j:run({ "journal", "last" }).stdout, "failed")
  end
end)

test("a hook may refuse, in a dry run too", function(t)
  local j <close> = start()
  j.dir.write(".config/tarn/hooks/no.lua", [[return { before_create = function(plan, ctx)
    if plan.spec.catalog == "main" and plan.spec.target == "sales" then
      ctx.refuse("not here: " .. plan.name) end end }]])
  for _, more in ipairs { {}, { "--dry-run" } } do
    local _, r = run(j, "--catalog", "main", table.unpack(more))
    t.equal(r.status, 5, r.stderr)
    t.match(r.stderr, "not here: old [UC]")
  end
  t.equal(j:changes(), {})
end)
