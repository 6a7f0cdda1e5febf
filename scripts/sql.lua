local fault = require "base.fault"

local OP <const> = "tarn sql"

-- What may stand behind the last colon of --param.
local TYPES <const> = { STRING = true, BOOLEAN = true, TINYINT = true, SMALLINT = true, INT = true,
  INTEGER = true, BIGINT = true, LONG = true, FLOAT = true, DOUBLE = true, DECIMAL = true,
  NUMERIC = true, DATE = true, TIMESTAMP = true, TIMESTAMP_NTZ = true, BINARY = true, VOID = true,
  INTERVAL = true }

local function statement_of(arg)
  if (arg.statement == nil) == (arg.file == nil) then
    fault.usage(OP, arg.file and "give a statement or --file, not both" or "STATEMENT is missing",
      "quote it: tarn sql 'SELECT 1'")
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

-- name=value, name=value:TYPE, or name alone for NULL.
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
  summary = "Run an SQL statement at a warehouse.",
  effect = "write",
  route = { "POST", "/api/dlt/sql" },
  returns = { any = { { "object" }, { statement = "string" } } },
  details = [[
Rows are printed as they come; a cell is a text as the warehouse wrote it, or null. Parameters
are bound, never pasted: write :name in the statement and --param name=value. A type may
follow: --param day=2026-08-19:DATE, --param n=5:INT; without a value it is NULL. Ctrl-C cancels
the statement at the warehouse.]],
  args = {
    { "statement", "string", "The statement, in quotes.", optional = true, positional = true },
    { "file", "path", "Read the statement from a file; - is standard input.", optional = true,
      short = "f" },
    { "param", "list", "A parameter: NAME=VALUE or NAME=VALUE:TYPE (repeatable).", optional = true,
      value = "NAME=VALUE" },
    { "warehouse", "string", "Id of the warehouse; else DATABRICKS_WAREHOUSE_ID, or one that runs.",
      optional = true, value = "ID", of = "warehouse" },
    { "catalog", "catalog", "As USE CATALOG for this statement.", optional = true },
    { "schema", "string", "As USE SCHEMA for this statement.", optional = true },
    { "limit", "integer", "At most so many rows.", optional = true, min = 1 },
    { "dry_run", "flag", "Say what would be run, and run nothing." },
  },
  examples = {
    { "sql 'SELECT name, pipeline_type FROM system.lakeflow.pipelines'", "a table" },
    { "sql 'SELECT * FROM t WHERE day >= :day' --param day=2026-08-01:DATE -o csv",
      "bound parameters, for a spreadsheet" },
    { "sql -f report.sql --warehouse 1234567890abcdef", "a statement from a file" },
  },
  needs = { "warehouse" },
  see = { "api" },

  run = function(ctx, arg)
    local statement, params = statement_of(arg), parameters(arg.param)
    if arg.dry_run then
      return { statement = statement, parameters = params, warehouse_id = arg.warehouse }
    end
    local rows = ctx.workspace:sql(statement, params, { warehouse_id = arg.warehouse,
      catalog = arg.catalog, schema = arg.schema, row_limit = arg.limit })
    if rows.truncated and not arg.limit then
      ctx.warn "the warehouse cut the result: these are not all rows"
    end
    return rows
  end,
}
