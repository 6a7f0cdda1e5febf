--- The journal of changes: each is written down before it is sent.
--
--     local journal = require "tarn.journal"
--     local path, mkdirs = "/Shared/reports", ws.native.workspace_mkdirs
--     local op <close> = journal.begin { command = "my-script", target = { host = ws:host() } }
--     op:perform({ kind = "workspace.mkdirs", request = "POST /api/2.0/workspace/mkdirs",
--       what = { path = path, missing = { path } } }, mkdirs, ws.native, path)
--     op:finish "done"
--     for done in journal.operations { limit = 3 } do print(done.id, done.status) end
--
-- An operation is one command that changes something; its steps are the requests that change
-- something. A step is on disk before its request is sent. A step without an outcome (the process
-- was killed, the answer was lost) is `unknown` until tarn.undo has asked the workspace.
--
-- Undo needs the kind of a step and these fields. All steps happen in the operation's target.
--
--   pipeline.create   what { name, spec, of }              result { pipeline_id }; `of` says for a
--                                                          clone where its source publishes
--   pipeline.edit     what { pipeline_id, name, spec }     before: GetPipelineResponse
--   pipeline.delete   what { pipeline_id, name, cascade }  before: GetPipelineResponse, and in
--                                                          `permissions` the access list
--   update.start      what { pipeline_id, name }           result { update_id }
--   update.stop       what { pipeline_id, name }
--   permissions.set   what { pipeline_id, name, access_control_list }
--                                                          before: the access list
--   job.create        what { name, runs, job }             result { job_id }; `runs`: the pipeline
--   workspace.import  what { path, format, language }      before { bytes, format, language } of
--                                                          an object that is replaced; result
--                                                          { existed } if an equal one existed
--   workspace.mkdirs  what { path, missing }               `missing`: the folders that are created
--   workspace.delete  what { path }                        before { bytes, format, language }

local copies = require "tarn.journal.copies"
local file = require "tarn.journal.file"
local json = require "native.json"
local operation = require "tarn.journal.operation"
local options = require "base.options"
local lookup = require "tarn.journal.lookup"
local rows = require "tarn.journal.row"
local task = require "native.task"

local M = {}

---@class tarn.OperationRecord
---@field id string
---@field parent? string
---@field command string
---@field arg? table
---@field status "running"|"done"|"failed"|"partial"|"unchanged"|"unknown"|"interrupted"|"undone"
---@field started integer ms since 1970
---@field ended? integer
---@field source tarn.Side
---@field target tarn.Side
---@field result? any
---@field undoes? string   id of the operation that this one undoes
---@field undone? string   id of the operation that has undone this one

--- Begin an operation. If this raises a fault, nothing must be sent.
---@param fields tarn.OperationFields
---@return tarn.Operation to be closed: with <close>
function M.begin(fields)
  return operation.begin(fields)
end

--- Continue an interrupted operation in this process. Raises a fault of kind `conflict` if its
-- process still runs.
---@param id string
---@return tarn.Operation
function M.adopt(id)
  return operation.adopt(id)
end

--- An iterator over operations, newest first.
---@param opts? table command, status, since and until_ms (ms), limit; parent: the id of the
--- operation whose items are wanted
---@return fun(): tarn.OperationRecord?
function M.operations(opts)
  options.check(opts, { "command", "status", "since", "until_ms", "limit", "parent" })
  opts = opts or {}
  local stored = opts.status == "interrupted" and "running" or opts.status
  local found = file.rows("SELECT * FROM operations WHERE (:command IS NULL OR command = :command) "
    .. "AND started >= :since AND (:last IS NULL OR started <= :last) "
    .. "AND (:parent IS NULL AND parent IS NULL OR parent = :parent) "
    .. "AND (:status IS NULL OR status = :status OR :status = 'undone' AND undone IS NOT NULL) "
    .. "ORDER BY started DESC, length(id) DESC, id DESC LIMIT :most",
    { command = opts.command or json.null, since = opts.since or 0,
      last = opts.until_ms or json.null,
      parent = opts.parent or json.null, status = stored or json.null,
      most = not stored and opts.limit or -1 })
  local i, given = 0, 0
  return function()
    while found[i + 1] and given < (opts.limit or math.maxinteger) do
      i = i + 1
      local item = rows.operation(found[i])
      if not opts.status or item.status == opts.status then
        given = given + 1
        return item
      end
    end
  end
end

--- The items of an operation, in the order in which they were begun.
---@param id string
---@return tarn.OperationRecord[]
function M.items(id)
  local list = {}
  for i, item in ipairs(file.rows("SELECT * FROM operations WHERE parent = ? "
    .. "ORDER BY length(id), id", { id })) do
    list[i] = rows.operation(item)
  end
  return list
end

--- An operation: by its id, by the unique beginning of the id or of its part behind the dash, or
-- "last". Raises a fault if no operation matches, or more than one.
---@param name string
---@return tarn.OperationRecord
function M.find(name)
  return lookup.find(name)
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

