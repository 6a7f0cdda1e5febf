--- Names of tables in SQL: their parts, parameters in them, IDENTIFIER(...), paths, and what the
--- current catalog and schema make of them. Pure.

local constant = require "tarn.lineage.code.sql.constant"
local parameters = require "tarn.lineage.code.sql.parameters"
local tokens = require "tarn.lineage.code.sql.tokens"

local M = {}

local is = tokens.is

---@class tarn.SqlName
---@field text string     as tarn.lineage.names reads it, in back quotes where needed, or a path
---@field parts string[]
---@field bare? string    the name without the catalog and schema that USE has given to it
---@field is_path? boolean

local function written(part)
  if part:find "^[%w_\x80-\xff]+$" then
    return part
  end
  return "`" .. part:gsub("`", "``") .. "`"
end

local function join(parts)
  local list = {}
  for i, part in ipairs(parts) do
    list[i] = written(part)
  end
  return table.concat(list, ".")
end

--- True if a text is a path and not a name.
---@param text string
---@return boolean
function M.is_path(text)
  return text:find "^/" ~= nil or text:find "^%a[%w+.-]*:/" ~= nil
end

-- Tokens that touch the one before, as in `${a}_b`. Returns the index behind them.
local function behind_touching(list, i, to)
  while i < to and list[i + 1].at == list[i].stop + 1
    and (list[i + 1].kind == "word" or list[i + 1].kind == "parameter"
      or list[i + 1].kind == "number") do
    i = i + 1
  end
  return i + 1
end

local function touches_parameter(list, i, to)
  return i < to and list[i + 1].kind == "parameter" and list[i + 1].at == list[i].stop + 1
end

-- `IDENTIFIER(...)`: the parts of its value.
local function identifier(list, i, to, context)
  local stop = tokens.closing(list, i + 1, to)
  local value, problem = constant.of(list, i + 2, stop - 1, context)
  local parts = value and M.split(value)
  if value and not parts then
    problem = ("IDENTIFIER('%s') is no name"):format(value)
  end
  return parts, stop + 1, problem
end

-- The parts at `i`, the index behind them, and what is not known.
local function part(list, i, to, context)
  local token = list[i]
  if i > to or not token then
    return nil, i
  elseif token.kind == "parameter" or touches_parameter(list, i, to) then
    local name = token.kind == "parameter" and token.text or list[i + 1].text
    return {}, behind_touching(list, i, to), constant.unset(name)
  elseif token.kind ~= "word" then
    return nil, i
  elseif is(token, "IDENTIFIER") and is(list[i + 1], "(") then
    return identifier(list, i, to, context)
  end
  local unset = token.quoted and parameters.find_unset(token.text)
  if token.open then
    return {}, i + 1, "a name in back quotes does not end"
  end
  return { token.text }, i + 1, unset and constant.unset(unset)
end

local function is_hyphen(list, i, to)
  return i > 1 and i < to and is(list[i], "-") and list[i - 1].stop + 1 == list[i].at
    and list[i + 1].at == list[i].stop + 1
end

-- True if a sign that no name has touches the name before it, as in `t$x` and `t_{{ x }}`.
local function is_odd(list, i, to)
  return i > 1 and i <= to and list[i].kind == "sign"
    and list[i].text:find "^[#$%%{:/?!*%[]" ~= nil and list[i - 1].stop + 1 == list[i].at
end

--- The parts of a name that begins at `i`; nil if there is no name.
---@param list tarn.SqlToken[]
---@param i integer
---@param to integer
---@param context tarn.LineageContext
---@return string[]? parts
---@return integer after
---@return string? problem what is not known; the parts are not to be used then
function M.parts(list, i, to, context)
  local all, problem = {}, nil
  while true do
    local parts, after, what = part(list, i, to, context)
    if not parts and not what then
      return nil, i
    end
    problem = problem or what
    table.move(parts or {}, 1, #(parts or {}), #all + 1, all)
    if is_hyphen(list, after, to) then
      problem, after = "a name with a hyphen is not in back quotes", after + 2
    end
    if not (after < to and is(list[after], ".")) then
      return all, after, problem or is_odd(list, after, to) and "the name is not understood" or nil
    end
    i = after + 1
  end
end

--- The parts of a name in a text; nil if the text is no name.
---@param text string
---@return string[]?
function M.split(text)
  local list = tokens.of(text)
  local parts, after, problem = M.parts(list, 1, #list, {})
  return parts and not problem and #parts > 0 and after == #list + 1 and parts or nil
end

-- The name with the current catalog and schema, if USE has changed these.
local function qualified(parts, context)
  if not context.used or #parts >= 3 then
    return parts
  elseif context.catalog == false or #parts == 1 and context.schema == false then
    return nil, "the current catalog or schema is not known"
  elseif #parts == 2 then
    return { context.catalog or "hive_metastore", parts[1], parts[2] }
  end
  return { context.catalog or "hive_metastore", context.schema or "default", parts[1] }
end

-- In ``delta.`/x` `` the second part is a path.
local function path_of(parts)
  return #parts == 2 and M.is_path(parts[2]) and parts[2] or nil
end

--- What the parts of a name mean.
---@param parts string[]
---@param context tarn.LineageContext
---@param is_private? boolean a name that only the pipeline knows: USE does not change it
---@return tarn.SqlName? name
---@return string? problem
function M.resolve(parts, context, is_private)
  local path = path_of(parts)
  if path then
    return { text = path, parts = parts, is_path = true }
  elseif #parts > 3 then
    return nil, ("the name %s has %d parts"):format(join(parts), #parts)
  elseif #parts == 2 and parts[1]:lower() == "live" then
    parts = { parts[2] }
  end
  local whole, problem = parts, nil
  if not is_private then
    whole, problem = qualified(parts, context)
  end
  if not whole then
    return nil, problem
  end
  return { text = join(whole), parts = parts,
    bare = #parts == 1 and whole ~= parts and join(parts) or nil }
end

return M
