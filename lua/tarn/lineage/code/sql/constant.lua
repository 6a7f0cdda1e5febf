--- Values of constant expressions in SQL: literals, parameters, variables, concatenations. Pure.

local parameters = require "tarn.lineage.code.sql.parameters"
local tokens = require "tarn.lineage.code.sql.tokens"

local M = {}

local is = tokens.is

local functions = {}

function functions.CONCAT(_, args)
  return table.concat(args)
end

function functions.LOWER(_, args)
  return args[1] and args[1]:lower()
end

function functions.UPPER(_, args)
  return args[1] and args[1]:upper()
end

function functions.CURRENT_CATALOG(context)
  return context.catalog or nil
end

function functions.CURRENT_SCHEMA(context)
  return context.schema or nil
end

functions.LCASE, functions.UCASE = functions.LOWER, functions.UPPER
functions.CURRENT_DATABASE = functions.CURRENT_SCHEMA

--- A part of an expression and the index behind it; nil and what is not known.
local term

local function arguments(list, i, to, context)
  local args, stop = {}, tokens.closing(list, i, to)
  local from = i + 1
  while from < stop do
    local value, after = term(list, from, stop - 1, context)
    if not value then
      return nil, after
    end
    args[#args + 1] = value
    from = after + 1 -- behind the comma
  end
  return args, stop + 1
end

local function call(list, i, to, context)
  local args, after = arguments(list, i + 1, to, context)
  if not args then
    return nil, after
  end
  local value = functions[list[i].upper](context, args)
  return value, value and after or "the value of " .. list[i].text .. " is not known"
end

local function literal(list, i, to)
  local parts = {}
  while i <= to and list[i].kind == "text" do
    parts[#parts + 1] = list[i].text
    i = i + 1
  end
  local value = table.concat(parts)
  local unset = parameters.find_unset(value)
  if unset then
    return nil, M.unset(unset)
  end
  return value, i
end

local function variable(list, i, context)
  if is(list[i + 1], ".") and (list[i].upper == "SESSION" or list[i].upper == "SYSTEM") then
    i = i + 2
  end
  local value = list[i] and (context.variables or {})[list[i].text:lower()]
  return value, value and i + 1
    or ("the value of %s is not known"):format(list[i] and list[i].text or "an expression")
end

local function single(list, i, to, context)
  local token = list[i]
  if not token or i > to then
    return nil, "the expression is not understood"
  elseif token.kind == "text" then
    return literal(list, i, to)
  elseif token.kind == "number" then
    return token.text, i + 1
  elseif token.kind == "parameter" then
    return nil, M.unset(token.text)
  elseif is(token, ":") and list[i + 1] and list[i + 1].kind == "word" then
    local value = context.configuration and context.configuration[list[i + 1].text]
    return value, value and i + 2 or M.unset(list[i + 1].text)
  elseif is(token, "(") then
    local stop = tokens.closing(list, i, to)
    local value, after = term(list, i + 1, stop - 1, context)
    return value, value and stop + 1 or after
  elseif functions[token.upper or ""] and is(list[i + 1], "(") then
    return call(list, i, to, context)
  elseif token.kind == "word" then
    return variable(list, i, context)
  end
  return nil, "the expression is not understood"
end

function term(list, i, to, context)
  local value, after = single(list, i, to, context)
  while value and after <= to and (is(list[after], "||") or is(list[after], "::")) do
    if is(list[after], "::") then
      after = after + 2
    else
      local more
      more, after = single(list, after + 1, to, context)
      value = more and value .. more
    end
  end
  return value, after
end

--- What to say of a parameter that has no value.
---@param name string
---@return string
function M.unset(name)
  return ("the parameter %s is not set"):format(name)
end

--- The value of the expression between two indexes, as text.
---@param list tarn.SqlToken[]
---@param from integer
---@param to integer
---@param context tarn.LineageContext
---@return string? value
---@return string? problem what is not known
function M.of(list, from, to, context)
  local value, after = term(list, from, to, context)
  if not value then
    return nil, tostring(after)
  elseif after <= to then
    return nil, "the expression is not a constant"
  end
  return value
end

return M
