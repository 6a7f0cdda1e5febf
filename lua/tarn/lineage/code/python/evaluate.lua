--- The values of Python's expressions, as far as they are known without running the code. Pure.

local builtins = require "tarn.lineage.code.python.values.builtins"
local containers = require "tarn.lineage.code.python.values.containers"
local operators = require "tarn.lineage.code.python.values.operators"
local run_of = require "tarn.lineage.code.python.run"
local spark = require "tarn.lineage.code.python.spark"
local values = require "tarn.lineage.code.python.values"
local words = require "tarn.lineage.code.python.words"

local M = {}

local EVALUATE = {}

local function evaluate(run, node, scope)
  if run:step(node.line) then
    return values.unknown "the code takes too many steps"
  end
  return EVALUATE[node.t](run, node, scope)
end

M.evaluate = evaluate

-- ---- names and literals ----

--- The value of a name, also of one that the notebook and not the file defines.
---@param run tarn.PythonRun
---@param name string
---@param scope table
---@return table value
function M.name(run, name, scope)
  local value = run_of.lookup(scope, name)
  local is_unknown = not value or value.k == "unknown" or value.k == "import"
  if is_unknown and spark.is_session_name(name) then
    return spark.session -- also one that a function of another package has made
  elseif value then
    return value
  elseif words.is_custom_name(name) then
    return words.MODULE
  elseif name == "sql" or name == "table" then -- a notebook has both
    return { k = "method", of = spark.session, name = name }
  end
  return builtins.find(name) or values.unknown(run.stars
    and ("`%s` is not known here, perhaps it is from %s"):format(name, run.stars)
    or ("`%s` is not known here"):format(name))
end

function EVALUATE.name(run, node, scope)
  return M.name(run, node.id, scope)
end

function EVALUATE.constant(_, node)
  if node.name == "True" or node.name == "False" then
    return values.plain(node.name == "True")
  end
  return values.NONE
end

function EVALUATE.number(_, node)
  local text = node.value:gsub("_", "")
  local number = tonumber(text)
  return number and values.plain(number) or values.unknown "a number is not known"
end

function EVALUATE.string(run, node, scope)
  local result = { k = "text", parts = {} }
  for _, part in ipairs(node.parts) do
    if type(part) == "string" then
      result = values.concat(result, values.text(part))
    else
      local value = part.value and evaluate(run, part.value, scope)
        or values.unknown "an expression is not understood"
      result = values.each({ result, value }, function(a, b)
        return values.concat(a, values.to_text(b, part.spec))
      end)
    end
    if result.k ~= "text" and result.k ~= "any" then
      return result
    end
  end
  return result
end

local function each_item(run, nodes, scope, f)
  local open = false
  for _, item in ipairs(nodes) do
    if item.t == "star" then
      local value = evaluate(run, item.of, scope)
      local list = containers.items(value)
      open = open or list == nil
      for _, one in ipairs(list or {}) do
        f(one)
      end
    elseif item.t ~= "unpack" then
      f(evaluate(run, item, scope))
    end
  end
  return open
end

