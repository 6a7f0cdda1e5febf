--- How a statement fails: Databricks' message, error class and SQLSTATE.
--
-- A failure is a table with `message` and `sql_state` that is raised inside sandbox.sql. It
-- becomes the status of the statement, never an HTTP error.

local lexer = require "sandbox.sql.lexer"

local M = {}

local MT = { __name = "sandbox.sql.error" }

---@param e any
---@return boolean
function M.is(e)
  return getmetatable(e) == MT
end

--- Fail with this message; the code is BAD_REQUEST by default.
function M.raise(sql_state, message, code)
  error(setmetatable({
    sql_state = sql_state, message = message, error_code = code or "BAD_REQUEST",
  }, MT), 0)
end

local function position(text, from)
  local line, column = lexer.position(text, from)
  return ("line %d, pos %d"):format(line, column)
end

local function quoted(parts)
  local out = {}
  for i, part in ipairs(parts) do
    out[i] = "`" .. part .. "`"
  end
  return table.concat(out, ".")
end

-- The statement with a marker under a position, as Spark prints it.
local function with_marker(text, from)
  local line, column = lexer.position(text, from)
  local out, n = {}, 0
  for each in (text .. "\n"):gmatch "(.-)\n" do
    n = n + 1
    out[#out + 1] = each
    if n == line then
      out[#out + 1] = ("-"):rep(column) .. "^^^"
    end
  end
  return "\n\n== SQL ==\n" .. table.concat(out, "\n") .. "\n"
end

--- A syntax error at this token; nil: the statement ends too soon.
function M.syntax(text, token)
  if not token then
    M.raise("42601", ("[PARSE_SYNTAX_ERROR] Syntax error at or near end of input. "
      .. "SQLSTATE: 42601 (%s)"):format(position(text, #text + 1)) .. with_marker(text, #text + 1))
  end
  local word = token.to and text:sub(token.from, token.to) or token.text
  M.raise("42601", ("[PARSE_SYNTAX_ERROR] Syntax error at or near '%s'. SQLSTATE: 42601 (%s)")
    :format(word, position(text, token.from)) .. with_marker(text, token.from))
end

--- "line 1 pos 7": the position as analysis errors show it.
function M.at(text, from)
  local line, column = lexer.position(text, from)
  return ("line %d pos %d"):format(line, column)
end

--- A table that does not exist.
function M.no_table(text, parts, from)
  M.raise("42P01", ("[TABLE_OR_VIEW_NOT_FOUND] The table or view %s cannot be found. Verify the "
    .. "spelling and correctness of the schema and catalog.\nIf you did not qualify the name "
    .. "with a schema, verify the current_schema() output, or qualify the name with the correct "
    .. "schema and catalog.\nTo tolerate the error on drop use DROP VIEW IF EXISTS or DROP TABLE "
    .. "IF EXISTS. SQLSTATE: 42P01; %s"):format(quoted(parts), M.at(text, from)))
end

--- A column that does not exist; `known` are those that do.
function M.no_column(text, name, from, known)
  local parts = {}
  for part in name:gmatch "[^.]+" do
    parts[#parts + 1] = part
  end
  local near = {}
  for i = 1, math.min(5, #known) do
    near[i] = "`" .. known[i] .. "`"
  end
  local class = #near > 0 and "UNRESOLVED_COLUMN.WITH_SUGGESTION"
    or "UNRESOLVED_COLUMN.WITHOUT_SUGGESTION"
  local hint = #near > 0
    and (" Did you mean one of the following? [%s]."):format(table.concat(near, ", ")) or ""
  M.raise("42703", ("[%s] A column, variable, or function parameter with name %s cannot be "
    .. "resolved.%s SQLSTATE: 42703; %s"):format(class, quoted(parts), hint, M.at(text, from)))
end

--- A function that does not exist.
function M.no_function(text, name, from, catalog, schema)
  M.raise("42883", ("[UNRESOLVED_ROUTINE] Cannot resolve routine `%s` on search path "
    .. "[`system`.`builtin`, `system`.`session`, `%s`.`%s`]. Verify the spelling of `%s`, check "
    .. "that the routine exists, and confirm you have `USE` privilege on the catalog and schema, "
    .. "and EXECUTE on the routine. SQLSTATE: 42883; %s")
    :format(name, catalog, schema, name, M.at(text, from)))
end

--- A parameter marker without a value.
function M.unbound(text, name, from)
  M.raise("42P02", ("[UNBOUND_SQL_PARAMETER] Found the unbound parameter: %s. Please, fix `args` "
    .. "and provide a mapping of the parameter to either a SQL literal or collection constructor "
    .. "functions such as `map()`, `array()`, `struct()`. SQLSTATE: 42P02; %s")
    :format(name, M.at(text, from)))
end

--- A value that cannot be cast to a type.
function M.bad_cast(value, type_text)
  M.raise("22018", ("[CAST_INVALID_INPUT] The value '%s' of the type \"STRING\" cannot be cast to "
    .. "\"%s\" because it is malformed. Correct the value as per the syntax, or change its target "
    .. "type. Use `try_cast` to tolerate malformed input and return NULL instead. "
    .. "SQLSTATE: 22018"):format(value, type_text))
end

--- A privilege that the caller lacks.
function M.denied(what)
  M.raise("42501", ("[INSUFFICIENT_PERMISSIONS] Insufficient privileges:\n%s SQLSTATE: 42501")
    :format(what))
end

-- A pattern for SQLite's message, and Databricks' SQLSTATE and message for the same error.
local PLAIN <const> = {
  { "divide%-by%-zero", "22012", "[DIVIDE_BY_ZERO] Division by zero. Use `try_divide` to tolerate "
    .. "divisor being 0 and return NULL instead." },
  { "misuse of", "42903", "[INVALID_WHERE_CONDITION] The WHERE condition contains invalid "
    .. "expressions. Rewrite the query to avoid window functions, aggregate functions, and "
    .. "generator functions in the WHERE clause." },
  { "wrong number of arguments", "42605", "[WRONG_NUM_ARGS.WITHOUT_SUGGESTION] A function was "
    .. "called with a number of arguments that it does not take." },
  { "do not have the same number of result columns", "42826", "[NUM_COLUMNS_MISMATCH] Set "
    .. "operations can only be performed on inputs with the same number of columns." },
  { "BY term", "42805", "[ORDER_BY_POS_OUT_OF_RANGE] A position in ORDER BY or GROUP BY is not "
    .. "in the select list." },
  { "malformed JSON", "22023", "[MALFORMED_RECORD_IN_PARSING.WITHOUT_SUGGESTION] Malformed JSON "
    .. "is detected in record parsing." },
  { "integer overflow", "22003", "[ARITHMETIC_OVERFLOW] integer overflow." },
}

-- The first token with that text.
local function find_token(text, word)
  word = word:gsub("^[`\"'](.*)[`\"']$", "%1"):lower()
  for _, token in ipairs(lexer.tokens(text)) do
    if token.text:lower() == word then
      return token
    end
  end
end

--- Fail as Databricks does, for an error that only SQLite has found.
---@param text string the statement
---@param query sandbox.Query its translation
---@param message string SQLite's message
function M.explain(text, query, message)
  local value, kind = message:match "cast%-invalid%-input\1(.-)\1(.-)\1"
  if value then
    M.bad_cast(value, kind)
  end
  local name = message:match "no such column: ([^\n(]+)"
  if name then
    name = name:gsub("%s+$", ""):match "[^.]+$"
    local seen = query.positions[name:lower()] or { name = name, from = 1 }
    M.no_column(text, seen.name, seen.from, query.known)
  end
  name = message:match "ambiguous column name: ([^\n(]+)"
  if name then
    M.raise("42704", ("[AMBIGUOUS_REFERENCE] Reference `%s` is ambiguous. SQLSTATE: 42704")
      :format((name:gsub("%s+$", ""))))
  end
  for _, known in ipairs(PLAIN) do
    if message:find(known[1]) then
      M.raise(known[2], ("%s SQLSTATE: %s"):format(known[3], known[2]))
    end
  end
  name = message:match 'near "(.-)": syntax error'
  local token = name and find_token(text, name)
  if token or message:find "incomplete input" then
    M.syntax(text, token)
  end
  M.raise("42601", ("[PARSE_SYNTAX_ERROR] Syntax error: %s. SQLSTATE: 42601"):format(
    message:gsub("^sqlite%.%a+: ", ""):gsub(" %(sql%)$", "")))
end

return M
