--- The dashboard of many workspaces.
--
-- A workspace that does not answer is named with the reason; it is neither left out nor shown as
-- empty.

local fault = require "base.fault"
local fleet = require("tarn.workspace").fleet
local json = require "native.json"
local pool = require "base.pool"
local report = require "engine.report"
local stale = require "tarn.dashboard.stale"
local summaries = require "tarn.dashboard.summary"
local task = require "native.task"
local time = require "base.time"

local M = {}

local AT_ONCE <const> = 16 -- workspaces that are read at once
local CALLS <const> = 128  -- calls for events at once, over all workspaces

---@class tarn.DashboardSource one workspace
---@field profile string
---@field workspace? string its host, if it is known
---@field poll fun(concurrent: integer): table as tarn.dashboard.rest gives it
---@field keeps? boolean when it does not answer, its last answer stands in, with `stale`

local function as_answer(source, data)
  data.profile = source.profile
  data.workspace = source.workspace or json.null
  data.answer = data.stale and "stale" or #data.problems > 0 and "partial" or "complete"
  return data
end

-- Stands in for the answer of a workspace that does not answer: its numbers are null, not 0.
local function unknown(source, e)
  local problem = report.fields(e)
  problem.part = "workspace"
  return { profile = source.profile, workspace = source.workspace or json.null,
    answer = "unknown", summary = json.null, pipelines = json.null, recent_events = json.null,
    as_of = json.null, problems = json.array { problem } }
end

-- A function that polls the source with a timeout.
local function with_timeout(source, concurrent, seconds)
  return function()
    return fleet.within("tarn dashboard", seconds, source.poll, concurrent)
  end
end

local function ask(source, concurrent, seconds)
  local poll = with_timeout(source, concurrent, seconds)
  if source.keeps then
    source.last = source.last or stale.new(poll)
    poll = source.last
  end
  local data, e = fault.try(poll)
  if data then
    return as_answer(source, data)
  elseif e.kind == "cancelled" then
    fault.raise(e)
  end
  return unknown(source, e), e
end

-- Copies of items with the profile and workspace they come from.
local function with_workspace(items, one)
  local list = {}
  for i, item in ipairs(items) do
    local copy = { profile = one.profile, workspace = one.workspace }
    for key, value in pairs(item) do
      copy[key] = value
    end
    list[i] = copy
  end
  return list
end

--- Add up the answers of several workspaces.
---@param list table[] an answer for each workspace
---@return table { summary, partial, workspaces, recent_events, problems, as_of }
function M.merge(list)
  local summary, recent, problems = summaries.new(), json.array {}, json.array {}
  local unanswered, partial = 0, false
  for _, one in ipairs(list) do
    partial = partial or one.answer ~= "complete"
    if one.answer == "unknown" then
      unanswered = unanswered + 1
    else
      summaries.add(summary, one.summary)
      summaries.merge(recent, with_workspace(one.recent_events, one))
    end
    for _, problem in ipairs(with_workspace(one.problems, one)) do
      problems[#problems + 1] = problem
    end
  end
  summary.workspaces, summary.unanswered = #list, unanswered
  return { summary = summary, partial = partial, workspaces = json.array(list),
    recent_events = recent, problems = problems, as_of = time.iso(task.time()) }
end

--- Read all workspaces. Raises a fault only if none answers.
---@param sources tarn.DashboardSource[]
---@param opts? { seconds?: number } timeout for each workspace (default 60)
---@return table
function M.read(sources, opts)
  local at_once = math.min(AT_ONCE, #sources)
  local concurrent = math.max(1, CALLS // math.max(1, at_once))
  local faults, failed = {}, 0
  local list = pool.map(sources, function(source, i)
    local one, e = ask(source, concurrent, opts and opts.seconds)
    faults[i], failed = e, failed + (e and 1 or 0)
    return one
  end, { limit = math.max(1, at_once) })
  if failed == #list and failed > 0 then
    fleet.raise_none("tarn dashboard", list, faults)
  end
  return M.merge(list)
end

return M
