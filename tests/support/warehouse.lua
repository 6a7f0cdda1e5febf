--- Warehouses and statements of the embedded workspace, for tests of SQL sources.

local json = require "native.json"
local sql = require "tarn.sql"

local M = {}

--- Add a hint for the embedded workspace, such as "sandbox.chunk_rows=1", to all statements of a
-- client, as a comment; and keep the statements in `ws.statements`.
---@param ws tarn.WorkspaceClient
---@param hint? string
function M.hint(ws, hint)
  ws.statements = {}
  rawset(ws, "sql", function(self, text, params, opts)
    table.insert(ws.statements, text)
    return sql.run(self, hint and text .. "\n-- " .. hint or text, params, opts)
  end)
end

--- The rows of a statement, with "NULL" for null.
function M.rows(ws, text, params)
  local list = {}
  local rows <close> = sql.run(ws, text, params, { text = true })
  for row in rows do
    for name, cell in pairs(row) do
      row[name] = cell == json.null and "NULL" or cell
    end
    list[#list + 1] = row
  end
  return list
end

--- Switch off a schema of the catalog `system`.
---@param w table what testing.workspace started
---@param schema string
function M.switch_off(w, schema)
  local metastore = w:ok("GET", "/api/2.1/unity-catalog/metastore_summary").metastore_id
  w:ok("DELETE", ("/api/2.1/unity-catalog/metastores/%s/systemschemas/%s"):format(metastore,
    schema))
end

M.WAREHOUSE = "475b94ddc7cd5211" -- the warehouse that runs

--- Stop the warehouse that runs.
function M.stop(w)
  w:ok("POST", "/api/2.0/sql/warehouses/" .. M.WAREHOUSE .. "/stop")
  w.clock:advance(1000)
end

return M
