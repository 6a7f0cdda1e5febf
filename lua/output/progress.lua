--- The progress of long work, on stderr: a bar on a terminal, else a line now and then.

local task = require "native.task"
local term = require "native.term"

local M = {}

local REDRAW <const> = 0.1 -- seconds between two drawings of the bar
local LINES <const> = 10   -- seconds between two lines without a terminal
local BAR <const> = 24     -- columns

---@class tarn.Progress
local Progress = {}
Progress.__index = Progress

--- Make a progress that writes with `write`.
---@param write fun(text: string)
---@param opts { terminal: boolean, quiet?: boolean, now: (fun(): number), width?: integer }
---@return tarn.Progress
function M.new(write, opts)
  return setmetatable({ write = write, terminal = opts.terminal, quiet = opts.quiet,
    now = opts.now, width = opts.width or 80, started = opts.now(), shown = nil, drawn = false },
    Progress)
end

local function numbers(done, total)
  if total and total > 0 then
    return ("%d/%d (%d %%)"):format(done, total, done * 100 // total)
  end
  return tostring(done)
end

local function bar(done, total)
  local full = math.min(BAR, BAR * done // total)
  return "[" .. ("#"):rep(full) .. ("."):rep(BAR - full) .. "]"
end

function Progress:draw(done, total, what)
  local text = numbers(done, total) .. (what and " " .. what or "")
  if total and total > 0 then
    text = bar(done, total) .. " " .. text
  end
  while text ~= "" and term.width(text) >= self.width do
    text = text:sub(1, utf8.offset(text, -1) - 1)
  end
  self.write("\r" .. text .. "\27[K")
  self.drawn = true
end

--- Show the progress. It may be called for each item: it draws only now and then.
---@param done integer the items that are done
---@param total? integer all items, if their number is known
---@param what? string what the items are: "events read"
function Progress:show(done, total, what)
  if self.quiet then
    return
  end
  what = what and term.clean(what)
  local now = self.now()
  local over = total and done >= total
  local pause = self.terminal and REDRAW or LINES
  if now - (self.shown or self.started) < pause and not (over and self.shown) then
    return -- short work shows no bar
  end
  self.shown = now
  if self.terminal then
    self:draw(done, total, what)
  else
    self.write(("tarn: %s%s\n"):format(numbers(done, total), what and " " .. what or ""))
  end
end

--- Erase the bar, so that the next text on the terminal starts on an empty line.
function Progress:clear()
  if self.drawn then
    self.write "\r\27[K"
    self.drawn = false
  end
end

local one -- the progress of this process

local function write_err(text)
  io.stderr:write(text)
end

--- Show the progress of the running command.
---@param done integer the items that are done
---@param total? integer all items, if their number is known
---@param what? string what the items are
---@param quiet? boolean true: show nothing
function M.show(done, total, what, quiet)
  if not one then
    one = M.new(write_err, { terminal = term.is_tty "err", quiet = quiet, now = task.now,
      width = term.size() })
  end
  one:show(done, total, what)
end

--- Erase the bar, if there is one.
function M.clear()
  if one then
    one:clear()
  end
end

return M
