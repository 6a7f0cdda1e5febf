--- The header of a script: the table that its file returns.
--
-- Help, the command line, completion and the server all read this table. An error in any field, in
-- optional ones too, is a fault that names the file and the field.

local argspec = require "engine.header.argspec"
local fault = require "base.fault"
local fields = require "engine.header.fields"
local schemas = require "engine.schema"

local M = {}

local is, is_list_of <const> = fields.is, fields.is_list_of

local EFFECTS <const> = { read = true, write = true, destroy = true }
local METHODS <const> = { GET = true, POST = true, PUT = true, PATCH = true, DELETE = true }

-- The fields of a header; it must have the first four.
local FIELDS <const> = {
  { "summary", is "string", "a string" },
  { "effect", function(v) return EFFECTS[v] == true end, '"read", "write" or "destroy"' },
  { "args", is "table", "a list of arguments" },
  { "run", is "function", "a function(ctx, arg)" },
  { "endless", function(v) return type(v) == "boolean" or type(v) == "function" end,
    "a boolean or a function(arg)" },
  { "question", is "function", "a function(ctx, arg) that returns a text or false" },
  { "route", is "table", "{ method, path }" },
  { "returns", function(v) return v ~= nil end, "a schema" },
  { "details", is "string", "a string" },
  { "examples", is "table", "a list of { command, what for }" },
  { "needs", is_list_of "string", "a list of strings" },
  { "see", is_list_of "string", "a list of names of scripts" },
  { "render", is "table", "{ columns =, fields =, text = }" },
  { "for_scripts", is "boolean", "a boolean" },
  { "author", is "string", "a string" },
  { "since", is "string", "a string" },
}
local REQUIRED <const> = 4

-- The fields of a route beside method and path.
local ROUTE_FIELDS <const> = {
  { "defaults", is "table", "a table" },    -- that differ from those of the command line
  { "secret", is "string", "a string" },    -- the member of the body that is a secret
  { "cached", is "boolean", "a boolean" },  -- true: the answer may be some seconds old
  { "many", is "string", "a path" },        -- where the arguments of the path are in the request
}

local RENDER_FIELDS <const> = {
  { "columns", is "table", "a list of columns" },
  { "fields", is_list_of "string", "a list of names" },
  { "noun", is "string", "what a row is, as a word" },
  { "text", is "function", "a function(data, screen)" },
}

local function check_examples(examples, wrong)
  for i, example in ipairs(examples) do
    if type(example) ~= "table" or type(example[1]) ~= "string"
      or type(example[2]) ~= "string" then
      wrong(("examples[%d] is not { command, what for }"):format(i))
    end
  end
end

local function check_route(route, names, wrong)
  if not METHODS[route[1]] or type(route[2]) ~= "string" or not route[2]:find "^/" then
    wrong "route is not { method, path }"
  end
  for name in route[2]:gmatch "{(.-)}" do
    if not names[name] then
      wrong(("route names the argument '%s', which args does not declare"):format(name))
    end
  end
  fields.check(route, ROUTE_FIELDS, "route", wrong)
  if route.many and not route.many:find "^/[^{}]*$" then
    wrong "'many' in route is not a path without arguments"
  end
  for name in pairs(route.defaults or {}) do
    if not names[name] then
      wrong(("route has a default for '%s', which args does not declare"):format(name))
    end
  end
end

-- A script that changes something must be able to show first what it would change.
local function check_effect(script, names, wrong)
  if #(script.examples or {}) == 0 then
    wrong "'examples' is missing: a script that changes something has at least one"
  elseif not names.dry_run then
    wrong "the argument 'dry_run' (a flag) is missing: a script that changes something needs it"
  end
end

--- Check a header. Raises a fault that names the file and the field.
---@param script any what the file returned
---@param file string the name of the file in messages
function M.check(script, file)
  local function wrong(message, hint)
    fault.raise { kind = "parse", op = "header", message = file .. ": " .. message, hint = hint }
  end
  if type(script) ~= "table" then
    wrong "a script returns one table with summary, effect, args and run"
  end
  fields.check(script, FIELDS, "the header", wrong)
  for i = 1, REQUIRED do
    local field = FIELDS[i][1]
    if script[field] == nil then
      wrong(("'%s' is missing in the header"):format(field))
    end
  end
  if script.summary:find "\n" or not script.summary:find "%.$" then
    wrong "'summary' is not one line that ends with a full stop"
  end
  local names = argspec.check(script.args, wrong)
  check_examples(script.examples or {}, wrong)
  if script.effect ~= "read" then
    check_effect(script, names, wrong)
  end
  if script.route then
    check_route(script.route, names, wrong)
  end
  local problem = script.returns ~= nil and schemas.find_problem(script.returns)
  if problem then
    wrong(problem)
  end
  if script.render then
    fields.check(script.render, RENDER_FIELDS, "render", wrong)
  end
end

--- The names of all fields: of the header, of arguments, of `route` and of `render`.
---@return string[]
function M.field_names()
  local names = {}
  for _, rules in ipairs { FIELDS, argspec.fields, ROUTE_FIELDS, RENDER_FIELDS } do
    for _, rule in ipairs(rules) do
      names[#names + 1] = rule[1]
    end
  end
  return names
end

--- True if the table seems to be a header, complete or not.
---@param value any
---@return boolean
function M.looks_like_script(value)
  return type(value) == "table" and type(rawget(value, "run")) == "function"
end

return M
