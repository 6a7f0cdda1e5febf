--- The arguments that a script's header declares: their types and fields.

local collections = require "base.collections"
local fields = require "engine.header.fields"
local globals = require "engine.header.globals"
local suggestion = require "base.suggestion"

local M = {}

---@class tarn.ArgSpec
---@field [1] string name, with underscores: "dry_run"
---@field [2] string type: see `types`
---@field [3] string help, one sentence with a full stop
---@field choices? string[] the values of a choice
---@field of? string        what the values name, for completion: see `kinds`
---@field default? any
---@field short? string     a letter: "n" for -n
---@field value? string     how help shows the value: "FILE"
---@field min? number
---@field max? number
---@field optional? boolean  true: it may be missing, without a default
---@field positional? boolean whether it has a position, if not as by default
---@field raw? boolean      a list that takes all further words, options too
---@field alias? string     another name in requests to the server
---@field served? boolean   false: requests to the server must not have it
---@field inline? boolean   a path: a request has the content of the file, as an object

--- The types of arguments.
M.types = {
  string = true, integer = true, number = true, flag = true, choice = true, list = true,
  path = true, workspace = true, catalog = true, pipeline = true,
}

--- What the values of an argument can name, for completion.
M.kinds = { pipeline = true, workspace = true, path = true, catalog = true, schema = true,
  warehouse = true, update = true, dataset = true, setting = true, field = true, operation = true,
  command = true, module = true, topic = true }

--- The fields of an argument beside name, type and help.
---@type tarn.FieldRule[]
M.fields = {
  { "choices", fields.is_list_of "string", "a list of strings" },
  { "of", function(v) return M.kinds[v] == true end, "a kind of names for completion" },
  { "default", function() return true end, "" },
  { "short", function(v) return type(v) == "string" and v:find "^%a$" ~= nil end, "one letter" },
  { "value", fields.is "string", "a string" },
  { "min", fields.is "number", "a number" },
  { "max", fields.is "number", "a number" },
  { "optional", fields.is "boolean", "a boolean" },
  { "positional", fields.is "boolean", "a boolean" },
  { "raw", fields.is "boolean", "a boolean" },
  { "alias", fields.is "string", "a string" },
  { "served", fields.is "boolean", "a boolean" },
  { "inline", fields.is "boolean", "a boolean" },
}

--- True if the command cannot run without the argument.
---@param spec tarn.ArgSpec
---@return boolean
function M.is_required(spec)
  return spec[2] ~= "flag" and spec.default == nil and not spec.optional
end

--- True if the argument has a position on the command line; all others are options. Arguments with
-- a position may be given by name, too.
---@param spec tarn.ArgSpec
---@return boolean
function M.is_positional(spec)
  if spec.positional ~= nil then
    return spec.positional
  end
  return M.is_required(spec)
end

--- The name of an argument as an option: "--full-refresh".
---@param name string
---@return string
function M.option(name)
  return "--" .. name:gsub("_", "-")
end

--- The name of an argument in messages: PIPELINE, or --full-refresh.
---@param spec tarn.ArgSpec
---@return string
function M.title(spec)
  return M.is_positional(spec) and spec[1]:upper() or M.option(spec[1])
end

-- ---- check ----

local function check_type(spec, what, wrong)
  local kind = spec[2]
  if not M.types[kind] then
    wrong(("%s has the unknown type '%s'"):format(what, tostring(kind)),
      suggestion.hint(tostring(kind), collections.keys(M.types)))
  elseif (kind == "choice") ~= (spec.choices ~= nil) then
    wrong(("%s: 'choices' goes with the type choice, and only with it"):format(what))
  elseif kind == "flag" and (spec.positional or spec.optional) then
    wrong(("%s is a flag: flags are always optional and have no position"):format(what))
  end
end

local DEFAULTS <const> = { integer = "number", number = "number", flag = "boolean",
  list = "table" }

local function check_name(spec, what, state, wrong)
  local name = spec[1]
  if not name:find "^%l[%l%d_]*$" then
    wrong(what .. ": a name has lower-case letters, digits and underscores only")
  elseif globals.by_name[name] and not globals.by_name[name].own then
    wrong(what .. " has the name of an option that every command takes")
  elseif state.names[name] then
    wrong(what .. " is declared twice")
  end
  state.names[name] = true
  if spec.short then
    if state.shorts[spec.short] then
      wrong(("%s: -%s is taken by another option"):format(what, spec.short))
    end
    state.shorts[spec.short] = true
  end
end

local function check_position(spec, what, state, wrong)
  if not M.is_positional(spec) then
    return
  elseif state.list then
    wrong(what .. " comes after a list, which takes all further words")
  elseif M.is_required(spec) and state.optional then
    wrong(what .. " is required, but comes after an optional argument")
  end
  state.list = spec[2] == "list"
  state.optional = state.optional or not M.is_required(spec)
end

local function check_one(i, spec, state, wrong)
  if type(spec) ~= "table" or type(spec[1]) ~= "string" then
    wrong(("args[%d] is not { name, type, help }"):format(i))
  end
  local what = ("argument '%s'"):format(spec[1])
  check_name(spec, what, state, wrong)
  if type(spec[3]) ~= "string" or not spec[3]:find "%.$" then
    wrong(what .. " has no help that ends with a full stop")
  elseif #spec > 3 then
    wrong(what .. " has more than name, type and help")
  end
  fields.check(spec, M.fields, what, wrong)
  check_type(spec, what, wrong)
  if spec.default ~= nil and type(spec.default) ~= (DEFAULTS[spec[2]] or "string") then
    wrong(("%s: the default does not fit the type %s"):format(what, spec[2]))
  end
  check_position(spec, what, state, wrong)
end

--- Check the list of arguments of a header.
---@param args table
---@param wrong fun(message: string, hint?: string) called at the first error; must not return
---@return table<string, boolean> names of the arguments
function M.check(args, wrong)
  local state = { names = {}, shorts = {} }
  for _, spec in ipairs(globals.list) do
    state.shorts[spec.short or ""] = true
  end
  for key in pairs(args) do
    if math.type(key) ~= "integer" then
      wrong(("args is a list, and has the field '%s'"):format(tostring(key)))
    end
  end
  for i, spec in ipairs(args) do
    check_one(i, spec, state, wrong)
  end
  return state.names
end

return M
