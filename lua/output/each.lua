--- `--each LUA`: an expression for each row, in which `it` is the row.
--
-- The expression sees Lua's functions that only compute: no files, no programs, no modules. A field
-- that is null or missing is nil, and so is a field of nil: `it.latest_update.state` is nil for a
-- pipeline that never ran.

local collections = require "base.collections"
local fault = require "base.fault"
local json = require "native.json"
local suggestion = require "base.suggestion"

local M = {}

local FUNCTIONS <const> = { "assert", "error", "ipairs", "next", "pairs", "select",
  "tonumber", "tostring", "type" }
local LIBRARIES <const> = { "math", "string", "table", "utf8" }

-- The variables of an expression; a misspelt one is an error.
local function new_env()
  local env = { json = { encode = json.encode, decode = json.decode, null = json.null },
    time = collections.copy(require "base.time"),
    os = { date = os.date, time = os.time, getenv = os.getenv } }
  for _, name in ipairs(FUNCTIONS) do
    env[name] = _G[name]
  end
  for _, name in ipairs(LIBRARIES) do
    env[name] = collections.copy(_G[name])
  end
  env.string.dump = nil
  local names = { "it" }
  for name in pairs(env) do
    names[#names + 1] = name
  end
  table.sort(names)
  return setmetatable(env, { __index = function(_, name)
    if name ~= "it" then -- which is nil if the row is
      local hint = suggestion.hint(tostring(name), names)
      error(("there is no '%s' here%s"):format(tostring(name), hint and "; " .. hint
        or ": the row is 'it'"), 2)
    end
  end })
end

-- Stands for a field that is null or missing, where the expression takes a field of it.
local EMPTY <const> = {}

-- The metatable of the tables in a row: the fields in `indexed` are never nil.
local function new_meta(indexed)
  return { __index = function(_, name)
    return indexed[name] and EMPTY or nil
  end }
end

-- A row without nulls. `originals` leads back to what the tables were made from.
local function without_nulls(value, originals, meta)
  if value == json.null then
    return nil
  elseif type(value) ~= "table" or getmetatable(value) and not json.is_array(value) then
    return value
  end
  local plain = {}
  for key, item in pairs(value) do
    if json.is_array(value) and item == json.null then
      plain[key] = item -- an array has no holes
    else
      plain[key] = without_nulls(item, originals, meta)
    end
  end
  originals[plain] = value
  return setmetatable(plain, meta)
end

-- What the expression gave, with the rows as they were.
local function restored(value, originals)
  if value == EMPTY then
    return nil
  elseif type(value) ~= "table" or originals[value] then
    return originals[value] or value
  end
  local result = {}
  for key, item in pairs(value) do
    result[key] = restored(item, originals)
  end
  return setmetatable(result, getmetatable(value))
end

-- Run the expression on a row. Lua cannot take a field of nil: where the expression does, it runs
-- again with an empty table in that place.
local function evaluate(f, env, row, indexed)
  local originals = {}
  env.it = without_nulls(row, originals, new_meta(indexed))
  local ok, value = pcall(f)
  local name = not ok and type(value) == "string"
    and value:match "attempt to index a nil value %(field '(.-)'%)"
  if name and not indexed[name] then
    indexed[name] = true
    return evaluate(f, env, row, indexed)
  elseif not ok then
    return false, value
  end
  return true, restored(value, originals)
end

--- Compile an expression. Raises a fault of kind `usage` if it is no Lua.
---@param code string
---@return fun(row: any): any each nil: the row is left out
function M.compile(code)
  local env = new_env()
  local f, why = load("return " .. code, "=--each", "t", env)
  if not f then
    local body = load(code, "=--each", "t", env)
    f = body
  end
  if not f then
    fault.usage("tarn", ("--each: %s"):format((tostring(why):gsub("^%-%-each:%d+: ", ""))),
      "an expression about a row: --each 'it.name', --each '{ name = it.name }'")
  end
  local n, indexed = 0, {}
  setmetatable(EMPTY, new_meta(indexed))
  return function(row)
    n = n + 1
    local ok, value = evaluate(f, env, row, indexed)
    if ok then
      return value
    elseif fault.is(value) then
      error(value, 0)
    end
    fault.usage("tarn", ("--each, row %d: %s"):format(n, (tostring(value)
      :gsub("^%-%-each:%d+: ", ""))), "`it` is the row; -o json without --each shows it whole")
  end
end

return M
