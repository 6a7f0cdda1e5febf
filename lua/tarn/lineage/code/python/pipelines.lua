--- Calls and decorators of the pipelines module. Pure.

local changes = require "tarn.lineage.code.python.changes"
local datasets = require "tarn.lineage.code.python.datasets"
local spark = require "tarn.lineage.code.python.spark"
local values = require "tarn.lineage.code.python.values"
local words = require "tarn.lineage.code.python.words"

local M = {}

--- Decorate a function.
---@param run tarn.PythonRun
---@param decorator table
---@param func table value
---@return table func
function M.decorate(run, decorator, func)
  local word, args = decorator.word, decorator.args
  if not datasets.is_function(func) then
    if not words.EXPECTATIONS[word] and word ~= "on_event_hook" then
      run:reason(args.line, ("the function that `%s` decorates is not known"):format(word),
        values.why(func))
    end
    return func
  end
  if words.EXPECTATIONS[word] then
    local rules = words.EXPECTATIONS[word] == "all" and (args[1] or args.named.expectations)
    func.expectations = (func.expectations or 0)
      + (rules and rules.k == "dict" and #rules.entries or 1)
  elseif words.DATASETS[word] then
    datasets.add_dataset(run, word, args, func)
  elseif words.FLOWS[word] then
    datasets.add_flow(run, word, args, func)
  elseif words.SINKS[word] then
    datasets.add_sink(run, word, args, func)
  else
    run.defined = run.defined + 1 -- a hook
  end
  return func
end

--- Call a word of the module.
---@param run tarn.PythonRun
---@param word string
---@param args table[]
---@param named table<string, table>
---@param line integer
---@return table value
function M.call(run, word, args, named, line)
  args = table.move(args, 1, #args, 1, { named = named, line = line })
  if words.READS[word] ~= nil then
    return spark.table(run, args[1] or named.name, words.READS[word], line)
  elseif words.TARGETS[word] then
    changes.create_target(run, args)
  elseif words.CHANGES[word] then
    changes.add_changes(run, word, args)
  elseif word == "create_sink" then
    changes.create_sink(run, args)
  elseif word == "foreach_sink" and (named.writer or named.func) then
    datasets.add_sink(run, word, args, { k = "func" })
  else
    local func = args[1] or named.query_function or named.func
    local decorator = { k = "decorator", word = word, args = args }
    if func and datasets.is_function(func) then
      return M.decorate(run, decorator, func)
    end
    return decorator
  end
  return values.NONE
end

return M
