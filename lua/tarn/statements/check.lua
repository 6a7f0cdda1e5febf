--- Statements that check whether a table can be read.

local M = {}

--- The number of a workspace's rows in the table of pipelines: one row { n }.
---@param workspace_id string
---@return string text, table params
function M.pipelines(workspace_id)
  return "SELECT count(*) AS n FROM system.lakeflow.pipelines WHERE workspace_id = :workspace",
    { workspace = workspace_id }
end

return M
