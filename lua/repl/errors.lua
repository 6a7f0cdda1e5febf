--- Error reports of the prompt: the message, the place in the line that was typed, and a hint.
-- The stack frames shown are those of the user's code; frames of Tarn's own files are left out.

local exitstatus = require "engine.report"
local fault = require "base.fault"
local hint = require "engine.hint"
local lexer = require "engine.lexer"

local M = {}

---@class tarn.ErrorReport
---@field error any the error value: a fault, a string, or whatever the user's code raised
---@field frames { name: string, line: integer, what: string }[] of the user's code, innermost first

local MOST_FRAMES <const> = 8

local function is_ours(source)
  return source:find "^@bundle/" ~= nil or source:find "^=%[C%]" ~= nil
    or source:find "lua/repl/" ~= nil
end

-- The message handler of xpcall: it runs before the stack is unwound, so the frames still exist.
local function with_frames(e)
  local frames, level = {}, 2
  while #frames < MOST_FRAMES do
    local info = debug.getinfo(level, "Sln")
    if not info or info.source:find "lua/repl/session%.lua$" then
      break -- the frames below belong to the prompt itself
    elseif not is_ours(info.source) and info.currentline > 0 then
      frames[#frames + 1] = { name = info.short_src, line = info.currentline,
        what = info.name and ("in %s"):format(info.name) or "" }
    end
    level = level + 1
  end
  return { error = e, frames = frames }
end

--- Call `f` like pcall, and return an error report if it fails. Lua raises "not enough memory"
-- and errors in the message handler without calling the handler: such a report has no frames.
---@param f function
---@return boolean ok
---@return any ... the results of `f`, or the tarn.ErrorReport
function M.catch(f, ...)
  local function settle(ok, e, ...)
    if not ok and (type(e) ~= "table" or not e.frames) then
      e = { error = fault.of(e), frames = {} }
    end
    return ok, e, ...
  end
  return settle(xpcall(f, with_frames, ...))
end

-- ---- the place ----

local function line_of(text, number)
  local n = 0
  for line in (text .. "\n"):gmatch "(.-)\n" do
    n = n + 1
    if n == number then
      return line
    end
  end
end

-- The word that the message points at: the one near which the parser stopped, or the name of the
-- variable or field that was nil.
local function word_of(message)
  local byte = message:match " near '<\\(%d+)>'$"
  if byte then
    return string.char(byte)
  end
  return message:match " near '(.-)'$" or message:match "%(%a+ '([^']+)'%)"
    or message:match "undefined global '([^']+)'" or message:match "constant '([^']+)'"
end

-- The first and last byte of the word in the line, and true; of the whole line, and false, if the
-- word does not occur in it.
local function find_word(line, word)
  local first, last = line:find "%S.*%S"
  first, last = first or 1, last or #line
  for _, token in ipairs(word and lexer.tokens(line) or {}) do
    if token.text == word or token.kind == "string" and token.text:find(word, 1, true) then
      return token.from, token.to, true
    end
  end
  local from = word and line:find(word, 1, true)
  if from then
    local _, to = line:find("[\x80-\xbf]*", from + #word) -- the rest of a UTF-8 character
    return from, to, true
  end
  return first, last, false
end

local function width(screen, text)
  return screen:measure(screen:clean(text))
end

-- The line that was typed, with marks (^^^) under the word that is wrong.
local function show_place(screen, line, message)
  local text = screen:clean(line)
  local from, to, exact = find_word(text, word_of(message))
  screen:line("  ", text)
  if exact then
    screen:line("  ", (" "):rep(width(screen, text:sub(1, from - 1))),
      screen:style("red", ("^"):rep(math.max(1, width(screen, text:sub(from, to))))))
  end
end

-- "[3]:2: message" -> 3, 2, "message"; "file:2: message" -> "file", 2, "message".
local function split(message)
  local place, line, rest = message:match "^(%b[]):(%d+): (.*)$"
  if not place then
    place, line, rest = message:match "^([^\n]-):(%d+): (.*)$"
  end
  if place then
    return place, math.tointeger(tonumber(line)), rest
  end
  return nil, nil, message
end

-- ---- the text ----

local function show_frames(screen, frames, skip, sources)
  for i, frame in ipairs(frames) do
    if i > skip and #frames > 1 then
      local where = sources[frame.name] and ("entry %s, line %d")
        :format(frame.name, frame.line) or ("%s:%d"):format(frame.name, frame.line)
      screen:line("  called from ", screen:clean(where), frame.what ~= "" and " " or "",
        screen:clean(frame.what))
    end
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

-- The text of an error value. A table that the user raises may have a `__tostring` that fails.
local function text_of(e)
  if fault.is(e) then
    return tostring(e.message)
  end
  local ok, text = pcall(tostring, e)
  if not ok or type(e) == "table" and text:find "^table: " then
    return "an error that is a table, not a text"
  end
  return text
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
      and line_of(sources[at.name], at.line)
    if line then
      screen:line("  ", screen:clean(line))
    end
    return show_fault(screen, e)
  end
  local place, number, message = split(text_of(e))
  local line = place and sources[place] and line_of(sources[place], number)
  if line then
    show_place(screen, line, message)
  elseif place and not sources[place] then
    message = ("%s:%d: %s"):format(place, number, message)
  end
  show_error(screen, message)
  show_frames(screen, report.frames, line and 1 or 0, sources)
  local text = hint.find(message, sources[place or ""] or "", line or "")
  if text then
    show_hint(screen, text)
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
