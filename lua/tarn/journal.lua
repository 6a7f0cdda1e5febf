--- The journal: what was about to be changed, written down before, and what came of it.
--
-- An operation is one command that changes something; its steps are the requests that do. A
-- step is on disk before its request is sent. One whose outcome is missing (the program was
-- killed, the answer was lost) is `unknown` until somebody has looked at the workspace: see
-- tarn.undo.
--
--     local op <close> = journal.begin { command = "clone", arg = arg, source = a, target = b }
--     local made = op:perform({ kind = "pipeline.create", request = "POST /api/2.0/pipelines",
--       what = { name = name, spec = spec } }, create, ws, spec)
--     op:finish("done", report)
--
-- Undo goes by the kind of a step, and by what the step wrote down. All of it happens in the
-- operation's target.
--
--   pipeline.create   what { name, spec, of }              result { pipeline_id }; `of`, of a
--                                                          clone, is where its source publishes
--   pipeline.edit     what { pipeline_id, name, spec }     before: the answer of GET
--   pipeline.delete   what { pipeline_id, name, cascade }  before: the answer of GET, and
--                                                          `permissions`, that of theirs
--   update.start      what { pipeline_id, name }           result { update_id }
--   update.stop       what { pipeline_id, name }
--   permissions.set   what { pipeline_id, name, access_control_list }
--                                                          before: the answer of GET
--   workspace.import  what { path, format, language }      before { bytes, format, language },
--                                                          none if nothing was there; result
--                                                          { existed } if the same was there
--   workspace.mkdirs  what { path, missing }               `missing`: the folders that it makes
--   workspace.delete  what { path }                        before { bytes, format, language }

local copies = require "tarn.journal.copies"
local fault = require "base.fault"
local file = require "tarn.journal.file"
local json = require "native.json"
local operation = require "tarn.journal.operation"
local options = require "base.options"
local row = require "tarn.journal.row"
local task = require "native.task"

local M = { begin = operation.begin, adopt = operation.adopt, find_path = file.find_path,
  close = file.close, copies = copies.of, origins = copies.origins, find_copy = copies.find,
  settings = copies.settings }

local OP <const> = "journal"

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
---@field undoes? string   the operation that this one undid
---@field undone? string   the operation that undid this one

--- Operations, newest first. Parts of others are left out unless `parent` names whose.
---@param opts? table command, status, since (ms), limit, parent
---@return fun(): tarn.OperationRecord?
function M.operations(opts)
  options.check(opts, { "command", "status", "since", "limit", "parent" })
  opts = opts or {}
  local stored = opts.status == "interrupted" and "running" or opts.status
  local found = file.rows("SELECT * FROM operations WHERE (:command IS NULL OR command = :command) "
    .. "AND started >= :since AND (:parent IS NULL AND parent IS NULL OR parent = :parent) "
    .. "AND (:status IS NULL OR status = :status OR :status = 'undone' AND undone IS NOT NULL) "
    .. "ORDER BY started DESC, length(id) DESC, id DESC LIMIT :most",
    { command = opts.command or json.null, since = opts.since or 0,
      parent = opts.parent or json.null, status = stored or json.null,
      most = not stored and opts.limit or -1 })
  local i, given = 0, 0
  return function()
    while found[i + 1] and given < (opts.limit or math.maxinteger) do
      i = i + 1
      local item = row.operation(found[i])
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
  for i, item in ipairs(file.rows("SELECT * FROM operations WHERE parent = ? "
    .. "ORDER BY length(id), id", { id })) do
    list[i] = row.operation(item)
  end
  return list
end

-- As a person may have typed it.
local function normal(id)
  return (id:lower():gsub("[ilo]", { i = "1", l = "1", o = "0" }))
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
  local exact = file.rows("SELECT * FROM operations WHERE id = ?", { id })[1]
  if exact then
    return row.operation(exact)
  end
  local found = file.rows("SELECT * FROM operations WHERE substr(id, 1, length(:id)) = :id "
    .. "OR substr(id, 8, length(:id)) = :id ORDER BY started DESC, id", { id = id })
  -- the beginning of an operation's name is that of its parts' names too
  local whole = {}
  for _, one in ipairs(found) do
    if not one.parent or id:find(".", 1, true) then
      whole[#whole + 1] = one
    end
  end
  if #whole == 1 then
    return row.operation(whole[1])
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
  for i, step in ipairs(file.rows("SELECT s.*, b.op IS NOT NULL AS has_before FROM steps s "
    .. "LEFT JOIN befores b ON b.op = s.op AND b.n = s.n WHERE s.op = ? ORDER BY s.n", { id })) do
    list[i] = row.step(step)
  end
  return list
end

--- What was there before a step, as it was given to `step`; nil if nothing was.
---@param step tarn.StepRecord
---@return any
function M.find_before(step)
  local before = file.rows("SELECT value FROM befores WHERE op = ? AND n = ?",
    { step.op, step.n })[1]
  return before and row.value(before.value, ("step %d of operation %s"):format(step.n, step.op))
end

--- True if a create of a copy of that name was begun whose outcome nobody knows.
---@param query { source: tarn.Side, target_org_id: string|integer, name: string }
---@return boolean
function M.has_attempt(query)
  return file.rows("SELECT 1 FROM operations o JOIN steps s ON s.op = o.id "
    .. "WHERE o.source_pipeline = ? AND o.source_org = ? AND o.target_org = ? "
    .. "AND o.target_name = ? AND o.undone IS NULL AND s.kind = 'pipeline.create' "
    .. "AND s.status = 'unknown' LIMIT 1", { query.source.pipeline_id,
    tostring(query.source.org_id), tostring(query.target_org_id), query.name })[1] ~= nil
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

--- True if some step is known to have made that pipeline.
---@param pipeline_id string
---@return boolean
function M.has_made(pipeline_id)
  return #file.rows("SELECT 1 FROM steps WHERE kind = 'pipeline.create' AND status = 'done' "
    .. "AND json_extract(result, '$.pipeline_id') = ? LIMIT 1", { pipeline_id }) > 0
end

--- Write down what looking at the workspace said of a step whose outcome was unknown.
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

--- Write down that a step was undone, by the operation `undo`.
---@param step tarn.StepRecord
---@param undo string
function M.mark_undone(step, undo)
  file.write(false, function(db)
    db:exec("UPDATE steps SET undone = ? WHERE op = ? AND n = ?", { undo, step.op, step.n })
  end)
  step.undone = undo
end

--- Write down that all of an operation was undone; one that was cut off has ended with that.
---@param id string
---@param undo string
function M.close_undone(id, undo)
  file.write(false, function(db)
    db:exec("UPDATE operations SET undone = coalesce(undone, ?), ended = coalesce(ended, ?), "
      .. "status = CASE status WHEN 'running' THEN 'partial' ELSE status END WHERE id = ?",
      { undo, task.time(), id })
  end)
end

--- The operations that undid, or began to undo, another one; oldest first.
---@param id string
---@return tarn.OperationRecord[]
function M.undos(id)
  local list = {}
  for i, undo in ipairs(file.rows("SELECT * FROM operations WHERE undoes = ? "
    .. "ORDER BY started, id", { id })) do
    list[i] = row.operation(undo)
  end
  return list
end

return M
