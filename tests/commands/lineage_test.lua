-- The datasets of a pipeline, their upstreams and downstreams: the promises T7, T10 and T16, with
-- each source refused, failing or empty, and copies in both directions.

local fake = require "testing.fake"
local http = require "native.http"
local journaled = require "support.journaled"
local json = require "native.json"
local warehouse = require "support.warehouse"
local workspace = require "testing.workspace"

-- A pipeline with a completed update.
local function ran(w, spec)
  local id = w:pipeline(spec)
  w:complete(id)
  return id
end

local function read(w, id, arg, token)
  local all = { pipeline = id }
  for key, value in pairs(arg or {}) do
    all[key] = value
  end
  local ws <close> = workspace.client(w, nil, token, "test")
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
  for _, entry in ipairs(data.coverage.sources) do
    if entry.source == source then
      return entry.status, entry.reason
    end
  end
end

local function unknown(data, what)
  for _, entry in ipairs(data.coverage.unknown) do
    if entry.what == what then
      return entry.text
    end
  end
end

local function import(w, path, text)
  w:ok("POST", "/api/2.0/workspace/import", { path = path, format = "SOURCE", language = "SQL",
    overwrite = true, content = http.base64_encode(text) })
end

local OWN <const> = { "main.s.bronze", "main.s.gold", "main.s.silver" }

