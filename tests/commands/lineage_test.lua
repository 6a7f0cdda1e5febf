-- Which datasets a pipeline has, what they are made from and in: the promises T7 and T16, each
-- source refused, failing or empty, and copies in both directions.

local fake = require "testing.fake"
local http = require "native.http"
local journaled = require "support.journaled"
local json = require "native.json"
local sandbox = require "testing.workspace"

local function ran(w, spec)
  local id = w:pipeline(spec)
  w:run(id)
  w.clock:advance(90000)
  return id
end

local function read(w, id, arg, token)
  local all = { pipeline = id }
  for key, value in pairs(arg or {}) do
    all[key] = value
  end
  local databricks = require "native.databricks"
  local ws <close> = require("tarn.workspace").wrap(databricks.connect { host = w.url,
    credential = databricks.credential { token = token or "demo-token" } }, "test")
  return fake.run("lineage", all, ws)
end

local function names(list, field)
  local out = {}
  for i, row in ipairs(list) do
    out[i] = row[field or "fqn"]
  end
  return out
end

local function edges_of(data, direction)
  local out = {}
  for _, edge in ipairs(data.edges) do
    if not direction or edge.direction == direction then
      out[#out + 1] = edge.source .. " -> " .. edge.target
    end
  end
  return out
end

local function status_of(data, source)
  for _, one in ipairs(data.coverage.sources) do
    if one.source == source then
      return one.status, one.reason
    end
  end
end

local function unknown(data, what)
  for _, one in ipairs(data.coverage.unknown) do
    if one.what == what then
      return one.text
    end
  end
end

local function import(w, path, text)
  w:ok("POST", "/api/2.0/workspace/import", { path = path, format = "SOURCE", language = "SQL",
    overwrite = true, content = http.base64_encode(text) })
end

local OWN <const> = { "main.s.bronze", "main.s.gold", "main.s.silver" }

test("T7: a pipeline's own datasets in the seed's shape, with schema and with target", function(t)
  for _, field in ipairs { "schema", "target" } do
    local w <close> = sandbox.start { run_ms = 1000 }
    w:pipeline()
    local id = w:ok("POST", "/api/2.0/pipelines", { name = "in " .. field, catalog = "main",
      [field] = "s", serverless = true, development = true,
      libraries = { { notebook = { path = "/Shared/etl" } } } }).pipeline_id
    w:run(id)
    w.clock:advance(90000)
    local data = read(w, id)
    t.equal({ data.pipeline_id, data.catalog, data.target_schema }, { id, "main", "s" })
    t.equal(names(data.datasets), OWN)
    t.equal(data.total_datasets, 3)
    local gold = data.datasets[2]
    t.equal({ gold.catalog, gold.schema, gold.table, gold.type, gold.format, gold.published },
      { "main", "s", "gold", "MATERIALIZED_VIEW", "DELTA", true })
    t.equal(gold.comment, json.null)
    t.equal(edges_of(data), { "main.s.bronze -> main.s.silver", "main.s.silver -> main.s.gold" })
    t.equal(data.edges[1].evidence, json.array { "events", "system.access.table_lineage" })
  end
end)

test("T7: tables of other pipelines and of nobody in the same schema are not its own", function(t)
  local w <close> = sandbox.start { run_ms = 1000 }
  ran(w)
  import(w, "/Shared/other", "CREATE MATERIALIZED VIEW theirs AS SELECT * FROM main.s.gold;")
  local other = ran(w, { name = "other",
    libraries = { { notebook = { path = "/Shared/other" } } } })
  local unity = require "sandbox.unity"
  w.w:write(function() unity.add_table(w.w, "main.s.by_hand", { "id BIGINT" }) end)
  local data = read(w, other)
  t.equal(names(data.datasets), { "main.s.theirs" })
  t.equal(names(data.upstream), { "main.s.gold" })
  t.equal(edges_of(data), { "main.s.gold -> main.s.theirs" })
end)

test("T7: each dataset names its evidence, and each edge", function(t)
  local w <close> = sandbox.start { run_ms = 1000 }
  local data = read(w, ran(w))
  for _, row in ipairs(data.datasets) do
    t.equal(row.evidence, json.array { "events", "unity_catalog", "system.access.table_lineage",
      "information_schema" })
  end
end)

test("T7: datasets that are published elsewhere are found there", function(t)
  local w <close> = sandbox.start { run_ms = 1000 }
  import(w, "/Shared/far", "CREATE MATERIALIZED VIEW near AS SELECT * FROM main.raw.orders;\n"
    .. "CREATE MATERIALIZED VIEW main.elsewhere.far AS SELECT * FROM near;")
  w:pipeline()
  local id = ran(w, { name = "far", libraries = { { notebook = { path = "/Shared/far" } } } })
  for _, source in ipairs { "auto", "rest", "sql" } do
    local data = read(w, id, { source = source })
    t.equal(names(data.datasets), { "main.elsewhere.far", "main.s.near" }, source)
    t.equal(data.datasets[1].schema, "elsewhere")
    t.equal(edges_of(data, "upstream"), { "main.raw.orders -> main.s.near" }, source)
    t.equal(edges_of(data, "inside"), { "main.s.near -> main.elsewhere.far" }, source)
  end
end)

test("T7: a pipeline of the Hive metastore has its datasets from its events", function(t)
  local w <close> = sandbox.start { run_ms = 1000 }
  w:pipeline()
  local id = w:ok("POST", "/api/2.0/pipelines", { name = "hive", target = "web",
    libraries = { { notebook = { path = "/Shared/etl" } } } }).pipeline_id
  w:run(id)
  w.clock:advance(90000)
  local data = read(w, id)
  t.equal(names(data.datasets), { "hive_metastore.web.bronze", "hive_metastore.web.gold",
    "hive_metastore.web.silver" })
  t.equal({ data.catalog, data.target_schema }, { "hive_metastore", "web" })
  t.equal(#data.edges, 2)
  t.equal((status_of(data, "unity_catalog")), "not_asked")
end)

test("T7: without catalog and target nothing is published, and that is said", function(t)
  local w <close> = sandbox.start { run_ms = 1000 }
  w:pipeline()
  local id = w:ok("POST", "/api/2.0/pipelines", { name = "bare",
    libraries = { { notebook = { path = "/Shared/etl" } } } }).pipeline_id
  w:run(id)
  w.clock:advance(90000)
  local data = read(w, id)
  t.equal(names(data.datasets), { "bronze", "gold", "silver" })
  t.equal({ data.catalog, data.datasets[1].published }, { json.null, false })
end)

test("T7: an ingestion pipeline's tables, and what they are taken from", function(t)
  local w <close> = sandbox.start { scenario = "demo" }
  local data = read(w, "ingest_salesforce")
  t.equal(names(data.datasets), { "main.salesforce.accounts", "main.salesforce.campaign",
    "main.salesforce.contacts", "main.salesforce.opportunities" })
  t.equal(edges_of(data, "upstream")[1],
    "salesforce_prod:objects.Campaign -> main.salesforce.campaign")
  t.equal(data.datasets[2].evidence[1], "events")
  local never = read(w, "ingest_ga4")
  t.equal(never.total_datasets, 0)
  t.match(unknown(never, "datasets"), "acme-analytics.analytics_2841, which is ingested as a whole")
end)

test("upstream and downstream tables are beside the datasets, with who makes them", function(t)
  local w <close> = sandbox.start { scenario = "demo" }
  local data = read(w, "sales_orders_etl")
  t.equal(names(data.upstream), { "main.ref.countries" })
  t.is_true(#data.downstream >= 5)
  local found
  for _, edge in ipairs(data.edges) do
    found = edge.target == "main.reporting.exec_kpis" and edge or found
  end
  t.equal({ found.direction, found.source, #found.pipelines },
    { "downstream", "sales.orders.gold_daily_orders", 1 })
  t.is_true(found.last_seen ~= nil)
end)

test("a pipeline that never ran has the datasets of its code, none of them published", function(t)
  local w <close> = sandbox.start()
  local id = w:pipeline()
  local data = read(w, id)
  t.equal(names(data.datasets), OWN)
  for _, row in ipairs(data.datasets) do
    t.equal({ row.evidence, row.published }, { json.array { "code" }, false })
  end
  t.equal(edges_of(data), { "main.s.bronze -> main.s.silver", "main.s.silver -> main.s.gold" })
  t.equal({ data.update, #data.coverage.files }, { json.null, 1 })
  t.equal(read(w, id, { source = "sql" }).total_datasets, 0)
  local status, reason = status_of(data, "events")
  t.equal({ status, reason }, { "empty", "the pipeline has never run" })
end)

test("--dataset leaves what leads to a table and what comes from it", function(t)
  local w <close> = sandbox.start { scenario = "demo" }
  local data = read(w, "sales_orders_etl", { dataset = "gold_top*" })
  t.equal(names(data.datasets), { "sales.orders.bronze_orders", "sales.orders.gold_top_products",
    "sales.orders.silver_orders" })
  t.equal(#data.downstream, 0)
  local e = t.fault(read, w, "sales_orders_etl", { dataset = "no_such" })
  t.match(e.message, "no_such")
end)

-- ---- sources that do not answer ----

local function refusing(rules)
  return sandbox.start { run_ms = 1000, faults = rules }
end

local EVENTS <const> = { path = "*/events", action = "403" }
local UNITY <const> = { path = "/api/2.1/unity-catalog/tables", action = "403" }
local SQL <const> = { path = "/api/2.0/sql/*", action = "403" }
local CODE <const> = { path = "/api/2.0/workspace/*", method = "GET", action = "403" }
local TRACKING <const> = { path = "/api/2.0/lineage-tracking/*", action = "403" }

test("T10: events that are refused are answered for by the event log", function(t)
  local w <close> = refusing { EVENTS }
  local data = read(w, ran(w))
  t.equal(names(data.datasets), OWN)
  t.equal(#data.edges, 2)
  t.equal({ (status_of(data, "events")), (status_of(data, "event_log")) },
    { "failed", "answered" })
  t.equal(data.datasets[1].evidence[1], "event_log")
end)

test("T10: a refused catalog leaves datasets of unknown tables unknown", function(t)
  local w <close> = refusing { UNITY }
  local data = read(w, ran(w))
  t.equal(names(data.datasets), OWN)
  t.equal((status_of(data, "unity_catalog")), "failed")
  t.match(unknown(data, "datasets"), "without a definition")
  t.equal(data.datasets[1].published, true, "information_schema has it")
end)

test("T10: where SQL is refused, lineage tracking is asked for each table", function(t)
  local w <close> = refusing { SQL }
  local id = ran(w)
  import(w, "/Shared/other", "CREATE MATERIALIZED VIEW theirs AS SELECT * FROM main.s.gold;")
  ran(w, { name = "other", libraries = { { notebook = { path = "/Shared/other" } } } })
  local data = read(w, id)
  t.equal(edges_of(data, "downstream"), { "main.s.gold -> main.s.theirs" })
  local status, reason = status_of(data, "system.access.table_lineage")
  t.equal(status, "failed")
  t.match(reason, "no warehouse")
  t.equal((status_of(data, "lineage_tracking")), "answered")
end)

test("T10: where nobody saw reads and writes, downstream is unknown, not empty", function(t)
  local w <close> = refusing { SQL, TRACKING }
  local data = read(w, ran(w))
  t.equal(#data.downstream, 0)
  t.equal((status_of(data, "lineage_tracking")), "failed")
  t.match(unknown(data, "downstream"), "tables that others make")
  t.match(unknown(data, "upstream"), "definitions do not name")
end)

test("T10: a missing system table is a reason, and the fallback answers", function(t)
  local w <close> = sandbox.start { run_ms = 1000 }
  local id = ran(w)
  local metastore = w:ok("GET", "/api/2.1/unity-catalog/metastore_summary").metastore_id
  w:ok("DELETE", "/api/2.1/unity-catalog/metastores/" .. metastore .. "/systemschemas/access")
  local data = read(w, id)
  local status, reason = status_of(data, "system.access.table_lineage")
  t.equal(status, "missing")
  t.match(reason, "TABLE_OR_VIEW_NOT_FOUND")
  t.equal(data.edges[1].evidence, json.array { "events", "lineage_tracking" })
end)

test("T10: a privilege that is missing is a failure, and not an absence", function(t)
  local w <close> = sandbox.start { scenario = "demo" }
  local data = read(w, "sales_orders_etl", nil, "demo-viewer-token")
  local status, reason = status_of(data, "system.access.table_lineage")
  t.equal(status, "failed")
  t.match(reason, "USE SCHEMA")
  t.equal(data.total_datasets, 4)
end)

test("T10: where all that could tell refused, it is a fault and no empty lineage", function(t)
  local w <close> = refusing { EVENTS, UNITY, SQL, TRACKING, CODE }
  local e = t.fault(read, w, ran(w))
  t.equal({ e.kind, e.status }, { "auth", 403 })
  t.match(e.message, "no source knows the datasets")
  t.match(e.hint, "unity_catalog")
end)

test("T10: only the catalog is left, and its tables are the datasets", function(t)
  local w <close> = refusing { EVENTS, SQL, TRACKING, CODE }
  local data = read(w, ran(w))
  t.equal(names(data.datasets), OWN)
  t.equal(data.datasets[1].evidence, json.array { "unity_catalog" })
  t.match(unknown(data, "datasets"), "no definitions were found")
  t.match(unknown(data, "upstream"), "the inputs of the datasets")
  t.equal(data.update, json.null)
end)

test("T10: events that are gone are told from a pipeline that never ran", function(t)
  local w <close> = sandbox.start { run_ms = 1000 }
  local id = ran(w)
  w.w:write(function() w.w.db:exec("DELETE FROM events WHERE pipeline_id = ?", { id }) end)
  local data = read(w, id)
  t.equal(names(data.datasets), OWN)
  local status, reason = status_of(data, "events")
  t.equal(status, "empty")
  t.match(reason, "although the pipeline ran")
  t.equal((status_of(data, "event_log")), "empty")
  t.equal(edges_of(data), { "main.s.bronze -> main.s.silver", "main.s.silver -> main.s.gold" })
end)

test("a pipeline that is not there is not found", function(t)
  local w <close> = sandbox.start()
  t.equal(t.fault(read, w, "00000001-0000-4000-8000-000000000000").status, 404)
end)

-- Requests that the workspace sees, by what they are.
local function watch(w)
  local seen = {}
  local server = w.server
  local answer = getmetatable(server).__index.answer
  server.answer = function(_, request)
    seen[#seen + 1] = request.method .. " " .. request.path
    return answer(server, request)
  end
  return seen
end

test("T10: tracking that fails for some tables is a part, and says which part", function(t)
  local w <close> = sandbox.start { run_ms = 1000 }
  local id = ran(w)
  local server = w.server
  local answer = getmetatable(server).__index.answer
  server.answer = function(_, request)
    if request.path:find "table%-lineage$" and request.query:find "main.s.silver" then
      return { status = 403, headers = { ["Content-Type"] = "application/json" },
        body = '{"error_code":"PERMISSION_DENIED","message":"not this one"}' }
    end
    return answer(server, request)
  end
  local data = read(w, id, { source = "rest" })
  local status, reason = status_of(data, "lineage_tracking")
  t.equal(status, "partial")
  t.match(reason, "1 of 3 tables could not be asked: not this one")
  t.match(unknown(data, "downstream"), "1 of 3 tables")
end)

test("T10: a schema that cannot be listed is named, the others are listed", function(t)
  local w <close> = sandbox.start { run_ms = 1000 }
  import(w, "/Shared/far", "CREATE MATERIALIZED VIEW near AS SELECT 1;\n"
    .. "CREATE MATERIALIZED VIEW main.elsewhere.far AS SELECT * FROM near;")
  local id = ran(w, { name = "far", libraries = { { notebook = { path = "/Shared/far" } } } })
  local server = w.server
  local answer = getmetatable(server).__index.answer
  server.answer = function(_, request)
    if request.path:find "/tables$" and request.query:find "schema_name=elsewhere" then
      return { status = 403, headers = { ["Content-Type"] = "application/json" },
        body = '{"error_code":"PERMISSION_DENIED","message":"no USE SCHEMA"}' }
    end
    return answer(server, request)
  end
  local data = read(w, id)
  local status, reason = status_of(data, "unity_catalog")
  t.equal({ status, reason }, { "partial", "main.elsewhere could not be listed: no USE SCHEMA" })
  t.equal(names(data.datasets), { "main.elsewhere.far", "main.s.near" })
  t.equal({ data.datasets[1].published, data.datasets[2].published }, { json.null, true })
end)

test("a table that the pipeline defines and another manages is not its own", function(t)
  local w <close> = sandbox.start { run_ms = 1000 }
  local first = ran(w)
  local second = ran(w, { name = "second" }) -- fails: its tables are managed by the first
  local data = read(w, second)
  t.equal(data.total_datasets, 0)
  t.match(unknown(data, "datasets"), "managed by pipeline " .. first)
end)

test("a view is a dataset that is not published", function(t)
  local w <close> = sandbox.start { scenario = "demo" }
  local data = read(w, "sales_customers_scd")
  local view = data.datasets[1]
  t.equal({ view.table, view.type, view.published },
    { "cleaned_customers", "VIEW", false })
  t.equal(data.coverage.left_out,
    { ["a table to itself"] = 1, ["event logs and internal tables"] = 1 })
end)

test("upstream and downstream tables say whose they are", function(t)
  local w <close> = sandbox.start { scenario = "demo" }
  local data = read(w, "main.reporting.exec_kpis")
  local orders = read(w, "sales_orders_etl")
  t.equal(data.upstream[2].pipeline_id, orders.pipeline_id)
  local found
  for _, row in ipairs(orders.downstream) do
    found = row.fqn == "main.reporting.exec_kpis" and row or found
  end
  t.equal(found.pipeline_id, data.pipeline_id)
end)

-- ---- columns ----

local function columns_of(data)
  local out = {}
  for _, edge in ipairs(data.edges) do
    for _, pair in ipairs(edge.columns or {}) do
      out[#out + 1] = ("%s.%s -> %s.%s"):format(edge.source, pair.source, edge.target, pair.target)
    end
  end
  return out
end

test("columns come with the definitions, and which is made from which with --columns", function(t)
  local w <close> = sandbox.start { run_ms = 1000 }
  local id = ran(w)
  local plain = read(w, id)
  t.equal(names(plain.datasets[1].columns, "name"), { "id", "updated_at" })
  t.equal(columns_of(plain), {})
  local want = { "main.s.bronze.id -> main.s.silver.id",
    "main.s.bronze.updated_at -> main.s.silver.updated_at",
    "main.s.silver.id -> main.s.gold.id", "main.s.silver.updated_at -> main.s.gold.updated_at" }
  local data = read(w, id, { columns = true })
  t.equal(columns_of(data), want)
  t.equal((status_of(data, "system.access.column_lineage")), "answered")
  local tracked = read(w, id, { columns = true, source = "rest" })
  local list = columns_of(tracked)
  table.sort(list)
  table.sort(want)
  t.equal(list, want)
  t.equal((status_of(tracked, "column_tracking")), "answered")
end)

test("columns of datasets without a definition come from the catalog", function(t)
  local w <close> = refusing { EVENTS, SQL }
  local data = read(w, ran(w), { columns = true })
  t.equal(names(data.datasets[1].columns, "name"), { "id", "updated_at" })
  t.equal(#columns_of(data), 4)
end)

test("T10: columns that nobody could tell are unknown", function(t)
  local w <close> = refusing { SQL, TRACKING }
  local data = read(w, ran(w), { columns = true })
  t.equal((status_of(data, "column_tracking")), "failed")
  t.match(unknown(data, "columns"), "no source answered")
end)

-- ---- few calls ----

test("lineage of a pipeline is eight calls, whatever the number of its datasets", function(t)
  local w <close> = sandbox.start { run_ms = 1000 }
  local id = ran(w)
  local seen = watch(w)
  read(w, id)
  local polls = 0 -- a statement is asked for until it is there
  for _, call in ipairs(seen) do
    polls = polls + (call:find "^GET /api/2.0/sql/statements/" and 1 or 0)
  end
  t.equal(#seen - polls, 6, table.concat(seen, "\n"))
end)

test("5,000 datasets are one lineage, in a few pages", function(t)
  local graph = require "sandbox.pipelines.graph"
  local w <close> = sandbox.start { run_ms = 1000 }
  local id, list = w:pipeline(), {}
  for i = 1, 5000 do
    list[i] = { name = ("t%04d"):format(i), type = "MATERIALIZED_VIEW",
      flow_type = "MATERIALIZED_VIEW", language = "SQL", expectations = {},
      inputs = i > 1 and { ("t%04d"):format(i // 2), ("t%04d"):format(i - 1) } or {} }
  end
  w.w:write(function() graph.set(w.w, id, list) end)
  w:run(id)
  w.clock:advance(90000)
  local seen = watch(w)
  local data = read(w, id)
  t.equal({ data.total_datasets, #data.edges }, { 5000, 9997 })
  t.equal(#data.datasets[5000].evidence, 4)
  t.is_true(#seen < 80, #seen)
  local text = require("tarn.lineage.dot").text(data)
  local _, nodes = text:gsub("%[label=", "")
  t.equal(nodes, 5000)
end)

-- ---- code ----

test("--code reads the code beside the events, and both are evidence", function(t)
  local w <close> = sandbox.start { scenario = "demo" }
  local plain = read(w, "sales_customers_scd")
  t.equal((status_of(plain, "code")), "not_asked")
  local data = read(w, "sales_customers_scd", { code = true })
  t.equal(names(data.datasets), names(plain.datasets))
  t.equal(edges_of(data), edges_of(plain))
  for _, edge in ipairs(data.edges) do
    if edge.direction ~= "downstream" then
      t.equal({ edge.evidence[1], edge.evidence[2] }, { "events", "code" }, edge.target)
    end
  end
end)

test("what of the code was not understood is listed by file and line", function(t)
  local w <close> = sandbox.start()
  local function put(path, language, text)
    w:ok("POST", "/api/2.0/workspace/import", { path = path, format = "SOURCE",
      language = language, content = http.base64_encode(text) })
  end
  put("/Shared/good", "SQL", "CREATE MATERIALIZED VIEW a AS SELECT * FROM main.raw.x;")
  put("/Shared/odd", "PYTHON", "import dlt\n\n@dlt.table\ndef b():\n    return "
    .. "spark.read.table(f\"{source}.x\")\n")
  put("/Shared/scala", "SCALA", "val x = 1")
  local libraries = {}
  for i, name in ipairs { "good", "odd", "scala", "missing" } do
    libraries[i] = { notebook = { path = "/Shared/" .. name } }
  end
  local id = w:pipeline { name = "odd", libraries = libraries }
  local data = read(w, id)
  t.equal(names(data.datasets), { "main.s.a", "main.s.b" })
  local files = {}
  for _, file in ipairs(data.coverage.files) do
    files[file.path] = { file.status, file.reasons[1] }
  end
  t.equal(files["/Shared/good"], { "read" })
  t.equal(files["/Shared/odd"], { "partial", "line 7: the name of a table is computed" },
    "of the notebook as it is exported, with its header")
  t.equal(files["/Shared/scala"], { "not_read", "the language is SCALA, not SQL or Python" })
  t.equal(files["/Shared/missing"][1], "not_read")
  t.equal((status_of(data, "code")), "partial")
  t.match(unknown(data, "code"), "/Shared/")
end)

-- ---- copies ----

test("T16: lineage goes from a dataset to its copies, and back", function(t)
  local j <close> = journaled.start { scenario = "demo", run_ms = 300 }
  j:data { "-p", "there", "clone", "sales_orders_etl", "--to", "dr", "--name", "copy",
    "--catalog", "sales_dr", "--schema", "copied", "--with-sources", "--start", "--drop",
    "notifications" }
  j:data { "-p", "dr", "clone", "copy", "--name", "copy of copy", "--catalog", "main", "--schema",
    "twice" }
  j.w.clock:advance(60000)
  local data = j:data { "-p", "there", "lineage", "sales_orders_etl" }
  t.equal(names(data.clones, "name"), { "copy", "copy of copy" })
  t.equal(names(data.clones, "depth"), { 1, 2 })
  local gold = data.datasets[2]
  t.equal(gold.fqn, "sales.orders.gold_daily_orders")
  t.equal(names(gold.copies), { "sales_dr.copied.gold_daily_orders",
    "main.twice.gold_daily_orders" })
  t.equal({ gold.copies[1].profile, gold.copies[1].certain }, { "dr", true })
  local back = j:data { "-p", "dr", "lineage", "copy" }
  t.equal(names(back.datasets), { "sales_dr.copied.bronze_orders",
    "sales_dr.copied.gold_daily_orders", "sales_dr.copied.gold_top_products",
    "sales_dr.copied.silver_orders" })
  t.equal(names(back.clones, "direction"), { "copy", "origin" })
  t.equal(back.datasets[2].origins[1].fqn, "sales.orders.gold_daily_orders")
  t.equal(back.datasets[2].copies[1].fqn, "main.twice.gold_daily_orders")
end)

test("T16: --check asks whether a copy is still there", function(t)
  local j <close> = journaled.start { scenario = "demo" }
  local made = j:data { "-p", "there", "clone", "finance_fx_rates", "--to", "dr", "--name", "c",
    "--catalog", "main" }
  local function exists()
    local data = j:data { "-p", "there", "lineage", "finance_fx_rates", "--check" }
    return data.clones[1].exists, (status_of(data, "copies"))
  end
  t.equal({ exists() }, { true, "answered" })
  j:run { "-p", "dr", "delete", made.dest_pipeline_id, "--yes" }
  t.equal({ exists() }, { false, "answered" })
  local plain = j:data { "-p", "there", "lineage", "finance_fx_rates" }
  t.equal({ plain.clones[1].exists, (status_of(plain, "copies")) }, { json.null, "not_asked" })
end)

test("a name that the code may have given a catalog or not is a guess", function(t)
  local clones = require "tarn.lineage.clones"
  local edges = require "tarn.lineage.edges"
  local names_of = require "tarn.lineage.names"
  local function rename(fqn, from, to)
    local name, certain = clones.rename(edges.new():node(names_of.find(fqn, {})), from, to)
    return { name and name.fqn, certain }
  end
  local from, to = { catalog = "a", schema = "s" }, { catalog = "b", target = "t" }
  t.equal(rename("a.s.x", from, to), { "b.t.x", true })
  t.equal(rename("a.other.x", from, to), { "b.other.x", false })
  t.equal(rename("c.other.x", from, to), { "c.other.x", true })
  t.equal(rename("a.s.x", from, { target = "web" }), { "hive_metastore.web.x", true })
  t.equal(rename("a.s.x", from, {}), { "x", true })
  local function ingestion(catalog, name)
    return { catalog = catalog, ingestion_definition = { objects = {
      { table = { source_table = "T", destination_catalog = catalog, destination_schema = "raw",
        destination_table = name } },
      { schema = { source_schema = "S", destination_catalog = catalog,
        destination_schema = "whole" } } } } }
  end
  t.equal(rename("a.raw.t", ingestion "a", ingestion("b", "t2")), { "b.raw.t2", true })
  t.equal(rename("a.whole.any", ingestion "a", ingestion "b"), { "b.whole.any", true })
end)

test("T16: a journal that cannot be read leaves copies unknown, and the rest is there", function(t)
  local j <close> = journaled.start { scenario = "demo" }
  j.dir.write("state/tarn/journal.db", ("no database, but a text\n"):rep(100))
  local data = j:data { "-p", "there", "lineage", "sales_orders_etl" }
  t.equal(data.total_datasets, 4)
  t.equal((status_of(data, "journal")), "failed")
  t.match(unknown(data, "clones"), "journal")
end)

test("--check opens only what the caller may open: a server has profiles that it serves",
  function(t)
    local j <close> = journaled.start { scenario = "demo" }
    j:data { "-p", "there", "clone", "finance_fx_rates", "--to", "dr", "--name", "c", "--catalog",
      "main" }
    local ctx = require("engine.context").new("tarn lineage", { quiet = true })
    rawset(ctx, "workspace", j.ws)
    local asked
    ctx.open = function(profile)
      asked = profile
      require("base.fault").raise { kind = "usage", op = "serve", status = 403,
        message = "this server does not serve that profile" }
    end
    local script = require("engine.script").load "lineage"
    local data = script.run(ctx, require("engine.args").from_table("tarn lineage", script.args,
      { pipeline = "finance_fx_rates", check = true }))
    t.equal(asked, "dr")
    t.equal({ data.clones[1].exists, (status_of(data, "copies")) }, { json.null, "failed" })
  end)

test("a workspace that does not answer --check leaves it unknown whether a copy is there",
  function(t)
    local j <close> = journaled.start { scenario = "demo" }
    j:data { "-p", "there", "clone", "finance_fx_rates", "--to", "dr", "--name", "c", "--catalog",
      "main" }
    local config = j.dir.read ".databrickscfg"
    j.dir.write(".databrickscfg", (config:gsub("%[dr%].*", "")))
    local data = j:data { "-p", "there", "lineage", "finance_fx_rates", "--check" }
    t.equal({ data.clones[1].exists, (status_of(data, "copies")) }, { json.null, "failed" })
    t.is_true(#data.clones[1].reason > 0)
    t.equal(data.datasets[1].copies[1].fqn, "main.fx.fx_rates")
  end)

test("a copy that was undone is none", function(t)
  local j <close> = journaled.start { scenario = "demo" }
  j:data { "-p", "there", "clone", "finance_fx_rates", "--to", "dr", "--name", "c", "--catalog",
    "main" }
  j:run { "undo", "last", "--yes" }
  t.equal(#j:data({ "-p", "there", "lineage", "finance_fx_rates" }).clones, 0)
end)

test("a warehouse that sleeps is not started to look at a lineage, unless SQL is asked for",
  function(t)
    local w <close> = sandbox.start { run_ms = 1000 }
    local id = ran(w)
    for _, warehouse in ipairs(w:ok("GET", "/api/2.0/sql/warehouses").warehouses) do
      w:ok("POST", "/api/2.0/sql/warehouses/" .. warehouse.id .. "/stop")
    end
    w.clock:advance(600000)
    local data = read(w, id)
    local status, reason = status_of(data, "system.access.table_lineage")
    t.equal(status, "not_asked")
    t.match(reason, "STOPPED: --source sql starts it")
    t.equal((status_of(data, "lineage_tracking")), "answered")
    t.equal(#data.edges, 2)
  end)
