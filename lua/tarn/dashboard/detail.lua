--- What the newest events of a pipeline say about it: why it failed, or how far it is. Pure.
--
-- Only the newest events are known, so that numbers of flows are those of the flows in them.

local json = require "native.json"
local strings = require "base.strings"
local updates = require "tarn.updates"

local M = {}

local function part(event, name)
  local details = type(event.details) == "table" and event.details[name]
  return type(details) == "table" and details or {}
end

local function update_of(event)
  return type(event.origin) == "table" and event.origin.update_id or nil
end

-- Forget what was known of an earlier update.
local function begin(m, id)
  if m.update_id ~= id then
    m.update_id, m.cause, m.weak, m.phase, m.flows = id, nil, nil, nil, {}
  end
end

-- The first error is the cause; the later ones follow from it.
local function take_error(m, event)
  local strong = updates.has_cause(event)
  if not m.cause or strong and m.weak then
    local _, message = updates.cause(event)
    m.cause, m.weak = strings.first_line(message), not strong
  end
end

local function take_flow(m, event)
  local status = part(event, "flow_progress").status
  local name = event.origin and (event.origin.flow_name or event.origin.dataset_name)
  if type(status) == "string" and type(name) == "string" then
    m.flows[name] = status
  end
end

--- Take the events of an answer into what is known of the pipeline.
---@param m table the memory of the pipeline, of tarn.dashboard.rest
---@param row tarn.PipelineRow
---@param list table[] events, newest first
function M.take(m, row, list)
  local newest = row.latest_update ~= json.null and row.latest_update.update_id or nil
  begin(m, newest)
  for i = #list, 1, -1 do
    local event = list[i]
    local of = update_of(event)
    if not newest or not of or of == newest then
      if event.level == "ERROR" then
        take_error(m, event)
      end
      local state = part(event, "update_progress").state
      m.phase = type(state) == "string" and state or m.phase
      take_flow(m, event)
    end
  end
end

local ENDS <const> = { COMPLETED = true, FAILED = true, CANCELED = true, EXPIRED = true }
local DONE <const> = { COMPLETED = true, SKIPPED = true, EXCLUDED = true }

--- Write what is known into the row: `cause` if it failed, `progress` if it runs.
---@param m table
---@param row tarn.PipelineRow
---@param status string of tarn.dashboard.summary
function M.put(m, row, status)
  if status == "failed" then
    row.cause = m.cause or json.null
  elseif status == "running" then
    local update = row.latest_update ~= json.null and row.latest_update or {}
    local phase, running, done = m.phase or update.state or row.state, 0, 0
    if ENDS[update.state] or ENDS[phase] then
      phase = row.state -- the pipeline runs without an update, or its next one is not known yet
    else
      for _, flow in pairs(m.flows or {}) do
        running = running + (flow == "RUNNING" and 1 or 0)
        done = done + (DONE[flow] and 1 or 0)
      end
    end
    row.progress = { phase = phase, flows_running = running, flows_done = done }
  end
end

return M
