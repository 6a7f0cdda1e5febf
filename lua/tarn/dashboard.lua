--- The health of all pipelines of a workspace, in as few calls as it takes: one for each
-- hundred pipelines, and one for each that runs or failed.

local fault = require "tarn.fault"
local json = require "native.json"
local pipelines = require "tarn.pipelines"
local pool = require "tarn.pool"
local task = require "native.task"
local time = require "tarn.time"

local M = {}

local RECENT <const> = 20
local CONCURRENT <const> = 32

-- States in which an update is active.
local ACTIVE = { RUNNING = true, STARTING = true, RESETTING = true, RECOVERING = true,
  DEPLOYING = true }

--- What a pipeline is to the dashboard: "running", "failed", "idle" or "other". A failed run
-- usually leaves the state IDLE, so the newest update counts too.
---@param row tarn.PipelineRow
---@return string
function M.status(row)
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

local SEVERITY = { ERROR = 1, WARN = 2 }

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

local function as_recent(event, row)
  return {
    id = event.id, event_type = event.event_type, level = event.level,
    message = event.message, timestamp = event.timestamp or "",
    maturity_level = event.maturity_level or json.null,
    pipeline_id = row.pipeline_id, pipeline_name = row.name,
  }
end

-- The newest events of one pipeline, merged into the newest of all: `recent` never holds more
-- than twice what is shown.
local function merge(recent, events, row)
  for _, event in ipairs(events) do
    recent[#recent + 1] = as_recent(event, row)
  end
  table.sort(recent, before)
  for i = #recent, RECENT + 1, -1 do
    recent[i] = nil
  end
end

local function count(summary, row)
  summary.total = summary.total + 1
  local status = M.status(row)
  summary[status] = summary[status] + 1
  local health = row.health == "HEALTHY" and "healthy" or row.health == "UNHEALTHY"
    and "unhealthy" or "unknown"
  summary[health] = summary[health] + 1
  return status
end

--- Look at every pipeline.
---@param ws tarn.WorkspaceClient
---@param opts? { keep?: boolean } keep false: do not hold the rows, only count them
---@return table { summary, pipelines, recent_events, as_of, problems }
function M.read(ws, opts)
  local keep = not opts or opts.keep ~= false
  local summary = { total = 0, running = 0, failed = 0, idle = 0, other = 0,
    healthy = 0, unhealthy = 0, unknown = 0 }
  local rows, recent, problems = json.array {}, json.array {}, json.array {}

  -- The list goes on while events are fetched: the pool takes rows as they come.
  local next_row = pipelines.rows(ws)
  local function next_busy()
    for row in next_row do
      local status = count(summary, row)
      if keep then
        rows[#rows + 1] = row
      end
      if status == "running" or status == "failed" then
        return row
      end
    end
  end
  local function fetch(row)
    local page, e = fault.try(ws.native.events, ws.native, row.pipeline_id,
      { max_results = RECENT })
    if page then
      merge(recent, page.events or {}, row)
    elseif fault.is(e, "cancelled") then
      fault.raise(e)
    else
      problems[#problems + 1] = { pipeline_id = row.pipeline_id, pipeline_name = row.name,
        part = "recent_events", message = e.message, kind = e.kind, status = e.status }
    end
  end
  pool.each(next_busy, fetch, { limit = CONCURRENT })

  return { summary = summary, pipelines = rows, recent_events = recent,
    as_of = time.iso(task.time()), problems = problems }
end



return M
