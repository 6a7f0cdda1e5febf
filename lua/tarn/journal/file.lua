--- The journal's file: an SQLite database that any number of processes may write at once.

local directories = require "base.directories"
local fault = require "base.fault"
local fs = require "native.fs"
local sqlite = require "native.sqlite"
local task = require "native.task"
local wal = require "base.wal"

local M = {}

local OP <const> = "journal"
local LAYOUT <const> = 1 -- version of the tables; a journal with a higher one is not touched
local BUSY <const> = 30  -- seconds to wait for another process that writes

local SCHEMA <const> = [[
CREATE TABLE operations(
  id TEXT PRIMARY KEY, parent TEXT, command TEXT NOT NULL, arg TEXT, script TEXT,
  version TEXT NOT NULL, user TEXT, machine TEXT NOT NULL, process TEXT NOT NULL,
  started INTEGER NOT NULL, seen INTEGER NOT NULL, ended INTEGER, status TEXT NOT NULL,
  undoes TEXT, undone TEXT,
  source_host TEXT, source_org TEXT, source_profile TEXT, source_pipeline TEXT,
  source_name TEXT,
  target_host TEXT, target_org TEXT, target_profile TEXT, target_pipeline TEXT,
  target_name TEXT,
  result TEXT) WITHOUT ROWID;
CREATE INDEX operations_by_time ON operations(started);
CREATE INDEX operations_by_parent ON operations(parent) WHERE parent IS NOT NULL;
CREATE INDEX operations_by_source ON operations(source_pipeline, source_org);
CREATE INDEX operations_by_target ON operations(target_pipeline, target_org);
CREATE TABLE steps(
  op TEXT NOT NULL, n INTEGER NOT NULL, kind TEXT NOT NULL, request TEXT, what TEXT,
  started INTEGER NOT NULL, ended INTEGER, status TEXT NOT NULL, result TEXT, fault TEXT,
  undone TEXT, PRIMARY KEY (op, n)) WITHOUT ROWID;
CREATE TABLE befores(
  op TEXT NOT NULL, n INTEGER NOT NULL, value TEXT NOT NULL, UNIQUE (op, n));
]]

--- The path of the journal's file; nil if neither XDG_STATE_HOME nor HOME is set.
---@return string?
function M.find_path()
  local dir = directories.find_dir()
  return dir and dir .. "/journal.db"
end

local function damaged_hint(path)
  return ("move %s (and its -wal and -shm) aside and run the command again; `sqlite3 FILE "
    .. ".recover` may still read the old one"):format(path)
end

--- Raise the fault of a row that Tarn cannot have written.
---@param what string names the row and says what is wrong with it
function M.raise_damaged(what)
  fault.raise { kind = "parse", op = OP, code = "DAMAGED",
    message = ("a row of the journal %s is damaged: %s"):format(M.find_path() or "", what),
    hint = "the other operations can be read; this one cannot be shown or undone" }
end

-- True for the code of a damaged file. Tarn's statements are always the same, so an error in them
-- means that tables or columns are missing.
local function is_damage(code)
  return code:find "^SQLITE_CORRUPT" or code:find "^SQLITE_NOTADB" or code == "SQLITE_ERROR"
    or code == "SQLITE_SCHEMA" or code == "SQLITE_FORMAT"
end

-- Raise a fault that says what SQLite's error means for the user.
local function raise_unusable(path, e)
  local code = tostring(e.code or "")
  local message, hint = e.message, nil
  if code:find "^SQLITE_FULL" or code:find "^SQLITE_IOERR" then
    message = "the journal cannot be written: " .. e.message
    hint = "Tarn changes nothing that it cannot write down first: make room where "
      .. path .. " is, and run the command again"
  elseif is_damage(code) then
    message = "the journal is damaged: " .. e.message
    hint = damaged_hint(path)
  elseif code:find "^SQLITE_BUSY" then
    message = "another process has locked the journal: " .. e.message
    hint = "wait until that process ends, and run the command again"
  elseif code:find "^SQLITE_CANTOPEN" or code:find "^SQLITE_READONLY"
    or code:find "^SQLITE_PERM" then
    message = "the journal cannot be opened: " .. e.message
    hint = ("you need write permission for %s; XDG_STATE_HOME sets another folder"):format(path)
  else
    error(e, 0)
  end
  fault.raise { kind = "io", op = OP, code = e.code, message = message, hint = hint, cause = e }
end

