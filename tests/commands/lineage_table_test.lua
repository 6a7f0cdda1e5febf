-- tarn lineage TABLE: from a table's name to what feeds it and what reads it, across pipelines.

local fake = require "testing.fake"
local http = require "native.http"
local json = require "native.json"
local program = require "testing.program"
local screens = require "output.screen"
local text = require "tarn.lineage.table.text"
local workspace = require "testing.workspace"

local SQL <const> = { path = "/api/2.0/sql/*", action = "403" }
local TRACKING <const> = { path = "/api/2.0/lineage-tracking/*", action = "403" }
local EVENTS <const> = { path = "*/events", action = "403" }
local UNITY <const> = { path = "/api/2.1/unity-catalog/*", action = "403" }

-- The text of a lineage.
local function shown(data)
  local out = {}
  text.show(data, screens.new(function(part) out[#out + 1] = part end,
    { terminal = false, colour = false }))
  return table.concat(out)
end

-- A pipeline with this code and a completed update; returns its id.
local function define(w, name, code, spec)
  local path = "/Shared/" .. name
  w:ok("POST", "/api/2.0/workspace/import", { path = path, format = "SOURCE", language = "SQL",
    overwrite = true, content = http.base64_encode("-- Databricks notebook source\n" .. code) })
  local all = { name = name, libraries = { { notebook = { path = path } } } }
  for key, value in pairs(spec or {}) do
    all[key] = value
  end
  local id = w:pipeline(all)
  w:complete(id)
  return id
end

-- main.s.a <- raw; b reads a through a view; c and d read b.
local function chain(rules)
  local w = workspace.start { run_ms = 1000, faults = rules }
  define(w, "first", "CREATE MATERIALIZED VIEW a AS SELECT * FROM main.raw.orders;")
  define(w, "second", "CREATE TEMPORARY VIEW clean AS SELECT * FROM main.s.a;\n"
    .. "CREATE MATERIALIZED VIEW b AS SELECT * FROM clean JOIN main.ref.x;")
  define(w, "third", "CREATE MATERIALIZED VIEW c AS SELECT * FROM main.s.b;")
  define(w, "fourth", "CREATE MATERIALIZED VIEW d AS SELECT * FROM main.s.b JOIN main.s.c;")
  return w
end

local function read(w, name, arg)
  local all = { pipeline = name }
  for key, value in pairs(arg or {}) do
    all[key] = value
  end
  local ws <close> = workspace.client(w, nil, nil, "test")
  return fake.run("lineage", all, ws)
end

local function told(rows)
  local list = {}
  for i, row in ipairs(rows) do
    list[i] = ("%d %s %s"):format(row.depth, row.fqn, row.pipeline_name ~= json.null
      and row.pipeline_name or "-")
  end
  return list
end

local function status_of(data, source)
  for _, entry in ipairs(data.coverage.sources) do
    if entry.source == source then
      return entry.status
    end
  end
end

local UP <const> = { "1 main.s.b second", "2 main.ref.x -", "2 main.s.a first",
  "3 main.raw.orders -" }
local DOWN <const> = { "1 main.s.b second", "2 main.s.c third", "2 main.s.d fourth" }

test("a table has what feeds it and what reads it, across pipelines, from each source", function(t)
  local w <close> = chain()
  for _, source in ipairs { "auto", "rest", "sql" } do
    local data = read(w, "main.s.a", { source = source })
    t.equal({ data.fqn, data.type, data.exists }, { "main.s.a", "MATERIALIZED_VIEW", true })
    t.equal({ #data.upstream, #data.downstream, #data.pipelines }, { 1, 3, 4 }, source)
    if source ~= "sql" then
      t.equal(told(data.downstream), DOWN, source)
      t.equal(data.pipeline_name, "first")
    end
  end
  local data = read(w, "main.s.c")
  t.equal(told(data.upstream), UP)
  t.equal(told(data.downstream), { "1 main.s.d fourth" })
  t.equal(data.upstream[1].via, { "main.s.c" })
  local by_name = {}
  for _, one in ipairs(data.pipelines) do
    by_name[one.name] = one
  end
  t.equal({ by_name.second.reads, by_name.second.writes }, { { "main.ref.x", "main.s.a" },
    { "main.s.b" } })
end)

test("--up, --down and --depth bound it", function(t)
  local w <close> = chain()
  local data = read(w, "main.s.c", { up = true })
  t.equal({ #data.upstream, #data.downstream, data.down }, { 4, 0, false })
  data = read(w, "main.s.c", { up = true, depth = 2 })
  t.equal(told(data.upstream), { UP[1], UP[2], UP[3] })
  data = read(w, "main.s.a", { down = true, depth = 1 })
  t.equal({ told(data.downstream), #data.upstream, #data.edges }, { { DOWN[1] }, 0, 1 })
  data = read(w, "main.s.c", { up = true, down = true })
  t.equal({ #data.upstream, #data.downstream }, { 4, 1 })
end)

test("a private view stands for its inputs", function(t)
  local w <close> = chain()
  for _, row in ipairs(read(w, "main.s.b", { source = "rest" }).upstream) do
    t.is_true(not row.fqn:find "clean", row.fqn)
  end
end)

test("circles end, and a table is shown once with what is below it", function(t)
  local w <close> = workspace.start { run_ms = 1000 }
  define(w, "one", "CREATE MATERIALIZED VIEW a AS SELECT * FROM main.s.z;")
  define(w, "two", "CREATE MATERIALIZED VIEW z AS SELECT * FROM main.s.a;")
  define(w, "three", "CREATE MATERIALIZED VIEW k AS SELECT * FROM main.s.z JOIN main.s.a;")
  for _, source in ipairs { "auto", "rest" } do
    local data = read(w, "main.s.a", { source = source })
    t.equal(told(data.upstream), { "1 main.s.z two" })
    t.equal(told(data.downstream), { "1 main.s.k three" })
    t.equal(#data.edges, 4)
    t.match(shown(data), "(see above)")
  end
end)

test("without recorded reads, the definitions of all pipelines tell them", function(t)
  local w <close> = chain { SQL, TRACKING }
  local data = read(w, "main.s.a")
  t.equal(told(data.downstream), DOWN)
  t.equal(told(data.upstream), { "1 main.raw.orders -" })
  t.equal({ status_of(data, "lineage_tracking"), status_of(data, "events") },
    { "failed", "answered" })
  t.equal(#data.coverage.unknown, 2)
  t.match(data.coverage.unknown[1].text, "no source of recorded reads and writes answered")
  t.equal(data.edges[1].evidence, { "events" })
end)

test("if the events are refused too, that is told; names and edges that are known stay", function(t)
  local w <close> = chain { EVENTS }
  local data = read(w, "main.s.a", { source = "rest" })
  t.equal(#data.downstream, 3)
  t.equal(status_of(data, "events"), "failed")
end)

test("if everything refuses, it is a fault and not an empty lineage", function(t)
  local w <close> = chain { SQL, TRACKING, EVENTS, UNITY }
  t.equal(t.fault(read, w, "main.s.a", { down = true }).status, 403)
end)

test("where Unity Catalog refuses, pipelines are found as before", function(t)
  local w <close> = workspace.start { run_ms = 1000, faults = { UNITY } }
  local id = define(w, "sales.reporting.daily", "CREATE MATERIALIZED VIEW a AS SELECT 1;")
  t.equal(read(w, "sales.rep").pipeline_id, id)
  for _, name in ipairs { "nothing", "no.thing" } do
    local e = t.fault(read, w, name)
    t.equal(e.status, 404, name)
    t.match(e.message, "no pipeline is named '" .. name .. "'")
  end
  t.equal(t.fault(read, w, "no.thing", { down = true }).status, 403)
end)

test("a name that may be any of several tables is no pipeline", function(t)
  local w <close> = workspace.start { scenario = "demo" }
  local e = t.fault(read, w, "gold_daily_orders")
  t.match(e.message, "may be any of")
end)

test("a short name is found where it is unique", function(t)
  local w <close> = workspace.start { scenario = "demo" }
  t.equal(read(w, "orders.gold_daily_orders", { depth = 1 }).fqn, "sales.orders.gold_daily_orders")
  t.equal(read(w, "exec_kpis", { depth = 1 }).fqn, "main.reporting.exec_kpis")
  t.equal(read(w, "`Main`.Reporting.EXEC_KPIS", { table = true, depth = 1 }).fqn,
    "main.reporting.exec_kpis")
  local e = t.fault(read, w, "gold_daily_orders")
  t.equal(e.kind, "usage")
  t.match(e.message, "may be any of dev.ada_orders.gold_daily_orders, "
    .. "sales.orders.gold_daily_orders")
  t.match(e.hint, "catalog and schema")
end)

test("a table that nobody knows is an error that suggests", function(t)
  local w <close> = workspace.start { scenario = "demo" }
  for name, similar in pairs {
    ["sales.orders.gold_daily_order"] = "sales.orders.gold_daily_orders",
    ["sales.order.gold_top_products"] = "sales.orders.gold_top_products",
    ["sale.orders.gold_top_products"] = "sales.orders.gold_top_products",
    ["reporting.exec_kpi"] = "main.reporting.exec_kpis", exec_kpi = "main.reporting.exec_kpis",
  } do
    local e = t.fault(read, w, name)
    t.equal(e.code, "NOT_FOUND", name)
    t.match(e.message, "no pipeline and no table is named '" .. name .. "'")
    t.match(e.hint, similar, name)
    t.match(t.fault(read, w, name, { down = true }).message, "no table is named")
  end
  local r = program.run { "-p", "demo", "lineage", "zzz.yyy.xxx" }
  t.equal(r.status, 3)
end)

test("a pipeline of the same name comes first, unless --table or a direction is given", function(t)
  local w <close> = workspace.start { scenario = "demo" }
  local name = "sales.reporting.daily_revenue"
  t.equal(read(w, name).pipeline_name, name)
  t.equal(read(w, name).total_datasets, 1)
  for _, arg in ipairs { { table = true }, { up = true }, { depth = 3 } } do
    t.equal(read(w, name, arg).fqn, name)
  end
  t.equal(read(w, "sales_orders_e").pipeline_name, "sales_orders_etl")
  t.equal(read(w, "sales.report").pipeline_name, name, "the beginning of a pipeline's name")
  t.match(t.fault(read, w, "sales").message, "may be any of")
end)

test("a table that is gone has the lineage that was recorded", function(t)
  local w <close> = workspace.start { run_ms = 1000 }
  define(w, "reader", "CREATE MATERIALIZED VIEW b AS SELECT * FROM main.old.gone;")
  local data = read(w, "main.old.gone")
  t.equal({ told(data.downstream), data.exists }, { { "1 main.s.b reader" }, false })
end)

test("a table of the Hive metastore is known to definitions", function(t)
  local w <close> = workspace.start { run_ms = 1000 }
  define(w, "hive", "CREATE MATERIALIZED VIEW a AS SELECT * FROM hive_metastore.web.clicks;",
    { target = "web", catalog = json.null, schema = json.null, serverless = false,
      clusters = { { label = "default", num_workers = 1 } } })
  local data = read(w, "hive_metastore.web.clicks")
  t.equal({ told(data.downstream), data.exists }, { { "1 hive_metastore.web.a hive" }, json.null })
end)

test("options that do not go together are refused", function(t)
  local w <close> = workspace.start { scenario = "demo" }
  for _, arg in ipairs { { code = true }, { columns = true }, { check = true },
    { dataset = "x" } } do
    local name = next(arg)
    t.match(t.fault(read, w, "main.reporting.exec_kpis", { table = true, [name] = arg[name] })
      .message, "--" .. name .. " goes with the lineage of a pipeline")
  end
end)

-- ---- forms ----

test("graphs and OpenLineage have the edges, rows have the tables", function(t)
  local w <close> = chain()
  local dot = read(w, "main.s.b", { format = "dot" }).text
  t.match(dot, 'digraph "main.s.b"')
  local _, arrows = dot:gsub(" %-> ", "")
  t.equal(arrows, #read(w, "main.s.b").edges)
  t.match(read(w, "main.s.b", { format = "mermaid" }).text, "flowchart LR")
  local events = read(w, "main.s.b", { format = "openlineage" })
  local jobs = {}
  for i, event in ipairs(events) do
    jobs[i] = event.job.name
    t.match(event.schemaURL, "#/$defs/JobEvent")
    t.is_true(event.run == nil and #event.inputs > 0 and #event.outputs == 1)
    t.match(event.eventTime, "^%d+%-%d+%-%d+T[%d:.]+Z$", true)
  end
  t.equal(jobs, { "first.main.s.a", "second.main.s.b", "third.main.s.c", "fourth.main.s.d" })
end)

test("the text is two trees, CSV a row for each table", function(t)
  local w <close> = chain()
  local function run(...)
    local r = program.run({ "lineage", "main.s.b", ... }, { env = w:env() })
    t.equal(r.status, 0, r.stderr)
    return (r.stdout:gsub("\r", ""))
  end
  local out = run()
  t.match(out, "fed by\nmain.s.b  by second, MATERIALIZED_VIEW\n├── main.ref.x  TABLE\n"
    .. "└── main.s.a  by first, MATERIALIZED_VIEW\n    └── main.raw.orders  TABLE\n")
  t.match(out, "read by\nmain.s.b  by second, MATERIALIZED_VIEW\n├── main.s.c")
  t.match(out, "3 upstream, 2 downstream, 4 pipelines; from ")
  local rows = {}
  for direction, depth, fqn in run("-o", "csv"):gmatch "\n(%a+),(%d+),([^,]+)" do
    rows[#rows + 1] = ("%s %s %s"):format(direction, depth, fqn)
  end
  t.equal(rows, { "self 0 main.s.b", "upstream 1 main.ref.x", "upstream 1 main.s.a",
    "upstream 2 main.raw.orders", "downstream 1 main.s.c", "downstream 1 main.s.d" })
  t.match(run("--format", "table"), "DIRECTION +DEPTH +TABLE +TYPE +PIPELINE +VIA\n", true)
  t.equal(#json.decode(run("-o", "json")).downstream, 2)
  t.match(run("-o", "yaml"), "fqn: main.s.b")
  t.match(run("--up"), "^fed by", true)
  t.is_true(not run("--up"):find "read by")
end)

-- ---- large ----

test("a long chain takes a question for each table, and a wide one ends", function(t)
  local function link(i)
    return { tableInfo = { catalog_name = "c", schema_name = "s", name = "t" .. i,
      table_type = "MANAGED" } }
  end
  local function start(last, width)
    return fake.workspace(function(request)
      if request.path:find "lineage%-tracking" then
        local i = math.tointeger(tonumber(request.query:match "c%.s%.t(%d+)"))
        local down = json.array {}
        for k = 1, i < last and (width or 1) or 0 do
          down[k] = link(width and i * width + k or i + 1)
        end
        return { downstreams = down }
      elseif request.path:find "/tables/" then
        return { name = "t0", catalog_name = "c", schema_name = "s", table_type = "MANAGED" }
      end
      return fake.refusal(404, "RESOURCE_DOES_NOT_EXIST", "no")
    end)
  end
  local long <close> = start(300)
  local data = fake.run("lineage", { pipeline = "c.s.t0", table = true, source = "rest" }, long)
  t.equal({ #data.downstream, data.downstream[300].depth }, { 300, 300 })
  t.equal(#long.seen, 1 + 301)
  t.match(shown(data), "c.s.t300")
  local wide <close> = start(100000, 100)
  data = fake.run("lineage", { pipeline = "c.s.t0", down = true, source = "rest" }, wide)
  t.equal(#data.downstream, 2000)
  t.match(data.coverage.unknown[1].text, "more than 2000 tables")
end)

test("names are whole, and what stands behind them fits the window", function(t)
  local w <close> = chain()
  local data, lines = read(w, "main.s.a"), {}
  text.show(data, screens.new(function(part) lines[#lines + 1] = part end,
    { width = 30, terminal = true, colour = false }))
  local out = table.concat(lines)
  t.match(out, "└── main.s.b  by second, MATE…\n    ├──", false)
  for line in out:gmatch "[^\n]+" do
    t.is_true(require("native.term").width(line) <= 30, line)
  end
end)
