--- Undo steps on workspace objects: imports, deletions, created folders.

local fault = require "base.fault"
local objects = require "tarn.objects"
local time = require "base.time"

local M = {}

local function find(target, path)
  return objects.find(target.ws, path)
end

-- The object with its bytes, as `put` needs it to restore it; nil if there is none with bytes.
local function find_snapshot(target, found)
  if not found or not objects.has_bytes(found) then
    return nil
  end
  return { bytes = objects.read(target.ws, found), kind = found.kind, format = found.format,
    language = found.language }
end

local function remove(target, op, path, undoes, kept)
  local step = op:step {
    kind = "workspace.delete", request = "POST /api/2.0/workspace/delete", before = kept,
    what = { path = path, undoes = undoes },
  }
  local ok, e = fault.call(target.ws.request, target.ws, "POST", "/api/2.0/workspace/delete",
    { body = { path = path, recursive = false }, idempotent = true })
  if not ok and e.status ~= 404 then
    step:failed(e)
    return e
  end
  step:done()
end

-- Files have the format RAW; all other formats are notebooks.
local function kind_of(before)
  return before.format == "RAW" and "FILE" or "NOTEBOOK"
end

local function put(target, op, path, kept, before, undoes)
  local as = { kind = kind_of(before), format = before.format, language = before.language }
  op:perform({
    kind = "workspace.import", request = "POST /api/2.0/workspace/import", before = kept,
    what = { path = path, kind = as.kind, format = as.format, language = as.language,
      size = #before.bytes, undoes = undoes },
  }, objects.write, target.ws, path, before.bytes, as, kept ~= nil)
end

local function mark(step)
  return { op = step.op, n = step.n }
end

local function key(step)
  return "path " .. step.what.path
end

-- ---- import ----

local import = { key = key }
M["workspace.import"] = import

function import.find_outcome(target, step, before)
  local found = find(target, step.what.path)
  if not found then
    return "failed"
  elseif not before or (found.modified_at or 0) >= target:since(step.started) then
    return "done"
  end
  return "failed"
end

function import.plan(target, step, at, _, before)
  local path = step.what.path
  local found = find(target, path)
  if step.result and step.result.existed then
    return { verdict = "nothing", action = "delete " .. path,
      reason = "an equal object existed before" }
  end
  local action = before and "restore " .. path or "delete " .. path
  if not found and not before then
    return { verdict = "already", action = action, reason = "it does not exist" }
  elseif not found then
    return { verdict = "undo", action = action, change = "it was deleted" }
  end
  local change
  if not objects.has_bytes(found) then
    return { verdict = "blocked", action = action,
      reason = ("a %s has the path now"):format(found.kind:lower()) }
  elseif target:is_later(found.modified_at, at) then
    change = ("it was changed at %s"):format(time.iso(found.modified_at))
  end
  return { verdict = "undo", action = action, change = change }
end

function import.undo(target, step, _, op, _, before)
  local path = step.what.path
  local kept = find_snapshot(target, find(target, path))
  if before and kept and kept.kind == kind_of(before) and kept.language == before.language
    and kept.format == before.format and objects.is_same(kept.format, kept.bytes, before.bytes) then
    return "it is as it was"
  end
  -- an import cannot change the kind of an object
  if kept and (not before or kept.kind ~= kind_of(before)) then
    local e = remove(target, op, path, mark(step), kept)
    if e then
      fault.raise(e)
    end
    kept = nil
  end
  if before then
    put(target, op, path, kept, before, mark(step))
  end
end

-- ---- delete ----

local deletion = { key = key }
M["workspace.delete"] = deletion

function deletion.find_outcome(target, step)
  if find(target, step.what.path) then
    return "failed"
  end
  return "done"
end

function deletion.plan(target, step, _, _, before)
  local action = "restore " .. step.what.path
  if find(target, step.what.path) then
    return { verdict = "already", action = action, reason = "the path has an object" }
  elseif not before then
    return { verdict = "nothing", action = action,
      reason = "the journal does not have the deleted object" }
  end
  return { verdict = "undo", action = action }
end

function deletion.undo(target, step, _, op, _, before)
  put(target, op, step.what.path, nil, before, mark(step))
end

-- ---- folders ----

local mkdirs = { key = function() end }
M["workspace.mkdirs"] = mkdirs

function mkdirs.find_outcome(target, step)
  if find(target, step.what.path) then
    return "done"
  end
  return "failed"
end

-- The folders that the step has created and that still exist, deepest first.
local function made(target, step)
  local paths = {}
  for _, path in ipairs(step.what.missing or {}) do
    local found = find(target, path)
    if found and objects.is_folder(found) then
      paths[#paths + 1] = path
    end
  end
  table.sort(paths, function(a, b) return #a > #b end)
  return paths
end

function mkdirs.plan(target, step)
  local paths = made(target, step)
  if #paths == 0 then
    return { verdict = step.what.missing and "already" or "nothing",
      action = "remove folder " .. step.what.path,
      reason = step.what.missing and "it does not exist, or existed before"
        or "the journal does not say which folders existed before" }
  end
  return { verdict = "undo", action = "remove folder " .. table.concat(paths, ", "),
    reason = "if it is empty", paths = paths }
end

function mkdirs.undo(target, step, action, op)
  for _, path in ipairs(action.paths) do
    local e = remove(target, op, path, mark(step))
    if e and e.code == "DIRECTORY_NOT_EMPTY" then
      return path .. " is kept: it is not empty"
    elseif e then
      fault.raise(e)
    end
  end
end

return M
