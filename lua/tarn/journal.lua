--- The journal: what was about to be changed, written down before, and what came of it.
--
-- An operation is one command that changes something; its steps are the requests that do. A
-- step is on disk before its request is sent. One whose outcome is missing (the program was
-- killed, the answer was lost) is `unknown` until somebody has looked at the workspace: see
-- tarn.undo. Any number of processes may write at once.
--
--     local op <close> = journal.begin { command = "clone", arg = arg, source = a, target = b }
--     local made = op:perform({ kind = "pipeline.create", request = "POST /api/2.0/pipelines",
--       what = { name = name, spec = spec } }, create, ws, spec)
--     op:finish("done", report)

local args = require "tarn.args"
local fault = require "tarn.fault"
local fs = require "native.fs"
local json = require "native.json"
local process = require "native.process"
local sqlite = require "native.sqlite"
local state = require "tarn.state"
local task = require "native.task"

local M = {}

local OP <const> = "journal"
local LAYOUT <const> = 1 -- raised with the tables; a journal of a higher one is not touched
local BUSY <const> = 30  -- seconds to wait for another process that writes

-- Of a process on another machine nothing is known but when it last wrote.
local QUIET_MS <const> = 15 * 60 * 1000

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

-- ---- the file ----

--- Where the journal is, or nil where there is no place for one.
---@return string?
function M.find_path()
  local dir = state.find_dir()
  return dir and dir .. "/journal.db"
end

-- What SQLite says of a file, as what it means for the one who wanted to change something.
local function unusable(path, e)
  local code = tostring(e.code or "")
  local message, hint = e.message, nil
  if code:find "^SQLITE_FULL" or code:find "^SQLITE_IOERR" then
    message = "the journal cannot be written: " .. e.message
    hint = "nothing is changed without being written down first: make room where "
      .. path .. " is, and run the command again"
  elseif code:find "^SQLITE_CORRUPT" or code:find "^SQLITE_NOTADB" then
    message = "the journal is damaged: " .. e.message
    hint = ("move %s (and its -wal and -shm) aside and run the command again; `sqlite3 FILE "
      .. ".recover` may still read the old one"):format(path)
  elseif code:find "^SQLITE_BUSY" then
    message = "another process keeps the journal locked: " .. e.message
    hint = "wait for it to end, and run the command again"
  elseif code:find "^SQLITE_CANTOPEN" or code:find "^SQLITE_READONLY"
    or code:find "^SQLITE_PERM" then
    message = "the journal cannot be opened: " .. e.message
    hint = ("%s must be yours to write; XDG_STATE_HOME names another place"):format(path)
  else
    error(e, 0)
  end
  fault.raise { kind = "io", op = OP, code = e.code, message = message, hint = hint, cause = e }
end

-- Call `f(...)`; what goes wrong in the file is told as above.
local function guarded(path, f, ...)
  local results = table.pack(fault.call(f, ...))
  if results[1] then
    return table.unpack(results, 2, results.n)
  end
  local e = results[2]
  if e.kind == "sql" or e.kind == "io" and e.op ~= OP then
    unusable(path, e)
  end
  error(e, 0)
end

