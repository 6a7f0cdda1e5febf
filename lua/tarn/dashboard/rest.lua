--- The dashboard of one workspace over its REST API: a call for each hundred pipelines, and
-- one for each that runs or failed.
--
-- With a memory, the second look asks only for what may be new. The rows of the list tell: the
-- events of a pipeline that runs are asked for from its newest known one on; those of a
-- pipeline that failed only while its row changes, and a minute longer, because the log comes
-- later than the state. So a look at quiet pipelines costs the pages of the list.

local fault = require "base.fault"
local json = require "native.json"
local pipelines = require "tarn.pipelines"
local pool = require "base.pool"
local summaries = require "tarn.dashboard.summary"
local task = require "native.task"
local time = require "base.time"

local M = {}

local CONCURRENT <const> = 32
local OBSERVED <const> = 250    -- newest events that an observer gets at first
local OVERLAP_MS <const> = 60000 -- so late may an event come
local SETTLE <const> = 60       -- seconds that a log is read on after its pipeline came to rest

--- What is known of pipelines from one look to the next.
---@return table
function M.memory()
  return { pipelines = {}, look = 0, started = task.time() }
end

local function mark_of(row)
  local update = row.latest_update ~= json.null and row.latest_update or {}
  return table.concat({ tostring(row.state), tostring(row.health), tostring(update.update_id),
    tostring(update.state) }, "\0")
end

-- What is known of the pipeline of this row; `m.changed` says whether the row is another one.
local function remember(memory, row)
  local m = memory.pipelines[row.pipeline_id]
  local mark = mark_of(row)
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
  m.mark, m.look = mark, memory.look
  return m
end

-- True if there may be events that nobody has seen.
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

-- Take in what was answered; what is new goes to the observer, oldest first. At the first look
-- what older updates did is no news.
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
    seen[tostring(known.id)] = true -- an answer may be shorter than what is shown
  end
  m.seen = seen
  summaries.merge(m.recent, fresh)
end

local function look_at(ws, row, m, memory, observe)
  local list, e = fault.try(ask, ws, row, m, memory, observe)
  if list then
    take(row, m, list, observe)
    if not m.read and not m.changed and m.newest and task.time() - m.newest < OVERLAP_MS then
      m.due = task.now() + SETTLE -- it came to rest just before we came
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
    if m.look ~= memory.look then
      memory.pipelines[id] = nil
    end
  end
end

---@class tarn.DashboardOptions
---@field keep? boolean    false: do not hold the rows, only count them
---@field memory? table    of `memory()`: this look costs only what changed since the last
---@field observe? fun(event: table, row: tarn.PipelineRow) each new event, whole
---@field seen? fun(row: tarn.PipelineRow) each row
---@field concurrent? integer calls for events at once (default 32)

--- Look at every pipeline.
---@param ws tarn.WorkspaceClient
---@param opts? tarn.DashboardOptions
---@return table { summary, pipelines, recent_events, as_of, problems }
function M.read(ws, opts)
  opts = opts or {}
  local summary, rows, busy = summaries.new(), json.array {}, {}
  local memory = opts.memory or M.memory()
  memory.look = memory.look + 1

  -- The list goes on while events are fetched: the pool takes rows as they come.
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
        busy[#busy + 1] = m
      end
      if m and wants_events(m, status, opts.observe) then
        return { row = row, memory = m }
      end
    end
  end
  pool.each(next_wanted, function(one)
    look_at(ws, one.row, one.memory, memory, opts.observe)
  end, { limit = opts.concurrent or CONCURRENT })
  forget_gone(memory)

  local recent, problems = json.array {}, json.array {}
  for _, m in ipairs(busy) do
    summaries.merge(recent, m.recent)
    problems[#problems + 1] = m.problem
  end
  return { summary = summary, pipelines = rows, recent_events = recent,
    as_of = time.iso(task.time()), problems = problems }
end

return M
