--- Compare two answers of the dashboard: a row for each change. Pure.

local json = require "native.json"
local status = require("tarn.dashboard.summary").status

local M = {}

-- The answer of one workspace, or of several, as a list of workspaces.
local function parts(data)
  return data.workspaces or { data }
end

local function by_id(rows)
  local found = {}
  for _, row in ipairs(rows) do
    found[row.pipeline_id] = row
  end
  return found
end

local function state_of(row)
  if not row then
    return json.null
  end
  local update = row.latest_update ~= json.null and row.latest_update or {}
  return { status = status(row), state = row.state, health = row.health,
    update_id = update.update_id or json.null, update_state = update.state or json.null }
end

local function same(a, b)
  for key, value in pairs(a) do
    if b[key] ~= value then
      return false
    end
  end
  return true
end

local function pipeline_row(one, at, row, change, now, was)
  return { at = at, kind = "pipeline", profile = one.profile or json.null,
    workspace = one.workspace or json.null, pipeline_id = row.pipeline_id,
    pipeline_name = row.name, change = change, now = now, was = was }
end

local function compare(list, at, old, new)
  local before, after = by_id(old.pipelines), by_id(new.pipelines)
  for _, row in ipairs(new.pipelines) do
    local was, now = state_of(before[row.pipeline_id]), state_of(row)
    if was == json.null then
      list[#list + 1] = pipeline_row(new, at, row, "new", now, was)
    elseif not same(now, was) then
      list[#list + 1] = pipeline_row(new, at, row, "changed", now, was)
    end
  end
  for _, row in ipairs(old.pipelines) do
    if not after[row.pipeline_id] then
      list[#list + 1] = pipeline_row(new, at, row, "gone", json.null, state_of(row))
    end
  end
end

-- How complete the answer of a workspace is: "complete", "partial", "stale" or "unknown".
local function answer_of(one)
  return one.answer or one.stale and "stale" or "complete"
end

local function compare_answer(list, at, old, new)
  local was, now = old and answer_of(old) or json.null, answer_of(new)
  if was == now or was == json.null and now == "complete" then
    return
  end
  local why = new.stale or (new.problems[1] or {})
  list[#list + 1] = { at = at, kind = "workspace", profile = new.profile or json.null,
    workspace = new.workspace or json.null, now = now, was = was,
    message = why.message or json.null }
end

--- The changes from `old` to `new`: a row for each workspace whose answer is less or more complete
-- than before, for each changed pipeline, and for the summary if it has changed.
---@param old? table nil: there is no previous answer
---@param new table
---@return table[]
function M.between(old, new)
  local list, at = {}, new.as_of
  local before = old and parts(old) or {}
  for i, one in ipairs(parts(new)) do
    compare_answer(list, at, before[i], one)
    -- a pipeline is not new because its workspace answers again
    if before[i] and one.pipelines ~= json.null and before[i].pipelines ~= json.null then
      compare(list, at, before[i], one)
    end
  end
  if not old or not same(new.summary, old.summary) then
    list[#list + 1] = { at = at, kind = "summary", summary = new.summary,
      partial = new.partial or new.stale ~= nil }
  end
  return list
end

return M
