--- A page of text for a person: as wide as the terminal, in colour only on one.
--
-- A script's own text form gets one: `render = { text = function(data, out) ... end }`. Everything
-- that is printed is cleaned here (`term.clean`), so that a name that comes from a workspace cannot
-- move the cursor, change the title of the window or turn the writing direction. Only the styles
-- that `screen:style` made stay: they carry a number that nobody outside of this process knows.

local term = require "native.term"

local M = {}

---@class tarn.Screen
---@field width integer   columns; math.huge where nothing limits them
---@field colour boolean
---@field terminal boolean true if a person is likely to look at it
---@field print fun(text: string) writes, cleaned
---@field raw fun(text: string) writes control sequences too, for drawing
local Screen = {}
Screen.__index = Screen

local STYLES <const> = {
  bold = "1", dim = "2", red = "31", green = "32", yellow = "33", blue = "34", cyan = "36",
}

-- States and levels that mean the same to everybody.
local MOODS <const> = {
  FAILED = "red", ERROR = "red", UNHEALTHY = "red", DELETED = "red", fail = "red",
  DEGRADED = "yellow", WARN = "yellow", CANCELED = "yellow", STOPPING = "yellow", warn = "yellow",
  RUNNING = "cyan", STARTING = "cyan", RESETTING = "cyan", RECOVERING = "cyan",
  DEPLOYING = "cyan", INITIALIZING = "cyan", QUEUED = "cyan", WAITING_FOR_RESOURCES = "cyan",
  SETTING_UP_TABLES = "cyan",
  HEALTHY = "green", COMPLETED = "green", ok = "green",
}

local function wanted_width(terminal)
  local columns = tonumber(os.getenv "COLUMNS" or "")
  if not columns and terminal then
    columns = term.size()
  end
  return columns and math.max(20, math.tointeger(columns) or 80) or math.huge
end

-- One more parameter in the control sequences of our own styles; it is not printed.
local MARK <const> = (";%d"):format(math.random(100000000, 999999999))
local OWN_STYLE <const> = "\27%[(%d+)" .. MARK .. "m"

