--- How a statement fails: Databricks' words, error class and SQLSTATE.
--
-- A failure is a table with `message` and `sql_state` that is raised inside sandbox.sql and
-- becomes the status of the statement: never an HTTP error.

local lexer = require "sandbox.lexer"

local M = {}

local MT = { __name = "sandbox.sqlerror" }

---@param e any
---@return boolean
function M.is(e)
  return getmetatable(e) == MT
end

--- Fail with this message; the code is BAD_REQUEST unless one is given.
function M.raise(sql_state, message, code)
  error(setmetatable({
    sql_state = sql_state, message = message, error_code = code or "BAD_REQUEST",
  }, MT), 0)
end

local function place(text, from)
  local line, column = lexer.place(text, from)
  return ("line %d, pos %d"):format(line, column)
end

local function quoted(parts)
  local out = {}
  for i, part in ipairs(parts) do
    out[i] = "`" .. part .. "`"
  end
  return table.concat(out, ".")
end

-- The statement with a mark under the place, as Spark prints it.
local function shown(text, from)
  local line, column = lexer.place(text, from)
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

--- A statement that is not SQL from this token on (nil: that ends too soon).
function M.syntax(text, token)
  if not token then
    M.raise("42601", ("[PARSE_SYNTAX_ERROR] Syntax error at or near end of input. "
      .. "SQLSTATE: 42601 (%s)"):format(place(text, #text + 1)) .. shown(text, #text + 1))
  end
  local word = token.to and text:sub(token.from, token.to) or token.text
  M.raise("42601", ("[PARSE_SYNTAX_ERROR] Syntax error at or near '%s'. SQLSTATE: 42601 (%s)")
    :format(word, place(text, token.from)) .. shown(text, token.from))
end

local function at(text, from)
  local line, column = lexer.place(text, from)
  return ("line %d pos %d"):format(line, column)
end

--- A table that is not there.
function M.no_table(text, parts, from)
  M.raise("42P01", ("[TABLE_OR_VIEW_NOT_FOUND] The table or view %s cannot be found. Verify the "
    .. "spelling and correctness of the schema and catalog.\nIf you did not qualify the name "
    .. "with a schema, verify the current_schema() output, or qualify the name with the correct "
    .. "schema and catalog.\nTo tolerate the error on drop use DROP VIEW IF EXISTS or DROP TABLE "
    .. "IF EXISTS. SQLSTATE: 42P01; %s"):format(quoted(parts), at(text, from)))
end

--- A column that is not there, with those that are.
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
    .. "resolved.%s SQLSTATE: 42703; %s"):format(class, quoted(parts), hint, at(text, from)))
end

--- A function that is not there.
function M.no_function(text, name, from, catalog, schema)
  M.raise("42883", ("[UNRESOLVED_ROUTINE] Cannot resolve routine `%s` on search path "
    .. "[`system`.`builtin`, `system`.`session`, `%s`.`%s`]. Verify the spelling of `%s`, check "
    .. "that the routine exists, and confirm you have `USE` privilege on the catalog and schema, "
    .. "and EXECUTE on the routine. SQLSTATE: 42883; %s")
    :format(name, catalog, schema, name, at(text, from)))
end

--- A parameter marker without a value.
function M.unbound(text, name, from)
  M.raise("42P02", ("[UNBOUND_SQL_PARAMETER] Found the unbound parameter: %s. Please, fix `args` "
    .. "and provide a mapping of the parameter to either a SQL literal or collection constructor "
    .. "functions such as `map()`, `array()`, `struct()`. SQLSTATE: 42P02; %s")
    :format(name, at(text, from)))
end

--- A value that is not of the type it is asked to be.
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

return M
