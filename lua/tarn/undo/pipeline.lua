--- Undo steps on pipelines: created, edited, deleted ones.

local collections = require "base.collections"
local delete = require "tarn.delete"
local fault = require "base.fault"
local journal = require "tarn.journal"
local json = require "native.json"
local permission = require "tarn.undo.permission"
local pipelines = require "tarn.pipelines"
local secrets = require "base.secrets"
local targets = require "tarn.undo.target"
local task = require "native.task"
local time = require "base.time"

local M = {}

local function find(target, id)
  local found = targets.find(target.native.pipeline_get, target.native, id)
  return found and found.state ~= "DELETED" and found or nil
end

local function same(a, b)
  return a == b or type(a) == "table" and type(b) == "table" and json.encode(a) == json.encode(b)
end

-- True if a value is the one that was sent. The journal does not have secrets that were sent.
local function is_as_sent(now, sent)
  if secrets.is_masked(sent) then
    return true
  elseif type(sent) ~= "table" or type(now) ~= "table" then
    return same(now, sent)
  end
  for key, value in pairs(sent) do
    if not is_as_sent(now[key], value) then
      return false
    end
  end
  return true
end

-- True if the pipeline has all values that were sent.
local function has_all(found, sent)
  for key, value in pairs(sent) do
    local now = found.spec[key]
    if key == "run_as" or key == "parameters" then
      now = found[key]
    end
    if key ~= "expected_last_modified" and key ~= "allow_duplicate_names" and key ~= "id"
      and value ~= json.null and not is_as_sent(now, value) then
      return false
    end
  end
  return true
end

-- The change of the pipeline since the operation, whose last step was at `at`; nil if there is
-- none.
local function find_change(target, step, found, at)
  local left = step.result and step.result.last_modified
  if left and found.last_modified == left then
    return nil
  elseif left and found.last_modified or target:is_later(found.last_modified, at) then
    return ("its settings were changed at %s"):format(time.iso(found.last_modified))
  end
end

local function title(found)
  return ("pipeline '%s' (%s)"):format(found.name or "", found.pipeline_id)
end

-- The reference to a step that a step of the undo has.
local function mark(step)
  return { op = step.op, n = step.n }
end

-- ---- create ----

local create = {}
M["pipeline.create"] = create

function create.key(step)
  return step.result and "pipeline " .. step.result.pipeline_id
end

