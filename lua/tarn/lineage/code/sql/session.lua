--- Statements that change what later ones in the same file mean: USE, SET, DECLARE. Pure.

local constant = require "tarn.lineage.code.sql.constant"
local names = require "tarn.lineage.code.sql.name"
local tokens = require "tarn.lineage.code.sql.tokens"

local M = {}

local is = tokens.is

-- The parts of a name, of a text with a name, or of nothing that is known.
local function target(list, i, context)
  if list[i] and list[i].kind == "text" then
    local value, problem = constant.of(list, i, #list, context)
    local parts = value and names.split(value)
    return parts, problem or not parts and "the name is not understood" or nil
  end
  local parts, after, problem = names.parts(list, i, #list, context)
  if not parts or problem or after <= #list then
    return nil, problem or "the name is not understood"
  end
  return parts
end

-- USE CATALOG resets the schema.
local function use(list, i, kind, context, note)
  local parts, problem = target(list, i, context)
  context.used = true
  if not parts or #parts > (kind == "CATALOG" and 1 or 2) then
    note(list[1].line, ("what USE names is not known: %s"):format(problem or "too many parts"))
    context.catalog, context.schema = kind ~= "SCHEMA" and false or context.catalog, false
  elseif kind == "CATALOG" then
    context.catalog, context.schema = parts[1], "default"
  else
    context.catalog, context.schema = #parts == 2 and parts[1] or context.catalog, parts[#parts]
  end
end

local KINDS <const> = { CATALOG = "CATALOG", SCHEMA = "SCHEMA", DATABASE = "SCHEMA",
  NAMESPACE = "SCHEMA" }

local function run_use(list, context, note)
  local kind = list[3] and not is(list[3], ".") and KINDS[list[2].upper or ""]
  use(list, kind and 3 or 2, kind, context, note)
end

-- ---- variables ----

local function set_variable(name, list, from, context)
  context.variables = context.variables or {}
  context.variables[name:lower()] = constant.of(list, from, #list, context) or nil
end

-- DECLARE [OR REPLACE] [VARIABLE] name [type] [{DEFAULT | =} value]
local function declare(list, context)
  local i = is(list[2], "OR") and 4 or 2
  if is(list[i], "VARIABLE") or is(list[i], "VAR") then
    i = i + 1
  end
  local name = list[i]
  if not name or name.kind ~= "word" then
    return
  end
  for k = i + 1, #list do
    if is(list[k], "DEFAULT") or is(list[k], "=") then
      return set_variable(name.text, list, k + 1, context)
    end
  end
end

-- SET VAR name = value
local function set_var(list, context)
  if list[3] and list[3].kind == "word" and is(list[4], "=") then
    set_variable(list[3].text, list, 5, context)
  end
end

local function unquoted(text)
  return (text:gsub("^`(.*)`$", "%1"))
end

-- SET key = value: the value is the text as it stands.
local function set_key(source, context)
  local key, value = source:match "^%a+%s+([^=%s]+)%s*=%s*(.-)%s*$"
  if key and context.configuration then
    context.configuration[unquoted(key)] = unquoted(value)
  end
end

--- Run a statement that begins with USE, SET or DECLARE.
---@param list tarn.SqlToken[]
---@param source string
---@param context tarn.LineageContext is changed
---@param note fun(line: integer, what: string)
function M.run(list, source, context, note)
  if is(list[1], "USE") and list[2] then
    run_use(list, context, note)
  elseif is(list[1], "DECLARE") then
    declare(list, context)
  elseif is(list[1], "SET") and is(list[2], "CATALOG") and not is(list[3], "=") then
    use(list, 3, "CATALOG", context, note)
  elseif is(list[2], "VAR") or is(list[2], "VARIABLE") then
    set_var(list, context)
  else
    set_key(source, context)
  end
end

return M
