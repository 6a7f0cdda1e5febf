--- The effect of Python's statements, as far as it is known without running them. Pure.
--
-- Where a condition is not known, both branches are read. Where the items of a loop are not known,
-- its body is read once.

local branches = require "tarn.lineage.code.python.branches"
local containers = require "tarn.lineage.code.python.values.containers"
local functions = require "tarn.lineage.code.python.functions"
local imports = require "tarn.lineage.code.python.imports"
local operators = require "tarn.lineage.code.python.values.operators"
local run_of = require "tarn.lineage.code.python.run"
local values = require "tarn.lineage.code.python.values"

local M = {}

local EXECUTE = {}

--- Read statements.
---@param run tarn.PythonRun
---@param list table[]
---@param scope table
---@return "return"|"raise"|"break"|"continue"|nil stopped nil: the statements behind are reached
function M.execute(run, list, scope)
  for _, node in ipairs(list) do
    if run:step(node.line) then
      return "raise"
    end
    local stopped = EXECUTE[node.t](run, node, scope)
    if stopped then
      return stopped
    end
  end
end

-- ---- simple statements ----

function EXECUTE.invalid(run, node)
  run:reason(node.line, "this is no valid Python, and is not read")
end

function EXECUTE.expression(run, node, scope)
  run:evaluate(node.value, scope)
end

local function bind_list(run, targets, value, scope)
  local items = containers.items(value)
  for i, target in ipairs(targets) do
    if target.t == "star" then
      run:bind_target(target.of, values.list({}, "list", true), scope)
      items = nil
    else
      run:bind_target(target, items and items[i] or values.unknown(values.why(value)), scope)
    end
  end
end

--- Give a value to a target: a name, names, an attribute or an item.
---@param run tarn.PythonRun
---@param target table node
---@param value table
---@param scope table
function M.bind_target(run, target, value, scope)
  if target.t == "name" then
    run_of.assign(scope, target.id, value)
  elseif target.t == "list" then
    bind_list(run, target.items, value, scope)
  elseif target.t == "attribute" then
    functions.set_attribute(run:evaluate(target.of, scope), target.name, value)
  elseif target.t == "index" and target.parts[1] then
    local of = run:evaluate(target.of, scope)
    local key = run:evaluate(target.parts[1], scope)
    if of.k == "dict" then
      containers.put(of, key, value)
    elseif of.k == "list" then
      of.open = true
    end
  end
end

function EXECUTE.assign(run, node, scope)
  local value = run:evaluate(node.value, scope)
  for _, target in ipairs(node.targets) do
    M.bind_target(run, target, value, scope)
  end
end

