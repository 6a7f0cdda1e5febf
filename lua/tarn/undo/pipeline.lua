--- What undo knows of pipelines: created, edited, deleted.

local delete = require "tarn.delete"
local fault = require "base.fault"
local journal = require "tarn.journal"
local json = require "native.json"
local permission = require "tarn.undo.permission"
local pipelines = require "tarn.pipelines"
local places = require "tarn.undo.target"
local secrets = require "base.secrets"
local task = require "native.task"
local time = require "base.time"

local M = {}

local function find(place, id)
  local found = places.find(place.native.pipeline_get, place.native, id)
  return found and found.state ~= "DELETED" and found or nil
end

local function same(a, b)
  return a == b or type(a) == "table" and type(b) == "table" and json.encode(a) == json.encode(b)
end

-- True if the value is what was sent, as far as the journal knows what was sent.
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

-- True if each field that was sent is what the pipeline has now.
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

-- Why the pipeline is not as the operation left it at `at`, or nil if it is.
local function find_change(place, step, found, at)
  local left = step.result and step.result.last_modified
  if left and found.last_modified == left then
    return nil
  elseif left and found.last_modified or place:is_later(found.last_modified, at) then
    return ("its settings were changed at %s"):format(time.iso(found.last_modified))
  end
end

local function title(found)
  return ("pipeline '%s' (%s)"):format(found.name or "", found.pipeline_id)
end

-- The step that a step of the undoing operation is for.
local function mark(step)
  return { op = step.op, n = step.n }
end

-- ---- create ----

local create = {}
M["pipeline.create"] = create

function create.key(step)
  return step.result and "pipeline " .. step.result.pipeline_id
end