test("T7: the datasets have the fields of the page, with schema and with target", function(t)
  for _, field in ipairs { "schema", "target" } do
    local w <close> = workspace.start { run_ms = 1000 }
    w:pipeline()
    local id = w:ok("POST", "/api/2.0/pipelines", { name = "in " .. field, catalog = "main",
      [field] = "s", serverless = true, development = true,
      libraries = { { notebook = { path = "/Shared/etl" } } } }).pipeline_id
    w:complete(id)
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

test("T7: other tables in the schema do not belong to the pipeline", function(t)
  local w <close> = workspace.start { run_ms = 1000 }
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

test("T7: each dataset and each edge has its evidence", function(t)
  local w <close> = workspace.start { run_ms = 1000 }
  local data = read(w, ran(w))
  for _, row in ipairs(data.datasets) do
    t.equal(row.evidence, json.array { "events", "unity_catalog", "system.access.table_lineage",
      "information_schema" })
  end
end)

test("T7: datasets in other schemas are found", function(t)
  local w <close> = workspace.start { run_ms = 1000 }
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
  local w <close> = workspace.start { run_ms = 1000 }
  w:pipeline()
  local id = w:ok("POST", "/api/2.0/pipelines", { name = "hive", target = "web",
    libraries = { { notebook = { path = "/Shared/etl" } } } }).pipeline_id
  w:complete(id)
  local data = read(w, id)
  t.equal(names(data.datasets), { "hive_metastore.web.bronze", "hive_metastore.web.gold",
    "hive_metastore.web.silver" })
  t.equal({ data.catalog, data.target_schema }, { "hive_metastore", "web" })
  t.equal(#data.edges, 2)
  t.equal((status_of(data, "unity_catalog")), "not_asked")
end)

test("T7: without catalog and target the datasets are not published", function(t)
  local w <close> = workspace.start { run_ms = 1000 }
  w:pipeline()
  local id = w:ok("POST", "/api/2.0/pipelines", { name = "bare",
    libraries = { { notebook = { path = "/Shared/etl" } } } }).pipeline_id
  w:complete(id)
  local data = read(w, id)
  t.equal(names(data.datasets), { "bronze", "gold", "silver" })
  t.equal({ data.catalog, data.datasets[1].published }, { json.null, false })
end)

test("T7: an ingestion pipeline has its tables and their sources", function(t)
  local w <close> = workspace.start { scenario = "demo" }
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

-- What definitions tell: datasets, inputs, edges with their flows, and the update.
local function told_by(data)
  local out = { update = data.update, datasets = {}, edges = {}, events = #data.datasets }
  for i, row in ipairs(data.datasets) do
    out.datasets[i] = { row.fqn, row.type, row.format, row.columns }
  end
  for _, edge in ipairs(data.edges) do
    if #edge.flows > 0 then
      out.edges[#out.edges + 1] = { edge.source, edge.target, edge.flows }
    end
  end
  return out
end

test("definitions by SQL tell what those by REST tell, of each pipeline", function(t)
  local w <close> = workspace.start { scenario = "demo" }
  local edges, sources = 0, 0
  for _, name in ipairs { "sales_orders_etl", "sales_customers_scd", "marketing_attribution",
    "ingest_salesforce", "ingest_erp_orders", "sales_promotions", "iot_device_health" } do
    local rest = told_by(read(w, name, { source = "rest" }))
    local sql = told_by(read(w, name, { source = "sql" }))
    t.equal(sql, rest, name)
    edges = edges + #rest.edges
    for _, edge in ipairs(rest.edges) do
      sources = sources + (edge[1]:find "^[%w_]+:" and 1 or 0)
    end
  end
  t.is_true(edges > 5)
  t.is_true(sources > 0)
end)

test("upstream and downstream tables have their pipelines", function(t)
  local w <close> = workspace.start { scenario = "demo" }
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

test("a pipeline that never ran has the datasets of its code, not published", function(t)
  local w <close> = workspace.start()
  local id = w:pipeline()
  local data = read(w, id)
  t.equal(names(data.datasets), OWN)
  for _, row in ipairs(data.datasets) do
    t.equal({ row.evidence, row.published }, { json.array { "code" }, false })
  end
  t.equal(edges_of(data), { "/Volumes/a/b -> main.s.bronze", "main.s.bronze -> main.s.silver",
    "main.s.silver -> main.s.gold" })
  t.equal({ data.update, #data.coverage.files }, { json.null, 1 })
  t.equal(read(w, id, { source = "sql" }).total_datasets, 0)
  local status, reason = status_of(data, "events")
  t.equal({ status, reason }, { "empty", "the pipeline has never run" })
end)

test("--dataset keeps the upstreams and downstreams of a table", function(t)
  local w <close> = workspace.start { scenario = "demo" }
  local data = read(w, "sales_orders_etl", { dataset = "gold_top*" })
  t.equal(names(data.datasets), { "sales.orders.bronze_orders", "sales.orders.gold_top_products",
    "sales.orders.silver_orders" })
  t.equal(#data.downstream, 0)
  local e = t.fault(read, w, "sales_orders_etl", { dataset = "no_such" })
  t.match(e.message, "no_such")
end)

-- ---- sources that do not answer ----

local function refusing(rules)
  return workspace.start { run_ms = 1000, faults = rules }
end

local EVENTS <const> = { path = "*/events", action = "403" }
local UNITY <const> = { path = "/api/2.1/unity-catalog/tables", action = "403" }
local SQL <const> = { path = "/api/2.0/sql/*", action = "403" }
local CODE <const> = { path = "/api/2.0/workspace/*", method = "GET", action = "403" }
local TRACKING <const> = { path = "/api/2.0/lineage-tracking/*", action = "403" }

test("T10: if events are refused, the event log answers", function(t)
  local w <close> = refusing { EVENTS }
  local data = read(w, ran(w))
  t.equal(names(data.datasets), OWN)
  t.equal(#data.edges, 2)
  t.equal({ (status_of(data, "events")), (status_of(data, "event_log")) },
    { "failed", "answered" })
  t.equal(data.datasets[1].evidence[1], "event_log")
end)

test("T10: if the catalog is refused, further datasets are unknown", function(t)
  local w <close> = refusing { UNITY }
  local data = read(w, ran(w))
  t.equal(names(data.datasets), OWN)
  t.equal((status_of(data, "unity_catalog")), "failed")
  t.match(unknown(data, "datasets"), "without a definition")
  t.equal(data.datasets[1].published, true, "information_schema has it")
end)

test("T10: if SQL is refused, lineage tracking is asked for each table", function(t)
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

test("T10: without a source of reads and writes, downstream is unknown, not empty", function(t)
  local w <close> = refusing { SQL, TRACKING }
  local data = read(w, ran(w))
  t.equal(#data.downstream, 0)
  t.equal((status_of(data, "lineage_tracking")), "failed")
  t.match(unknown(data, "downstream"), "tables that others make")
  t.match(unknown(data, "upstream"), "definitions do not name")
end)

test("T10: a missing system table is reported, and the fallback answers", function(t)
  local w <close> = workspace.start { run_ms = 1000 }
  local id = ran(w)
  warehouse.switch_off(w, "access")
  local data = read(w, id)
  local status, reason = status_of(data, "system.access.table_lineage")
  t.equal(status, "missing")
  t.match(reason, "TABLE_OR_VIEW_NOT_FOUND")
  t.equal(data.edges[1].evidence, json.array { "events", "lineage_tracking" })
end)

test("T10: a missing privilege is a failure, not a missing table", function(t)
  local w <close> = workspace.start { scenario = "demo" }
  local data = read(w, "sales_orders_etl", nil, "demo-viewer-token")
  local status, reason = status_of(data, "system.access.table_lineage")
  t.equal(status, "failed")
  t.match(reason, "USE SCHEMA")
  t.equal(data.total_datasets, 4)
end)

test("T10: if all sources refuse, it is a fault, not an empty lineage", function(t)
  local w <close> = refusing { EVENTS, UNITY, SQL, TRACKING, CODE }
  local e = t.fault(read, w, ran(w))
  t.equal({ e.kind, e.status }, { "auth", 403 })
  t.match(e.message, "no source knows the datasets")
  t.match(e.hint, "unity_catalog")
end)

test("T10: if only the catalog answers, its tables are the datasets", function(t)
  local w <close> = refusing { EVENTS, SQL, TRACKING, CODE }
  local data = read(w, ran(w))
  t.equal(names(data.datasets), OWN)
  t.equal(data.datasets[1].evidence, json.array { "unity_catalog" })
  t.match(unknown(data, "datasets"), "no definitions were found")
  t.match(unknown(data, "upstream"), "the inputs of the datasets")
  t.equal(data.update, json.null)
end)

test("T10: missing events differ from a pipeline that never ran", function(t)
  local w <close> = workspace.start { run_ms = 1000 }
  local id = ran(w)
  w.w:write(function() w.w.db:exec("DELETE FROM events WHERE pipeline_id = ?", { id }) end)
  local data = read(w, id)
  t.equal(names(data.datasets), OWN)
  local status, reason = status_of(data, "events")
  t.equal(status, "empty")
  t.match(reason, "although the pipeline ran")
  t.equal((status_of(data, "event_log")), "empty")
  t.equal(edges_of(data), { "/Volumes/a/b -> main.s.bronze", "main.s.bronze -> main.s.silver",
    "main.s.silver -> main.s.gold" })
end)

test("a pipeline that does not exist is not found", function(t)
  local w <close> = workspace.start()
  t.equal(t.fault(read, w, "00000001-0000-4000-8000-000000000000").status, 404)
end)

-- The requests to the workspace from now on, as "METHOD path".
local function watch(w)
  local seen = {}
  w:intercept(function(request, answer)
    seen[#seen + 1] = request.method .. " " .. request.path
    return answer()
  end)
  return seen
end

-- Refuse requests whose path and query match.
local function refuse(w, path, query, message)
  w:intercept(function(request, answer)
    if request.path:find(path) and request.query:find(query) then
      return { status = 403, headers = { ["Content-Type"] = "application/json" },
        body = json.encode { error_code = "PERMISSION_DENIED", message = message } }
    end
    return answer()
  end)
end

test("T10: tracking that fails for some tables is partial, and says for how many", function(t)
  local w <close> = workspace.start { run_ms = 1000 }
  local id = ran(w)
  refuse(w, "table%-lineage$", "main.s.silver", "not this one")
  local data = read(w, id, { source = "rest" })
  local status, reason = status_of(data, "lineage_tracking")
  t.equal(status, "partial")
  t.match(reason, "1 of 3 tables could not be asked: not this one")
  t.match(unknown(data, "downstream"), "1 of 3 tables")
end)

test("T10: a schema that cannot be listed is named, the others are listed", function(t)
  local w <close> = workspace.start { run_ms = 1000 }
  import(w, "/Shared/far", "CREATE MATERIALIZED VIEW near AS SELECT 1;\n"
    .. "CREATE MATERIALIZED VIEW main.elsewhere.far AS SELECT * FROM near;")
  local id = ran(w, { name = "far", libraries = { { notebook = { path = "/Shared/far" } } } })
  refuse(w, "/tables$", "schema_name=elsewhere", "no USE SCHEMA")
  local data = read(w, id)
  local status, reason = status_of(data, "unity_catalog")
  t.equal({ status, reason }, { "partial", "main.elsewhere could not be listed: no USE SCHEMA" })
  t.equal(names(data.datasets), { "main.elsewhere.far", "main.s.near" })
  t.equal({ data.datasets[1].published, data.datasets[2].published }, { json.null, true })
end)

test("a table that another pipeline manages does not belong to the pipeline", function(t)
  local w <close> = workspace.start { run_ms = 1000 }
  local first = ran(w)
  local second = ran(w, { name = "second" }) -- fails: its tables are managed by the first
  local data = read(w, second)
  t.equal(data.total_datasets, 0)
  t.match(unknown(data, "datasets"), "managed by pipeline " .. first)
end)

test("a view is a dataset that is not published", function(t)
  local w <close> = workspace.start { scenario = "demo" }
  local data = read(w, "sales_customers_scd")
  local view = data.datasets[1]
  t.equal({ view.table, view.type, view.published },
    { "cleaned_customers", "VIEW", false })
  t.equal(data.coverage.left_out,
    { ["a table to itself"] = 1, ["event logs and internal tables"] = 1 })
end)

test("upstream and downstream tables have the ids of their pipelines", function(t)
  local w <close> = workspace.start { scenario = "demo" }
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

test("definitions have columns, and --columns adds the edges between columns", function(t)
  local w <close> = workspace.start { run_ms = 1000 }
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

test("T10: columns without a source are unknown", function(t)
  local w <close> = refusing { SQL, TRACKING }
  local data = read(w, ran(w), { columns = true })
  t.equal((status_of(data, "column_tracking")), "failed")
  t.match(unknown(data, "columns"), "no source answered")
end)

-- ---- the number of calls ----

test("lineage of a pipeline takes six calls, whatever the number of its datasets", function(t)
  local w <close> = workspace.start { run_ms = 1000 }
  local id = ran(w)
  local seen = watch(w)
  read(w, id)
  local polls = 0 -- of statements, until each has ended
  for _, call in ipairs(seen) do
    polls = polls + (call:find "^GET /api/2.0/sql/statements/" and 1 or 0)
  end
  t.equal(#seen - polls, 6, table.concat(seen, "\n"))
end)

test("5,000 datasets are read in a few pages", function(t)
  local graph = require "sandbox.pipelines.graph"
  local w <close> = workspace.start { run_ms = 1000 }
  local id, list = w:pipeline(), {}
  for i = 1, 5000 do
    list[i] = { name = ("t%04d"):format(i), type = "MATERIALIZED_VIEW",
      flow_type = "MATERIALIZED_VIEW", language = "SQL", expectations = {},
      inputs = i > 1 and { ("t%04d"):format(i // 2), ("t%04d"):format(i - 1) } or {} }
  end
  w.w:write(function() graph.set(w.w, id, list) end)
  w:complete(id)
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

test("--code also reads the code, and both code and events are evidence", function(t)
  local w <close> = workspace.start { scenario = "demo" }
  local plain = read(w, "sales_customers_scd")
  t.equal((status_of(plain, "code")), "not_asked")
  local data = read(w, "sales_customers_scd", { code = true })
  t.equal(names(data.datasets), names(plain.datasets))
  local found, paths = edges_of(data), {}
  for i = #found, 1, -1 do -- the code names the path, the events do not
    if found[i]:find "^/" then
      paths[#paths + 1] = table.remove(found, i)
    end
  end
  t.equal(found, edges_of(plain))
  t.equal(paths, { "/Volumes/sales/raw/customers -> sales.customers.raw_customers" })
  for _, edge in ipairs(data.edges) do
    if edge.direction ~= "downstream" and not edge.source:find "^/" then
      t.equal({ edge.evidence[1], edge.evidence[2] }, { "events", "code" }, edge.target)
    end
  end
end)

test("what only a sink reads is upstream, in a pipeline without a dataset too", function(t)
  local w <close> = workspace.start()
  w:ok("POST", "/api/2.0/workspace/import", { path = "/Shared/out", format = "SOURCE",
    language = "PYTHON", content = http.base64_encode([[
from pyspark import pipelines as dp
dp.create_sink("k", "kafka", {})

@dp.append_flow(target="k", name="to_kafka")
def f():
    return spark.readStream.table("a")
]]) })
  local id = w:pipeline { name = "out", libraries = { { notebook = { path = "/Shared/out" } } } }
  local data = read(w, id)
  t.equal({ names(data.upstream), names(data.datasets), names(data.downstream) },
    { { "main.s.a" }, {}, { "sink:k" } })
  t.equal(edges_of(data, "upstream"), { "main.s.a -> sink:k" })
  t.equal({ data.edges[1].flows, data.downstream[1].format },
    { json.array { "to_kafka" }, "kafka" })
end)

test("code imports files of the root folder that are no code of the pipeline", function(t)
  local w <close> = workspace.start()
  local function put(path, text)
    w:ok("POST", "/api/2.0/workspace/mkdirs", { path = path:match "^(.*)/" })
    w:ok("POST", "/api/2.0/workspace/import", { path = path, format = "AUTO", overwrite = true,
      content = http.base64_encode(text) })
  end
  put("/Shared/etl_root/transformations/a.py", "import dlt\nfrom utilities.names import RAW\n"
    .. "@dlt.table\ndef a():\n    return spark.read.table(RAW)\n")
  put("/Shared/etl_root/utilities/names.py", "RAW = 'main.raw.from_a_file'\n")
  local id = w:pipeline { name = "root", root_path = "/Shared/etl_root",
    libraries = { { glob = { include = "/Shared/etl_root/transformations/**" } } } }
  local data = read(w, id)
  t.equal(edges_of(data), { "main.raw.from_a_file -> main.s.a" })
  t.equal(#data.coverage.files, 1)
end)

test("code that is not understood is listed by file and line", function(t)
  local w <close> = workspace.start()
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
  t.equal(files["/Shared/odd"], { "partial", "line 6: the name of a table is computed: "
    .. "`source` is not known here" },
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

test("T16: --check asks whether a copy still exists", function(t)
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

test("the name in a copy is uncertain if the code may name the schema", function(t)
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

test("T16: if the journal cannot be read, copies are unknown, and the rest is shown", function(t)
  local j <close> = journaled.start { scenario = "demo" }
  j.dir.write("state/tarn/journal.db", ("no database, but a text\n"):rep(100))
  local data = j:data { "-p", "there", "lineage", "sales_orders_etl" }
  t.equal(data.total_datasets, 4)
  t.equal((status_of(data, "journal")), "failed")
  t.match(unknown(data, "clones"), "journal")
end)

test("--check opens only profiles that the caller may open, such as those of a server",
  function(t)
    local j <close> = journaled.start { scenario = "demo" }
    j:data { "-p", "there", "clone", "finance_fx_rates", "--to", "dr", "--name", "c", "--catalog",
      "main" }
    local ctx = require("engine.context").new("tarn lineage", { quiet = true })
    rawset(ctx, "workspace", j.ws)
    local opened
    ctx.open = function(profile)
      opened = profile
      require("base.fault").raise { kind = "usage", op = "serve", status = 403,
        message = "this server does not serve that profile" }
    end
    local script = require("engine.script").load "lineage"
    local data = script.run(ctx, require("engine.args").from_table("tarn lineage", script.args,
      { pipeline = "finance_fx_rates", check = true }))
    t.equal(opened, "dr")
    t.equal({ data.clones[1].exists, (status_of(data, "copies")) }, { json.null, "failed" })
  end)

test("if a workspace does not answer --check, it is unknown whether the copy exists",
  function(t)
    local j <close> = journaled.start { scenario = "demo" }
    j:data { "-p", "there", "clone", "finance_fx_rates", "--to", "dr", "--name", "c", "--catalog",
      "main" }
    j.dir.write(".databrickscfg", j.w:config { there = "demo-token" })
    local data = j:data { "-p", "there", "lineage", "finance_fx_rates", "--check" }
    t.equal({ data.clones[1].exists, (status_of(data, "copies")) }, { json.null, "failed" })
    t.is_true(#data.clones[1].reason > 0)
    t.equal(data.datasets[1].copies[1].fqn, "main.fx.fx_rates")
  end)

test("a copy that was undone is not listed", function(t)
  local j <close> = journaled.start { scenario = "demo" }
  j:data { "-p", "there", "clone", "finance_fx_rates", "--to", "dr", "--name", "c", "--catalog",
    "main" }
  j:run { "undo", "last", "--yes" }
  t.equal(#j:data({ "-p", "there", "lineage", "finance_fx_rates" }).clones, 0)
end)

test("a stopped warehouse is not started for a lineage, unless SQL is asked for",
  function(t)
    local w <close> = workspace.start { run_ms = 1000 }
    local id = ran(w)
    warehouse.stop(w)
    w.clock:advance(600000)
    local data = read(w, id)
    local status, reason = status_of(data, "system.access.table_lineage")
    t.equal(status, "not_asked")
    t.match(reason, "STOPPED: --source sql starts it")
    t.equal((status_of(data, "lineage_tracking")), "answered")
    t.equal(#data.edges, 2)
  end)
