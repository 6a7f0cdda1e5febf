--- A screen: text output for a person, as wide as the terminal, with colours only on a terminal.
--
-- A script's text form writes on one: `render = { text = function(data, screen) ... end }`. Text
-- from a workspace must pass through `clean`, which removes control characters: a pipeline's name
-- must not be able to move the cursor or change the title of the window.

local term = require "native.term"

local M = {}

---@class tarn.Screen
---@field width integer   columns; math.huge without a limit
---@field colour boolean  true if styles are written
---@field terminal boolean true if the output is a terminal
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
  return setmetatable({ print = write, terminal = terminal, colour = colour, quiet = opts.quiet,
    width = opts.width or wanted_width(terminal) }, Screen)
end

--- Text with blanks in place of control characters.
---@param text string
---@param lines? boolean true: line ends stay
---@return string
function M.clean(text, lines)
  if not text:find "%c" and not text:find "\xc2[\x80-\x9f]" then
    return text
  end
  text = text:gsub("\r\n", "\n"):gsub("\t", "    ")
  return (text:gsub("%c", function(c)
    return lines and c == "\n" and c or " "
  end):gsub("\xc2[\x80-\x9f]", " "))
end
Screen.clean = function(_, ...) return M.clean(...) end

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
  return code and ("\27[%sm%s\27[0m"):format(code, text) or text
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

--- Write texts, unchanged, and a line end.
---@param ... string
function Screen:line(...)
  local parts = { ... }
  parts[#parts + 1] = "\n"
  self.print(table.concat(parts))
end

--- Write a text, unchanged.
---@param text string
function Screen:write(text)
  self.print(text)
end

--- Write a heading.
---@param text string
function Screen:heading(text)
  self:line(self:style("bold", text))
end

--- Say on stderr which columns of a table did not fit.
---@param titles string[]
function Screen:left_out(titles)
  if #titles > 0 and not self.quiet then
    io.stderr:write(("tarn: not shown, the terminal is too narrow: %s (-o json shows all)\n")
      :format(table.concat(titles, ", ")))
  end
end

--- Write rows as a table: see output.render.table.
---@param rows any[]|function
---@param columns? table[] default: all fields
function Screen:table(rows, columns)
  require("output.render.table")(self, columns, rows)
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