-- Pipelines of that name that we made or changed since the request was about to be sent.
local function candidates(place, step)
  local earliest, found = place:since(step.started), {}
  for item in pipelines.states(place.ws, {
    filter = ("name LIKE '%s'"):format((step.what.name:gsub("'", "''"))) }) do
    if item.name == step.what.name and item.creator_user_name == place.me then
      local made = find(place, item.pipeline_id)
      if made and (made.last_modified or 0) >= earliest then
        found[#found + 1] = made
      end
    end
  end
  return found
end

-- It may have been made a moment ago, and show late.
local function look_again(place, step)
  local recent = task.time() - step.started < 60000
  for _, pause in ipairs(recent and { 0, 1, 3 } or { 0 }) do
    task.sleep(pause)
    local found = candidates(place, step)
    if #found > 0 then
      return found
    end
  end
  return {}
end

function create.look(place, step)
  local found = {}
  for _, made in ipairs(look_again(place, step)) do
    if not journal.has_made(made.pipeline_id) then
      found[#found + 1] = made
    end
  end
  if #found == 0 then
    return "failed"
  end
  local made = found[1]
  local in_time = not place:is_later(made.last_modified, step.started + places.LATE_MS)
  if #found == 1 and (in_time or step.what.spec and has_all(made, step.what.spec)) then
    return "done", { pipeline_id = made.pipeline_id }
  end
  return nil, ("there is a pipeline named '%s', but whether this made it cannot be told")
    :format(step.what.name)
end

function create.plan(place, step, at, opts)
  local found = find(place, step.result.pipeline_id)
  if not found then
    return { verdict = "already", action = "delete pipeline " .. step.result.pipeline_id,
      reason = "it is gone" }
  end
  local tables = delete.has_choice(found) and (opts.tables and " and its tables"
    or ", keeping its tables") or ""
  return { verdict = "undo", action = ("delete %s%s"):format(title(found), tables),
    change = find_change(place, step, found, at), found = found }
end

function create.undo(place, step, action, op, opts)
  delete.pipeline(place.ws, op, action.found, { tables = opts.tables, undoes = mark(step) })
end

-- ---- edit ----

local edit = {}
M["pipeline.edit"] = edit

function edit.key(step)
  return "pipeline " .. step.what.pipeline_id
end

function edit.look(place, step, before)
  local found = find(place, step.what.pipeline_id)
  if not found then
    return nil, ("pipeline %s is gone"):format(step.what.pipeline_id)
  elseif before and found.last_modified == before.last_modified then
    return "failed"
  elseif step.what.spec and has_all(found, step.what.spec) then
    return "done", { pipeline_id = found.pipeline_id, last_modified = found.last_modified }
  end
  return nil, title(found) .. " is neither as it was nor as it should have become"
end

local function is_as_before(found, before)
  return same(found.spec, before.spec) and same(found.run_as, before.run_as)
    and same(found.parameters, before.parameters)
end

function edit.plan(place, step, at, _, before)
  local found = find(place, step.what.pipeline_id)
  if not found then
    return { verdict = "blocked", action = "restore the settings of pipeline "
      .. step.what.pipeline_id, reason = "it is gone" }
  end
  local action = "restore the settings of " .. title(found)
  if not before then
    return { verdict = "blocked", action = action, reason = "what they were was not kept" }
  elseif is_as_before(found, before) then
    return { verdict = "already", action = action, reason = "they are as they were" }
  end
  return { verdict = "undo", action = action, change = find_change(place, step, found, at),
    found = found }
end

local function identity(name)
  if not name then
    return nil
  end
  return pipelines.is_id(name) and { service_principal_name = name } or { user_name = name }
end

-- A PUT whose answer was lost is sent again by the client, and then meets what it did itself.
local function put_once(place, id, body)
  local _, e = fault.try(place.native.pipeline_edit, place.native, id, body)
  if not e then
    return { pipeline_id = id }
  elseif e.status == 409 or e.ambiguous then
    local now = find(place, id)
    if now and has_all(now, body) then
      return { pipeline_id = id, last_modified = now.last_modified }
    end
  end
  fault.raise(e)
end

function edit.undo(place, step, action, op, _, before)
  local found, id = action.found, step.what.pipeline_id
  if place.edited[id] then
    found = place.native:pipeline_get(id) -- undoing a later edit has changed it since the plan
    if is_as_before(found, before) then
      return "they are as they were"
    end
  end
  local body = {}
  for key, value in pairs(before.spec) do
    body[key] = value
  end
  body.run_as, body.parameters = before.run_as, before.parameters
  if found.run_as and not body.run_as then
    -- once set it cannot be unset
    body.run_as = identity(before.run_as_user_name) or found.run_as
  end
  body.expected_last_modified = found.last_modified
  op:perform({
    kind = "pipeline.edit", request = "PUT /api/2.0/pipelines/" .. id, before = found,
    what = { pipeline_id = id, name = found.name, spec = body, undoes = mark(step) },
  }, put_once, place, id, body)
end

-- ---- delete ----

local deletion = {}
M["pipeline.delete"] = deletion

function deletion.key(step)
  return "pipeline " .. step.what.pipeline_id
end

function deletion.look(place, step)
  if find(place, step.what.pipeline_id) then
    return "failed"
  end
  return "done", { pipeline_id = step.what.pipeline_id }
end

-- The pipeline that an earlier try to undo made, if that came so far.
local function made_before(earlier)
  for _, step in ipairs(earlier) do
    if step.kind == "pipeline.create" and step.status == "done" then
      return step.result.pipeline_id
    end
  end
end

function deletion.plan(place, step, _, _, before, earlier)
  local action = ("create pipeline '%s' again"):format(step.what.name)
  if not before then
    return { verdict = "blocked", action = action, reason = "its settings were not kept" }
  elseif find(place, step.what.pipeline_id) then
    return { verdict = "already", action = action, reason = "it is there" }
  end
  return { verdict = "undo", action = action, made = made_before(earlier),
    reason = "with a new id; its runs, and tables that were deleted, do not come back" }
end

function deletion.undo(place, step, action, op, _, before)
  local id = action.made
  if not id then
    local body = {}
    for key, value in pairs(before.spec) do
      body[key] = value
    end
    body.id, body.run_as, body.parameters = nil, before.run_as, before.parameters
    id = op:perform({
      kind = "pipeline.create", request = "POST /api/2.0/pipelines",
      what = { name = body.name, spec = body, undoes = mark(step) },
    }, pipelines.create, place.ws, body).pipeline_id
  end
  if before.permissions then
    return permission.give(place, op, { pipeline_id = id, name = before.name },
      before.permissions, mark(step))
  end
end

-- ---- what leaves nothing to undo ----

local function nothing(action, reason, look)
  return {
    key = function() end,
    look = look,
    plan = function(_, step)
      return { verdict = "nothing", reason = reason,
        action = ("%s '%s'"):format(action, step.what.name or step.what.pipeline_id) }
    end,
  }
end

local function look_for_update(place, step)
  local earliest = place:since(step.started)
  for update in pipelines.updates(place.ws, step.what.pipeline_id, { max = 5 }) do
    if (update.creation_time or 0) >= earliest and update.cause == "API_CALL" then
      return "done", { update_id = update.update_id }
    end
  end
  return "failed"
end

M["update.start"] = nothing("start", "what an update did stays done", look_for_update)
M["update.stop"] = nothing("stop", "an update that was stopped is not started again",
  function() return "done" end)

return M