-- Call `f(...)`; errors of the file are raised as above.
local function guarded(path, f, ...)
  local results = table.pack(fault.call(f, ...))
  if results[1] then
    return table.unpack(results, 2, results.n)
  end
  local e = results[2]
  if e.kind == "sql" or e.kind == "io" and e.op ~= OP then
    raise_unusable(path, e)
  end
  error(e, 0)
end

local function raise_newer(path, layout)
  fault.raise { kind = "io", op = OP, code = "NEWER",
    message = ("%s was written by a newer version of tarn (its layout is %d, this one knows %d)")
      :format(path, layout, LAYOUT),
    hint = "use that version, or name another place with XDG_STATE_HOME" }
end

local function prepare(db, path)
  local layout = db:find_row("PRAGMA user_version").user_version
  if layout > LAYOUT then
    raise_newer(path, layout)
  elseif layout == 0 then
    wal.use(db)
    db:transaction(function()
      -- another process may have created the tables in the meantime
      if db:find_row("PRAGMA user_version").user_version == 0 then
        db:exec(SCHEMA)
        db:exec("PRAGMA user_version = " .. LAYOUT)
      end
    end)
  end
  db:exec "PRAGMA synchronous = NORMAL"
  return db
end

local opened = {} -- path -> database

local function open(path)
  return guarded(path, function()
    local db = sqlite.open(path, { busy = BUSY })
    local ok, e = pcall(prepare, db, path)
    if not ok then
      db:close()
      error(e, 0)
    end
    return db
  end)
end

-- The journal for writing; it is created if it is missing.
local function database()
  local path = directories.dir(OP, "the journal") .. "/journal.db"
  opened[path] = opened[path] or open(path)
  return opened[path], path
end

-- Open the journal for reading only: its disk or folder is not writable.
local function open_to_read(path)
  return guarded(path, function()
    local db = sqlite.open(path, { immutable = true })
    local layout = db:find_row("PRAGMA user_version").user_version
    if layout > LAYOUT then
      db:close()
      raise_newer(path, layout)
    end
    return db
  end)
end

local UNWRITABLE <const> = { SQLITE_READONLY = true, SQLITE_CANTOPEN = true, SQLITE_PERM = true }

-- The journal if it exists.
local function find_database()
  local path = M.find_path()
  if path and (opened[path] or fs.find_stat(path)) then
    if not opened[path] then
      local db, e = fault.try(open, path)
      if e and not UNWRITABLE[tostring(e.code):match "^SQLITE_%u+"] then
        fault.raise(e)
      end
      opened[path] = db or open_to_read(path)
    end
    return opened[path], path
  end
end

--- Close open files, for tests that move to another folder.
function M.close()
  for path, db in pairs(opened) do
    db:close()
    opened[path] = nil
  end
end

--- All rows of a query; an empty list if there is no journal.
---@param sql string
---@param params? table
---@return table[]
function M.rows(sql, params)
  local db, path = find_database()
  if not db then
    return {}
  end
  return guarded(path, db.query, db, sql, params)
end

--- Run `f(db)` in a transaction. The journal is created if it is missing.
---@param durable boolean true: the transaction survives a power failure, not only the end of this
--- process
---@param f fun(db: tarn.Database): any
---@return any ... results of f
function M.write(durable, f)
  local db, path = database()
  return guarded(path, function()
    db:exec(durable and "PRAGMA synchronous = FULL" or "PRAGMA synchronous = NORMAL")
    return db:transaction(function() return f(db) end)
  end)
end

-- Writes that wait for the disk, each { f, owner }; nil if there are none.
local waiting

local function write_waiting()
  local batch = waiting
  waiting = nil
  local ok, e = pcall(M.write, true, function(db)
    for _, entry in ipairs(batch) do
      if not entry.given_up then
        entry.f(db)
      end
    end
  end)
  for _, entry in ipairs(batch) do
    entry.done, entry.failed = true, not ok
    entry.error = e
    task.wake(entry.owner)
  end
end

--- Like a durable `write`, in one transaction with the other calls of the same time, which need
-- only one wait for the disk. They succeed or fail together.
---@param f fun(db: tarn.Database)
function M.write_together(f)
  local entry = { f = f, owner = task.current() }
  if not waiting then
    waiting = {}
    task.spawn(write_waiting)
  end
  table.insert(waiting, entry)
  local _ <close> = setmetatable({}, { __close = function() entry.given_up = true end })
  while not entry.done do
    task.park()
  end
  if entry.failed then
    error(entry.error, 0)
  end
end

return M
