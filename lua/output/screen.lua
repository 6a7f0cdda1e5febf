--- A screen: text output for a person, as wide as the terminal, with colours only on a terminal.
--
-- A script's text form writes on one: `render = { text = function(data, screen) ... end }`. A
-- screen cleans all text that it prints (`term.clean`), so that a name from a workspace cannot move
-- the cursor, change the title of the window or turn the writing direction. Only the styles of
-- `screen:style` are kept: they carry a number that only this process knows.

local term = require "native.term"

local M = {}

---@class tarn.Screen
---@field width integer   columns; math.huge without a limit
---@field colour boolean  true if styles are written
---@field terminal boolean true if the output is a terminal
---@field print fun(text: string) writes cleaned text
---@field raw fun(text: string) writes control sequences, too, for drawing
local Screen = {}
Screen.__index = Screen

local STYLES <const> = {
  bold = "1", dim = "2", red = "31", green = "32", yellow = "33", blue = "34", cyan = "36",
}

-- The colours of states and levels.
local MOODS <const> = {
  FAILED = "red", ERROR = "red", UNHEALTHY = "red", DELETED = "red", fail = "red",
  DEGRADED = "yellow", WARN = "yellow", CANCELED = "yellow", STOPPING = "yellow", warn = "yellow",
  RUNNING = "cyan", STARTING = "cyan", RESETTING = "cyan", RECOVERING = "cyan",
  DEPLOYING = "cyan", INITIALIZING = "cyan", QUEUED = "cyan", WAITING_FOR_RESOURCES = "cyan",
  SETTING_UP_TABLES = "cyan",
  HEALTHY = "green", COMPLETED = "green", ok = "green",
}

local YEAR_9999 <const> = 253402300799000 -- its last second, in milliseconds since 1970

local function wanted_width(terminal)
  local columns = tonumber(os.getenv "COLUMNS" or "")
  if not columns and terminal then
    columns = term.size()
  end
  return columns and math.max(20, math.tointeger(columns) or 80) or math.huge
end

---@class tarn.ScreenOptions
---@field no_color? boolean true: no colours, even on a terminal
---@field width? integer    default: $COLUMNS, the terminal's width, or no limit
---@field terminal? boolean default: whether standard output is a terminal
---@field colour? boolean   default: on a terminal, unless NO_COLOR is set
---@field quiet? boolean    true: no notes on stderr
---@field no_headers? boolean true: tables without titles

-- A further parameter in the control sequences of styles; it is not printed.
local MARK <const> = (";%d"):format(math.random(100000000, 999999999))
local OWN_STYLE <const> = "\27%[(%d+)" .. MARK .. "m"

-- The cleaned text, with the sequences of styles as the terminal needs them.
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

--- Make a screen that writes with `write`.
---@param write fun(text: string)
---@param opts tarn.ScreenOptions
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
    quiet = opts.quiet, no_headers = opts.no_headers,
    width = opts.width or wanted_width(terminal) }, Screen)
end

--- Text without characters that control a terminal: see `native.term.clean`.
---@param text string
---@param lines? boolean true: line ends stay
---@return string
function M.clean(text, lines)
  return term.clean(text, lines)
end
Screen.clean = function(_, ...) return term.clean(...) end

--- A screen like this one that passes its text, with styles, to `print`. The text is cleaned when
-- this screen prints it.
---@param print fun(text: string)
---@return tarn.Screen
function Screen:inside(print)
  return setmetatable({ print = print }, { __index = self })
end

--- A line with styles in the form for `screen.raw`.
---@param text string
---@return string
function Screen.finish(_, text)
  return finish(text)
end

--- The columns that a text takes.
---@param text string
---@return integer
function Screen.measure(_, text)
  return term.width(text)
end

--- The text in a style; unchanged on a screen without colours.
---@param style? "bold"|"dim"|"red"|"green"|"yellow"|"blue"|"cyan"
---@param text string
---@return string
function Screen:style(style, text)
  local code = self.colour and STYLES[style]
  return code and ("\27[%s%sm%s\27[0%sm"):format(code, MARK, text, MARK) or text
end

