--- What the dashboard's words mean, and how answers are added up. Pure: rows and events in,
-- numbers and the newest events out.

local json = require "native.json"

local M = {}

--- So many of the newest events are shown.
M.RECENT = 20

-- States in which an update is active.
local ACTIVE <const> = { RUNNING = true, STARTING = true, RESETTING = true, RECOVERING = true,
  DEPLOYING = true }

--- What a pipeline is to the dashboard: "running", "failed", "idle" or "other". A failed run
-- usually leaves the state IDLE, so the newest update counts too. A row that knows no state
-- says itself what it is (tarn.dashboard.sql).
---@param row tarn.PipelineRow
---@return string
function M.status(row)
  if row.status then
    return row.status
  end
  local newest = row.latest_update ~= json.null and row.latest_update.state or nil
  if ACTIVE[row.state] then
    return "running"
  elseif row.state == "FAILED" then
    return "failed"
  elseif newest == "FAILED" and row.state == "IDLE" then
    return "failed"
  elseif row.state == "IDLE" then
    return "idle"
  end
  return "other" -- STOPPING, DELETED, and words the API may yet invent
end

--- Numbers of no pipelines.
---@return table<string, integer>
function M.new()
  return { total = 0, running = 0, failed = 0, idle = 0, other = 0,
    healthy = 0, unhealthy = 0, unknown = 0 }
end

--- Count one pipeline; returns its status.
---@param summary table
---@param row tarn.PipelineRow
---@return string
function M.count(summary, row)
  summary.total = summary.total + 1
  local status = M.status(row)
  summary[status] = summary[status] + 1
  local health = row.health == "HEALTHY" and "healthy" or row.health == "UNHEALTHY"
    and "unhealthy" or "unknown"
  summary[health] = summary[health] + 1
  return status
end

--- Add the numbers of another workspace.
---@param summary table
---@param other table
function M.add(summary, other)
  for name in pairs(M.new()) do
    summary[name] = summary[name] + other[name]
  end
end

local SEVERITY <const> = { ERROR = 1, WARN = 2 }

-- Newest first; at the same moment errors, then warnings; then by id, to be the same twice.
local function before(a, b)
  if a.timestamp ~= b.timestamp then
    return a.timestamp > b.timestamp
  end
  local x, y = SEVERITY[a.level] or 3, SEVERITY[b.level] or 3
  if x ~= y then
    return x < y
  end
  return tostring(a.id) > tostring(b.id)
end

--- An event of a pipeline as the dashboard shows it.
---@param event table
---@param row tarn.PipelineRow
---@return table
function M.recent(event, row)
  return {
    id = event.id, event_type = event.event_type, level = event.level,
    message = event.message, timestamp = event.timestamp or "",
    maturity_level = event.maturity_level or json.null,
    pipeline_id = row.pipeline_id, pipeline_name = row.name,
  }
end

--- Merge events into the newest of all: `recent` never holds more than twice what is shown.
---@param recent table[]
---@param events table[] of the form of `recent`
function M.merge(recent, events)
  for _, event in ipairs(events) do
    recent[#recent + 1] = event
  end
  table.sort(recent, before)
  for i = #recent, M.RECENT + 1, -1 do
    recent[i] = nil
  end
end

return M
