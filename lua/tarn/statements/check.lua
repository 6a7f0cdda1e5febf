--- Statements that find out whether a source can be read at all.

local M = {}

--- How many rows the pipelines have had: one row { n }.
function M.pipelines()
  return "SELECT count(*) AS n FROM system.lakeflow.pipelines"
end

return M
