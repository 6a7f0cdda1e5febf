local workspace = require "testing.workspace"

local PATH <const> = "/api/2.1/unity-catalog"
local VIEWER <const> = { token = "demo-viewer-token" }

-- A workspace in which a pipeline has published bronze, silver and gold in main.s.
local function published(spec)
  local w = workspace.start()
  local id = w:pipeline(spec)
  w:complete(id)
  return w, id
end

local function names(list, key)
  local out = {}
  for i, one in ipairs(list or {}) do
    out[i] = one[key]
  end
  return out
end

test("the tables of a pipeline have its id; its event log is not listed", function(t)
  local w <close>, id = published()
  local list = w:ok("GET", PATH .. "/tables?catalog_name=main&schema_name=s").tables
  t.equal(names(list, "full_name"), { "main.s.bronze", "main.s.gold", "main.s.silver" })
  t.equal(names(list, "pipeline_id"), { id, id, id })
  t.equal(list[2].table_type, "MATERIALIZED_VIEW")
  t.equal(list[2].columns[1].type_name, "LONG")
  t.equal(list[2].columns[1].position, 0)
end)

test("an event log that has a name is a table", function(t)
  local w <close> = published { event_log = { name = "log", catalog = "main", schema = "s" } }
  t.equal(w:ok("GET", PATH .. "/tables/main.s.log").table_type, "MANAGED")
end)

