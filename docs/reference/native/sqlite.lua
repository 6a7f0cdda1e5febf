---@meta native.sqlite
--- SQLite databases.
--
--     local db <close> = require("native.sqlite").open ":memory:"
--     db:exec "CREATE TABLE runs(id INTEGER PRIMARY KEY, state TEXT)"
--     db:transaction(function()
--       db:exec("INSERT INTO runs(state) VALUES (:state)", { state = "COMPLETED" })
--     end)
--     for _, row in ipairs(db:query "SELECT * FROM runs") do print(row.id, row.state) end
--
-- A failure raises a fault of kind `sql` with SQLite's message and code ("SQLITE_FULL").
local sqlite = {}

---@class tarn.Database
local db = {}

---@class tarn.Statement
local stmt = {}

--- Open a database; ":memory:" for one without a file.
---@param path string
---@param opts? { create?: boolean, readonly?: boolean, immutable?: boolean, busy?: number, mode?: integer } immutable: nobody writes to it, on a disk where even a reader cannot take its lock; create default true; busy: seconds to wait for a lock, default 5; mode of a new file default 384 (0600)
---@return tarn.Database
function sqlite.open(path, opts) end

--- Run one or more statements and drop their rows. Parameters only with one statement: nil
-- and `json.null` are NULL, booleans 0 and 1, strings TEXT. A parameter that the statement
-- does not have is an error. What triggers changed is not counted.
---@param sql string
---@param params? any[]|table<string,any> positional, or by name without the ":"
---@return integer changes
function db:exec(sql, params) end

--- All rows of one statement, each a table by column name. NULL is absent.
---@param sql string
---@param params? table
---@return table[]
function db:query(sql, params) end

--- The first row, or nil.
---@param sql string
---@param params? table
---@return table?
function db:find_row(sql, params) end

--- A prepared statement, kept until closed or collected. The same text gives the same
-- cached statement in `exec`, `query` and `find_row`; this is for loops.
---@param sql string
---@return tarn.Statement
function db:prepare(sql) end

--- Run `f()` in a transaction: committed when it returns, rolled back when it raises. The
-- lock for writing is taken at once. Nested calls are savepoints. `f` must not wait.
---@param f function
---@return any ... what f returned
function db:transaction(f) end

--- Define an SQL function. Values come and go as nil, integer, float, string. What it raises
-- comes out of the statement's run as it was. It must not wait.
---@param name string
---@param nargs integer -1 for any number
---@param f function
function db:define(name, nargs, f) end

---@return integer
function db:last_insert_rowid() end

function db:close() end

--- Names of the result's columns.
---@return string[]
function stmt:columns() end

--- Run it from the start with these parameters; an iterator over rows as lists of values
-- (absent where NULL), with field `n` the number of columns. A `for` loop that is left early
-- ends the statement; to start it again ends an iteration that is under way.
---@param params? table
---@return fun(): table?
function stmt:rows(params) end

--- Run it to its end.
---@param params? table
---@return integer changes
function stmt:run(params) end

function stmt:close() end

return sqlite
