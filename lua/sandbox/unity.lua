--- Unity Catalog's state: catalogs, schemas and tables.
--
-- Tables are the datasets that pipelines have published (table `datasets` of
-- sandbox.pipelines.updates), the pipelines' event logs, and tables that no pipeline owns (table
-- `tables`). `M.TABLES` and `M.SCHEMAS` are queries over all of them, with the parameter
-- `:now_ms`.

local json = require "native.json"
local errors = require "sandbox.http.errors"

local M = {}

M.schema = [[
CREATE TABLE IF NOT EXISTS catalogs(
  name TEXT PRIMARY KEY, type TEXT NOT NULL, owner TEXT NOT NULL, comment TEXT,
  created INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS schemas(
  catalog TEXT NOT NULL, name TEXT NOT NULL, owner TEXT NOT NULL, comment TEXT,
  properties TEXT, created INTEGER NOT NULL, PRIMARY KEY (catalog, name)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS tables(
  catalog TEXT NOT NULL, schema TEXT NOT NULL, name TEXT NOT NULL, type TEXT NOT NULL,
  format TEXT, owner TEXT NOT NULL, comment TEXT, columns TEXT NOT NULL, created INTEGER NOT NULL,
  altered INTEGER NOT NULL, definition TEXT, PRIMARY KEY (catalog, schema, name)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS table_rows(
  full_name TEXT NOT NULL, n INTEGER NOT NULL, cells TEXT NOT NULL,
  PRIMARY KEY (full_name, n)) WITHOUT ROWID;
]]

-- The columns of every dataset that a pipeline publishes: those of its flow definitions.
local DATASET_COLUMNS <const> = '[{"name":"id","type":"BIGINT"},'
  .. '{"name":"updated_at","type":"TIMESTAMP"}]'

-- The datasets that are tables of Unity Catalog: not temporary views, nor the Hive metastore's.
local PUBLISHED <const> = [[
d.published <= :now_ms AND ifnull(d.deleted > :now_ms, 1) AND d.type <> 'VIEW'
  AND d.catalog <> 'hive_metastore']]

M.TABLES = ([[
SELECT catalog, schema, name, type, format, owner, comment, columns, created, altered,
  NULL AS pipeline_id, definition, 0 AS hidden FROM tables
UNION ALL
SELECT d.catalog, d.schema, d.name, d.type, 'DELTA', p.run_as_name, d.comment, '%s', d.published,
  min(d.refreshed, :now_ms), d.pipeline_id, NULL, 0
FROM datasets AS d JOIN pipelines AS p ON p.id = d.pipeline_id WHERE %s
UNION ALL
SELECT coalesce(json_extract(p.spec, '$.event_log.catalog'), json_extract(p.spec, '$.catalog')),
  coalesce(json_extract(p.spec, '$.event_log.schema'), json_extract(p.spec, '$.schema'),
    json_extract(p.spec, '$.target'), 'default'),
  coalesce(json_extract(p.spec, '$.event_log.name'), 'event_log_' || replace(p.id, '-', '_')),
  'MANAGED', 'DELTA', p.run_as_name, NULL, '[]', p.created, p.modified, p.id, NULL,
  json_extract(p.spec, '$.event_log.name') IS NULL
FROM pipelines AS p WHERE json_extract(p.spec, '$.catalog') IS NOT NULL
  AND ifnull(p.deleted > :now_ms, 1)
  AND EXISTS (SELECT 1 FROM updates AS u WHERE u.pipeline_id = p.id AND u.created <= :now_ms)
]]):format(DATASET_COLUMNS, PUBLISHED)

M.SCHEMAS = "SELECT catalog, name, owner, comment, properties, created FROM schemas "
  .. "WHERE created <= :now_ms"

--- The catalog, schema and table of a full name; nil if the name does not have three parts.
---@param full string
---@return string? catalog, string? schema, string? name
function M.split(full)
  return full:match "^([^.]+)%.([^.]+)%.(.+)$"
end

--- The table of that name, or nil. Names are in lower case.
---@param w table
---@return table? row of M.TABLES
function M.find_table(w, catalog, schema, name)
  return w.db:find_row("SELECT * FROM (" .. M.TABLES .. ") WHERE catalog = :catalog "
    .. "AND schema = :schema AND name = :name",
    { now_ms = w.clock:now(), catalog = catalog, schema = schema, name = name })
end

---@return table? row of M.SCHEMAS
function M.find_schema(w, catalog, name)
  return w.db:find_row("SELECT * FROM (" .. M.SCHEMAS .. ") WHERE catalog = :catalog "
    .. "AND name = :name", { now_ms = w.clock:now(), catalog = catalog, name = name })
end

function M.find_catalog(w, name)
  return w.db:find_row("SELECT * FROM catalogs WHERE name = ?", { name })
end

--- Refuse a request for a catalog that does not exist: 404.
function M.no_catalog(name)
  errors.raise(404, "CATALOG_DOES_NOT_EXIST", ("Catalog '%s' does not exist."):format(name))
end

--- Refuse a request for a schema that does not exist: 404.
function M.no_schema(catalog, name)
  errors.raise(404, "SCHEMA_DOES_NOT_EXIST", ("Schema '%s.%s' does not exist.")
    :format(catalog, name))
end

--- Delete the tables of a catalog, of one of its schemas, or one of that name.
---@param schema? string
---@param name? string
function M.delete_tables(w, catalog, schema, name)
  local where = " WHERE catalog = ?1 AND (?2 IS NULL OR schema = ?2) AND (?3 IS NULL OR name = ?3)"
  local params = { catalog, schema or json.null, name or json.null }
  w.db:exec("DELETE FROM tables" .. where, params)
  params[4] = w.clock:now()
  w.db:exec("UPDATE datasets SET deleted = ?4" .. where, params)
end

--- Create a catalog unless it exists.
---@param opts? { type?: string, comment?: string, created?: integer, owner?: string }
function M.add_catalog(w, name, opts)
  opts = opts or {}
  w.db:exec("INSERT OR IGNORE INTO catalogs VALUES (?, ?, ?, ?, ?)", {
    name, opts.type or "MANAGED_CATALOG", opts.owner or w.principal.user_name, opts.comment,
    opts.created or w.clock:now(),
  })
end

--- Create a schema unless it exists.
---@param opts? { comment?: string, created?: integer, owner?: string, properties?: table }
function M.add_schema(w, catalog, name, opts)
  opts = opts or {}
  w.db:exec("INSERT OR IGNORE INTO schemas VALUES (?, ?, ?, ?, ?, ?)", {
    catalog, name, opts.owner or w.principal.user_name, opts.comment,
    opts.properties and json.encode(opts.properties), opts.created or w.clock:now(),
  })
end

--- Let a schema exist from `at` on, as the first update that publishes to it creates it. The
-- schema stays when its tables go.
---@param at integer ms; may lie in the future
function M.publish_schema(w, catalog, name, owner, at)
  w.db:exec("INSERT INTO schemas VALUES (?, ?, ?, NULL, NULL, ?) "
    .. "ON CONFLICT DO UPDATE SET created = min(created, excluded.created)",
    { catalog, name, owner, at })
end

--- Take back the schemas that a cancelled update would have created after `now`.
function M.cancel_schemas(w, now)
  w.db:exec("DELETE FROM schemas WHERE created > ? AND NOT EXISTS (SELECT 1 FROM datasets AS d "
    .. "WHERE d.catalog = schemas.catalog AND d.schema = schemas.name)", { now })
end

--- Create a table that no pipeline owns, with its rows.
---@param full string "catalog.schema.name"
---@param columns string[] each "name TYPE"
---@param rows? any[][]
---@param opts? { type?: string, format?: string, comment?: string, created?: integer,
--- definition?: string, owner?: string }
function M.add_table(w, full, columns, rows, opts)
  opts = opts or {}
  local catalog, schema, name = M.split(full)
  local list = json.array {}
  for i, column in ipairs(columns) do
    local column_name, kind = column:match "^(%S+)%s+(.+)$"
    list[i] = { name = column_name, type = kind }
  end
  M.add_schema(w, catalog, schema, { created = opts.created })
  local created = opts.created or w.clock:now()
  local kind = opts.type or "MANAGED"
  w.db:exec("INSERT OR REPLACE INTO tables VALUES (?,?,?,?,?,?,?,?,?,?,?)", {
    catalog, schema, name, kind, opts.format or kind ~= "VIEW" and "DELTA" or nil,
    opts.owner or w.principal.user_name, opts.comment, json.encode(list), created, created,
    opts.definition,
  })
  for i, row in ipairs(rows or {}) do
    w.db:exec("INSERT OR REPLACE INTO table_rows VALUES (?, ?, ?)",
      { full, i, json.encode(json.array(row)) })
  end
end

--- An id in the form of a UUID that depends on nothing but the name.
---@param name string
---@return string
function M.id_of(name)
  local a, b = 0xcbf29ce484222325, 0x84222325cbf29ce4
  for i = 1, #name do
    a = (a ~ name:byte(i)) * 0x100000001b3
    b = (b ~ a) * 0x100000001b3
  end
  return ("%08x-%04x-4%03x-8%03x-%012x"):format(a >> 32 & 0xffffffff, a >> 16 & 0xffff,
    a & 0xfff, b >> 52 & 0xfff, b & 0xffffffffffff)
end

--- Create the catalogs that every workspace has, before its pipelines.
function M.seed(w)
  local created = w.clock:now() - 400 * 86400000
  M.add_catalog(w, "system", { type = "SYSTEM_CATALOG", owner = "System user", created = created })
  M.add_catalog(w, "samples", { type = "SYSTEM_CATALOG", owner = "System user", created = created,
    comment = "Sample data sets" })
  M.add_catalog(w, "main", { created = created, comment = "Main catalog (auto-created)" })
  M.add_schema(w, "main", "default", { created = created, comment = "Default schema" })
  M.add_table(w, "samples.nyctaxi.trips", {
    "tpep_pickup_datetime TIMESTAMP", "tpep_dropoff_datetime TIMESTAMP", "trip_distance DOUBLE",
    "fare_amount DOUBLE", "pickup_zip INT", "dropoff_zip INT",
  }, {
    { "2016-02-13T21:47:53.000Z", "2016-02-13T21:57:15.000Z", 1.4, 8.0, 10103, 10110 },
    { "2016-02-13T18:29:09.000Z", "2016-02-13T18:37:23.000Z", 1.31, 7.5, 10023, 10023 },
    { "2016-02-06T19:40:58.000Z", "2016-02-06T19:52:32.000Z", 1.8, 9.5, 10001, 10018 },
    { "2016-02-12T19:06:43.000Z", "2016-02-12T19:20:54.000Z", 2.3, 11.5, 10044, 10111 },
    { "2016-02-23T10:27:56.000Z", "2016-02-23T10:58:33.000Z", 2.6, 18.5, 10199, 10022 },
    { "2016-02-13T00:41:43.000Z", "2016-02-13T00:46:52.000Z", 1.4, 6.5, 10023, 10069 },
    { "2016-02-18T23:49:53.000Z", "2016-02-19T00:12:53.000Z", 10.4, 31.0, 11371, 10003 },
    { "2016-02-18T20:21:45.000Z", "2016-02-18T20:38:23.000Z", 10.15, 28.5, 11371, 11201 },
  }, { created = created })
end

return M
