--- The dashboard of one workspace over its REST API: a call for each hundred pipelines, and
-- one for each that runs or failed.

local fault = require "tarn.fault"
local json = require "native.json"
local pipelines = require "tarn.pipelines"
local pool = require "tarn.pool"
local summaries = require "tarn.dashboard.summary"
local task = require "native.task"
local time = require "tarn.time"

local M = {}

local CONCURRENT <const> = 32

-- The newest events of a pipeline, in the form of `recent_events`.
local function newest(ws, row)
  local page = ws.native:events(row.pipeline_id, { max_results = summaries.RECENT })
  local list = {}
  for i, event in ipairs(page.events or {}) do
    list[i] = summaries.recent(event, row)
  end
  return list
end

local function problem_of(row, e)
  return { pipeline_id = row.pipeline_id, pipeline_name = row.name,
    part = "recent_events", message = e.message, kind = e.kind, status = e.status }
end

--- Look at every pipeline.
---@param ws tarn.WorkspaceClient
---@param opts? { keep?: boolean } keep false: do not hold the rows, only count them
---@return table { summary, pipelines, recent_events, as_of, problems }
function M.read(ws, opts)
  local keep = not opts or opts.keep ~= false
  local summary = summaries.new()
  local rows, recent, problems = json.array {}, json.array {}, json.array {}

  -- The list goes on while events are fetched: the pool takes rows as they come.
  local next_row = pipelines.rows(ws)
  local function next_busy()
    for row in next_row do
      local status = summaries.count(summary, row)
      if keep then
        rows[#rows + 1] = row
      end
      if status == "running" or status == "failed" then
        return row
      end
    end
  end
  local function fetch(row)
    local events, e = fault.try(newest, ws, row)
    if events then
      summaries.merge(recent, events)
    elseif fault.is(e, "cancelled") then
      fault.raise(e)
    else
      problems[#problems + 1] = problem_of(row, e)
    end
  end
  pool.each(next_busy, fetch, { limit = CONCURRENT })

  return { summary = summary, pipelines = rows, recent_events = recent,
    as_of = time.iso(task.time()), problems = problems }
end

return M
