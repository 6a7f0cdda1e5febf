---@meta native.sqlite
--- SQLite databases, for the journal and the embedded workspace. No call lets other tasks run
-- meanwhile.
--
--     local db <close> = require("native.sqlite").open ":memory:"
--     db:exec "CREATE TABLE runs(id INTEGER PRIMARY KEY, state TEXT)"
--     db:transaction(function()
--       db:exec("INSERT INTO runs(state) VALUES (:state)", { state = "COMPLETED" })
--     end)
--     for _, row in ipairs(db:query "SELECT * FROM runs") do print(row.id, row.state) end
--
-- A failure is a fault of kind `sql` with SQLite's message and the name of its code
-- ("SQLITE_FULL"). Ctrl-C while a statement runs raises a fault `cancelled`. A wrong argument, and
-- the use of a closed database or statement, is an error.
--
-- Source: src/api/l_sqlite.c and src/api/sqlite_*.c.
local sqlite = {}

---@class tarn.Database to be closed, as a <close> variable
local db = {}

---@class tarn.Statement to be closed, as a <close> variable
local stmt = {}

---@class tarn.DatabaseOptions
---@field create? boolean   create a missing file; default true
---@field readonly? boolean
---@field immutable? boolean no process writes to the file, so that it can be read where even a lock
--- cannot be taken
---@field busy? number      seconds to wait for a lock; default 5
---@field mode? integer     permissions of a new file; default 384 (octal 0600)

--- Open a database.
---@param path string ":memory:" for a database without a file
---@param opts? tarn.DatabaseOptions
---@return tarn.Database
function sqlite.open(path, opts) end

--- Run one or more statements; rows are dropped. Only a single statement may have parameters: nil
-- and json.null become NULL, booleans 0 and 1, strings TEXT. An unknown parameter is an error.
---@param sql string
---@param params? any[]|table<string,any> by position, or by name without ":"
---@return integer changes the number of changed rows, without those that triggers changed
function db:exec(sql, params) end

--- Run one statement and return all rows, each a table by the names of the columns. A field that is
-- NULL is absent.
---@param sql string
---@param params? any[]|table<string,any>
---@return table[]
function db:query(sql, params) end

--- Run one statement and return its first row.
---@param sql string
---@param params? any[]|table<string,any>
---@return table? row nil if there is none
function db:find_row(sql, params) end

--- Prepare a statement for repeated use. exec, query and find_row prepare the same text only once,
-- so this is needed for loops only.
---@param sql string
---@return tarn.Statement
function db:prepare(sql) end

--- Call `f()` in a transaction, which is committed when `f` returns and rolled back when it raises.
-- The write lock is taken at the beginning. A nested call is a savepoint. `f` must not wait.
---@param f function
---@return any ... what `f` returned
function db:transaction(f) end

--- Define an SQL function. Its arguments and its result are nil, integers, floats or strings. An
-- error that it raises is raised by the call that runs the statement. It must not wait.
---@param name string
---@param nargs integer the number of arguments; -1 for any number
---@param f function
function db:define(name, nargs, f) end

--- The row id of the last inserted row.
---@return integer
function db:last_insert_rowid() end

--- Close the database. Closing twice is not an error.
function db:close() end

--- The names of the result's columns.
---@return string[]
function stmt:columns() end

--- Run the statement from its beginning, as an iterator over rows. A row is a list of values,
-- absent where NULL, with the number of columns in the field `n`. A `for` loop that is left early
-- ends the statement; running it again ends an iteration that has not finished.
---@param params? any[]|table<string,any>
---@return fun(): table?
function stmt:rows(params) end

--- Run the statement to its end.
---@param params? any[]|table<string,any>
---@return integer changes the number of changed rows
function stmt:run(params) end

--- Close the statement. Closing twice is not an error.
function stmt:close() end

return sqlite
