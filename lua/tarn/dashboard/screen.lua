--- Show a watched dashboard: in place on a terminal, in a pipe as a line for each change.

local cell = require "output.render.cell"
local json = require "native.json"
local region = require "output.region"
local show = require "tarn.dashboard.show"
local task = require "native.task"

local M = {}

-- The dashboard as lines that fit into the columns and rows.
local function compose(data, screen, columns, rows)
  local text = {}
  local page = setmetatable({ width = columns, height = rows, quiet = true,
    print = function(part) text[#text + 1] = part end }, { __index = screen })
  show.show(data, page)
  local lines = {}
  for line in table.concat(text):gmatch "(.-)\n" do
    lines[#lines + 1] = line
  end
  if #lines > rows then
    lines[rows] = screen:style("dim", ("... %d more lines: the terminal is too small")
      :format(#lines - rows + 1))
  end
  return lines
end

--- Show the answers in place, until the watch ends.
---@param watched table with `watch`, an iterator over answers that calls its field `tick` while it
--- waits; `say`, which prints a warning; and `finish`
---@param screen tarn.Screen
function M.paint(watched, screen)
  local _ <close> = watched
  local block <close> = region.new(screen)
  local watch = watched.watch
  function watched.say(text)
    block:above("tarn: " .. screen:clean(text) .. "\n")
  end
  local data, columns, rows, drawn
  local function draw()
    columns, rows = block:room()
    drawn = task.now()
    block:show(compose(data, screen, columns, rows))
  end
  watch.tick = function()
    local c, r = block:room()
    -- the age of old data is part of the text
    local old = show.is_old(data)
    local ages = (data.partial or data.stale or old) and task.now() - drawn >= 1
    if c ~= columns or r ~= rows or ages then
      draw()
    end
  end
  for new in watch do
    data = new
    draw()
  end
  watched:finish()
end

local function state_text(value, screen)
  if value == json.null then
    return nil
  end
  local parts = { value.state, cell.text(screen, "health", value.health) }
  if value.update_state ~= json.null then
    parts[3] = "update " .. value.update_state
  end
  return table.concat(parts, " ")
end

local SUMMARY <const> = { "total", "running", "failed", "idle", "other", "healthy", "unhealthy",
  "unknown", "unanswered" }

local function line_of(row, screen)
  if row.kind == "summary" then
    local parts = {}
    for _, name in ipairs(SUMMARY) do
      parts[#parts + 1] = row.summary[name] and ("%s %d"):format(name, row.summary[name])
    end
    return table.concat(parts, " ") .. (row.partial and " (partial)" or "")
  elseif row.kind == "workspace" then
    return ("answers: %s%s"):format(row.now, row.message ~= json.null
      and " (" .. row.message .. ")" or "")
  end
  local was, now = state_text(row.was, screen), state_text(row.now, screen)
  return ("%s: %s"):format(row.pipeline_name, was and now and was .. " -> " .. now
    or now and "new: " .. now or "gone")
end

--- Print a line for each change.
---@param rows fun(): table?
---@param screen tarn.Screen
function M.lines(rows, screen)
  local _ <close> = rows
  for row in rows do
    local profile = row.profile and row.profile ~= json.null and row.profile .. "  " or ""
    screen:line(screen:clean(("%s  %s%s"):format(screen:time(row.at), profile,
      line_of(row, screen))))
    require("output.stdout").flush()
  end
end

return M