function EVALUATE.list(run, node, scope)
  local items = {}
  local open = each_item(run, node.items, scope, function(item) items[#items + 1] = item end)
  return values.list(items, node.kind, open)
end

function EVALUATE.dict(run, node, scope)
  local dict = { k = "dict", entries = {} }
  for _, pair in ipairs(node.pairs) do
    if pair[2] then
      containers.put(dict, evaluate(run, pair[1], scope), evaluate(run, pair[2], scope))
    else
      local from = evaluate(run, pair[1].of, scope)
      dict.open = dict.open or from.k ~= "dict" or from.open
      for _, entry in ipairs(from.k == "dict" and from.entries or {}) do
        containers.put(dict, entry[1], entry[2])
      end
    end
  end
  return dict
end

-- ---- operators ----

function EVALUATE.binary(run, node, scope)
  local a, b = evaluate(run, node.a, scope), evaluate(run, node.b, scope)
  return values.each({ a, b }, function(x, y) return operators.binary(node.op, x, y) end)
end

function EVALUATE.unary(run, node, scope)
  return values.each({ evaluate(run, node.of, scope) }, function(value)
    return operators.unary(node.op, value)
  end)
end

function EVALUATE.compare(run, node, scope)
  local a, b = evaluate(run, node.a, scope), evaluate(run, node.b, scope)
  return values.each({ a, b }, function(x, y) return operators.compare(node.op, x, y) end)
end

function EVALUATE.boolean(run, node, scope)
  local a = evaluate(run, node.a, scope)
  local truth = values.truth(a)
  if truth ~= nil then
    return truth == (node.op == "or") and a or evaluate(run, node.b, scope)
  end
  return values.any { a, evaluate(run, node.b, scope) }
end

function EVALUATE.either(run, node, scope)
  local truth = values.truth(evaluate(run, node.test, scope))
  if truth == true then
    return evaluate(run, node.a, scope)
  elseif truth == false then
    return evaluate(run, node.b, scope)
  end
  return values.any { evaluate(run, node.a, scope), evaluate(run, node.b, scope) }
end

function EVALUATE.assigned(run, node, scope)
  local value = evaluate(run, node.value, scope)
  run_of.assign(scope, node.target.id, value)
  return value
end

-- ---- attributes, subscripts, calls ----

function EVALUATE.attribute(run, node, scope)
  return run:attribute(evaluate(run, node.of, scope), node.name, node.line)
end

function EVALUATE.index(run, node, scope)
  local of = evaluate(run, node.of, scope)
  local key = node.parts[1] and evaluate(run, node.parts[1], scope) or values.NONE
  return values.each({ of, key }, operators.index)
end

function EVALUATE.slice(run, node, scope)
  local bounds, at = {}, 1
  for _, part in ipairs(node.parts) do
    if part == false then
      at = at + 1
    elseif part then
      bounds[at] = evaluate(run, part, scope)
    end
  end
  return operators.slice(evaluate(run, node.of, scope), bounds)
end

-- Arguments by position and by name.
local function arguments(run, node, scope)
  local args, named = {}, {}
  each_item(run, node.args, scope, function(value) args[#args + 1] = value end)
  for _, item in ipairs(node.args) do
    local from = item.t == "unpack" and evaluate(run, item.of, scope)
    for _, entry in ipairs(from and from.k == "dict" and from.entries or {}) do
      local name = values.string(entry[1])
      if name then
        named[name] = entry[2]
      end
    end
    if from and (from.k ~= "dict" or from.open) then
      named["**"] = from
    end
  end
  for _, item in ipairs(node.named) do
    named[item.name] = evaluate(run, item.value, scope)
  end
  return args, named
end

function EVALUATE.call(run, node, scope)
  local f = evaluate(run, node.of, scope)
  local args, named = arguments(run, node, scope)
  return run:call(f, args, named, node.line)
end

EVALUATE["lambda"] = function(run, node, scope)
  return run:new_function(node, scope)
end

function EVALUATE.yield(run, node, scope)
  if node.of then
    evaluate(run, node.of, scope)
  end
  return values.unknown "what is sent to a generator is not known"
end

EVALUATE.star = function(run, node, scope)
  return evaluate(run, node.of, scope)
end

EVALUATE.unpack = EVALUATE.star

-- ---- comprehensions ----

-- Call f for each combination of the clauses' values. Returns true if some are not known.
local function each_combination(run, clauses, i, scope, f)
  local clause = clauses[i]
  if not clause then
    f()
    return false
  end
  local over = evaluate(run, clause.over, scope)
  local items = containers.items(over)
  local open = items == nil
  for _, item in ipairs(items or { values.unknown(values.why(over)) }) do
    run:bind_target(clause.target, item, scope)
    local holds = true
    for _, condition in ipairs(clause.conditions) do
      local truth = values.truth(evaluate(run, condition, scope))
      holds = holds and truth ~= false
      open = open or truth == nil
    end
    if holds then
      open = each_combination(run, clauses, i + 1, scope, f) or open
    end
  end
  return open
end

function EVALUATE.comprehension(run, node, scope)
  local inner, items, dict = run_of.scope(scope, "function"), {}, { k = "dict", entries = {} }
  local open = each_combination(run, node.clauses, 1, inner, function()
    if node.kind == "dict" then
      containers.put(dict, evaluate(run, node.key, inner), evaluate(run, node.value, inner))
    else
      items[#items + 1] = evaluate(run, node.value, inner)
    end
  end)
  if node.kind == "dict" then
    dict.open = open or dict.open
    return dict
  end
  return values.list(items, node.kind == "set" and "set" or "list", open)
end

return M
