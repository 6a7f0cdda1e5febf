--- The dashboard of one workspace over the REST API.
--
-- A poll needs a call for each hundred pipelines, and one for each that runs or has failed.
-- With a memory, later polls ask only for what may be new. For a running pipeline that is the
-- events since the newest known one. The events of a failed pipeline are asked for only while its
-- row changes, and for a minute longer, because events come later than the state. Idle pipelines
-- need no calls but those for the list.

local detail = require "tarn.dashboard.detail"
local fault = require "base.fault"
local json = require "native.json"
local pipelines = require "tarn.pipelines"
local pool = require "base.pool"
local summaries = require "tarn.dashboard.summary"
local task = require "native.task"
local time = require "base.time"

local M = {}

local CONCURRENT <const> = 32
local OBSERVED <const> = 250     -- events of the first poll that an observer gets, the newest ones
local OVERLAP_MS <const> = 60000 -- an event may become visible this much later than its timestamp
local SETTLE <const> = 60        -- seconds for which events are read after a pipeline has stopped

--- A new memory, for the option `memory` of `read`.
---@return table
function M.memory()
  return { pipelines = {}, poll = 0, started = task.time() }
end

local function fingerprint(row)
  local update = row.latest_update ~= json.null and row.latest_update or {}
  return table.concat({ tostring(row.state), tostring(row.health), tostring(update.update_id),
    tostring(update.state) }, "\0")
end

-- The memory of the row's pipeline. `m.changed` says whether the row has changed since the last
-- poll.
local function remember(memory, row)
  local m = memory.pipelines[row.pipeline_id]
  local mark = fingerprint(row)
  if not m then
    m = { recent = {}, seen = {}, fresh = true }
    memory.pipelines[row.pipeline_id] = m
  else
    m.fresh = false
    if m.mark ~= mark then
      m.due = task.now() + SETTLE
    end
  end
  m.changed = not m.fresh and m.mark ~= mark
  m.mark, m.poll = mark, memory.poll
  return m
end

-- True if there may be new events.
local function wants_events(m, status, observe)
  if status == "running" then
    return true
  elseif status == "failed" then
    return not m.read or m.changed or m.due ~= nil and task.now() < m.due
      or m.problem ~= nil and task.now() >= m.again
  end
  m.recent, m.read, m.problem = {}, nil, nil
  return observe ~= nil and (m.changed or m.due ~= nil and task.now() < m.due)
end

-- The events since the newest known one, newest first.
local function ask(ws, row, m, memory, observe)
  local since = m.newest or not m.fresh and memory.started or nil
  local filter = since and ("timestamp >= '%s'"):format(time.iso(since - OVERLAP_MS))
  if not observe then
    return ws.native:events(row.pipeline_id,
      { max_results = summaries.RECENT, filter = filter }).events or {}
  end
  local list = {}
  for event in pipelines.events(ws, row.pipeline_id,
    { filter = filter, max = not filter and OBSERVED or nil }) do
    list[#list + 1] = event
  end
  return list
end

-- Store the events of an answer, and give the new ones to the observer, oldest first. At the first
-- poll the observer gets only events of the newest update.
local function take(row, m, list, observe)
  local only = m.fresh and row.latest_update ~= json.null and row.latest_update.update_id or nil
  local seen, fresh = {}, {}
  for i = #list, 1, -1 do
    local event = list[i]
    local id = tostring(event.id or json.encode(event))
    local ms = time.find_iso(event.timestamp or "")
    seen[id] = true
    m.newest = ms and math.min(math.max(m.newest or ms, ms), task.time()) or m.newest
    if not m.seen[id] then
      fresh[#fresh + 1] = summaries.recent(event, row)
      if observe and (not only or event.origin and event.origin.update_id == only) then
        observe(event, row)
      end
    end
  end
  for _, known in ipairs(m.recent) do
    seen[tostring(known.id)] = true -- events that are shown may be missing in this answer
  end
  m.seen = seen
  summaries.merge(m.recent, fresh)
end

local function poll_pipeline(ws, row, m, memory, observe)
  local list, e = fault.try(ask, ws, row, m, memory, observe)
  if list then
    take(row, m, list, observe)
    detail.take(m, row, list)
    if not m.read and not m.changed and m.newest and task.time() - m.newest < OVERLAP_MS then
      m.due = task.now() + SETTLE -- the pipeline has stopped just before the first poll
    end
    m.read, m.problem = true, nil
  elseif fault.is(e, "cancelled") then
    fault.raise(e)
  else
    m.again = task.now() + SETTLE
    m.read = true
    m.problem = { pipeline_id = row.pipeline_id, pipeline_name = row.name,
      part = "recent_events", message = e.message, kind = e.kind, status = e.status }
  end
end

local function forget_gone(memory)
  for id, m in pairs(memory.pipelines) do
    if m.poll ~= memory.poll then
      memory.pipelines[id] = nil
    end
  end
end

---@class tarn.DashboardOptions
---@field keep? boolean    false: count the rows and do not return them
---@field memory? table    of `memory()`: ask only for what may have changed since the last poll
---@field observe? fun(event: table, row: tarn.PipelineRow) gets each new event
---@field seen? fun(row: tarn.PipelineRow) gets each row
---@field concurrent? integer calls for events at once (default 32)

--- Read the health of every pipeline.
---@param ws tarn.WorkspaceClient
---@param opts? tarn.DashboardOptions
---@return table { summary, pipelines, recent_events, as_of, problems }
function M.read(ws, opts)
  opts = opts or {}
  local summary, rows, busy = summaries.new(), json.array {}, {}
  local memory = opts.memory or M.memory()
  memory.poll = memory.poll + 1

  -- Rows are listed while events are fetched: the pool takes each row as it comes.
  local next_row = pipelines.rows(ws)
  local function next_wanted()
    for row in next_row do
      local status = summaries.count(summary, row)
      if opts.keep ~= false then
        rows[#rows + 1] = row
      end
      if opts.seen then
        opts.seen(row)
      end
      local is_busy = status == "running" or status == "failed"
      local m = (is_busy or opts.memory) and remember(memory, row)
      if is_busy then
        busy[#busy + 1] = { m = m, row = row, status = status }
      end
      if m and wants_events(m, status, opts.observe) then
        return { row = row, memory = m }
      end
    end
  end
  pool.each(next_wanted, function(one)
    poll_pipeline(ws, one.row, one.memory, memory, opts.observe)
  end, { limit = opts.concurrent or CONCURRENT })
  forget_gone(memory)

  local recent, problems = json.array {}, json.array {}
  for _, one in ipairs(busy) do
    summaries.merge(recent, one.m.recent)
    problems[#problems + 1] = one.m.problem
    detail.put(one.m, one.row, one.status)
  end
  return { summary = summary, pipelines = rows, recent_events = recent,
    as_of = time.iso(task.time()), problems = problems }
end

return M
