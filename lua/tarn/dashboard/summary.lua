--- Definitions of the dashboard: statuses, counts, the newest events. Pure.

local json = require "native.json"

local M = {}

--- The number of newest events that are shown.
M.RECENT = 20

-- States in which an update is active.
local ACTIVE <const> = { RUNNING = true, STARTING = true, RESETTING = true, RECOVERING = true,
  DEPLOYING = true }

--- The status of a pipeline. A failed update usually leaves the pipeline's state IDLE, so the state
-- of the newest update counts too. Rows of tarn.dashboard.sql have no state and bring their status.
---@param row tarn.PipelineRow
---@return "running"|"failed"|"idle"|"other"
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
  return "other" -- STOPPING, DELETED, and states that later versions of the API add
end

--- A summary in which all numbers are 0.
---@return table<string, integer>
function M.new()
  return { total = 0, running = 0, failed = 0, idle = 0, other = 0,
    healthy = 0, unhealthy = 0, unknown = 0 }
end

--- Count one pipeline. Returns its status.
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

--- Add the numbers of another summary.
---@param summary table
---@param other table
function M.add(summary, other)
  for name in pairs(M.new()) do
    summary[name] = summary[name] + other[name]
  end
end

local SEVERITY <const> = { ERROR = 1, WARN = 2 }

-- Newest first; at the same time errors before warnings; then by id, so that the order is stable.
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

--- The fields of an event that the dashboard shows.
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

--- Add events to `recent` and keep the newest ones.
---@param recent table[] results of `M.recent`; is changed
---@param events table[] results of `M.recent`
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
