--- The header of a script: which fields there are, and whether a table is one.
--
-- Everything that reads scripts (help, the command line, the web form) reads this one table,
-- so what is wrong in it is an error that names file and field, optional fields included.

local fault = require "base.fault"
local schemas = require "engine.schema"
local suggestion = require "base.suggestion"

local M = {}

--- Types of arguments.
M.types = {
  string = true, integer = true, number = true, flag = true, choice = true, list = true,
  path = true, workspace = true, catalog = true, pipeline = true,
}

--- Options that every command takes; a script must not declare one of these names.
M.globals = {
  { "path", "list", "Look for scripts and modules in DIR first (repeatable).", value = "DIR",
    of = "path" },
  { "bundled", "flag", "Ignore all overrides: only what is built in." },
  { "output", "choice", "Form of the output.", short = "o",
    choices = { "text", "json", "jsonl", "csv" } },
  { "quiet", "flag", "Say nothing on stderr but faults.", short = "q" },
  { "verbose", "flag", "Trace requests on stderr; twice: with bodies.", short = "v" },
  { "profile", "string", "Workspace: a section of ~/.databrickscfg, or demo, demo-dr.",
    short = "p", value = "NAME", of = "workspace" },
  { "jobs", "integer", "Most calls in flight (default 64).", min = 1, value = "N" },
  { "rate", "number", "Most calls a second (default: no bound).", min = 0.001, value = "N" },
  { "timeout", "number", "Seconds for a call with its retries (default 300); for a whole wait.",
    min = 0.001, value = "S" },
  { "read_only", "flag", "Refuse every request that changes something, whoever makes it." },
  { "record", "path", "Write requests and answers, without secrets, for `tarn test`.",
    value = "FILE" },
  { "cpu_limit", "number", "Seconds a script may compute without a wait (default 60; 0: any).",
    min = 0, value = "S" },
  { "memory_limit", "integer", "MiB that a script's values may take (default 1024; 0: any).",
    min = 0, value = "MIB" },
  { "yes", "flag", "Do not ask before something is destroyed." },
  { "no_color", "flag", "No colour, even on a terminal." },
  { "version", "flag", "Print the version and stop." },
  { "help", "flag", "Print the help of the command and stop.", short = "h" },
}

--- The same by their names.
M.global = {}

for _, spec in ipairs(M.globals) do
  spec.optional = true
  M.global[spec[1]] = spec
end

--- What the values of an argument can be, for completion.
M.kinds = { pipeline = true, workspace = true, path = true, catalog = true, warehouse = true,
  update = true, operation = true, command = true, module = true, topic = true }

local function is_list_of(kind)
  return function(value)
    if type(value) ~= "table" then
      return false
    end
    for key, item in pairs(value) do
      if math.type(key) ~= "integer" or type(item) ~= kind then
        return false
      end
    end
    return true
  end
end

local function is(kind)
  return function(value)
    return type(value) == kind
  end
end

local EFFECTS <const> = { read = true, write = true, destroy = true }
local METHODS <const> = { GET = true, POST = true, PUT = true, PATCH = true, DELETE = true }

-- Field of an argument -> test, and what it should have been.
local ARG_FIELDS <const> = {
  { "choices", is_list_of "string", "a list of strings" },
  { "of", function(v) return M.kinds[v] == true end, "a kind of names that can be completed" },
  { "default", function() return true end, "" },
  { "short", function(v) return type(v) == "string" and v:find "^%a$" ~= nil end, "one letter" },
  { "value", is "string", "a string" },
  { "min", is "number", "a number" },
  { "max", is "number", "a number" },
  { "optional", is "boolean", "a boolean" },
  { "positional", is "boolean", "a boolean" },
  { "raw", is "boolean", "a boolean" },
  { "alias", is "string", "a string" },
  { "served", is "boolean", "a boolean" },
  { "inline", is "boolean", "a boolean" },
}

-- What a route may have beside method and path: other defaults than those of the command line,
-- the member of the body that is a secret, and whether its answer may be some seconds old.
local ROUTE_FIELDS <const> = {
  { "defaults", is "table", "a table" },
  { "secret", is "string", "a string" },
  { "cached", is "boolean", "a boolean" },
}

local RENDER_FIELDS <const> = {
  { "columns", is "table", "a list of columns" },
  { "fields", is_list_of "string", "a list of names" },
  { "text", is "function", "a function(data, out)" },
}

local FIELDS <const> = {
  { "summary", is "string", "a string" },
  { "effect", function(v) return EFFECTS[v] == true end, '"read", "write" or "destroy"' },
  { "args", is "table", "a list of arguments" },
  { "run", is "function", "a function(ctx, arg)" },
  { "question", is "function", "a function(ctx, arg) that returns a text" },
  { "route", is "table", "{ method, path }" },
  { "returns", function(v) return v ~= nil end, "a schema" },
  { "details", is "string", "a string" },
  { "examples", is "table", "a list of { command, what for }" },
  { "needs", is_list_of "string", "a list of strings" },
  { "see", is_list_of "string", "a list of names of scripts" },
  { "render", is "table", "{ columns =, fields =, text = }" },
  { "author", is "string", "a string" },
  { "since", is "string", "a string" },
}

