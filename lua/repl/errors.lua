--- Error reports of the prompt: the message, the place in the line that was typed, and a hint.
-- The stack frames shown are those of the user's code; frames of Tarn's own files are left out.

local exitstatus = require "engine.report"
local fault = require "base.fault"
local hint = require "engine.mistake.hint"
local frames = require "base.frames"
local place = require "engine.mistake"

local M = {}

---@class tarn.ErrorReport
---@field error any the error value: a fault, a string, or whatever the user's code raised
---@field frames tarn.Frame[] of the user's code, innermost first

-- The message handler of xpcall: it runs before the stack is unwound, so the frames still exist.
-- Those of the prompt itself are left out, where it runs from files.
local function with_frames(e)
  local found = {}
  for _, frame in ipairs(fault.is(e) and fault.frames(e) or frames.collect(2)) do
    if not frame.source:find "lua/repl/[%w_]+%.lua$" then
      found[#found + 1] = frame
    end
  end
  return { error = e, frames = found }
end

--- Call `f` like pcall, and return an error report if it fails. Lua raises "not enough memory"
-- and errors in the message handler without calling the handler: such a report has no frames.
---@param f function
---@param entry? function the code of the user that `f` calls; default: `f`
---@return boolean ok
---@return any ... the results of `f`, or the tarn.ErrorReport
function M.catch(f, entry, ...)
  local function settle(ok, e, ...)
    if not ok and (type(e) ~= "table" or not e.frames) then
      e = { error = fault.of(e), frames = {} }
    end
    if not ok and #e.frames == 0 then
      e.frames[1] = frames.of(entry or f)
    end
    return ok, e, ...
  end
  return settle(xpcall(f, with_frames, ...))
end

-- ---- the text ----

local function show_frames(screen, list, sources)
  for _, frame in ipairs(list) do
    local where = sources[frame.name] and ("entry %s, line %d"):format(frame.name, frame.line)
      or place.name(frame)
    screen:line("  called from ", screen:clean(where),
      frame.what and screen:clean(" in " .. frame.what) or "")
  end
end

local function show_error(screen, message)
  local first, more = message:match "^([^\n]*)\n?(.*)$"
  screen:line(screen:style("red", "error: "), screen:clean(first))
  if more ~= "" then
    screen:line(screen:clean(more, true))
  end
end

local function show_hint(screen, text)
  screen:line(screen:style("cyan", "hint: "), screen:clean(text))
end

local function show_fault(screen, f)
  show_error(screen, tostring(f.message))
  local more = {}
  for _, name in ipairs { "status", "code", "request_id" } do
    more[#more + 1] = f[name] and ("%s %s"):format(name:gsub("_", " "), tostring(f[name])) or nil
  end
  if #more > 0 then
    screen:line("  ", screen:clean(table.concat(more, ", ")))
  end
  if f.hint then
    show_hint(screen, hint.here(f.hint))
  end
end

local function text_of(e)
  return tostring(fault.of(e).message)
end

-- Show the line with its marks, then the message with the position if that is in a file.
local function show_mistake(screen, mistake, sources)
  local frame = mistake.frame
  if mistake.line then
    screen:line("  ", mistake.line)
  end
  if mistake.marks then
    screen:line("  ", mistake.before, screen:style("red", mistake.marks))
  end
  show_error(screen, sources[frame.name] and mistake.message
    or ("%s: %s"):format(place.name(frame), mistake.message))
  show_frames(screen, mistake.callers, sources)
  if mistake.hint then
    show_hint(screen, mistake.hint)
  end
end

--- Show an error report.
---@param screen tarn.Screen
---@param report tarn.ErrorReport
---@param sources table<string, string> the entries of the session, by the names of their chunks
function M.show(screen, report, sources)
  local e = report.error
  if fault.is(e, "cancelled") then
    screen:line(screen:style("yellow", e.message == "cancelled" and "stopped" or e.message))
    return
  elseif fault.is(e) and e.kind ~= "bug" then
    local at = report.frames[1]
    local line = at and sources[at.name] and sources[at.name]:find "\n"
      and place.line_of(sources[at.name], at.line)
    if line then
      screen:line("  ", screen:clean(line))
    end
    return show_fault(screen, e)
  end
  local mistake = place.find(text_of(e), report.frames, sources)
  if mistake then
    show_mistake(screen, mistake, sources)
  else
    show_error(screen, text_of(e))
  end
end

--- The name of the exit status that an error leads to; a Lua error is "failed".
---@param report tarn.ErrorReport
---@return string name one of the names in engine.report.statuses
function M.status(report)
  local e = report.error
  return fault.is(e) and e.kind ~= "bug" and exitstatus.status_name(e) or "failed"
end

return M
