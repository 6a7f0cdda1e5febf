--- SQLite's write-ahead log: one process writes while others read.

local fault = require "base.fault"

local M = {}

--- Switch a database to WAL mode. When two processes open a new file at once, SQLite refuses the
-- switch to one of them instead of waiting, as it waits for the write lock. A refused process
-- therefore waits for the write lock and tries again.
---@param db tarn.Database
function M.use(db)
  for _ = 1, 100 do
    local _, e = fault.try(db.exec, db, "PRAGMA journal_mode = WAL")
    if not e then
      return
    elseif not tostring(e.code):find "^SQLITE_BUSY" then
      error(e, 0)
    end
    db:transaction(function() end)
  end
  db:exec "PRAGMA journal_mode = WAL"
end

return M
