--- The parts of the dashboard below its numbers: what failed and why, what runs, what else is not
-- idle, and the events. Each is made for a number of columns and lines.

local fold = require "tarn.dashboard.fold"
local json = require "native.json"
local task = require "native.task"
local time = require "base.time"
local status = require("tarn.dashboard.summary").status

local M = {}

local GAP <const> = "  "
local INDENT <const> = "  "
local LEAST_LAST <const> = 20 -- columns that the last text keeps beside a long name

---@class tarn.DashboardSection
---@field title string
---@field style? string
---@field rows table[] lists of texts, the last of which takes the rest of the line; `cut_end`: its
--- end is cut off, and not its middle
---@field of_pipelines? boolean
---@field rest string what the line says that counts the rows without room

-- Blanks between texts that stand below each other. Only the first text can be so long that it is
-- cut, in its middle.
local function widths_of(screen, rows)
  local widths = {}
  for _, row in ipairs(rows) do
    for i = 1, #row - 1 do
      widths[i] = math.max(widths[i] or 0, screen:measure(row[i]))
    end
  end
  local others = #INDENT
  for i = 2, #widths do
    others = others + #GAP + widths[i]
  end
  if widths[1] and screen.width < math.huge then
    widths[1] = math.min(widths[1], math.max(8, screen.width - others - #GAP - LEAST_LAST))
  end
  return widths
end

-- The lines of a row. The last text goes on below itself if it may take `most` lines.
local function lines_of(screen, row, widths, most)
  local parts, used = { INDENT }, #INDENT
  for i, width in ipairs(widths) do
    local text = screen:pad(screen:cut_middle(row[i], width), width, row.right == i and "right")
    parts[#parts + 1] = screen:style(screen:mood(row[i]), text) .. GAP
    used = used + width + #GAP
  end
  local last = row[#row]
  -- the end of a message often says what is wrong, its beginning of what kind it is
  local cut = row.cut_end and screen.cut or screen.cut_middle
  if screen.width == math.huge then
    return { table.concat(parts) .. last }
  end
  local room, lines = screen.width - used, {}
  if most > 1 and room > 0 and screen:measure(last) > room then
    local narrow = setmetatable({ width = room }, { __index = screen })
    local function wrap(text)
      lines = {}
      for line in (narrow:wrap(text) .. "\n"):gmatch "(.-)\n" do
        lines[#lines + 1] = line
      end
    end
    wrap(last)
    local size = room * most
    while #lines > most and size > most do
      size = math.tointeger(size - most)
      wrap(cut(screen, last, size))
    end
    last = lines[1]
  end
  local found = { table.concat(parts) .. cut(screen, last, math.max(0, room)) }
  for i = 2, math.min(most, #lines) do
    found[i] = (" "):rep(used) .. screen:cut(lines[i], room)
  end
  return found
end

--- The text cut to the screen's width, less some columns.
---@param screen tarn.Screen
---@param text string
---@param less? integer
---@return string
function M.cut(screen, text, less)
  local width = screen.width - (less or 0)
  return width < math.huge and screen:cut(text, math.max(1, width)) or text
end

--- The lines of a section.
---@param screen tarn.Screen
---@param section tarn.DashboardSection
---@param most number rows to show
---@param wrap integer lines of a row
---@return string[]
function M.lines(screen, section, most, wrap)
  local lines = { "", screen:style("bold", section.title) }
  local widths = widths_of(screen, section.rows)
  for i, row in ipairs(section.rows) do
    if i > most then
      lines[#lines + 1] = screen:style("dim", INDENT .. M.cut(screen,
        section.rest:format(#section.rows - most), #INDENT))
      break
    end
    for _, line in ipairs(lines_of(screen, row, widths, wrap)) do
      lines[#lines + 1] = line:gsub("%s+$", "")
    end
  end
  return lines
end

-- ---- pipelines ----

-- What failed comes first, then what runs, then the rest that is not idle.
local function group_of(row)
  local found = status(row)
  if found == "failed" or row.health == "UNHEALTHY" and found ~= "running" then
    return 1
  end
  return found == "running" and 2 or found == "other" and 3 or nil
end

local function by_time_and_name(a, b)
  local x = a.latest_update ~= json.null and a.latest_update.creation_time or ""
  local y = b.latest_update ~= json.null and b.latest_update.creation_time or ""
  if x ~= y then
    return tostring(x) > tostring(y) -- the newest first
  elseif a.name ~= b.name then
    return a.name < b.name
  end
  return a.pipeline_id < b.pipeline_id
end

local function age_of(row)
  local update = row.latest_update ~= json.null and row.latest_update or {}
  local at = update.creation_time
  local ms = math.type(at) == "integer" and at or type(at) == "string" and time.find_iso(at)
  return ms and time.age(math.max(0, task.time() - ms)) or "-"
end

local function name_of(screen, row, data)
  return screen:clean(data.workspaces and row.profile .. ": " .. row.name or row.name)
end

-- Why a pipeline failed; true if the end of the text may be cut, and not its middle. A pipe gets
-- the text of the error as it is.
local function why(screen, row)
  if type(row.cause) == "string" and row.cause ~= "" then
    local brief = screen.width < math.huge and row.cause:lower():find("expectation", 1, true)
      and require("tarn.expectations").find_brief(row.cause)
    if brief then
      return screen:clean(brief), true
    end
    return screen:clean((row.cause:gsub("%s+SQLSTATE: %w+%s*$", "")))
  end
  local update = row.latest_update ~= json.null and row.latest_update or {}
  local parts = { row.state ~= "UNKNOWN" and row.state or nil }
  parts[#parts + 1] = row.health == "UNHEALTHY" and row.health or nil
  parts[1] = parts[1] and table.concat(parts, " ") .. "," or nil
  return (screen:clean(("%s newest update %s"):format(parts[1] or "", update.state or "none"))
    :gsub("^ ", ""))
end

local function progress_of(row)
  local p, parts = row.progress or {}, {}
  if (p.flows_running or 0) > 0 then
    parts[1] = ("%d flow%s running"):format(p.flows_running, p.flows_running == 1 and "" or "s")
  end
  if (p.flows_done or 0) > 0 then
    parts[#parts + 1] = ("%d done"):format(p.flows_done)
  end
  return table.concat(parts, ", ")
end

local function phase_of(row)
  return row.progress and row.progress.phase or row.state
end

-- What a pipe gets beside the texts for a person.
local function facts_of(screen, row)
  local update = row.latest_update ~= json.null and row.latest_update or {}
  local function text(value)
    return screen:clean(type(value) == "string" and value or "-")
  end
  return text(row.state), text(row.health), text(update.state),
    text(screen:time(update.creation_time)), text(row.creator)
end

-- The texts of a row in group 1, 2 or 3.
local function cells_of(screen, row, group, data)
  local name, last, cut_end = name_of(screen, row, data), "", nil
  if group == 1 then
    last, cut_end = why(screen, row)
  elseif group == 2 then
    last = progress_of(row)
  end
  if screen.width == math.huge then
    local cells = { name, facts_of(screen, row) }
    cells[#cells + 1] = group == 2 and screen:clean(phase_of(row)) or nil
    cells[#cells + 1] = last
    return cells
  elseif group == 1 then
    return { name, age_of(row), last, right = 2, cut_end = cut_end }
  end
  return { name, screen:clean(phase_of(row)), age_of(row), last, right = 3 }
end

--- The title of the section of pipelines that neither run nor failed, nor are idle.
M.OTHER = "Other"

local TITLES <const> = { "Failed", "Running", M.OTHER }
local RESTS <const> = { "and %d more; `tarn updates '*' --state failed` lists all",
  "and %d more; `tarn list --state running` lists all", "and %d more" }

--- The sections of the pipelines that run or failed or are in another state.
---@param screen tarn.Screen
---@param data table of `tarn.dashboard`
---@param rows tarn.PipelineRow[]
---@return tarn.DashboardSection[]
function M.pipelines(screen, data, rows)
  local groups, sections, unhealthy = { {}, {}, {} }, {}, false
  for _, row in ipairs(rows) do
    local group = group_of(row)
    if group then
      table.insert(groups[group], row)
      unhealthy = unhealthy or group == 1 and status(row) ~= "failed"
    end
  end
  for i, list in ipairs(groups) do
    table.sort(list, by_time_and_name)
    local section = { title = i == 1 and unhealthy and "Failed or unhealthy" or TITLES[i],
      rest = RESTS[i], rows = {}, of_pipelines = true }
    for at, row in ipairs(list) do
      section.rows[at] = cells_of(screen, row, i, data)
    end
    sections[#sections + 1] = #list > 0 and section or nil
  end
  return sections
end

-- ---- events ----

-- The time of an event: on a terminal without the day if it is today's.
local function when(screen, timestamp)
  local text = screen:time(timestamp)
  if screen.terminal and type(text) == "string" then
    local today = tostring(screen:time(task.time())):sub(1, 10)
    return text:sub(1, 10) == today and text:sub(12) or text:sub(6, 16)
  end
  return text
end

--- The section of the newest events. On a terminal those that say the same are one line.
---@param screen tarn.Screen
---@param data table of `tarn.dashboard`
---@return tarn.DashboardSection?
function M.events(screen, data)
  local list, rows = screen.terminal and fold.fold(data.recent_events) or data.recent_events, {}
  for i, event in ipairs(list) do
    local times = (event.repeats or 1) > 1 and ("%d times: "):format(event.repeats) or ""
    local name = event.profile and event.profile .. ": " .. event.pipeline_name
      or event.pipeline_name
    rows[i] = { screen:clean(name or "-"), screen:clean(tostring(when(screen, event.timestamp))),
      screen:clean(tostring(event.level)),
      times .. screen:clean(tostring(event.message or event.event_type)) }
  end
  return #rows > 0 and { title = "Newest events", rows = rows, rest = "and %d more" } or nil
end

return M
