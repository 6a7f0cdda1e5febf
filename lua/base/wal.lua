--- A database that one writes while others read, and that waits for the disk seldom.

local fault = require "base.fault"

-- Two processes that make the file at once: SQLite does not wait for the change to WAL, as
-- it does for the write lock. So whoever is refused waits for that lock, and tries again.
---@param db tarn.Database
return function(db)
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
