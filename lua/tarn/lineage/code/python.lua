--- Find in a pipeline's Python code which datasets and flows it defines and which tables they read.
--
-- Pure. The code is parsed and not run: what its constants, literal loops and own functions come to
-- is worked out, and all else is not known. What is not known is named with its line.

local interpreter = require "tarn.lineage.code.python.interpreter"
local statements = require "tarn.lineage.code.python.syntax.statements"

local M = {}

--- Add the definitions of Python code to a graph.
---@param text string
---@param graph tarn.LineageGraph
---@param context tarn.LineageContext
---@return string[] reasons what is not known, with its line
function M.add(text, graph, context)
  local parsed, problems = statements.parse(text)
  local run = interpreter.read(parsed, graph, context)
  for _, problem in ipairs(problems) do
    run:reason(problem.line, problem.text)
  end
  return run.reasons
end

return M
