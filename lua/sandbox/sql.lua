--- Runs one statement and returns its result as Databricks does: typed columns, and cells that are
--- text or null.
--
-- Queries are translated (sandbox.sql.dialect) and run on the workspace's own database, where they
-- can name only the tables of sandbox.sql.relations. SHOW is answered here.

local clock = require "sandbox.clock"
local dialect = require "sandbox.sql.dialect"
local events = require "sandbox.pipelines.events"
local functions = require "sandbox.sql.functions"
local relations = require "sandbox.sql.relations"
local sqlerror = require "sandbox.sql.error"
local types = require "sandbox.sql.types"
local unity = require "sandbox.unity"

local M = {}

---@class sandbox.Result
---@field columns { name: string, type: string }[]
---@field rows string[][] json.null for NULL

local function defaults(w, session)
  return {
    principal = session.principal,
    catalog = (session.catalog or w.default_catalog or "main"):lower(),
    schema = (session.schema or "default"):lower(),
  }
end

local function environment(w, session, params)
  return {
    params = params,
    now = clock.iso(w.clock:now()),
    user = session.principal.user_name,
    catalog = session.catalog,
    schema = session.schema,
    table = function(parts)
      return relations.find(w, session, parts)
    end,
    event_log = function(id, parts)
      id = id or parts and relations.find_publisher(w, session, parts)
      return relations.find_event_log(w, session, id or "") or sqlerror.raise("42P01",
        ("[TABLE_OR_VIEW_NOT_FOUND] The event log of '%s' cannot be found. SQLSTATE: 42P01")
          :format(id or table.concat(parts, ".")))
    end,
  }
end

local function fixed_params(w)
  return {
    now_ms = w.clock:now(), account_id = w.account_id, workspace_id = ("%d"):format(w.org_id),
    metastore_id = w.metastore_id,
  }
end

-- SQLite refuses a parameter that the text does not name, so only those in the text are bound.
local function parameters(w, query)
  local bound = {}
  for name, value in pairs(fixed_params(w)) do
    if query.sql:find(":" .. name .. "%f[^%w_]") then
      bound[name] = value
    end
  end
  for name, value in pairs(query.params) do
    bound[name] = value
  end
  return bound
end

local function fetch(w, query, limit)
  local statement <close> = w.db:prepare(query.sql)
  local names, rows = statement:columns(), {}
  for row in statement:rows(parameters(w, query)) do
    rows[#rows + 1] = row
    if limit and #rows > limit then
      break
    end
  end
  return names, rows
end

-- Spark's LIKE is case-sensitive, and Spark has functions that SQLite lacks.
local function prepare_database(w)
  if not w.cache.sql then
    functions.define(w.db)
    w.db:exec "PRAGMA case_sensitive_like = ON"
    w.cache.sql = true
  end
end

local function query(w, session, text, params, limit)
  prepare_database(w)
  local translated = dialect.translate(text, environment(w, session, params))
  if translated.sql:find "FROM events%f[^%w_]" then
    events.catch_up_all(w) -- continuous pipelines have new events
  end
  local ok, names, rows = pcall(fetch, w, translated, limit)
  if not ok then
    sqlerror.explain(text, translated, tostring(names))
  end
  return types.result(names, rows, translated.types)
end

-- What a SHOW statement asks for; nil for any other statement.
local function parse_show(text)
  local what, tail = text:match "^[sS][hH][oO][wW]%s+(%a+)%s*(.-)%s*;?%s*$"
  what = what and what:upper()
  local word, where = (tail or ""):match "^(%a+)%s+(%S+)$"
  word = word and word:upper()
  if word and word ~= "IN" and word ~= "FROM" or tail ~= "" and not word then
    return nil
  end
  if what == "CATALOGS" then
    return { kind = what }
  elseif what == "SCHEMAS" or what == "DATABASES" then
    return { kind = "SCHEMAS", catalog = where }
  elseif what == "TABLES" then
    local catalog, schema = (where or ""):match "^([^.]+)%.([^.]+)$"
    return { kind = what, catalog = catalog, schema = schema or where }
  end
end

local function one_column(name, rows, field)
  local out = {}
  for i, row in ipairs(rows) do
    out[i] = { row[field] }
  end
  return { columns = { { name = name, type = "STRING" } }, rows = out }
end

local function answer_show(w, session, what)
  local catalog = (what.catalog or session.catalog):gsub("`", ""):lower()
  local schema = (what.schema or session.schema):gsub("`", ""):lower()
  local params = { now_ms = w.clock:now(), catalog = catalog }
  if what.kind == "CATALOGS" then
    return one_column("catalog", w.db:query "SELECT name FROM catalogs ORDER BY name", "name")
  elseif not unity.find_catalog(w, catalog) then
    sqlerror.raise("42704", ("[NO_SUCH_CATALOG_EXCEPTION] Catalog '%s' was not found. Please "
      .. "verify the catalog name and then retry the query or command again. SQLSTATE: 42704")
      :format(catalog))
  elseif what.kind == "SCHEMAS" then
    return one_column("databaseName", w.db:query("SELECT name FROM (" .. unity.SCHEMAS
      .. ") WHERE catalog = :catalog ORDER BY name", params), "name")
  end
  params.schema = schema
  local rows = {}
  for i, row in ipairs(w.db:query("SELECT name FROM (" .. unity.TABLES .. ") WHERE catalog = "
    .. ":catalog AND schema = :schema AND NOT hidden ORDER BY name", params)) do
    rows[i] = { schema, row.name, "false" }
  end
  return {
    columns = {
      { name = "database", type = "STRING" }, { name = "tableName", type = "STRING" },
      { name = "isTemporary", type = "BOOLEAN" },
    },
    rows = rows,
  }
end

--- Run a statement. A wrong statement raises a failure of sandbox.sql.error.
---@param w table
---@param session table { principal, catalog?, schema? }
---@param text string
---@param params? table<string, { value?: any, type: string }>
---@param limit? integer most rows; one more is returned where the result has more
---@return sandbox.Result
function M.run(w, session, text, params, limit)
  session = defaults(w, session)
  local shown = parse_show(text)
  if shown then
    return answer_show(w, session, shown)
  end
  return query(w, session, text, params or {}, limit)
end

return M
