--- Show an event as text.

local fields = require "tarn.events.fields"
local strings = require "base.strings"

local function counts(event)
  local progress = type(event.details) == "table" and event.details.flow_progress
  if type(progress) ~= "table" then
    return ""
  end
  local parts, metrics = {}, progress.metrics or {}
  local rows = metrics.num_output_rows or metrics.num_upserted_rows
  if rows then
    parts[#parts + 1] = rows .. " rows"
  end
  if (metrics.backlog_files or 0) > 0 then
    parts[#parts + 1] = metrics.backlog_files .. " files in the backlog"
  end
  local quality, failed = progress.data_quality or {}, 0
  for _, expectation in ipairs(quality.expectations or {}) do
    failed = failed + (expectation.failed_records or 0)
  end
  if failed > 0 then
    parts[#parts + 1] = failed .. " failed expectations"
  end
  if (quality.dropped_records or 0) > 0 then
    parts[#parts + 1] = quality.dropped_records .. " dropped"
  end
  return #parts > 0 and " (" .. table.concat(parts, ", ") .. ")" or ""
end

--- Print an event as lines of a log: its message, and below it its exceptions without repeats.
---@param event table
---@param screen tarn.Screen
---@param with_name? boolean
return function(event, screen, with_name)
  local level = tostring(event.level or "")
  local head = { tostring(screen:time(event.timestamp or "")),
    screen:style(screen:mood(level), screen:pad(level, 7)) }
  if with_name then
    head[#head + 1] = screen:style("bold", "[" .. screen:clean(tostring(event.pipeline_name
      or event.pipeline_id)) .. "]")
  end
  screen:flow(4, table.concat(head, "  "), "  ",
    screen:clean(tostring(event.message or event.event_type or "")), counts(event))
  local seen = {}
  for _, exception in ipairs(fields.exceptions(event)) do
    local class = tostring(exception.class_name or ""):match "[^.]*$"
    local message = strings.first_line(exception.message or "")
    if not seen[message] then
      seen[message] = true
      screen:line("    ", screen:style("red", screen:clean(class .. ": " .. message)))
    end
  end
end
