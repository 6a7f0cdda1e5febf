--- A file of delivered messages, so that no message is delivered again.
--
-- This holds after a restart, and for several processes that watch the same pipelines. An entry is
-- the key of a message and a target. The process that adds it owns it while it lives; the next
-- process that opens the file takes over undelivered entries of dead processes.

local directories = require "base.directories"
local fault = require "base.fault"
local json = require "native.json"
local liveness = require "base.liveness"
local sqlite = require "native.sqlite"
local task = require "native.task"
local wal = require "base.wal"

local M = {}

local OP <const> = "notify"
local FILE <const> = "notified.db"
local KEEP_MS <const> = 90 * 86400000 -- an entry is kept this long after it was found last

local SCHEMA <const> = [[
CREATE TABLE IF NOT EXISTS notified (
  key TEXT NOT NULL,
  target TEXT NOT NULL,
  body TEXT,
  seen INTEGER NOT NULL,
  told INTEGER,
  machine TEXT,
  process TEXT,
  PRIMARY KEY (key, target)
) WITHOUT ROWID
]]

---@class tarn.NotifyLedger
local Ledger = {}
Ledger.__index = Ledger

-- Call `f`; a fault of the file gets its path.
local function guarded(path, f, ...)
  local result, e = fault.try(f, ...)
  if e then
    fault.raise { kind = "io", op = OP, code = e.code, cause = e,
      message = ("the file of sent messages %s cannot be used: %s"):format(path, e.message),
      hint = "XDG_STATE_HOME sets another folder" }
  end
  return result
end

--- Open the file, by default the one in the folder for state.
---@param path? string
---@return tarn.NotifyLedger
function M.open(path)
  path = path or directories.dir(OP, "the file of sent messages") .. "/" .. FILE
  local db = guarded(path, sqlite.open, path, { busy = 10 })
  local self = setmetatable({ db = db, path = path, mine = {}, seen = {} }, Ledger)
  -- A poll may add thousands of entries, so none waits for the disk. A message whose entry is lost
  -- in a power failure is delivered again.
  guarded(path, wal.use, db)
  self:exec "PRAGMA synchronous = NORMAL"
  self:exec(SCHEMA)
  self:exec("DELETE FROM notified WHERE seen < ?", { task.time() - KEEP_MS })
  return self
end

function Ledger:exec(sql, params)
  if not self.db then
    return 0 -- the file was closed while a message was under way
  end
  return guarded(self.path, self.db.exec, self.db, sql, params)
end

local function name_of(key, target)
  return key .. "\0" .. target
end

--- True if this process has added or found the entry.
---@param key string
---@param target string
---@return boolean
function Ledger:knows(key, target)
  return self.seen[name_of(key, target)] == true
end

--- Add an entry. True if it is new: then this process has to deliver the message.
---@param key string
---@param target string
---@param body table the message, kept until it is delivered
---@return boolean
function Ledger:claim(key, target, body)
  local name, now = name_of(key, target), task.time()
  if self.seen[name] then
    return false
  end
  self.seen[name] = true
  local me = liveness.me()
  if self:exec("INSERT OR IGNORE INTO notified (key, target, body, seen, machine, process) "
    .. "VALUES (?, ?, ?, ?, ?, ?)", { key, target, json.encode(body), now, me.machine,
      me.process }) == 1 then
    self.mine[name] = { key, target }
    return true
  end
  -- the finding still holds: keep its entry for longer
  self:exec("UPDATE notified SET seen = ? WHERE key = ? AND target = ?", { now, key, target })
  return false
end

--- Take over undelivered entries of dead processes for a target.
---@param target string
---@return table[] messages
function Ledger:adopt(target)
  local found, me = {}, liveness.me()
  for _, row in ipairs(guarded(self.path, self.db.query, self.db, "SELECT key, body, seen, "
    .. "machine, process FROM notified WHERE target = ? AND told IS NULL", { target })) do
    local is_left = not row.machine or not liveness.is_alive(row)
    if is_left and self:exec("UPDATE notified SET machine = ?, process = ? WHERE key = ? "
      .. "AND target = ? AND told IS NULL AND machine IS ? AND process IS ?", { me.machine,
        me.process, row.key, target, row.machine or json.null, row.process or json.null }) == 1 then
      local name = name_of(row.key, target)
      self.mine[name], self.seen[name] = { row.key, target }, true
      found[#found + 1] = json.decode(row.body)
    end
  end
  return found
end

--- The message of an entry; nil if it was delivered or forgotten.
---@param key string
---@param target string
---@return table?
function Ledger:find_body(key, target)
  if not self.db then
    return nil
  end
  local row = guarded(self.path, self.db.query, self.db,
    "SELECT body FROM notified WHERE key = ? AND target = ? AND told IS NULL", { key, target })[1]
  return row and row.body and json.decode(row.body) or nil
end

--- The message was delivered.
---@param key string
---@param target string
function Ledger:done(key, target)
  self.mine[name_of(key, target)] = nil
  self:exec("UPDATE notified SET told = ?, body = NULL WHERE key = ? AND target = ?",
    { task.time(), key, target })
end

--- Give up the undelivered entries, so that other processes can take them over, and close the file.
function Ledger:close()
  if not self.db then
    return
  end
  for _, one in pairs(self.mine) do
    fault.try(self.exec, self, "UPDATE notified SET machine = NULL, process = NULL "
      .. "WHERE key = ? AND target = ? AND told IS NULL", one)
  end
  self.db:close()
  self.db = nil
end

return M
