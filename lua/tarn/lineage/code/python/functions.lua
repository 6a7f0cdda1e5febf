--- Functions and classes that the file itself defines. Pure.

local frames = require "tarn.lineage.code.python.frames"
local run_of = require "tarn.lineage.code.python.run"
local spark = require "tarn.lineage.code.python.spark"
local values = require "tarn.lineage.code.python.values"

local M = {}

-- Calls in calls. A function that calls itself without an end is left there.
local DEEPEST <const> = 40

-- ---- functions ----

-- The name of a type, such as "SparkSession" of `pyspark.sql.SparkSession`.
local function type_name(node)
  return node and (node.t == "name" and node.id or node.t == "attribute" and node.name) or nil
end

--- The value of `def` or `lambda`.
---@param run tarn.PythonRun
---@param node table
---@param scope table
---@return table func
function M.new(run, node, scope)
  local func = { k = "func", name = node.name, node = node, scope = scope, line = node.line,
    defaults = {}, file = run.file, top = run.top }
  for i, param in ipairs(node.params) do
    func.defaults[i] = param.default and run:evaluate(param.default, scope) or nil
  end
  if not run.file then
    run.functions[#run.functions + 1] = func
  end
  return func
end

local function missing(func, param)
  local type = type_name(param.type)
  if type == "SparkSession" or spark.is_session_name(param.name) then
    return spark.session
  elseif type == "DataFrame" then
    return frames.new(false)
  end
  return values.unknown(func.name
    and ("`%s` is an argument of `%s`"):format(param.name, func.name)
    or ("`%s` is an argument"):format(param.name))
end

local function rest_of(args, n)
  return values.list(table.move(args, n, #args, 1, {}), "tuple")
end

-- Named arguments that are no parameter, for `**options`.
local function other_names(func, named)
  local known, names, dict = {}, {}, { k = "dict", entries = {} }
  for _, param in ipairs(func.node.params) do
    known[param.name] = true
  end
  for name in pairs(named) do
    names[#names + 1] = not known[name] and name or nil
  end
  table.sort(names)
  for _, name in ipairs(names) do
    if name == "**" then
      dict.open = true
    else
      dict.entries[#dict.entries + 1] = { values.text(name), named[name] }
    end
  end
  return dict
end

local function bind(func, args, named)
  local scope, n = run_of.scope(func.scope, "function"), 0
  for i, param in ipairs(func.node.params) do
    local value
    if param.kind == "rest" then
      value = rest_of(args, n + 1)
    elseif param.kind == "named" then
      value = other_names(func, named)
    else
      n = param.only_named and n or n + 1
      value = not param.only_named and args[n] or named[param.name] or func.defaults[i]
        or missing(func, param)
    end
    scope.vars[param.name] = value
  end
  return scope
end

-- Read the body of a function. What it returns is any of the values of its `return` statements.
local function body_of(run, func, scope)
  if func.node.t == "lambda" then
    return run:evaluate(func.node.value, scope)
  end
  scope.returns = {}
  local stopped = run:execute(func.node.body, scope)
  if not stopped then
    scope.returns[#scope.returns + 1] = values.NONE
  end
  func.returns = scope.return_line or func.line
  return values.any(scope.returns)
end

--- Call a function of the file.
---@param run tarn.PythonRun
---@param func table
---@param args table[]
---@param named table<string, table>
---@param line integer
---@return table value
function M.call(run, func, args, named, line)
  run.entered[func.node] = true
  if run.depth >= DEEPEST then
    run:reason(line, "functions call each other too deep to be followed")
    return values.unknown "functions call each other too deep"
  end
  run.depth = run.depth + 1
  local result = run:within(func.file, func.top, function()
    return body_of(run, func, bind(func, args, named))
  end)
  run.depth = run.depth - 1
  return result
end

-- ---- classes ----

--- The value of `class`. Its names are those of its body.
---@param run tarn.PythonRun
---@param node table
---@param scope table
---@return table class
function M.new_class(run, node, scope)
  local class = { k = "class", name = node.name, bases = {}, fields = {} }
  for i, base in ipairs(node.bases) do
    class.bases[i] = run:evaluate(base, scope)
  end
  local inner = run_of.scope(scope, "class")
  inner.fields = class.fields
  run:execute(node.body, inner)
  class.attributes = inner.vars
  for _, value in pairs(inner.vars) do
    if value.k == "func" and value.scope == inner then
      value.owner = class
    end
  end
  return class
end

local function inherited(class, name, depth)
  if class.k ~= "class" or depth > DEEPEST then
    return nil
  elseif class.attributes[name] then
    return class.attributes[name]
  end
  for _, base in ipairs(class.bases) do
    local found = inherited(base, name, depth + 1)
    if found then
      return found
    end
  end
end

--- An attribute of an object or a class of the file.
---@param run tarn.PythonRun
---@param self table
---@param name string
---@param line integer
---@return table value
function M.attribute(run, self, name, line)
  local class = self.k == "class" and self or self.class
  local own = self.k == "object" and self.attributes[name]
  local found = own or inherited(class, name, 0)
  if not found then
    if spark.is_session_name(name) then
      return spark.session
    end
    return values.unknown(("`%s` of `%s` is not known"):format(name, class.name))
  elseif own or found.k ~= "func" or found.kind == "static" then
    return found
  elseif found.kind == "property" and self.k == "object" then
    return M.call(run, found, { self }, {}, line)
  elseif found.kind == "class" then
    return { k = "bound", func = found, self = class }
  end
  return self.k == "object" and { k = "bound", func = found, self = self } or found
end

--- An object of a class of the file.
---@param run tarn.PythonRun
---@param class table
---@param args table[]
---@param named table<string, table>
---@param line integer
---@return table object
function M.new_object(run, class, args, named, line)
  local object = { k = "object", class = class, attributes = {} }
  local init = inherited(class, "__init__", 0)
  if init and init.k == "func" then
    M.call(run, init, table.move(args, 1, #args, 2, { object }), named, line)
    return object
  end
  for i, field in ipairs(class.fields) do
    object.attributes[field] = args[i] or named[field] or class.attributes[field]
  end
  return object
end

--- Set an attribute.
---@param self table
---@param name string
---@param value table
function M.set_attribute(self, name, value)
  if self.k == "object" or self.k == "class" then
    self.attributes[name] = value
  end
end

return M