test("max_results is the length of a page, and 0 leaves it to the server", function(t)
  local w <close> = published()
  local first = w:ok("GET", PATH .. "/tables?catalog_name=main&schema_name=s&max_results=2")
  t.equal(#first.tables, 2)
  local rest = w:ok("GET", PATH .. "/tables?catalog_name=main&schema_name=s&max_results=2"
    .. "&page_token=" .. first.next_page_token)
  t.equal(names(rest.tables, "name"), { "silver" })
  t.is_nil(rest.next_page_token)
  t.equal(#w:ok("GET", PATH .. "/tables?catalog_name=main&schema_name=s&max_results=0").tables, 3)
  t.equal(w:call("GET", PATH .. "/tables?catalog_name=main&schema_name=s&max_results=-1"), 400)
  t.equal(w:call("GET", PATH .. "/tables?catalog_name=main&schema_name=default&page_token="
    .. first.next_page_token), 400, "a token of another list")
end)

test("columns, properties and user names can be omitted", function(t)
  local w <close> = published()
  local list = w:ok("GET", PATH .. "/tables?catalog_name=main&schema_name=s&omit_columns=true"
    .. "&omit_properties=true&omit_username=true").tables
  t.is_nil(list[1].columns)
  t.is_nil(list[1].properties)
  t.is_nil(list[1].owner)
end)

local MISSING <const> = {
  { PATH .. "/catalogs/no", "CATALOG_DOES_NOT_EXIST", "Catalog 'no' does not exist." },
  { PATH .. "/schemas?catalog_name=no", "CATALOG_DOES_NOT_EXIST", "Catalog 'no' does not exist." },
  { PATH .. "/schemas/main.no", "SCHEMA_DOES_NOT_EXIST", "Schema 'main.no' does not exist." },
  { PATH .. "/tables?catalog_name=main&schema_name=no", "SCHEMA_DOES_NOT_EXIST",
    "Schema 'main.no' does not exist." },
  { PATH .. "/tables/main.s.no", "TABLE_DOES_NOT_EXIST", "Table 'main.s.no' does not exist." },
}

test("a fault names the missing catalog, schema or table", function(t)
  local w <close> = workspace.start()
  for _, case in ipairs(MISSING) do
    local status, answer = w:call("GET", case[1])
    t.equal(status, 404, case[1])
    t.equal(answer.error_code, case[2], case[1])
    t.equal(answer.message, case[3], case[1])
  end
  t.equal(w:ok("GET", PATH .. "/tables/main.s.no/exists"), { table_exists = false })
  t.equal(w:call("GET", PATH .. "/tables/main.s"), 400, "not the name of a table")
end)

test("a schema is created once, read, and deleted if it is empty or with force", function(t)
  local w <close> = published()
  local body = { name = "New", catalog_name = "main", comment = "mine", properties = { a = "b" } }
  t.equal(w:ok("POST", PATH .. "/schemas", body).full_name, "main.new")
  t.equal(w:ok("GET", PATH .. "/schemas/main.new").properties, { a = "b" })
  local status, answer = w:call("POST", PATH .. "/schemas", body)
  t.equal(status, 400)
  t.equal(answer.error_code, "SCHEMA_ALREADY_EXISTS")
  t.equal(w:call("POST", PATH .. "/schemas", { name = "x", catalog_name = "main" }, VIEWER), 403)
  w:ok("DELETE", PATH .. "/schemas/main.new")
  t.equal(w:call("GET", PATH .. "/schemas/main.new"), 404)
  t.equal(w:call("DELETE", PATH .. "/schemas/main.s"), 400)
  w:ok("DELETE", PATH .. "/schemas/main.s?force=true")
  t.equal(w:ok("GET", PATH .. "/tables/main.s.gold/exists"), { table_exists = false })
end)

test("table summaries are filtered by patterns", function(t)
  local w <close> = published()
  local list = w:ok("GET", PATH .. "/table-summaries?catalog_name=main&schema_name_pattern=s"
    .. "&table_name_pattern=%25l%25").tables
  t.equal(names(list, "full_name"), { "main.s.gold", "main.s.silver" })
end)

test("lineage has the direct sources and the direct targets", function(t)
  local w <close>, id = published()
  local path = "/api/2.0/lineage-tracking/table-lineage?table_name=main.s.silver"
  local found = w:ok("GET", path .. "&include_entity_lineage=true")
  t.equal(found.upstreams[1].tableInfo.name, "bronze")
  t.equal(found.downstreams[1].tableInfo.name, "gold")
  t.equal(found.upstreams[1].pipelineInfos[1].pipeline_id, id)
  t.is_nil(w:ok("GET", path).upstreams[1].pipelineInfos)
  t.equal(w:ok("GET", "/api/2.0/lineage-tracking/table-lineage?table_name=main.s.no"), {})
  local columns = w:ok("GET", "/api/2.0/lineage-tracking/column-lineage"
    .. "?table_name=main.s.silver&column_name=id")
  t.equal(columns.downstream_cols[1].table_name, "gold")
  local status, answer = w:call("POST", "/api/2.0/lineage-tracking/table-lineage", {})
  t.equal(status, 404)
  t.equal(answer.error_code, "ENDPOINT_NOT_FOUND")
end)

test("a schema is created by the first update that publishes to it, and stays", function(t)
  local w <close>, id = published()
  t.equal(w:ok("GET", PATH .. "/schemas/main.s").full_name, "main.s")
  w:ok("DELETE", "/api/2.0/pipelines/" .. id)
  w.clock:advance(1000)
  t.is_nil(w:ok("GET", PATH .. "/tables?catalog_name=main&schema_name=s").tables)
  t.equal(w:ok("GET", PATH .. "/schemas/main.s").full_name, "main.s", "its tables are gone")
  w:ok("DELETE", PATH .. "/schemas/main.s")
  t.equal((w:call("GET", PATH .. "/schemas/main.s")), 404)
end)

test("an update that is cancelled before it sets up its tables creates no schema", function(t)
  local w <close> = workspace.start()
  local id = w:pipeline { schema = "never" }
  w:ok("POST", ("/api/2.0/pipelines/%s/updates"):format(id))
  w:ok("POST", ("/api/2.0/pipelines/%s/stop"):format(id))
  w.clock:advance(60000)
  t.equal((w:call("GET", PATH .. "/schemas/main.never")), 404)
end)