-- The text, cleaned; our own styles as the terminal takes them.
local function finish(text)
  if not text:find(MARK, 1, true) then
    return term.clean(text, true)
  end
  local parts, at = {}, 1
  for from, code, to in text:gmatch("()" .. OWN_STYLE .. "()") do
    parts[#parts + 1] = term.clean(text:sub(at, from - 1), true)
    parts[#parts + 1] = ("\27[%sm"):format(code)
    at = to
  end
  parts[#parts + 1] = term.clean(text:sub(at), true)
  return table.concat(parts)
end

--- A screen that writes with `write`.
---@param write fun(text: string)
---@param opts { no_color?: boolean, width?: integer, terminal?: boolean, colour?: boolean }
---@return tarn.Screen
function M.new(write, opts)
  local terminal = opts.terminal
  if terminal == nil then
    terminal = term.is_tty "out"
  end
  local colour = opts.colour
  if colour == nil then
    colour = terminal and not opts.no_color and (os.getenv "NO_COLOR" or "") == ""
      and os.getenv "TERM" ~= "dumb"
  end
  local function print(text)
    write(finish(text))
  end
  return setmetatable({ print = print, raw = write, terminal = terminal, colour = colour,
    quiet = opts.quiet, width = opts.width or wanted_width(terminal) }, Screen)
end

--- Text without what commands a terminal: see `term.clean`. Line ends stay with `lines`.
---@param text string
---@param lines? boolean
---@return string
function M.clean(text, lines)
  return term.clean(text, lines)
end
Screen.clean = function(_, ...) return term.clean(...) end

--- A screen like this one, whose text is given to `print` and not printed yet: what comes of it
-- is cleaned when this screen prints it.
---@param print fun(text: string)
---@return tarn.Screen
function Screen:inside(print)
  return setmetatable({ print = print }, { __index = self })
end

--- A line that is built with styles, as it is printed: for those who write with `screen.raw`.
---@param text string
---@return string
function Screen.finish(_, text)
  return finish(text)
end

--- Columns that a text takes.
---@param text string
---@return integer
function Screen.measure(_, text)
  return term.width(text)
end

--- The text in a style ("bold", "dim", "red" ...), or as it is where there is no colour.
---@param style? string
---@param text string
---@return string
function Screen:style(style, text)
  local code = self.colour and STYLES[style]
  return code and ("\27[%s%sm%s\27[0%sm"):format(code, MARK, text, MARK) or text
end

--- The style that a word such as FAILED or HEALTHY has everywhere, or nil.
---@param word any
---@return string?
function Screen.mood(_, word)
  return MOODS[word]
end

--- The text cut to `width` columns; what is cut off shows as "…".
---@param text string
---@param width integer
---@return string
function Screen.cut(_, text, width)
  if #text <= width or term.width(text) <= width then
    return text
  end
  local kept, used = {}, 0
  for character in text:gmatch "[\0-\x7f\xc0-\xff]?[\x80-\xbf]*" do
    local w = term.width(character)
    if used + w > width - 1 then
      break
    end
    used = used + w
    kept[#kept + 1] = character
  end
  return table.concat(kept) .. (width > 0 and "…" or "")
end

--- The text with blanks up to `width` columns, on the right or, with align "right", in front.
---@param text string
---@param width integer
---@param align? string
---@return string
function Screen.pad(_, text, width, align)
  local blanks = (" "):rep(width - term.width(text))
  return align == "right" and blanks .. text or text .. blanks
end

--- A text in lines of at most the screen's width, broken at blanks, each after `indent`.
---@param text string
---@param indent? string
---@return string
function Screen:wrap(text, indent)
  indent = indent or ""
  local limit = math.min(self.width, 100) - #indent
  local lines = {}
  for paragraph in (text .. "\n"):gmatch "(.-)\n" do
    local line = ""
    for word in paragraph:gmatch "%S+" do
      if line ~= "" and term.width(line) + 1 + term.width(word) > limit then
        lines[#lines + 1] = indent .. line
        line = word
      else
        line = line == "" and word or line .. " " .. word
      end
    end
    lines[#lines + 1] = (indent .. line):gsub("%s+$", "")
  end
  return table.concat(lines, "\n")
end

--- Write texts and a line end.
function Screen:line(...)
  local parts = { ... }
  parts[#parts + 1] = "\n"
  self.print(table.concat(parts))
end

--- Write a text, with its line ends.
---@param text string
function Screen:write(text)
  self.print(text)
end

--- A title above what follows.
---@param text string
function Screen:heading(text)
  self:line(self:style("bold", text))
end

--- Say which columns did not fit.
---@param titles string[]
function Screen:left_out(titles)
  if #titles > 0 and not self.quiet then
    io.stderr:write(("tarn: too narrow for %s (-o json has all)\n"):format(
      table.concat(titles, ", ")))
  end
end

--- Rows in columns; see output.render.table.
---@param rows any[]|function
---@param columns? table[]
function Screen:table(rows, columns)
  require("output.render.table")(self, columns, rows)
end

--- One value as lines of names and values.
---@param value table
---@param names? string[] which fields, in which order; default all
function Screen:fields(value, names)
  require("output.render.fields")(self, value, names)
end

--- A point in time for a person: in local time on a terminal, else as UTC. Milliseconds since
-- 1970 or ISO text; anything else comes back as it is.
---@param value any
---@return any
function Screen:time(value)
  local ms = value
  if type(value) == "string" then
    ms = require("base.time").find_iso(value)
  end
  if math.type(ms) ~= "integer" or ms < 0 or ms > 253402300799000 then
    return value
  elseif self.terminal then
    return os.date("%Y-%m-%d %H:%M:%S", ms // 1000)
  end
  return os.date("!%Y-%m-%dT%H:%M:%SZ", ms // 1000)
end

return M