function EXECUTE.annotate(run, node, scope)
  if scope.fields and node.target.t == "name" then
    scope.fields[#scope.fields + 1] = node.target.id
  end
  if node.value then
    M.bind_target(run, node.target, run:evaluate(node.value, scope), scope)
  end
end

function EXECUTE.augment(run, node, scope)
  local before, value = run:evaluate(node.target, scope), run:evaluate(node.value, scope)
  M.bind_target(run, node.target, values.each({ before, value }, function(a, b)
    return operators.binary(node.op, a, b)
  end), scope)
end

EXECUTE["return"] = function(run, node, scope)
  local value = node.value and run:evaluate(node.value, scope) or values.NONE
  local owner = scope
  while owner and not owner.returns do
    owner = owner.parent
  end
  if owner then
    owner.returns[#owner.returns + 1] = value
    owner.return_line = node.line
  end
  return "return"
end

function EXECUTE.pass() end

EXECUTE["break"] = function() return "break" end

EXECUTE["continue"] = function() return "continue" end

EXECUTE["raise"] = function() return "raise" end

EXECUTE["global"] = function(run, node, scope)
  scope.outer = scope.outer or {}
  for _, name in ipairs(node.names) do
    scope.outer[name] = run.top
  end
end

function EXECUTE.nonlocal(_, node, scope)
  scope.outer = scope.outer or {}
  for _, name in ipairs(node.names) do
    local outer = scope.parent
    while outer and not outer.vars[name] do
      outer = outer.parent
    end
    scope.outer[name] = outer
  end
end

EXECUTE["import"] = function(run, node, scope)
  imports.bind(run, node, scope)
end

EXECUTE["from"] = EXECUTE["import"]

-- ---- functions and classes ----

local KINDS <const> = { staticmethod = "static", classmethod = "class", property = "property",
  cached_property = "property" }

-- Decorators that are not of this file, such as `udf`, are taken to hand the function on.
local function decorate(run, node, value, scope)
  local list = node.decorators or {}
  for i = #list, 1, -1 do
    local name = list[i].value.t == "name" and list[i].value.id
    if KINDS[name] then
      value.kind = KINDS[name]
    else
      local decorator = run:evaluate(list[i].value, scope)
      local result = run:call(decorator, { value }, {}, list[i].line)
      if result.k == "func" or result.k == "any" or result.k == "partial" or result.k == "bound"
      then
        value = result
      end
    end
  end
  return value
end

function EXECUTE.def(run, node, scope)
  local func = functions.new(run, node, scope)
  run_of.assign(scope, node.name, func)
  run_of.assign(scope, node.name, decorate(run, node, func, scope))
end

function EXECUTE.class(run, node, scope)
  local class = functions.new_class(run, node, scope)
  run_of.assign(scope, node.name, class)
end

-- ---- branches and loops ----

EXECUTE["if"] = function(run, node, scope)
  local truth = values.truth(run:evaluate(node.test, scope))
  if truth ~= nil then
    return M.execute(run, truth and node.body or node.orelse, scope)
  end
  return branches.either(scope, {
    function() return M.execute(run, node.body, scope) end,
    function() return M.execute(run, node.orelse, scope) end,
  })
end

function EXECUTE.match(run, node, scope)
  run:evaluate(node.subject, scope)
  local list = { function() end }
  for i, case in ipairs(node.cases) do
    list[i + 1] = function() return M.execute(run, case.body, scope) end
  end
  return branches.either(scope, list)
end

EXECUTE["try"] = function(run, node, scope)
  local stopped = M.execute(run, node.body, scope)
  if not stopped then
    stopped = M.execute(run, node.orelse, scope)
  end
  local list = { function() return stopped end }
  for i, handler in ipairs(node.handlers) do
    list[i + 1] = function()
      if handler.name then
        run_of.assign(scope, handler.name, values.unknown "it is an exception")
      end
      return M.execute(run, handler.body, scope)
    end
  end
  stopped = branches.either(scope, list)
  return M.execute(run, node.final, scope) or stopped
end

EXECUTE["with"] = function(run, node, scope)
  for _, item in ipairs(node.items) do
    local value = run:evaluate(item.value, scope)
    if item.target then
      M.bind_target(run, item.target, value, scope)
    end
  end
  return M.execute(run, node.body, scope)
end

local function once(run, node, scope, prepare)
  branches.forget(node.body, scope)
  return branches.either(scope, { function() end, function()
    prepare()
    local stopped = M.execute(run, node.body, scope)
    return (stopped == "return" or stopped == "raise") and stopped or nil
  end })
end

-- One turn of a loop. True if it is the last one; then also what stops the code around the loop.
local function turn(run, node, scope)
  local stopped = M.execute(run, node.body, scope)
  if stopped == "break" then
    return true
  end
  return stopped ~= nil and stopped ~= "continue", stopped
end

EXECUTE["for"] = function(run, node, scope)
  local over = run:evaluate(node.over, scope)
  local items = containers.items(over)
  if not items then
    return once(run, node, scope, function()
      M.bind_target(run, node.target, values.unknown(values.why(over)), scope)
    end) or M.execute(run, node.orelse, scope)
  end
  for _, item in ipairs(table.move(items, 1, #items, 1, {})) do
    M.bind_target(run, node.target, item, scope)
    local is_over, stopped = turn(run, node, scope)
    if is_over then
      return stopped
    end
  end
  return M.execute(run, node.orelse, scope)
end

local MOST_TURNS <const> = 1000

EXECUTE["while"] = function(run, node, scope)
  for _ = 1, MOST_TURNS do
    local truth = values.truth(run:evaluate(node.test, scope))
    if truth == false then
      return M.execute(run, node.orelse, scope)
    elseif truth == nil then
      return once(run, node, scope, function() end)
    end
    local is_over, stopped = turn(run, node, scope)
    if is_over then
      return stopped
    end
  end
end

return M
