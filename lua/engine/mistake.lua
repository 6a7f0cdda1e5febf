--- The place of an error: the line of the source, and the word in it that the message means.

local frames = require "base.frames"
local lexer = require "base.lexer"
local term = require "native.term"

local M = {}

--- A line of a text; nil if it has fewer lines.
---@param text string
---@param number integer
---@return string?
function M.line_of(text, number)
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
    or message:match "null %(JSON%): %l+ %l+ %l* ?field '([^']+)'"
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

--- A line, and a second one with marks (^^^) under the word that is wrong; nil in place of the
-- second if the word is not in it.
---@param line string
---@param message string
---@param called? string the name of the function that the line calls, if that is what fails
---@return string text
---@return string? before blanks in the width of what is before the word
---@return string? marks
function M.marked(line, message, called)
  local text = term.clean(line)
  local from, to, exact = find_word(text, word_of(message) or called)
  if not exact then
    return text
  end
  return text, (" "):rep(term.width(text:sub(1, from - 1))),
    ("^"):rep(math.max(1, term.width(text:sub(from, to))))
end

--- The parts of a message of Lua: "file:2: message" -> "file", 2, "message"; "[3]:2: message" ->
-- "[3]", 2, "message". nil, nil, message if it has no position.
---@param message string
---@return string? place
---@return integer? line
---@return string message
function M.split(message)
  local place, line, rest = message:match "^(%b[]):(%d+): (.*)$"
  if not place then
    place, line, rest = message:match "^([^\n]-):(%d+): (.*)$"
  end
  if place then
    return place, math.tointeger(tonumber(line)), rest
  end
  return nil, nil, message
end

-- The text of a chunk of the user's: an entry at the prompt, or a file; nil for other chunks.
local function text_of(frame, entries)
  if entries and entries[frame.name] then
    return entries[frame.name]
  end
  local path = frame.source:match "^@(.*)$"
  local file <close> = path and io.open(path, "rb") or nil
  return file and file:read "a"
end

-- The frame that a message names, else the innermost; nil if there is no frame.
local function frame_of(found, place, number, entries)
  for _, frame in ipairs(found) do
    if frame.name == place and frame.line == number then
      return frame
    end
  end
  if place and entries and entries[place] then -- a syntax error, which has no frame
    return { source = "=" .. place, name = place, line = number, inside = false }
  end
  return found[1]
end

--- The line of a frame; nil if its file cannot be read.
---@param frame tarn.Frame
---@return string?
function M.line(frame)
  local text = text_of(frame)
  return text and M.line_of(text, frame.line)
end

---@class tarn.Mistake a mistake in the user's code
---@field frame tarn.Frame
---@field message string  without its position
---@field line? string    the line of the source
---@field before? string  blanks in the width of what is before the marked word
---@field marks? string   ^^^
---@field callers tarn.Frame[] those of the user's code that called it
---@field hint? string    what to write instead

-- The message without its position, and true if code of Tarn raised the error that the frame calls.
local function told_of(frame, place, message, rest)
  if not place then
    return message, frame.inside
  elseif frames.is_own("@" .. place) then
    return rest, false
  end
  return (rest:gsub(" %(%a+ '[^']+'%)$", "")), true -- the name is one of Tarn's own code
end

local INSIDE <const> = "look at what the call gets: it failed inside of Tarn; -v shows where. If "
  .. "all is right with it, please report it"

--- What to show of an error in the user's code; nil if no code of the user's is concerned.
---@param message string as Lua wrote it
---@param found tarn.Frame[] the frames of the user's code, innermost first
---@param entries? table<string, string> the entries of the prompt, by the names of their chunks
---@return tarn.Mistake?
function M.find(message, found, entries)
  local place, number, rest = M.split(message)
  local frame = frame_of(found, place, number, entries)
  if not frame then
    return nil
  end
  local told, inside = told_of(frame, place, message, rest)
  local called = inside and frame.called or nil
  local mistake = { frame = frame, message = told, callers = {} }
  if called and not told:find(("'%s'"):format(called), 1, true) then
    mistake.message = ("%s: %s"):format(called, told)
  end
  local text = text_of(frame, entries)
  local is_one_line = text and not text:find "\n."
  local line = text and M.line_of(text, is_one_line and 1 or frame.line)
  if line then
    mistake.line, mistake.before, mistake.marks = M.marked(line, told, called)
  end
  for _, one in ipairs(found) do
    if one ~= frame and #mistake.callers > 0 or one == frame then
      mistake.callers[#mistake.callers + 1] = one
    end
  end
  table.remove(mistake.callers, 1)
  if inside then
    mistake.hint = not told:find "^bad argument" and INSIDE or nil
  else
    mistake.hint = require("engine.mistake.hint").find(told, text or "", line or "",
      not (entries and entries[frame.name]))
  end
  return mistake
end

--- The file and line of a frame, as in Lua's messages.
---@param frame tarn.Frame
---@return string
function M.name(frame)
  return frame.line > 0 and ("%s:%d"):format(frame.name, frame.line) or frame.name
end

--- A mistake as text, beginning with its file and line.
---@param mistake tarn.Mistake
---@return string
function M.text(mistake)
  local frame = mistake.frame
  local lines = { ("%s: %s"):format(M.name(frame), mistake.message) }
  if mistake.line then
    lines[#lines + 1] = "  " .. mistake.line
    lines[#lines + 1] = mistake.marks and "  " .. mistake.before .. mistake.marks or nil
  end
  for _, one in ipairs(mistake.callers) do
    lines[#lines + 1] = ("  called from %s%s"):format(M.name(one),
      one.what and " in " .. one.what or "")
  end
  lines[#lines + 1] = mistake.hint and "hint: " .. mistake.hint or nil
  return table.concat(lines, "\n")
end

return M