--- The steps of an operation, in order. `find_before` reads the previous value of a step.
---@param id string
---@return tarn.StepRecord[]
function M.steps(id)
  local list = {}
  for i, step in ipairs(file.rows("SELECT s.*, b.op IS NOT NULL AS has_before FROM steps s "
    .. "LEFT JOIN befores b ON b.op = s.op AND b.n = s.n WHERE s.op = ? ORDER BY s.n", { id })) do
    list[i] = rows.step(step)
  end
  return list
end

--- The previous value that a step has replaced or deleted; nil if there was none.
---@param step tarn.StepRecord
---@return any
function M.find_before(step)
  local before = file.rows("SELECT value FROM befores WHERE op = ? AND n = ?",
    { step.op, step.n })[1]
  return before and rows.value(before.value, ("step %d of operation %s"):format(step.n, step.op))
end

--- Where a pipeline was cloned to, newest first, each copy once, without undone clones.
---@param source { org_id: string|integer, pipeline_id: string }
---@return tarn.CopyRecord[]
function M.copies(source)
  return copies.of(source)
end

--- The pipelines of which a pipeline is a copy, newest first.
---@param target { org_id: string|integer, pipeline_id: string }
---@return tarn.CopyRecord[]
function M.origins(target)
  return copies.origins(target)
end

--- The newest copy of a pipeline in a workspace, or nil.
---@param query { source: tarn.Side, target_org_id: string|integer, name?: string } `name`: of the
--- copy
---@return tarn.CopyRecord?
function M.find_copy(query)
  return copies.find(query)
end

--- The settings that an operation gave to a copy, and the settings of the source that say where it
-- publishes; nil if the journal does not have them.
---@param op string id of the operation
---@return table? spec
---@return table? source
function M.settings(op)
  return copies.settings(op)
end

--- True if the journal holds a create of such a copy whose outcome is unknown.
---@param query { source: tarn.Side, target_org_id: string|integer, name: string }
---@return boolean
function M.has_attempt(query)
  return file.rows("SELECT 1 FROM operations o JOIN steps s ON s.op = o.id "
    .. "WHERE o.source_pipeline = ? AND o.source_org = ? AND o.target_org = ? "
    .. "AND o.target_name = ? AND o.undone IS NULL AND s.kind = 'pipeline.create' "
    .. "AND s.status = 'unknown' LIMIT 1", { query.source.pipeline_id,
    tostring(query.source.org_id), tostring(query.target_org_id), query.name })[1] ~= nil
end

--- The interrupted operations: those whose process has ended before them. Newest first.
---@param opts? { command?: string }
---@return tarn.OperationRecord[]
function M.unfinished(opts)
  local list = {}
  for item in M.operations { command = opts and opts.command, status = "interrupted" } do
    list[#list + 1] = item
  end
  return list
end

--- True if a step of the journal has created the pipeline.
---@param pipeline_id string
---@return boolean
function M.has_made(pipeline_id)
  return #file.rows("SELECT 1 FROM steps WHERE kind = 'pipeline.create' AND status = 'done' "
    .. "AND json_extract(result, '$.pipeline_id') = ? LIMIT 1", { pipeline_id }) > 0
end

--- Write down the outcome of a step that was unknown, after asking the workspace.
---@param step tarn.StepRecord
---@param status "done"|"failed"
---@param result? table
function M.settle(step, status, result)
  local text = result and json.encode(result)
  file.write(false, function(db)
    db:exec("UPDATE steps SET status = ?, result = coalesce(?, result), ended = ? "
      .. "WHERE op = ? AND n = ? AND status = 'unknown'",
      { status, text or json.null, step.ended or task.time(), step.op, step.n })
    if step.kind == "pipeline.create" and result and result.pipeline_id then
      db:exec("UPDATE operations SET target_pipeline = ? WHERE id = ? "
        .. "AND target_pipeline IS NULL", { result.pipeline_id, step.op })
    end
  end)
  step.status, step.result = status, result or step.result
end

--- Write down that a step was undone.
---@param step tarn.StepRecord
---@param undo string id of the operation that has undone it
function M.mark_undone(step, undo)
  file.write(false, function(db)
    db:exec("UPDATE steps SET undone = ? WHERE op = ? AND n = ?", { undo, step.op, step.n })
  end)
  step.undone = undo
end

--- Write down that a whole operation was undone. This ends an interrupted operation.
---@param id string
---@param undo string id of the operation that has undone it
function M.close_undone(id, undo)
  file.write(false, function(db)
    db:exec("UPDATE operations SET undone = coalesce(undone, ?), ended = coalesce(ended, ?), "
      .. "status = CASE status WHEN 'running' THEN 'partial' ELSE status END WHERE id = ?",
      { undo, task.time(), id })
  end)
end

--- The operations that have undone an operation, or have begun to; oldest first.
---@param id string
---@return tarn.OperationRecord[]
function M.undos(id)
  local list = {}
  for i, undo in ipairs(file.rows("SELECT * FROM operations WHERE undoes = ? "
    .. "ORDER BY started, id", { id })) do
    list[i] = rows.operation(undo)
  end
  return list
end

--- The path of the journal's file; nil if neither XDG_STATE_HOME nor HOME is set.
---@return string?
function M.find_path()
  return file.find_path()
end

--- Close the journal's file, for tests that move to another folder.
function M.close()
  file.close()
end

return M