-- The pipelines of that name that this user has created or changed since the step began.
local function candidates(target, step)
  local earliest, found = target:since(step.started), {}
  for item in pipelines.states(target.ws, {
    filter = ("name LIKE '%s'"):format((step.what.name:gsub("'", "''"))) }) do
    if item.name == step.what.name and item.creator_user_name == target.me then
      local made = find(target, item.pipeline_id)
      if made and (made.last_modified or 0) >= earliest then
        found[#found + 1] = made
      end
    end
  end
  return found
end

-- A pipeline that was created just now may become visible late.
local function find_repeatedly(target, step)
  local recent = task.time() - step.started < 60000
  for _, pause in ipairs(recent and { 0, 1, 3 } or { 0 }) do
    task.sleep(pause)
    local found = candidates(target, step)
    if #found > 0 then
      return found
    end
  end
  return {}
end

function create.find_outcome(target, step)
  local found = {}
  for _, made in ipairs(find_repeatedly(target, step)) do
    if not journal.has_made(made.pipeline_id) then
      found[#found + 1] = made
    end
  end
  if #found == 0 then
    return "failed"
  end
  local made = found[1]
  local in_time = not target:is_later(made.last_modified, step.started + targets.LATE_MS)
  if #found == 1 and (in_time or step.what.spec and has_all(made, step.what.spec)) then
    return "done", { pipeline_id = made.pipeline_id }
  end
  return nil, ("there is a pipeline named '%s', but it is not known whether this step has created "
    .. "it"):format(step.what.name)
end

function create.plan(target, step, at, opts)
  local found = find(target, step.result.pipeline_id)
  if not found then
    return { verdict = "already", action = "delete pipeline " .. step.result.pipeline_id,
      reason = "it does not exist" }
  end
  local tables = delete.has_choice(found) and (opts.tables and " and its tables"
    or ", keeping its tables") or ""
  return { verdict = "undo", action = ("delete %s%s"):format(title(found), tables),
    change = find_change(target, step, found, at), found = found }
end

function create.undo(target, step, action, op, opts)
  delete.pipeline(target.ws, op, action.found, { tables = opts.tables, undoes = mark(step) })
end

-- ---- edit ----

local edit = {}
M["pipeline.edit"] = edit

function edit.key(step)
  return "pipeline " .. step.what.pipeline_id
end

function edit.find_outcome(target, step, before)
  local found = find(target, step.what.pipeline_id)
  if not found then
    return nil, ("pipeline %s does not exist any more"):format(step.what.pipeline_id)
  elseif before and found.last_modified == before.last_modified then
    return "failed"
  elseif step.what.spec and has_all(found, step.what.spec) then
    return "done", { pipeline_id = found.pipeline_id, last_modified = found.last_modified }
  end
  return nil, title(found) .. " has neither the settings before the step nor those after it"
end

local function is_as_before(found, before)
  return same(found.spec, before.spec) and same(found.run_as, before.run_as)
    and same(found.parameters, before.parameters)
end

function edit.plan(target, step, at, _, before)
  local found = find(target, step.what.pipeline_id)
  if not found then
    return { verdict = "blocked", action = "restore the settings of pipeline "
      .. step.what.pipeline_id, reason = "it does not exist any more" }
  end
  local action = "restore the settings of " .. title(found)
  if not before then
    return { verdict = "blocked", action = action,
      reason = "the journal does not have the previous settings" }
  elseif is_as_before(found, before) then
    return { verdict = "already", action = action, reason = "they are already restored" }
  end
  return { verdict = "undo", action = action, change = find_change(target, step, found, at),
    found = found }
end

local function identity(name)
  if not name then
    return nil
  end
  return pipelines.is_id(name) and { service_principal_name = name } or { user_name = name }
end

-- The client repeats a PUT whose answer was lost; the conflict may be with the first attempt.
local function put_once(target, id, body)
  local _, e = fault.try(target.native.pipeline_edit, target.native, id, body)
  if not e then
    return { pipeline_id = id }
  elseif e.status == 409 or e.ambiguous then
    local now = find(target, id)
    if now and has_all(now, body) then
      return { pipeline_id = id, last_modified = now.last_modified }
    end
  end
  fault.raise(e)
end

function edit.undo(target, step, action, op, _, before)
  local found, id = action.found, step.what.pipeline_id
  if target.edited[id] then
    found = target.native:pipeline_get(id) -- undoing a later edit has changed it
    if is_as_before(found, before) then
      return "they are already restored"
    end
  end
  local body = collections.copy(before.spec)
  body.run_as, body.parameters = before.run_as, before.parameters
  if found.run_as and not body.run_as then
    -- run_as cannot be removed
    body.run_as = identity(before.run_as_user_name) or found.run_as
  end
  body.expected_last_modified = found.last_modified
  op:perform({
    kind = "pipeline.edit", request = "PUT /api/2.0/pipelines/" .. id, before = found,
    what = { pipeline_id = id, name = found.name, spec = body, undoes = mark(step) },
  }, put_once, target, id, body)
end

-- ---- delete ----

local deletion = {}
M["pipeline.delete"] = deletion

function deletion.key(step)
  return "pipeline " .. step.what.pipeline_id
end

function deletion.find_outcome(target, step)
  if find(target, step.what.pipeline_id) then
    return "failed"
  end
  return "done", { pipeline_id = step.what.pipeline_id }
end

-- The pipeline that an earlier attempt to undo has created.
local function made_before(earlier)
  for _, step in ipairs(earlier) do
    if step.kind == "pipeline.create" and step.status == "done" then
      return step.result.pipeline_id
    end
  end
end

function deletion.plan(target, step, _, _, before, earlier)
  local action = ("create pipeline '%s' again"):format(step.what.name)
  if not before then
    return { verdict = "blocked", action = action,
      reason = "the journal does not have its settings" }
  elseif find(target, step.what.pipeline_id) then
    return { verdict = "already", action = action, reason = "it exists" }
  end
  local name = step.what.name or ""
  target.deleted[name] = (target.deleted[name] or 0) + 1
  return { verdict = "undo", action = action, made = made_before(earlier),
    reason = "with a new id; its run history and deleted tables are lost" }
end

function deletion.undo(target, step, action, op, _, before)
  local id = action.made
  if not id then
    local body = collections.copy(before.spec)
    body.id, body.run_as, body.parameters = nil, before.run_as, before.parameters
    if (target.deleted[step.what.name or ""] or 0) > 1 then
      body.allow_duplicate_names = true -- they had one name before, too
    end
    id = op:perform({
      kind = "pipeline.create", request = "POST /api/2.0/pipelines",
      what = { name = body.name, spec = body, undoes = mark(step) },
    }, pipelines.create, target.ws, body).pipeline_id
  end
  if before.permissions then
    return permission.restore(target, op, { pipeline_id = id, name = before.name },
      before.permissions, mark(step))
  end
end

return M
