--- Show the dashboard as text: numbers, what failed and why, what runs, the newest events. On a
-- terminal it fits the window; in a pipe it is complete.

local json = require "native.json"
local rows_of_all = require "tarn.dashboard.rows"
local sections = require "tarn.dashboard.sections"
local task = require "native.task"
local term = require "native.term"
local time = require "base.time"

local M = {}

local TITLE_TEXT <const> = "Pipelines"
local OLD_MS <const> = 60000 -- numbers tell their age from then on

-- The numbers, in order; where there is no room for all, those of least worth are left out.
local CARDS <const> = {
  { "total", "bold", worth = 9 }, { "failed", "red", worth = 8 }, { "running", "cyan", worth = 7 },
  { "idle", worth = 5 }, { "other", worth = 4 }, { "healthy", "green", worth = 3 },
  { "unhealthy", "red", worth = 6 }, { "unknown", worth = 2 },
}

-- The cards that fit into a line: zeros go first, then what is worth least.
local function fitting(summary, width)
  local cards, used = { table.unpack(CARDS) }, 0
  local function text(card) return ("%s %d"):format(card[1], summary[card[1]]) end
  for _, card in ipairs(cards) do
    used = used + #text(card) + 2
  end
  while used > width and #cards > 1 do
    local worst = 1
    for i, card in ipairs(cards) do
      local worth = card.worth + (summary[card[1]] > 0 and 10 or 0)
      local least = cards[worst].worth + (summary[cards[worst][1]] > 0 and 10 or 0)
      worst = worth < least and i or worst
    end
    used = used - #text(table.remove(cards, worst)) - 2
  end
  return cards, text
end

local function show_cards(summary, screen)
  local parts = {}
  local cards, text = fitting(summary, screen.width)
  for i, card in ipairs(cards) do
    parts[i] = screen:style(summary[card[1]] > 0 and card[2] or "dim", text(card))
  end
  screen:line("  ", table.concat(parts, "  "))
end

local WORKSPACES <const> = {
  { "profile" }, { "answer", text = function(value) return value end },
  { "summary.total", title = "TOTAL" }, { "summary.running", title = "RUNNING" },
  { "summary.failed", title = "FAILED" }, { "summary.idle", title = "IDLE" },
  { "summary.other", title = "OTHER" }, { "summary.unhealthy", title = "UNHEALTHY" },
  { "workspace" },
}

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

-- The time since the numbers were read.
local function age_ms(data)
  local at = type(data.as_of) == "string" and time.find_iso(data.as_of)
  return at and math.max(0, task.time() - at) or 0
end

local function age_text(data)
  return time.age(age_ms(data))
end

--- True if the numbers have stood on the screen so long that they tell their age.
---@param data table of `tarn.dashboard`
---@return boolean
function M.is_old(data)
  return data.source ~= "sql" and not data.stale and age_ms(data) >= OLD_MS
end

local function show_head(data, screen)
  local summary = data.summary
  local where = data.workspace
  if data.workspaces then
    where = ("%d workspaces"):format(summary.workspaces)
  end
  local old = M.is_old(data) and (", %s old"):format(age_text(data)) or ""
  local room = screen.width - #TITLE_TEXT - #old
  where = ("  %s, %s"):format(where, screen:time(data.as_of))
  screen:line(screen:style("bold", TITLE_TEXT), screen:style("dim", room < math.huge
    and screen:cut_middle(where, math.max(0, room)) or where), screen:style("yellow", old))
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

local PROBLEMS <const> = 3   -- lines where there is little room
local TITLE <const> = 2      -- lines: an empty one, and the title
local RESERVED <const> = 2   -- rows that a later section keeps if the first one is long
local WRAP <const> = 2       -- lines of a cause, where there is room

-- How many rows of each section fit into `room` lines. The first sections come first, but each
-- later one keeps some rows.
local function share(list, room)
  local most = {}
  for i, section in ipairs(list) do
    local kept = 0
    for j = i + 1, #list do
      kept = kept + TITLE + math.min(RESERVED, #list[j].rows) + 1
    end
    local free = room - TITLE - kept
    if free <= RESERVED and #section.rows > free then
      free = room - TITLE -- too little room for all sections
    end
    most[i] = #section.rows <= free and #section.rows or math.max(0, free - 1)
    room = room - TITLE - math.min(#section.rows, most[i] + 1)
  end
  return most
end

local function lines_of(screen, list, most, wrap)
  local lines = {}
  for i, section in ipairs(list) do
    if most[i] > 0 then
      local new = sections.lines(screen, section, most[i], wrap)
      table.move(new, 1, #new, #lines + 1, lines)
    end
  end
  return lines
end

local function rows_of(list)
  local n = 0
  for _, section in ipairs(list) do
    n = n + #section.rows
  end
  return n
end

-- The sections that are worth their lines: pipelines that neither run nor failed are only counted
-- where there is no room for all.
local function choose(screen, data, room)
  local list = sections.pipelines(screen, data, rows_of_all(data))
  local events = sections.events(screen, data)
  local all = rows_of(list) + TITLE * #list + (events and TITLE + #events.rows or 0)
  if list[#list] and list[#list].title == sections.OTHER and all > room then
    table.remove(list)
  end
  list[#list + 1] = events
  return list
end

-- The last line, which counts the pipelines that no section shows or counts.
local function rest_of(data, list, most)
  local left, hidden = data.summary.total, false
  for i, section in ipairs(list) do
    if section.of_pipelines and most[i] > 0 then
      left = left - #section.rows
    end
    hidden = hidden or section.of_pipelines and most[i] == 0
  end
  if hidden then
    return ("and %d more: the window is too small"):format(left)
  end
  return left > 0 and ("and %d %s; `tarn list` shows all"):format(left,
    left == data.summary.idle and "idle" or "more") or nil
end

--- Show an answer of the dashboard.
---@param data table of `tarn.dashboard`
---@param screen tarn.Screen with `height`: print at most this many lines
function M.show(data, screen)
  local used = 0
  local counted = screen:inside(function(text)
    used = used + select(2, text:gsub("\n", ""))
    screen.print(text)
  end)
  show_head(data, counted)
  local height = screen.height or math.huge
  local problems = height < math.huge and PROBLEMS or math.huge
  local room = height - used - math.min(#data.problems, problems + 1) - 1
  local list = choose(screen, data, room)
  local most = share(list, room)
  local lines = lines_of(screen, list, most, height < math.huge and WRAP or math.huge)
  if #lines > room then
    lines = lines_of(screen, list, most, 1)
  end
  for _, line in ipairs(lines) do
    screen:line(line)
  end
  local rest = rest_of(data, list, most)
  if rest then
    screen:line(screen:style("dim", sections.cut(screen, rest)))
  end
  show_problems(data, screen, problems)
end

--- Show an answer so that it fits the window, if the output is a terminal: nothing scrolls away
-- when the shell's prompt comes below it.
---@param screen tarn.Screen
---@param data table of `tarn.dashboard`
function M.on(screen, data)
  local page = setmetatable({ quiet = true }, { __index = screen })
  if screen.terminal then
    local _, rows = term.size()
    page.height = rows and rows > 0 and rows - 1 or nil
  end
  M.show(data, page)
end

return M
