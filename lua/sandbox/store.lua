--- The state of one workspace: a SQLite database, in memory or in a file.
--
-- Several processes may have the same file open: readers see a whole state, writers take turns,
-- and `version` tells a cache that the state has changed.

local fs = require "native.fs"
local sqlite = require "native.sqlite"

local M = {}

-- Part of the file's name. A change of the tables raises it; files of older layouts are not used.
local LAYOUT <const> = 3

local SCHEMA = [[
CREATE TABLE IF NOT EXISTS meta(key TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS tokens(
  token TEXT PRIMARY KEY, principal TEXT NOT NULL, expires INTEGER NOT NULL) WITHOUT ROWID;
INSERT OR IGNORE INTO meta VALUES ('writes', 0);
]]

--- Where the state of the demo workspaces lives, or nil without a home directory.
---@return string?
function M.find_home()
  local base = os.getenv "XDG_STATE_HOME"
  if not base or base == "" then
    local home = os.getenv "HOME"
    base = home and home ~= "" and home .. "/.local/state" or nil
  end
  return base and base .. "/tarn/sandbox"
end

--- True if `dir` exists or can be created, and files can be written to it.
---@param dir string
---@return boolean
function M.is_usable(dir)
  local probe = dir .. "/.probe"
  return pcall(function()
    fs.mkdir(dir, { parents = true, mode = 448 })
    fs.write(probe, "", { mode = 384 })
    fs.remove(probe)
  end)
end

--- Delete the state kept in `dir`.
---@param dir string
function M.reset(dir)
  fs.remove(dir, { recursive = true })
end

local Store = {}
Store.__index = Store

local function open(path)
  local db = sqlite.open(path)
  if path ~= ":memory:" then
    db:exec "PRAGMA journal_mode = WAL"
    db:exec "PRAGMA synchronous = NORMAL"
  end
  return db
end

--- Open a store. `parts` are the modules whose `schema` it holds.
---@param dir string? nil: in memory
---@param name string
---@param parts table[]
function M.open(dir, name, parts)
  local path = ":memory:"
  if dir then
    fs.mkdir(dir, { parents = true, mode = 448 })
    path = ("%s/%s-%d.db"):format(dir, name, LAYOUT)
  end
  local db = open(path)
  db:transaction(function()
    db:exec(SCHEMA)
    for _, part in ipairs(parts) do
      if part.schema then
        db:exec(part.schema)
      end
    end
  end)
  local watch = dir and db:prepare "PRAGMA data_version"
  return setmetatable({ db = db, watch = watch, writes = 0, path = path }, Store)
end

--- Run `f()` in a transaction that holds the write lock from its start. Every write goes through
-- here. `f` must not wait: other tasks use the same connection.
function Store:write(f)
  self.writes = self.writes + 1
  return self.db:transaction(function()
    self.db:exec "UPDATE meta SET value = value + 1 WHERE key = 'writes'"
    return f()
  end)
end

--- A number that differs after any write, by this process or by another.
---@return integer
function Store:version()
  if not self.watch then
    return self.writes
  end
  for row in self.watch:rows() do
    self.seen = row[1]
  end
  return self.writes << 32 | self.seen
end

--- A value kept under `key`, or nil.
function Store:find_meta(key)
  local row = self.db:find_row("SELECT value FROM meta WHERE key = ?", { key })
  return row and row.value
end

function Store:set_meta(key, value)
  self.db:exec("INSERT OR REPLACE INTO meta VALUES (?, ?)", { key, value })
end

--- A new id of a kind of objects, which no other object has had, even if it is gone; inside of a
-- transaction.
---@param kind string
---@param first integer
---@param step integer
---@return integer
function Store:new_id(kind, first, step)
  local key = "last_id." .. kind
  local last = self:find_meta(key)
  local id = last and last + step or first
  self:set_meta(key, id)
  return id
end

function Store:close()
  if self.watch then
    self.watch:close()
  end
  self.db:close()
end

return M
