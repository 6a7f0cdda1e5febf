--- The text form of the dashboard: numbers, the pipelines worth a look, the newest events.

local status = require("tarn.dashboard.summary").status

local CARDS <const> = {
  { "total", "bold" }, { "running", "cyan" }, { "failed", "red" }, { "idle" }, { "other" },
  { "healthy", "green" }, { "unhealthy", "red" }, { "unknown" },
}

-- The two sums in two lines, each of which adds up to the total.
local function show_cards(summary, screen)
  for _, line in ipairs { { 1, 2, 3, 4, 5 }, { 1, 6, 7, 8 } } do
    local parts = {}
    for i, at in ipairs(line) do
      local name, style = CARDS[at][1], CARDS[at][2]
      local text = screen:pad(("%s %d"):format(name, summary[name]), 14)
      if i == 1 and line[2] == 6 then
        text = (" "):rep(14) -- the total once
      end
      parts[i] = screen:style(summary[name] > 0 and style or "dim", text)
    end
    screen:line("  " .. table.concat(parts):gsub("%s+$", ""))
  end
end

-- What a person at night looks for first.
local RANK <const> = { failed = 1, running = 2, other = 3 }

local function rank(row)
  return row.health == "UNHEALTHY" and 1 or RANK[status(row)]
end

local function worth_a_look(rows)
  local list = {}
  for _, row in ipairs(rows) do
    if rank(row) then
      list[#list + 1] = row
    end
  end
  table.sort(list, function(a, b)
    if rank(a) ~= rank(b) then
      return rank(a) < rank(b)
    end
    return a.name < b.name
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

---@param data table of `tarn.dashboard`
---@param screen tarn.Screen
return function(data, screen)
  screen:line(screen:style("bold", "Pipelines"), "  ",
    screen:style("dim", ("%s, %s"):format(data.workspace, screen:time(data.as_of))))
  show_cards(data.summary, screen)
  local list = worth_a_look(data.pipelines)
  if #list > 0 then
    screen:line()
    screen:table(list, PIPELINES)
  end
  local rest = data.summary.total - #list
  if rest > 0 then
    screen:line(screen:style("dim", ("and %d idle; `tarn list` shows all"):format(rest)))
  end
  if #data.recent_events > 0 then
    screen:line()
    screen:line(screen:style("bold", "Newest events"), screen:style("dim",
      "  of pipelines that run or failed"))
    screen:table(data.recent_events, EVENTS)
  end
  for _, problem in ipairs(data.problems) do
    screen:line(screen:style("yellow", ("unknown: the events of %s: %s")
      :format(problem.pipeline_name, problem.message)))
  end
end
