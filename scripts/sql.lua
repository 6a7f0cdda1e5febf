local fault = require "base.fault"

local OP <const> = "tarn sql"

-- The types of parameters: --param NAME=VALUE:TYPE.
local TYPES <const> = { STRING = true, BOOLEAN = true, TINYINT = true, SMALLINT = true, INT = true,
  INTEGER = true, BIGINT = true, LONG = true, FLOAT = true, DOUBLE = true, DECIMAL = true,
  NUMERIC = true, DATE = true, TIMESTAMP = true, TIMESTAMP_NTZ = true, BINARY = true, VOID = true,
  INTERVAL = true }

local function statement_of(arg)
  if (arg.statement == nil) == (arg.file == nil) then
    fault.usage(OP, arg.file and "give a statement or --file, not both" or "STATEMENT is missing",
      "put the statement in quotes: tarn sql 'SELECT 1'")
  elseif arg.statement then
    return arg.statement
  elseif arg.file == "-" then
    return io.read "a"
  end
  local file <close>, why = io.open(arg.file, "rb")
  if not file then
    fault.raise { kind = "io", op = OP, message = why }
  end
  return file:read "a"
end

-- The name and the value of NAME=VALUE, NAME=VALUE:TYPE, or NAME alone for NULL.
local function parameter(text)
  local name, value = text:match "^:?([%a_][%w_]*)=(.*)$"
  if not name then
    name = text:match "^:?([%a_][%w_]*)$"
    if not name then
      fault.usage(OP, ("--param: '%s' is not NAME=VALUE or NAME=VALUE:TYPE"):format(text))
    end
    return name, {}
  end
  local plain, kind = value:match "^(.*):([%a_]+[%d(), ]*)$"
  if kind and TYPES[kind:match("^[%a_]+"):upper()] then
    return name, { value = plain, type = kind:upper() }
  end
  return name, { value = value, type = "STRING" }
end

local function parameters(list)
  local params = {}
  for _, text in ipairs(list or {}) do
    local name, value = parameter(text)
    if params[name] then
      fault.usage(OP, ("--param: '%s' is given twice"):format(name))
    end
    params[name] = value
  end
  return params
end

return {
  summary = "Run an SQL statement on a warehouse.",
  effect = "write",
  route = { "POST", "/api/dlt/sql" },
  returns = { any = { { "object" }, { statement = "string" } } },
  details = [[
Rows are printed as they arrive. In JSON, a cell is a string as the warehouse writes it, or null; a
script gets the values of the columns' types.
For a parameter write :name in the statement, and --param name=value; the value is bound, not
inserted into the text. A type may follow: --param day=2026-08-19:DATE, --param n=5:INT. Without a
value the parameter is NULL. Ctrl-C cancels the statement at the warehouse.

A warehouse answers with at most 25 MiB. A statement that only reads runs again if its result is
larger, and its rows come as files from the cloud storage, which must be reachable from here. For
any other statement, or to spare the first run, give --external-links.]],
  args = {
    { "statement", "string", "The statement, in quotes.", optional = true, positional = true },
    { "file", "path", "Read the statement from a file; - reads standard input.", optional = true,
      short = "f" },
    { "param", "list", "Parameter: NAME=VALUE or NAME=VALUE:TYPE (repeatable).", optional = true,
      value = "NAME=VALUE" },
    { "warehouse", "string",
      "Id of the warehouse; default: DATABRICKS_WAREHOUSE_ID, or a running one.",
      optional = true, value = "ID", of = "warehouse" },
    { "catalog", "catalog", "Catalog of the statement's unqualified names.", optional = true },
    { "schema", "string", "Schema of the statement's unqualified names.", optional = true,
      of = "schema" },
    { "limit", "integer", "Most rows of the result.", optional = true, min = 1 },
    { "external_links", "flag", "Fetch the result as files from the cloud storage." },
    { "dry_run", "flag", "Show what would be run, and run nothing." },
  },
  examples = {
    { "sql 'SELECT name, pipeline_type FROM system.lakeflow.pipelines'",
      "print the rows as a table" },
    { "sql 'SELECT * FROM t WHERE day >= :day' --param day=2026-08-01:DATE -o csv",
      "bind a parameter, and print CSV" },
    { "sql 'SELECT * FROM events' --external-links -o csv", "save a large result" },
    { "sql -f report.sql --warehouse 1234567890abcdef", "read the statement from a file" },
  },
  needs = { "warehouse" },
  see = { "api" },

  run = function(ctx, arg)
    local statement, params = statement_of(arg), parameters(arg.param)
    if arg.dry_run then
      return { statement = statement, parameters = params, warehouse_id = arg.warehouse }
    end
    local rows = ctx.workspace:sql(statement, params, { text = not ctx.called,
      warehouse_id = arg.warehouse,
      catalog = arg.catalog, schema = arg.schema, row_limit = arg.limit,
      disposition = arg.external_links and "EXTERNAL_LINKS" or nil })
    if rows.truncated and not arg.limit then
      ctx.warn "the result is incomplete: the warehouse has truncated it"
    end
    return rows
  end,
}
