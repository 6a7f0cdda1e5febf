--- Read the statements of a file, and then the functions of its datasets. Pure.

local calls = require "tarn.lineage.code.python.calls"
local evaluate = require "tarn.lineage.code.python.evaluate"
local execute = require "tarn.lineage.code.python.execute"
local functions = require "tarn.lineage.code.python.functions"
local run_of = require "tarn.lineage.code.python.run"
local words = require "tarn.lineage.code.python.words"

local M = {}

-- What the parts of the interpreter need from each other, they reach through the run.
local function connect(run)
  local class = getmetatable(run)
  class.evaluate, class.execute = evaluate.evaluate, execute.execute
  class.bind_target, class.new_function = execute.bind_target, functions.new
  class.call, class.attribute = calls.call, calls.attribute
  function class.set_attribute(_, self, name, value)
    functions.set_attribute(self, name, value)
  end
end

-- ---- functions that nobody calls ----

-- True if a tree of nodes names the pipelines module or a word of it.
local function mentions(run, node, scope)
  if node.t == "name" then
    local value = run_of.lookup(scope, node.id)
    return value and (value.k == "module" or value.k == "word")
      or not value and words.is_custom_name(node.id)
  end
  for _, child in pairs(node) do
    if type(child) == "table" and mentions(run, child, scope) then
      return true
    end
  end
  return false
end

local function read_later(run)
  local i = 1
  while run.later[i] do
    run.later[i]()
    i = i + 1
  end
  run.later = {}
end

-- Functions that define datasets and are called from another file: what is literal in them counts.
local function read_uncalled(run)
  local i = 1
  while run.functions[i] do
    local func = run.functions[i]
    if not run.entered[func.node] and func.node.body and mentions(run, func.node.body, func.scope)
    then
      local before, outside = run.defined, #run.outside
      local self = func.owner and { k = "object", class = func.owner, attributes = {} }
      run:call(func, self and func.kind ~= "static" and { self } or {}, {}, func.line)
      read_later(run)
      for k = outside + 1, #run.outside do
        run.outside[k].used = true -- nobody knows whether it is read
      end
      if run.defined > before then
        run:reason(func.line, ("`%s` defines datasets, and no call of it is in this file"):format(
          func.name))
      end
    end
    i = i + 1
  end
end

-- ---- the file ----

local function say_unused(run)
  for _, record in ipairs(run.outside) do
    if not record.used then
      run:reason(record.line, record.name .. " is read outside of a dataset's function")
    end
  end
end

--- Read parsed code.
---@param statements table[]
---@param graph tarn.LineageGraph
---@param context tarn.LineageContext
---@return tarn.PythonRun
function M.read(statements, graph, context)
  local run = run_of.new(graph, context)
  connect(run)
  run:execute(statements, run.top)
  read_later(run)
  read_uncalled(run)
  say_unused(run)
  if run.imported and run.defined == 0 and #run.reasons == 0 then
    run:reason(run.imported, "the pipelines module is imported, and nothing is defined with it")
  end
  return run
end

return M