-- Calls `wrong(message)`, which does not return, at the first mistake.
local function check_fields(value, fields, what, wrong)
  local known, names = {}, {}
  for _, field in ipairs(fields) do
    known[field[1]] = field
    names[#names + 1] = field[1]
  end
  for key, item in pairs(value) do
    if type(key) == "string" then
      local field = known[key]
      if not field then
        wrong(("unknown field '%s' in %s"):format(key, what), suggestion.hint(key, names))
      elseif not field[2](item) then
        wrong(("'%s' in %s is not %s"):format(key, what, field[3]))
      end
    end
  end
end

local function check_type(spec, what, wrong)
  local kind = spec[2]
  if not M.types[kind] then
    local names = {}
    for name in pairs(M.types) do
      names[#names + 1] = name
    end
    table.sort(names)
    wrong(("%s has the type '%s', and there is no such type"):format(what, tostring(kind)),
      suggestion.hint(tostring(kind), names))
  elseif (kind == "choice") ~= (spec.choices ~= nil) then
    wrong(("%s: 'choices' belongs to the type choice, and to no other"):format(what))
  elseif kind == "flag" and (spec.positional or spec.optional) then
    wrong(("%s is a flag: it is optional already, and has no position"):format(what))
  end
end

local DEFAULTS <const> = { integer = "number", number = "number", flag = "boolean",
  list = "table" }

local function check_arg(i, spec, state, wrong)
  if type(spec) ~= "table" or type(spec[1]) ~= "string" then
    wrong(("args[%d] is not { name, type, help }"):format(i))
  end
  local name = spec[1]
  local what = ("argument '%s'"):format(name)
  if not name:find "^%l[%l%d_]*$" then
    wrong(what .. " is not a name of lower-case letters, digits and underscores")
  elseif M.global[name] then
    wrong(what .. " has the name of an option that every command takes")
  elseif state.names[name] then
    wrong(what .. " is there twice")
  elseif type(spec[3]) ~= "string" or not spec[3]:find "%.$" then
    wrong(what .. " has no help that ends with a full stop")
  elseif #spec > 3 then
    wrong(what .. " has more than name, type and help")
  end
  state.names[name] = true
  check_fields(spec, ARG_FIELDS, what, wrong)
  check_type(spec, what, wrong)
  if spec.default ~= nil and type(spec.default) ~= (DEFAULTS[spec[2]] or "string") then
    wrong(("%s: the default does not fit the type %s"):format(what, spec[2]))
  end
  if spec.short then
    if state.shorts[spec.short] then
      wrong(("%s: -%s is taken"):format(what, spec.short))
    end
    state.shorts[spec.short] = true
  end
  if M.is_positional(spec) then
    if state.rest then
      wrong(what .. " comes after a list, which takes all that follows")
    elseif M.is_required(spec) and state.optional then
      wrong(what .. " is required, and comes after one that is not")
    end
    state.rest = spec[2] == "list"
    state.optional = state.optional or not M.is_required(spec)
  end
end

local function check_args(args, wrong)
  local state = { names = {}, shorts = { o = true, q = true, v = true, p = true, h = true } }
  for key in pairs(args) do
    if math.type(key) ~= "integer" then
      wrong(("args is a list, and has the field '%s'"):format(tostring(key)))
    end
  end
  for i, spec in ipairs(args) do
    check_arg(i, spec, state, wrong)
  end
  return state.names
end

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
      wrong(("route names the argument '%s', which args does not have"):format(name))
    end
  end
  check_fields(route, ROUTE_FIELDS, "route", wrong)
  for name in pairs(route.defaults or {}) do
    if not names[name] then
      wrong(("route has a default for '%s', which args does not have"):format(name))
    end
  end
end

--- True if the argument has a place of its own on the command line. All others are options;
-- those that have a place may be given by name too.
---@param spec table
---@return boolean
function M.is_positional(spec)
  if spec.positional ~= nil then
    return spec.positional
  end
  return spec[2] ~= "flag" and spec.default == nil and not spec.optional
end

--- True if the command cannot run without it.
---@param spec table
---@return boolean
function M.is_required(spec)
  return spec[2] ~= "flag" and spec.default == nil and not spec.optional
end

--- Raise a fault that names `file` unless `script` is a complete header.
---@param script any
---@param file string
function M.check(script, file)
  local function wrong(message, hint)
    fault.raise { kind = "parse", op = "header", message = file .. ": " .. message, hint = hint }
  end
  if type(script) ~= "table" then
    wrong "a script returns one table: summary, effect, args, run"
  end
  check_fields(script, FIELDS, "the header", wrong)
  for i = 1, 4 do
    local field = FIELDS[i][1]
    if script[field] == nil then
      wrong(("'%s' is missing in the header"):format(field))
    end
  end
  if script.summary:find "\n" or not script.summary:find "%.$" then
    wrong "'summary' is not one line that ends with a full stop"
  end
  local names = check_args(script.args, wrong)
  check_examples(script.examples or {}, wrong)
  if script.effect ~= "read" and #(script.examples or {}) == 0 then
    wrong "'examples' is missing: a script with an effect shows at least one"
  elseif script.effect ~= "read" and not names.dry_run then
    wrong "the argument 'dry_run' (a flag) is missing: a script with an effect can say first"
  end
  if script.route then
    check_route(script.route, names, wrong)
  end
  local problem = script.returns ~= nil and schemas.find_problem(script.returns)
  if problem then
    wrong(problem)
  end
  if script.render then
    check_fields(script.render, RENDER_FIELDS, "render", wrong)
  end
end

--- Names of all fields there are: of the header, of an argument, of `route`, of `render`.
---@return string[]
function M.field_names()
  local names = {}
  for _, fields in ipairs { FIELDS, ARG_FIELDS, ROUTE_FIELDS, RENDER_FIELDS } do
    for _, field in ipairs(fields) do
      names[#names + 1] = field[1]
    end
  end
  return names
end

--- True if the table looks like a script, whether or not its header is complete.
---@param value any
---@return boolean
function M.looks_like_script(value)
  return type(value) == "table" and type(rawget(value, "run")) == "function"
end

return M
