--- Format running updates as lines for a terminal. Pure.
--
-- A run has a line for its name and state, a line for its phases, a row for each flow, and its
-- errors. If there is room for all flows, they are in the order of names, so that each stays in its
-- place; otherwise failed and active flows come first, and the others are only counted. Several
-- runs share the rows of the terminal: a run that needs fewer leaves the rest to the others.

local flow = require "tarn.live.flow"
local json = require "native.json"
local strings = require "base.strings"
local updates = require "tarn.updates"

local M = {}

local SHORT <const> = 6   -- characters of an update's id, as in the events' messages
local ERRORS <const> = 3  -- errors that are shown
local ARROW <const> = " > "
local LEAST <const> = 3   -- lines of the smallest table: titles, a flow, the number of others

-- ---- texts ----

local function given(value)
  if value ~= json.null then
    return value
  end
end

--- A number of bytes as text: "512 B", "3.2 MiB".
---@param n number
---@return string
function M.bytes(n)
  local units, at = { "B", "KiB", "MiB", "GiB", "TiB", "PiB" }, 1
  while n >= 1024 and at < #units do
    n, at = n / 1024, at + 1
  end
  return (at == 1 and "%.0f %s" or "%.1f %s"):format(n, units[at])
end

local function count_text(value)
  return type(value) == "number" and ("%.0f"):format(value) or "-"
end

