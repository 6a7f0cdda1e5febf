--- Show running updates on a terminal, redrawn in place.

local fault = require "base.fault"
local region = require "output.region"
local screens = require "output.screen"
local task = require "native.task"
local time = require "base.time"
local view = require "tarn.live.view"

local M = {}

local TICK <const> = 0.25 -- seconds between two drawings

---@class tarn.LiveShow
local Show = {}
Show.__index = Show

--- True if runs can be shown in place: on a terminal, without --quiet and without --verbose, whose
-- output would disturb the display.
---@param ctx tarn.Context
---@param stream "out"|"err"
---@return boolean
function M.is_possible(ctx, stream)
  return not ctx.options.quiet and (ctx.options.verbose or 0) == 0 and region.is_possible(stream)
end

local function write_err(text)
  io.stderr:write(text)
end

-- The snapshots of all states. A snapshot is made again only if its state has changed.
local function snapshots_of(self)
  local list = {}
  for i, state in ipairs(self.states) do
    local known = self.known[state]
    if not known or known.changes ~= state.changes or known.pinned ~= state.pinned then
      known = { changes = state.changes, pinned = state.pinned, snapshot = state:snapshot() }
      self.known[state] = known
    end
    list[i] = known.snapshot
    if self.names[state] then
      list[i].pipeline_name = self.names[state]
    end
  end
  return list
end

--- Draw the current snapshots.
function Show:draw()
  local _, rows = self.block:room()
  self.block:show(view.lines(snapshots_of(self), self.block.screen, rows, time.now()))
end

--- Show the runs of these states until `close`.
---@param ctx tarn.Context its warnings are printed above the display
---@param stream "out"|"err"
---@param states tarn.Live[]
---@param names? table<tarn.Live, string> names of the pipelines
---@return tarn.LiveShow
function M.start(ctx, stream, states, names)
  local write = stream == "out" and require("output.stdout").write or write_err
  local screen = screens.new(write, { no_color = ctx.options.no_color, terminal = true })
  local self = setmetatable({ ctx = ctx, warn = ctx.warn, states = states, known = {},
    names = names or {}, block = region.new(screen) }, Show)
  function ctx.warn(text)
    self.block:above("tarn: " .. screen:clean(text, true) .. "\n")
  end
  self.ticker = task.spawn(function()
    fault.call(function() -- a terminal that was closed is not reported
      while true do
        self:draw()
        task.sleep(TICK)
      end
    end)
  end)
  return self
end

--- Draw for the last time, and leave the text on the terminal.
function Show:close()
  if self.closed then
    return
  end
  self.closed, self.ctx.warn = true, self.warn
  task.cancel(self.ticker)
  local ok, e = fault.call(self.draw, self)
  self.block:close()
  if not ok then
    error(e, 0)
  end
end
Show.__close = Show.close

return M
