--- Statements that check whether a table can be read.

local M = {}

--- The number of rows in the table of pipelines: one row { n }.
function M.pipelines()
  return "SELECT count(*) AS n FROM system.lakeflow.pipelines"
end

return M