-- A flow that has ended does not report its backlog any more, and its last report is out of date.
local function backlog_text(_, row)
  local parts = {}
  if flow.is_over(row.state) then
    return "-"
  end
  if given(row.backlog_bytes) then
    parts[1] = M.bytes(row.backlog_bytes)
  end
  if given(row.backlog_files) then
    parts[#parts + 1] = count_text(row.backlog_files) .. " files"
  elseif given(row.backlog_records) then
    parts[#parts + 1] = count_text(row.backlog_records) .. " records"
  end
  return #parts > 0 and table.concat(parts, ", ") or "-"
end

local function quality_text(_, row)
  if not given(row.passed) then
    return "-"
  elseif row.failed == 0 then
    return ("%s passed"):format(count_text(row.passed))
  end
  return ("%s of %s failed"):format(count_text(row.failed), count_text(row.passed + row.failed))
end

-- ---- flows ----

local RANKS <const> = { FAILED = 1, QUEUED = 4, IDLE = 3 }

-- Failed flows come first, then active, idle, queued and ended ones.
local function rank(row)
  return RANKS[row.state] or flow.is_over(row.state) and 5 or 2
end

--- Rows of flows, the most important ones first.
---@param flows table[]
---@return table[]
function M.order(flows)
  local list = table.move(flows, 1, #flows, 1, {})
  table.sort(list, function(a, b)
    if rank(a) ~= rank(b) then
      return rank(a) < rank(b)
    end
    return a.name < b.name
  end)
  return list
end

-- The common prefix of all names up to a dot: "catalog.schema.".
local function common_prefix(flows)
  local prefix = flows[1] and flows[1].name:match "^.*%." or ""
  for _, row in ipairs(flows) do
    while row.name:sub(1, #prefix) ~= prefix do
      prefix = prefix:match "^(.*%.).+%.$" or ""
    end
  end
  return prefix
end

local MORE <const> = { { "rows_upserted", "UPSERTED" }, { "rows_deleted", "DELETED" },
  { "dropped", "DROPPED" } }

local function columns_for(flows)
  local skip = #common_prefix(flows) + 1
  local columns = {
    { "name", title = "FLOW", text = function(name) return name:sub(skip) end },
    { "state", text = function(state) return given(state) or "-" end },
    { "rows_written", title = "ROWS", align = "right", text = count_text },
    { "backlog_bytes", title = "BACKLOG", align = "right", text = backlog_text },
    { "passed", title = "EXPECTATIONS", align = "right", text = quality_text },
  }
  for _, more in ipairs(MORE) do
    for _, row in ipairs(flows) do
      if (given(row[more[1]]) or 0) > 0 then
        columns[#columns + 1] = { more[1], title = more[2], align = "right", text = count_text }
        break
      end
    end
  end
  return columns
end

-- The lines that `print(screen)` prints on a screen with the same properties.
local function lines_of(screen, print)
  local parts, lines = {}, {}
  local inner = screen:inside(function(text) parts[#parts + 1] = text end)
  inner.quiet = true
  print(inner)
  for line in table.concat(parts):gmatch "(.-)\n" do
    lines[#lines + 1] = line
  end
  return lines
end

local function rest_text(rows, from, more)
  local states, counts = {}, {}
  for i = from, #rows do
    local state = given(rows[i].state) or "UNKNOWN"
    if not counts[state] then
      states[#states + 1] = state
    end
    counts[state] = (counts[state] or 0) + 1
  end
  for i, state in ipairs(states) do
    states[i] = ("%d %s"):format(counts[state], state)
  end
  local text = from > 1 and "and %d more%s: %s" or "%d flows%s: %s"
  return text:format(#rows - from + 1, more and " at least" or "", table.concat(states, ", "))
end

-- The table of flows in at most `rows` lines.
local function flow_lines(snapshot, screen, rows)
  local flows = snapshot.flows
  if #flows == 0 or rows < 1 then
    return {}
  end
  local fit = #flows + 1 <= rows and not snapshot.flows_left_out
  local list = fit and flows or M.order(flows)
  local shown = fit and #flows or math.max(0, rows - 2)
  local lines = shown > 0 and lines_of(screen, function(page)
    page:table(table.move(list, 1, math.min(shown, #list), 1, {}), columns_for(flows))
  end) or {}
  if not fit and shown < #list then
    lines[#lines + 1] = screen:style("dim", rest_text(list, shown + 1, snapshot.flows_left_out))
  end
  return lines
end

-- ---- a run ----

local function duration(snapshot, now)
  if not given(snapshot.start_time) then
    return nil
  end
  return given(snapshot.duration_ms) or math.max(0, now - snapshot.start_time)
end

local function head(snapshot, screen, now)
  local name = given(snapshot.pipeline_name) or given(snapshot.pipeline_id) or "-"
  local parts = { screen:style("bold", screen:clean(name)) }
  local id, state = given(snapshot.update_id), given(snapshot.state)
  if not id then
    parts[2] = "no update yet"
    return table.concat(parts, "  ")
  end
  parts[2] = "update " .. id:sub(1, SHORT)
  parts[3] = state and screen:style(screen:mood(state), screen:clean(state))
  local ms = duration(snapshot, now)
  parts[#parts + 1] = ms and updates.span(ms // 1000 * 1000)
  return table.concat(parts, "  ")
end

-- The phases with their durations. If there is no room, the first ones are left out.
local function phase_line(snapshot, screen, now)
  local parts, width, over = {}, 0, given(snapshot.end_time)
  for i = #snapshot.phases, 1, -1 do
    local phase = snapshot.phases[i]
    local ms = given(phase.duration_ms)
    local lasts = not ms and i == #snapshot.phases and not over
    if lasts then
      ms = math.max(0, now - phase.start_time) // 1000 * 1000
    end
    local text = screen:clean(phase.state) .. (ms and " " .. updates.span(ms) or "")
    width = width + #text + #ARROW
    if width > screen.width and #parts > 0 then
      table.insert(parts, 1, screen:style("dim", "…"))
      break
    end
    table.insert(parts, 1, screen:style(lasts and screen:mood(phase.state) or "dim", text))
  end
  return table.concat(parts, screen:style("dim", ARROW))
end

local function error_lines(snapshot, screen)
  local lines = {}
  for i = 1, math.min(ERRORS, #snapshot.errors) do
    local e = snapshot.errors[i]
    local where = #e.flows > 0 and table.concat(e.flows, ", ") or "the update"
    local class = given(e.class) and e.class:match "[^.]*$" .. ": " or ""
    lines[i] = screen:style("red", screen:clean(("%s: %s%s"):format(where, class,
      strings.first_line(e.message))))
  end
  if #snapshot.errors > ERRORS then
    lines[ERRORS] = screen:style("red", ("and %d more errors"):format(#snapshot.errors
      - ERRORS + 1))
  end
  return lines
end

-- The lines of the whole table: all flows, titles, and a line for flows that are not kept.
local function table_need(snapshot)
  return #snapshot.flows > 0 and #snapshot.flows + (snapshot.flows_left_out and 2 or 1) or 0
end

-- A run in at most `rows` lines.
local function section(snapshot, screen, rows, now)
  local lines = { head(snapshot, screen, now) }
  if #snapshot.phases > 0 and rows > 1 then
    lines[2] = phase_line(snapshot, screen, now)
  end
  local errors = error_lines(snapshot, screen)
  local room = rows - #lines
  local for_errors = math.min(#errors, math.max(0, room - math.min(table_need(snapshot), LEAST)))
  for _, line in ipairs(flow_lines(snapshot, screen, room - for_errors)) do
    lines[#lines + 1] = line
  end
  for i = 1, math.min(for_errors, rows - #lines) do
    lines[#lines + 1] = errors[i]
  end
  return lines
end

-- ---- several runs ----

local function need(snapshot)
  return 1 + math.min(1, #snapshot.phases) + table_need(snapshot)
    + math.min(ERRORS, #snapshot.errors)
end

-- The rows of each run: none gets more than it needs while another one gets less.
local function shares(snapshots, rows)
  local list, left = {}, rows
  for i, snapshot in ipairs(snapshots) do
    list[i] = { i = i, need = need(snapshot) }
  end
  table.sort(list, function(a, b) return a.need < b.need end)
  local share = {}
  for k, one in ipairs(list) do
    share[one.i] = math.min(one.need, left // (#list - k + 1))
    left = left - share[one.i]
  end
  return share
end

--- The lines of runs, at most `rows`.
---@param snapshots tarn.LiveSnapshot[]
---@param screen tarn.Screen
---@param rows integer
---@param now integer ms
---@return string[]
function M.lines(snapshots, screen, rows, now)
  local shown = math.min(#snapshots, #snapshots <= rows and rows or rows - 1)
  local list = table.move(snapshots, 1, shown, 1, {})
  local lines = {}
  local share = shares(list, shown < #snapshots and rows - 1 or rows)
  for i, snapshot in ipairs(list) do
    for _, line in ipairs(section(snapshot, screen, share[i], now)) do
      lines[#lines + 1] = line
    end
  end
  if shown < #snapshots then
    lines[#lines + 1] = screen:style("dim", ("and %d more pipelines"):format(#snapshots - shown))
  end
  return lines
end

return M