local function prepare(db, path)
  local layout = db:find_row("PRAGMA user_version").user_version
  if layout > LAYOUT then
    fault.raise { kind = "io", op = OP, code = "NEWER",
      message = ("%s was written by a newer version of tarn (its layout is %d, this one knows %d)")
        :format(path, layout, LAYOUT),
      hint = "use that version, or name another place with XDG_STATE_HOME" }
  elseif layout == 0 then
    db:exec "PRAGMA journal_mode = WAL"
    db:transaction(function()
      -- another process may have been faster
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

-- The journal for writing, made if it is missing.
local function database()
  local path = state.dir(OP, "the journal") .. "/journal.db"
  opened[path] = opened[path] or open(path)
  return opened[path], path
end

-- The journal if there is one.
local function find_database()
  local path = M.find_path()
  if path and (opened[path] or fs.find_stat(path)) then
    opened[path] = opened[path] or open(path)
    return opened[path], path
  end
end

--- Forget open files: for tests that move to another place.
function M.close()
  for path, db in pairs(opened) do
    db:close()
    opened[path] = nil
  end
end

-- All rows of a query, none without a journal.
local function rows(sql, params)
  local db, path = find_database()
  if not db then
    return {}
  end
  return guarded(path, db.query, db, sql, params)
end

-- Run `f(db)` in a transaction. With `durable` it is on the disk itself when this returns,
-- and not only safe from the end of this process.
local function write(durable, f)
  local db, path = database()
  return guarded(path, function()
    db:exec(durable and "PRAGMA synchronous = FULL" or "PRAGMA synchronous = NORMAL")
    return db:transaction(function() return f(db) end)
  end)
end

local function text_of(value)
  if value == nil then
    return nil
  end
  return json.encode(value)
end

local function value_of(text)
  if text == nil then
    return nil
  end
  return json.decode(text)
end

-- ---- who writes ----

local function read_line(path)
  local text = fs.find_read(path)
  return text and text:match "^[^\n]*" or ""
end

-- The time a process began, in the kernel's ticks: a number of a process is given out again.
local function birth(pid)
  local ok, text = pcall(fs.find_read, ("/proc/%s/stat"):format(pid))
  local rest = ok and text and text:match "^.*%) (.*)$"
  if not rest then
    return nil
  end
  local i = 0
  for word in rest:gmatch "%S+" do
    i = i + 1
    if i == 20 then
      return word
    end
  end
end

local me -- { machine, process, user }, the same for a whole run

local function who()
  if not me then
    local pid = process.pid()
    me = {
      machine = ("%s/%s"):format(read_line "/proc/sys/kernel/hostname",
        read_line "/proc/sys/kernel/random/boot_id"),
      process = ("%d/%s"):format(pid, birth(pid) or ""),
      user = os.getenv "USER" or os.getenv "LOGNAME",
    }
  end
  return me
end

-- True if the process that wrote this operation may still be at it.
local function is_alive(row)
  local mine = who()
  if row.machine == mine.machine then
    local pid, born = row.process:match "^(%d+)/(.*)$"
    return birth(pid) == born
  elseif row.machine:match "^[^/]*" == mine.machine:match "^[^/]*" then
    return false -- this machine, before it was started again
  end
  return task.time() - row.seen < QUIET_MS
end

-- ---- names of operations ----

-- Without the letters that are taken for digits.
local DIGITS <const> = "0123456789abcdefghjkmnpqrstvwxyz"
local TICKS <const> = 12 -- to a second: 32^4 of them are a day

local function name_of(ms)
  local tick = ms % 86400000 * TICKS // 1000
  local letters = {}
  for i = 4, 1, -1 do
    local digit = tick % 32
    letters[i] = DIGITS:sub(digit + 1, digit + 1)
    tick = tick // 32
  end
  return os.date("!%y%m%d-", ms // 1000) .. table.concat(letters)
end

-- A name that is free: the time it is, or a little later.
local function free_name(db, ms)
  while true do
    local id = name_of(ms)
    if not db:find_row("SELECT 1 FROM operations WHERE id = ?", { id }) then
      return id
    end
    ms = ms + 1000 // TICKS
  end
end

-- As a person may have typed it.
local function normal(id)
  return (id:lower():gsub("[ilo]", { i = "1", l = "1", o = "0" }))
end

-- ---- operations under way ----

---@class tarn.Side
---@field host? string
---@field org_id? string|integer
---@field profile? string
---@field pipeline_id? string
---@field name? string

local SIDE <const> = { host = "host", org_id = "org", profile = "profile",
  pipeline_id = "pipeline", name = "name" }

local function put_side(row, prefix, side)
  for field, column in pairs(SIDE) do
    local value = side and side[field]
    if value ~= nil and value ~= json.null then
      row[prefix .. column] = tostring(value)
    end
  end
end

local COLUMNS <const> = { "id", "parent", "command", "arg", "script", "version", "user", "machine",
  "process", "started", "seen", "status", "undoes", "source_host", "source_org", "source_profile",
  "source_pipeline", "source_name", "target_host", "target_org", "target_profile",
  "target_pipeline", "target_name" }

local INSERT <const> = ("INSERT INTO operations(%s) VALUES (:%s)"):format(
  table.concat(COLUMNS, ", "), table.concat(COLUMNS, ", :"))

local Operation = {}
Operation.__index = Operation

local function new_row(fields)
  local mine, now = who(), task.time()
  local row = {
    command = fields.command, arg = text_of(fields.arg), script = fields.script,
    version = require("native.bundle").version, user = mine.user, machine = mine.machine,
    process = mine.process, started = now, seen = now, status = "running",
    undoes = fields.undoes,
  }
  put_side(row, "source_", fields.source)
  put_side(row, "target_", fields.target)
  return row
end

local function insert(db, row)
  local params = {}
  for _, column in ipairs(COLUMNS) do
    params[column] = row[column] == nil and json.null or row[column]
  end
  db:exec(INSERT, params)
end

local function new_operation(id, command, next_step)
  return setmetatable({ id = id, command = command, next_step = next_step or 1, items = 0,
    late = {} }, Operation)
end

local FIELDS <const> = { "command", "arg", "script", "source", "target", "undoes" }

---@class tarn.OperationFields
---@field command string
---@field arg? table
---@field script? string
---@field source? tarn.Side
---@field target? tarn.Side
---@field undoes? string

--- Begin an operation. Nothing has been sent yet: if this raises, nothing has happened.
---@param fields tarn.OperationFields
---@return tarn.Operation
function M.begin(fields)
  args.check(fields, FIELDS)
  local row = new_row(fields)
  write(false, function(db)
    row.id = free_name(db, row.started)
    insert(db, row)
  end)
  return new_operation(row.id, row.command)
end

--- One of many that the operation does: an operation of its own, with its own steps and end.
---@param fields? { source?: tarn.Side, target?: tarn.Side, arg?: table }
---@return tarn.Operation
function Operation:item(fields)
  args.check(fields, { "source", "target", "arg" })
  local row = new_row { command = self.command, arg = fields and fields.arg,
    source = fields and fields.source, target = fields and fields.target }
  row.parent = self.id
  self.items = self.items + 1
  row.id = ("%s.%d"):format(self.id, self.items)
  write(false, function(db) insert(db, row) end)
  return new_operation(row.id, row.command)
end

local function update_side(id, prefix, side)
  local row = {}
  put_side(row, prefix, side)
  local sets = {}
  for column in pairs(row) do
    sets[#sets + 1] = ("%s = :%s"):format(column, column)
  end
  table.sort(sets)
  if #sets > 0 then
    row.id = id
    return ("UPDATE operations SET %s WHERE id = :id"):format(table.concat(sets, ", ")), row
  end
end

--- Say more of the place it works on, now that it is known.
---@param side tarn.Side
function Operation:target(side)
  local sql, row = update_side(self.id, "target_", side)
  if sql then
    write(false, function(db) db:exec(sql, row) end)
  end
end

-- Outcomes that could not be written are kept and go first with whatever is written next.
local function write_late(op, db)
  for _, f in ipairs(op.late) do
    f(db)
  end
end

-- Write an outcome. The request has been sent, so a full disk is no reason to stop here: the
-- next step stops before its request, and `finish` says that the outcome is missing.
local function write_outcome(op, f)
  op.late[#op.late + 1] = f
  local _, e = fault.try(write, false, function(db) write_late(op, db) end)
  if e and e.kind ~= "io" then
    error(e, 0)
  elseif not e then
    op.late = {}
  end
  return e
end

--- End an operation: "done", "failed", "partial" (some of it), "unchanged" (there was nothing
-- to do).
---@param status string
---@param result? table what the command returned
function Operation:finish(status, result)
  if status ~= "done" and status ~= "failed" and status ~= "partial" and status ~= "unchanged" then
    error(("unknown status '%s'"):format(tostring(status)), 2)
  elseif self.finished then
    return
  end
  self.finished = true
  local text, now = text_of(result), task.time()
  local e = write_outcome(self, function(db)
    db:exec("UPDATE operations SET status = ?, result = ?, ended = ?, seen = ? WHERE id = ?",
      { status, text or json.null, now, now, self.id })
  end)
  if e then
    fault.raise { kind = "io", op = OP, code = e.code, cause = e,
      message = ("what %s %s did is not in the journal: %s"):format(self.command, self.id,
        e.message),
      hint = e.hint and "what was sent is noted as unknown; `tarn journal` looks again. "
        .. e.hint }
  end
end

function Operation:__close(e)
  if not self.finished then
    local status = e == nil and "done" or self.changed and "partial" or "failed"
    local fields = fault.is(e) and require("tarn.report").fields(e) or nil
    -- what ended the block is more important than that it could not be written down
    fault.try(self.finish, self, status, fields and { fault = fields })
  end
end

-- ---- steps ----

local Step = {}
Step.__index = Step

--- Write down what is about to be sent. It is on the disk when this returns; if it cannot be,
-- this raises, and nothing must be sent.
---@param fields { kind: string, request?: string, what?: table, before?: any }
---@return tarn.Step
function Operation:step(fields)
  args.check(fields, { "kind", "request", "what", "before" })
  if type(fields.kind) ~= "string" then
    error("kind is not a string", 2)
  end
  local n, now = self.next_step, task.time()
  local what, before = text_of(fields.what), text_of(fields.before)
  write(true, function(db)
    write_late(self, db)
    db:exec("INSERT INTO steps(op, n, kind, request, what, started, status) "
      .. "VALUES (?, ?, ?, ?, ?, ?, 'unknown')",
      { self.id, n, fields.kind, fields.request or json.null, what or json.null, now })
    if before then
      db:exec("INSERT INTO befores(op, n, value) VALUES (?, ?, ?)", { self.id, n, before })
    end
    db:exec("UPDATE operations SET seen = ? WHERE id = ?", { now, self.id })
  end)
  self.late = {}
  self.next_step = n + 1
  return setmetatable({ operation = self, op = self.id, n = n, kind = fields.kind }, Step)
end

local OUTCOME <const> = "UPDATE steps SET status = ?, result = ?, fault = ?, ended = ? "
  .. "WHERE op = ? AND n = ?"

local function outcome(step, status, result, failure)
  local op, now = step.operation, task.time()
  local result_text = text_of(result)
  local fault_text = failure and text_of(require("tarn.report").fields(failure))
  local made = step.kind == "pipeline.create" and status == "done" and type(result) == "table"
    and result.pipeline_id
  op.changed = op.changed or status ~= "failed"
  write_outcome(op, function(db)
    db:exec(OUTCOME, { status, result_text or json.null, fault_text or json.null, now,
      step.op, step.n })
    if made then
      db:exec("UPDATE operations SET target_pipeline = ? WHERE id = ? "
        .. "AND target_pipeline IS NULL", { made, step.op })
    end
  end)
end

--- It took effect. `result` is what undo and lineage need: { pipeline_id =, last_modified = }.
---@param result? table
function Step:done(result)
  outcome(self, "done", result)
end

--- It was refused; or, if the fault is ambiguous or the wait was cut off, nobody knows.
---@param failure tarn.Fault
function Step:failed(failure)
  local unsure = failure.ambiguous or failure.kind == "cancelled" or failure.kind == "bug"
  outcome(self, unsure and "unknown" or "failed", nil, failure)
end

--- Write the step down, call `f(...)`, write down what came of it; returns what f returned.
---@param fields table as for `step`
---@param f function
---@return any ...
function Operation:perform(fields, f, ...)
  local step = self:step(fields)
  local results = table.pack(fault.call(f, ...))
  if not results[1] then
    step:failed(results[2])
    error(results[2], 0)
  end
  local first = results[2]
  step:done(type(first) == "table" and first or nil)
  return table.unpack(results, 2, results.n)
end

-- ---- reading ----

---@class tarn.OperationRecord
---@field id string
---@field parent? string
---@field command string
---@field arg? table
---@field status "running"|"done"|"failed"|"partial"|"unchanged"|"interrupted"|"undone"
---@field started integer ms since 1970
---@field ended? integer
---@field source tarn.Side
---@field target tarn.Side
---@field result? any
---@field undoes? string   the operation that this one undid
---@field undone? string   the operation that undid this one

local function side_of(row, prefix)
  local side = {}
  for field, column in pairs(SIDE) do
    side[field] = row[prefix .. column]
  end
  return side
end

local function record(row)
  local status = row.status
  if status == "running" and not is_alive(row) then
    status = "interrupted"
  elseif row.undone and status ~= "running" then
    status = "undone"
  end
  return {
    id = row.id, parent = row.parent, command = row.command, arg = value_of(row.arg),
    script = row.script, version = row.version, user = row.user, started = row.started,
    ended = row.ended, status = status, result = value_of(row.result), undoes = row.undoes,
    undone = row.undone, source = side_of(row, "source_"), target = side_of(row, "target_"),
  }
end

--- Operations, newest first. Parts of others are left out unless `parent` names whose.
---@param opts? table command, status, since (ms), limit, parent
---@return fun(): tarn.OperationRecord?
function M.operations(opts)
  args.check(opts, { "command", "status", "since", "limit", "parent" })
  opts = opts or {}
  local found = rows("SELECT * FROM operations WHERE (:command IS NULL OR command = :command) "
    .. "AND started >= :since AND (:parent IS NULL AND parent IS NULL OR parent = :parent) "
    .. "ORDER BY started DESC, length(id) DESC, id DESC",
    { command = opts.command or json.null, since = opts.since or 0,
      parent = opts.parent or json.null })
  local i, given = 0, 0
  return function()
    while found[i + 1] and given < (opts.limit or math.maxinteger) do
      i = i + 1
      local item = record(found[i])
      if not opts.status or item.status == opts.status then
        given = given + 1
        return item
      end
    end
  end
end

--- The parts of an operation, in the order they were begun.
---@param id string
---@return tarn.OperationRecord[]
function M.items(id)
  local list = {}
  for i, row in ipairs(rows("SELECT * FROM operations WHERE parent = ? "
    .. "ORDER BY length(id), id", { id })) do
    list[i] = record(row)
  end
  return list
end

--- One operation: by its id, the unique beginning of it or of its part behind the dash, or
-- "last". Raises a fault if there is none, or more than one.
---@param name string
---@return tarn.OperationRecord
function M.find(name)
  if name == "last" then
    local newest = M.operations { limit = 1 } ()
    return newest or fault.not_found(OP, "the journal is empty")
  end
  local id = normal(name)
  local exact = rows("SELECT * FROM operations WHERE id = ?", { id })[1]
  if exact then
    return record(exact)
  end
  local found = rows("SELECT * FROM operations WHERE substr(id, 1, length(:id)) = :id "
    .. "OR substr(id, 8, length(:id)) = :id ORDER BY started DESC, id", { id = id })
  -- the beginning of an operation's name is that of its parts' names too
  local whole = {}
  for _, row in ipairs(found) do
    if not row.parent or id:find(".", 1, true) then
      whole[#whole + 1] = row
    end
  end
  if #whole == 1 then
    return record(whole[1])
  elseif #whole == 0 then
    fault.not_found(OP, ("there is no operation '%s' in the journal"):format(name),
      "`tarn journal` lists them")
  end
  local names = {}
  for i = 1, math.min(#whole, 5) do
    names[i] = whole[i].id
  end
  fault.usage(OP, ("'%s' may be any of %s%s"):format(name, table.concat(names, ", "),
    #whole > 5 and (" and %d more"):format(#whole - 5) or ""), "say more of the name")
end

---@class tarn.StepRecord
---@field op string
---@field n integer
---@field kind string
---@field request? string
---@field what? table
---@field status "unknown"|"done"|"failed"
---@field started integer
---@field ended? integer
---@field result? table
---@field fault? table
---@field undone? string
---@field has_before boolean

--- The steps of an operation, in order. What was there before is read by `before`.
---@param id string
---@return tarn.StepRecord[]
function M.steps(id)
  local list = {}
  for i, row in ipairs(rows("SELECT s.*, b.op IS NOT NULL AS has_before FROM steps s "
    .. "LEFT JOIN befores b ON b.op = s.op AND b.n = s.n WHERE s.op = ? ORDER BY s.n", { id })) do
    list[i] = {
      op = row.op, n = row.n, kind = row.kind, request = row.request, what = value_of(row.what),
      status = row.status, started = row.started, ended = row.ended,
      result = value_of(row.result), fault = value_of(row.fault), undone = row.undone,
      has_before = row.has_before == 1,
    }
  end
  return list
end

--- What was there before a step, as it was given to `step`; nil if nothing was.
---@param step tarn.StepRecord
---@return any
function M.find_before(step)
  local row = rows("SELECT value FROM befores WHERE op = ? AND n = ?", { step.op, step.n })[1]
  return row and value_of(row.value)
end

--- Where a pipeline was cloned to, newest first, each once; what was undone is left out.
---@param source { org_id: string|integer, pipeline_id: string }
---@return table[] copies { org_id, host, pipeline_id, name, at, op }
function M.copies(source)
  local list, seen = {}, {}
  for _, row in ipairs(rows("SELECT * FROM operations WHERE source_pipeline = ? "
    .. "AND source_org = ? AND target_pipeline IS NOT NULL AND undone IS NULL "
    .. "ORDER BY started DESC, length(id) DESC, id DESC",
    { source.pipeline_id, tostring(source.org_id) })) do
    local place = ("%s %s"):format(row.target_org, row.target_pipeline)
    if not seen[place] then
      seen[place] = true
      list[#list + 1] = { org_id = row.target_org, host = row.target_host,
        pipeline_id = row.target_pipeline, name = row.target_name, at = row.started, op = row.id }
    end
  end
  return list
end

--- The newest copy of a pipeline in a workspace, or nil; with `name`, the newest of that name.
-- Whether it is still there, only the workspace knows.
---@param query { source: tarn.Side, target_org_id: string|integer, name?: string }
---@return table? copy
function M.find_copy(query)
  for _, copy in ipairs(M.copies(query.source)) do
    if copy.org_id == tostring(query.target_org_id)
      and (not query.name or copy.name == query.name) then
      return copy
    end
  end
end

--- Operations whose process ended before they did, newest first.
---@param opts? { command?: string }
---@return tarn.OperationRecord[]
function M.unfinished(opts)
  local list = {}
  for item in M.operations { command = opts and opts.command, status = "interrupted" } do
    list[#list + 1] = item
  end
  return list
end

--- Take an operation whose process has ended up again, as one's own.
---@param id string
---@return tarn.Operation
function M.adopt(id)
  local mine = who()
  local row = write(false, function(db)
    local row = db:find_row("SELECT o.*, (SELECT max(n) FROM steps WHERE op = o.id) AS last_step, "
      .. "(SELECT count(*) FROM operations WHERE parent = o.id) AS parts "
      .. "FROM operations o WHERE id = ?", { id })
    if not row then
      fault.not_found(OP, ("there is no operation '%s' in the journal"):format(id))
    elseif row.status == "running" and is_alive(row) then
      fault.raise { kind = "conflict", op = OP,
        message = ("%s is still being done, by process %s"):format(id,
          row.process:match "^%d+"),
        hint = "wait for its end" }
    end
    db:exec("UPDATE operations SET machine = ?, process = ?, seen = ?, status = 'running', "
      .. "ended = NULL WHERE id = ?", { mine.machine, mine.process, task.time(), id })
    return row
  end)
  local op = new_operation(row.id, row.command, (row.last_step or 0) + 1)
  op.items = row.parts
  return op
end

return M
