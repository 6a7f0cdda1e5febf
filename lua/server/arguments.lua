--- Reads the arguments of a command from the path, the query and the JSON body of a request.
--
-- Arguments that name a file of this machine (type `path`) and those that the header marks
-- `served = false` are not accepted. For a file that the header marks `inline` the body has the
-- content of the file, as an object.

local argspec = require "engine.header.argspec"
local collections = require "base.collections"
local convert = require "engine.args.convert"
local errors = require "server.errors"
local json = require "native.json"
local suggestion = require "base.suggestion"

local M = {}

--- The arguments of a script that a request may have.
---@param script table
---@return table[]
function M.served(script)
  local list = {}
  for _, spec in ipairs(script.args) do
    if (spec[2] ~= "path" or spec.inline) and spec.served ~= false then
      list[#list + 1] = spec
    end
  end
  return list
end

--- The arguments that every command has beside its own.
---@type table[]
M.common = {
  { "profile", "string", "The profile of the workspace; the server must serve it.",
    optional = true },
  { "timeout", "number", "Seconds for each call with its retries, or for the whole wait.",
    optional = true, min = 0.001, max = 3600 },
}

--- The argument of commands that destroy something.
M.confirm = { "confirm", "flag", "Must be true, because the command destroys something." }

local function index(route)
  local known = {}
  local function add(spec)
    known[spec[1]] = spec
    if spec.alias then
      known[spec.alias] = spec
    end
  end
  for _, spec in ipairs(M.served(route.script)) do
    add(spec)
  end
  for _, spec in ipairs(M.common) do
    add(spec)
  end
  if route.script.effect == "destroy" then
    add(M.confirm)
  end
  return known
end

-- Refuse an argument in the query or the body.
local function wrong(route, name, what, hint)
  local status = route.method == "GET" and 400 or 422
  errors.refuse(status, "INVALID_PARAMETER_VALUE", ("'%s' %s"):format(name, what),
    hint or route.described or "/api/openapi.json describes the arguments")
end

local JSON_TYPES <const> = { flag = "boolean", integer = "integer", number = "number" }

-- The text of a value in a body. Refuses a value of another type than the argument's.
local function text_of(route, name, spec, value)
  local want = JSON_TYPES[spec[2]] or "string"
  if want == "boolean" and type(value) == "boolean"
    or want == "integer" and math.type(value) == "integer"
    or want == "number" and math.type(value)
    or want == "string" and type(value) == "string" then
    return tostring(value)
  end
  wrong(route, name, ("is not %s %s"):format(want:find "^[aeiou]" and "an" or "a", want))
end

local function list_of(route, name, value)
  if type(value) == "string" then
    value = { value }
  elseif type(value) ~= "table" or not json.is_array(value) then
    wrong(route, name, "is not a list of strings")
  end
  for _, item in ipairs(value) do
    if type(item) ~= "string" then
      wrong(route, name, "is not a list of strings")
    end
  end
  return value
end

local function object_of(route, name, value)
  if type(value) ~= "table" or json.is_array(value) then
    wrong(route, name, "is not an object")
  end
  return value
end

-- The value of an argument. Refuses one that does not fit its type.
local function value_of(route, name, spec, value)
  if spec.inline then
    return object_of(route, name, value)
  elseif spec[2] == "list" then
    return list_of(route, name, value)
  elseif route.method == "GET" and type(value) == "table" then
    wrong(route, name, "is given twice")
  end
  local text = route.method == "GET" and value or text_of(route, name, spec, value)
  if spec[2] == "flag" and text == "" then
    text = "true" -- ?all is ?all=true
  end
  local converted, why, hint = convert.find(spec, text)
  if converted == nil then
    wrong(route, name, why, hint)
  end
  return converted
end

local function unknown(route, name, known)
  wrong(route, name, "is not an argument of this command",
    suggestion.hint(name, collections.keys(known)))
end

local function complete(route, values)
  for _, spec in ipairs(route.script.args) do
    local name = spec[1]
    local default = (route.defaults or {})[name]
    if default == nil then
      default = spec.default
    end
    if values[name] == nil and argspec.is_required(spec) then
      wrong(route, name, "is missing", spec[3])
    elseif values[name] == nil then
      values[name] = default
      if spec[2] == "flag" then
        values[name] = default or false
      end
    end
  end
  return values
end

--- Read the arguments of a request. Refuses unknown, repeated, missing and wrong ones.
---@param route table { method, script, defaults?, described? } `described`: a hint where the
--- arguments are described
---@param params table<string, string> the parameters in the path
---@param given table the arguments in the query or the body
---@return table arg the script's arguments
---@return { profile?: string, timeout?: number, confirm?: boolean } common
function M.read(route, params, given)
  local known, values, common = route.known or index(route), {}, {}
  route.known = known
  for name, value in pairs(given) do
    local spec = known[name]
    local target = spec and (spec == M.confirm or spec == M.common[1] or spec == M.common[2])
      and common or values
    if not spec or params[spec[1]] then
      unknown(route, name, known)
    elseif target[spec[1]] ~= nil then
      wrong(route, name, "is given twice")
    elseif value ~= json.null then
      target[spec[1]] = value_of(route, name, spec, value)
    end
  end
  for name, value in pairs(params) do
    values[name] = value_of({ method = "GET" }, name, known[name], value)
  end
  return complete(route, values), common
end

return M
