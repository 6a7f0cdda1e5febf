--- Shows long texts one screen at a time.
--
-- `write` passes text on until the screen is full and then waits for a key. The writer waits with
-- it, so that an iterator whose rows are shown fetches no page before somebody looks at it.

local M = {}

--- `write` raises this value when the user leaves the pager.
M.QUIT = setmetatable({}, { __tostring = function() return "the pager was left" end })

local PROMPT <const> = "-- more: space, Enter: a line, G: all, q: stop --"
local SHORT <const> = "-- more --"

local KEYS <const> = { [" "] = "screen", f = "screen", ["\27[6~"] = "screen", ["\22"] = "screen",
  ["\r"] = "line", ["\n"] = "line", j = "line", ["\27[B"] = "line", ["\27OB"] = "line",
  G = "all", ["\27[F"] = "all", q = "quit", Q = "quit", ["\27"] = "quit", ["\4"] = "quit" }

---@class tarn.PagerOptions
---@field key fun(): string? waits for a key; nil if the terminal is gone
---@field write fun(text: string)
---@field size fun(): integer?, integer? columns and rows; nil: no limit
---@field measure fun(text: string): integer columns that a text takes
---@field style? fun(text: string): string the style of the "more" line

---@class tarn.Pager
local Pager = {}
Pager.__index = Pager

--- Make a pager for one answer.
---@param opts tarn.PagerOptions
---@return tarn.Pager
function M.new(opts)
  return setmetatable({ key = opts.key, out = opts.write, size = opts.size,
    measure = opts.measure, style = opts.style or function(text) return text end,
    used = 0, rest = "" }, Pager)
end

-- The rows of the screen that a line takes.
function Pager:height(line, columns)
  local plain = line:gsub("\27%[[%d;]*m", "")
  return math.max(1, (self.measure(plain) + columns - 1) // columns)
end

-- Wait for a key and act on it. The "more" line is removed afterwards.
function Pager:ask(columns, rows)
  self.out(self.style(columns > #PROMPT and PROMPT or SHORT)) -- must fit into one row
  local action
  repeat
    local key = self.key()
    action = key == nil and "quit" or KEYS[key]
  until action
  self.out "\r\27[K"
  if action == "quit" then
    error(M.QUIT, 0)
  elseif action == "all" then
    self.all = true
  end
  self.used = action == "line" and rows - 2 or 0
end

function Pager:line(line)
  local columns, rows = self.size()
  if columns and not self.all then
    local height = self:height(line, columns)
    if self.used > 0 and self.used + height > rows - 1 then
      self:ask(columns, rows)
    end
    self.used = self.used + height
  end
  self.out(line .. "\n")
end

--- Show a text. A last line without its line end is kept until the rest of it is written.
---@param text string
function Pager:write(text)
  text = self.rest .. text
  local from, to = 1, text:find("\n", 1, true)
  while to do
    self:line(text:sub(from, to - 1))
    from = to + 1
    to = text:find("\n", from, true)
  end
  self.rest = text:sub(from)
end

--- Show the last line, if it had no line end.
function Pager:finish()
  if self.rest ~= "" then
    self:line(self.rest)
    self.rest = ""
  end
end

return M
