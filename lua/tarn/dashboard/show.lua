--- Show the dashboard as text: numbers, pipelines that run or failed, the newest events.

local json = require "native.json"
local task = require "native.task"
local time = require "base.time"

local status = require("tarn.dashboard.summary").status

local CARDS <const> = {
  { "total", "bold" }, { "running", "cyan" }, { "failed", "red" }, { "idle" }, { "other" },
  { "healthy", "green" }, { "unhealthy", "red" }, { "unknown" },
}

-- Two lines of numbers; each line adds up to the total.
local function show_cards(summary, screen)
  for _, line in ipairs { { 1, 2, 3, 4, 5 }, { 1, 6, 7, 8 } } do
    local parts = {}
    for i, at in ipairs(line) do
      local name, style = CARDS[at][1], CARDS[at][2]
      local text = screen:pad(("%s %d"):format(name, summary[name]), 14)
      if i == 1 and line[2] == 6 then
        text = (" "):rep(14) -- show the total once
      end
      parts[i] = screen:style(summary[name] > 0 and style or "dim", text)
    end
    screen:line("  " .. table.concat(parts):gsub("%s+$", ""))
  end
end

-- The order of the pipelines: problems first.
local RANK <const> = { failed = 1, running = 2, other = 3 }

local function rank(row)
  return row.health == "UNHEALTHY" and 1 or RANK[status(row)]
end

-- The pipelines that run or have a problem, in order.
local function select_rows(rows)
  local list = {}
  for _, row in ipairs(rows) do
    if rank(row) then
      list[#list + 1] = row
    end
  end
  table.sort(list, function(a, b)
    if rank(a) ~= rank(b) then
      return rank(a) < rank(b)
    elseif a.name ~= b.name then
      return a.name < b.name
    end
    return a.pipeline_id < b.pipeline_id
  end)
  return list
end

local PIPELINES <const> = {
  { "name", title = "PIPELINE" },
  { "state" },
  { "health" },
  { "latest_update.state", title = "NEWEST UPDATE" },
  { "latest_update.creation_time", title = "STARTED" },
  { "creator" },
}

local EVENTS <const> = {
  { "timestamp", title = "TIME" },
  { "level" },
  { "pipeline_name", title = "PIPELINE" },
  { "event_type", title = "EVENT" },
  { "message" },
}

local WORKSPACES <const> = {
  { "profile" }, { "answer", text = function(value) return value end },
  { "summary.total", title = "TOTAL" }, { "summary.running", title = "RUNNING" },
  { "summary.failed", title = "FAILED" }, { "summary.idle", title = "IDLE" },
  { "summary.other", title = "OTHER" }, { "summary.unhealthy", title = "UNHEALTHY" },
  { "workspace" },
}

-- The columns, with a first one for the workspace if there are several.
local function with_profile(columns, data)
  if not data.workspaces then
    return columns
  end
  return { { "profile", title = "WORKSPACE" }, table.unpack(columns) }
end

-- The rows of all workspaces; a workspace that does not answer has none.
local function all_rows(data)
  if not data.workspaces then
    return data.pipelines
  end
  local list = {}
  for _, one in ipairs(data.workspaces) do
    for _, row in ipairs(one.pipelines ~= json.null and one.pipelines or {}) do
      list[#list + 1] = setmetatable({ profile = one.profile }, { __index = row })
    end
  end
  return list
end

local function show_stale(screen, one, name)
  if one.stale then
    local since = time.find_iso(one.stale.since) or 0
    screen:line(screen:style("yellow", ("%sdata is %s old, there is no newer answer: %s"):format(
      name and name .. ": " or "", time.age(math.max(0, task.time() - since)),
      screen:clean(one.stale.message))))
  end
end

-- Says that the numbers come from system tables, and what these do not know.
local function show_source(screen, data, name)
  if data.source == "sql" then
    screen:line(screen:style("yellow", ("  %sfrom system tables, %s old; health and states are "
      .. "unknown"):format(name and name .. ": " or "", time.age(data.age_ms))))
  end
end

local function show_head(data, screen)
  local summary = data.summary
  local where = data.workspace
  if data.workspaces then
    where = ("%d workspaces"):format(summary.workspaces)
  end
  screen:line(screen:style("bold", "Pipelines"), "  ",
    screen:style("dim", ("%s, %s"):format(where, screen:time(data.as_of))))
  show_cards(summary, screen)
  if data.partial then
    screen:line(screen:style("yellow", summary.unanswered > 0
      and ("  %d of %d workspaces did not answer and are not counted"):format(
        summary.unanswered, summary.workspaces)
      or "  some data is unknown or old: see below"))
  end
  show_source(screen, data)
  show_stale(screen, data)
  if data.workspaces then
    screen:line()
    screen:table(data.workspaces, WORKSPACES)
    for _, one in ipairs(data.workspaces) do
      show_source(screen, one, one.profile)
      show_stale(screen, one, one.profile)
    end
  end
end

local function show_problems(data, screen, most)
  for i, problem in ipairs(data.problems) do
    if i > most then
      screen:line(screen:style("yellow", ("and %d more unknown")
        :format(#data.problems - most)))
      return
    end
    local what = problem.part == "workspace" and "workspace " .. problem.profile
      or problem.pipeline_name == json.null and "the newest events"
      or ("the events of %s"):format(problem.pipeline_name)
    screen:line(screen:style("yellow", screen:clean(("unknown: %s: %s")
      :format(what, problem.message))))
  end
end

-- How many rows of both tables fit into `room`. The pipelines get the rows that the events leave,
-- and at least half.
local function share(pipelines, events, room)
  if room == math.huge then
    return pipelines, events
  end
  room = math.max(2, math.tointeger(room))
  local most_events = math.min(events, math.max(room // 2, room - pipelines))
  return math.min(pipelines, room - most_events), most_events
end

local OVERHEAD <const> = 6  -- titles and blank lines of both tables, and the line between them
local PROBLEMS <const> = 3  -- lines where there is little room

--- Show an answer of the dashboard.
---@param data table of `tarn.dashboard`
---@param screen tarn.Screen with `height`: print at most this many lines
return function(data, screen)
  local lines = 0
  local counted = screen:inside(function(text)
    lines = lines + select(2, text:gsub("\n", ""))
    screen.print(text)
  end)
  show_head(data, counted)
  local height = screen.height or math.huge
  local problems = height < math.huge and PROBLEMS or math.huge
  local list = select_rows(all_rows(data))
  local rows, events = share(#list, #data.recent_events,
    height - lines - OVERHEAD - math.min(#data.problems, problems + 1))
  local columns = with_profile(PIPELINES, data)
  if rows > 0 then
    screen:line()
    screen:table(json.array(table.move(list, 1, rows, 1, {})), columns)
  end
  if #list > rows then
    screen:line(screen:style("dim", ("and %d more that run or failed"):format(#list - rows)))
  elseif data.summary.total > #list then
    screen:line(screen:style("dim", ("and %d idle; `tarn list` shows all")
      :format(data.summary.total - #list)))
  end
  if events > 0 then
    screen:line()
    screen:line(screen:style("bold", "Newest events"), screen:style("dim",
      "  of pipelines that run or failed"))
    screen:table(json.array(table.move(data.recent_events, 1, events, 1, {})),
      with_profile(EVENTS, data))
  end
  show_problems(data, screen, problems)
end
