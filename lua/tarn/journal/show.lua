--- Show an operation of the journal: its steps and changes, with secrets masked.

local journal = require "tarn.journal"
local json = require "native.json"
local secrets = require "base.secrets"
local spec = require "tarn.spec"

local M = {}

local function brief(record)
  return {
    id = record.id, command = record.command, status = record.status,
    start_time = record.started, end_time = record.ended,
    source = record.source.name or record.source.pipeline_id,
    target = record.target.name or record.target.pipeline_id,
    workspace = record.target.profile or record.target.host,
    undoes = record.undoes, undone_by = record.undone,
  }
end

--- A row of the list.
---@param record tarn.OperationRecord
---@return table
function M.row(record)
  return brief(record)
end

local function leaves(settings)
  local found, order = {}, {}
  if type(settings) == "table" then
    spec.each(settings, function(keys, value)
      local path = spec.path(keys)
      found[path] = { value = value, name = keys[#keys] }
      order[#order + 1] = path
    end)
  end
  return found, order
end

local function shown(leaf)
  if not leaf then
    return nil
  end
  return secrets.masked(leaf.value, leaf.name)
end

local function same(a, b)
  return a ~= nil and b ~= nil and json.encode(a.value) == json.encode(b.value)
end

--- Fields in which two settings differ: { path, from, to }, secrets masked.
---@param from? table
---@param to? table
---@return table[]
function M.changes(from, to)
  local old, order = leaves(from)
  local new, more = leaves(to)
  for _, path in ipairs(more) do
    if not old[path] then
      order[#order + 1] = path
    end
  end
  local list = json.array {}
  for _, path in ipairs(order) do
    local a, b = old[path], new[path]
    local hidden = b and secrets.is_masked(b.value) and a -- the journal does not have it
    if not same(a, b) and not hidden then
      list[#list + 1] = { path = path, from = shown(a), to = shown(b) }
    end
  end
  return list
end

-- The settings of a GetPipelineResponse in the form of a request.
local function settings_of(answer)
  local all = spec.copy(answer.spec)
  all.run_as, all.parameters = answer.run_as, answer.parameters
  return all
end

local function without(settings, ...)
  local all = spec.copy(settings)
  for _, name in ipairs { ... } do
    all[name] = nil
  end
  return all
end

local function step_changes(step, before)
  if type(before) ~= "table" or not step.what then
    return nil
  elseif step.kind == "pipeline.edit" and before.spec and step.what.spec then
    return M.changes(without(settings_of(before), "id"), without(step.what.spec, "id",
      "expected_last_modified", "allow_duplicate_names"))
  elseif step.kind == "permissions.set" then
    local levels = require("tarn.undo").levels
    local from, to = levels(before.access_control_list), levels(step.what.access_control_list)
    if (step.request or ""):find "^PATCH" then
      for who, level in pairs(from) do
        to[who] = to[who] or level
      end
    end
    return M.changes(from, to)
  end
end

local function kept_of(before)
  if type(before) == "table" and type(before.bytes) == "string" then
    return { size = #before.bytes, format = before.format, language = before.language }
  end
  return secrets.masked(before)
end

local function step_row(step)
  local before = step.has_before and journal.find_before(step) or nil
  return {
    n = step.n, kind = step.kind, request = step.request, status = step.status,
    what = secrets.masked(step.what), result = secrets.masked(step.result), fault = step.fault,
    start_time = step.started, end_time = step.ended, undone_by = step.undone,
    changes = step_changes(step, before), before = kept_of(before),
  }
end

-- The arguments of a command, with secrets masked.
local function shown_arg(arg)
  local copy = secrets.masked(arg)
  for i, text in ipairs(type(arg) == "table" and type(arg.set) == "table" and arg.set or {}) do
    copy.set[i] = secrets.mask_setting(text)
  end
  return copy
end

--- All data of an operation.
---@param record tarn.OperationRecord
---@return table
function M.details(record)
  local data = brief(record)
  data.arg, data.result = shown_arg(record.arg), secrets.masked(record.result)
  data.user, data.version, data.script = record.user, record.version, record.script
  data.source, data.target = record.source, record.target
  data.items, data.steps = json.array {}, json.array {}
  for i, item in ipairs(journal.items(record.id)) do
    data.items[i] = brief(item)
  end
  for i, step in ipairs(journal.steps(record.id)) do
    data.steps[i] = step_row(step)
  end
  return data
end

-- ---- text ----

local SHOWN <const> = 100 -- items of an operation

local STYLES <const> = { done = "green", undone = "dim", unchanged = "dim", failed = "red",
  unknown = "yellow", interrupted = "yellow", partial = "yellow", running = "cyan" }

local function side(screen, title, value)
  if next(value) then
    screen:line(("%-10s"):format(title), screen:clean(("%s in %s"):format(
      value.name or value.pipeline_id or "-", value.profile or value.host or "?")),
      value.pipeline_id and " (" .. value.pipeline_id .. ")" or "")
  end
end

local function text(value)
  if value == nil then
    return "nothing"
  end
  return type(value) == "string" and value or json.encode(value)
end

local function show_step(screen, step)
  local what = step.what or {}
  screen:line(("%4d  "):format(step.n), screen:style(STYLES[step.status], step.status), "  ",
    step.kind, "  ", screen:clean(text(what.name or what.path or what.pipeline_id or "")),
    step.undone_by and screen:style("dim", "  undone by " .. step.undone_by) or "")
  if step.fault then
    screen:line("        ", screen:style("red", screen:clean(step.fault.message)))
  end
  for _, change in ipairs(step.changes or {}) do
    screen:line("        ", screen:clean(change.path), ": ",
      screen:style("red", screen:clean(text(change.from))), " -> ",
      screen:style("green", screen:clean(text(change.to))))
  end
end

--- Show one operation.
---@param data table as `details` returns it
---@param screen tarn.Screen
function M.page(data, screen)
  screen:line(screen:style("bold", ("%s  %s"):format(data.id, data.command)), "  ",
    screen:style(STYLES[data.status], data.status), "  ", tostring(screen:time(data.start_time)),
    data.user and screen:clean(" by " .. data.user) or "")
  side(screen, "source", data.source)
  side(screen, "target", data.target)
  if data.undoes then
    screen:line("undoes    ", data.undoes)
  end
  if data.undone_by then
    screen:line("undone by ", data.undone_by)
  end
  local given = {}
  for name, value in pairs(data.arg or {}) do
    given[name] = value ~= false and value or nil
  end
  if next(given) then
    screen:line("arguments ", screen:clean(json.encode(given)))
  end
  if data.result and data.result.fault then
    screen:line(screen:style("red", screen:clean(tostring(data.result.fault.message))))
  end
  for i, item in ipairs(data.items) do
    if i > SHOWN then
      local more = ("  and %d more (-o json has all)"):format(#data.items - SHOWN)
      screen:line(screen:style("dim", more))
      break
    end
    screen:line(("  %-16s"):format(item.id), screen:style(STYLES[item.status], item.status), "  ",
      screen:clean(text(item.source or item.target or "")))
  end
  for _, step in ipairs(data.steps) do
    show_step(screen, step)
  end
end

return M