--- The style of a state, health or level: FAILED is red everywhere. Nil for other words.
---@param word any
---@return string?
function Screen.mood(_, word)
  return MOODS[word]
end

--- The text cut to `width` columns; "…" stands for the part that is cut off.
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

--- The text cut to `width` columns; "…" stands for what is cut out of its middle.
---@param text string
---@param width integer
---@return string
function Screen:cut_middle(text, width)
  if #text <= width or term.width(text) <= width then
    return text
  end
  local behind = (width - 1) // 2
  local at = #text + 1
  while behind > 0 and at > 1 do
    local from = utf8.offset(text, -1, at)
    behind = behind - term.width(text:sub(from, at - 1))
    at = behind >= 0 and from or at
  end
  local head = self:cut(text, width - term.width(text:sub(at)))
  return head .. text:sub(at)
end

--- The text filled with blanks to `width` columns.
---@param text string
---@param width integer
---@param align? "left"|"right" default "left"
---@return string
function Screen.pad(_, text, width, align)
  local blanks = (" "):rep(width - term.width(text))
  return align == "right" and blanks .. text or text .. blanks
end

--- The text wrapped at blanks to the screen's width, at most 100 columns, each line with `indent`.
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

-- The columns of a text that may have styles.
local function width_of(text)
  return term.width((text:gsub(OWN_STYLE, "")))
end

-- A line without line ends, broken at blanks where it is wider than the screen.
local function broken(line, indent, limit)
  if #line <= limit or width_of(line) <= limit then
    return line
  end
  indent = indent or #line:match "^ *" + 2
  local parts, column = {}, 0
  for blanks, word in line:gmatch "( *)([^ ]+)" do
    local width = width_of(word)
    if column > indent and column + #blanks + width > limit then
      parts[#parts + 1] = "\n" .. (" "):rep(indent)
      blanks, column = "", indent
    end
    parts[#parts + 1] = blanks .. word
    column = column + #blanks + width
  end
  return table.concat(parts)
end

--- Write texts and a line end. A line that is wider than the screen goes on below, from a blank on,
-- with `indent` blanks. A word is not broken.
---@param indent integer? default: two more than the line begins with
---@param ... string
function Screen:flow(indent, ...)
  local text = table.concat { ... }
  if #text > self.width then
    text = text:gsub("[^\n]+", function(line) return broken(line, indent, self.width) end)
  end
  self.print(text .. "\n")
end

--- Write texts and a line end, as `flow`.
---@param ... string
function Screen:line(...)
  self:flow(nil, ...)
end

--- Write a text, with its line ends.
---@param text string
function Screen:write(text)
  self.print(text)
end

--- Write a heading.
---@param text string
function Screen:heading(text)
  self:line(self:style("bold", text))
end

--- Write rows as a table: see output.render.table.
---@param rows any[]|function
---@param columns? table[] default: all fields
---@return integer count of the rows
---@return string[] left_out the titles of the columns that have no room
function Screen:table(rows, columns)
  return require("output.render.table")(self, columns, rows)
end

--- Write rows as a table that is the whole answer: its end says how many rows there are.
---@param noun string what a row is: "pipeline"
---@param columns? table[] default: all fields
---@param rows any[]|function
---@param ... any the other values of a generic `for` if the rows are a function
function Screen:list(noun, columns, rows, ...)
  require("output.render.list")(self, noun, columns, rows, ...)
end

--- Write one value as lines of names and values.
---@param value table
---@param names? string[] the fields, in order; default: all
function Screen:fields(value, names)
  require("output.render.fields")(self, value, names)
end

--- A timestamp for a person: local time on a terminal, else UTC.
---@param value any milliseconds since 1970, or ISO 8601 text
---@return any text, or the value itself if it is no timestamp
function Screen:time(value)
  local ms = value
  if type(value) == "string" then
    ms = require("base.time").find_iso(value)
  end
  if math.type(ms) ~= "integer" or ms < 0 or ms > YEAR_9999 then
    return value
  elseif self.terminal then
    return os.date("%Y-%m-%d %H:%M:%S", ms // 1000)
  end
  return os.date("!%Y-%m-%dT%H:%M:%SZ", ms // 1000)
end

return M
