--- Runs on a terminal, painted again while they change.

local fault = require "base.fault"
local region = require "output.region"
local screens = require "output.screen"
local task = require "native.task"
local time = require "base.time"
local view = require "tarn.live.view"

local M = {}

local TICK <const> = 0.25 -- seconds between two looks at what changed, and at the window's size

---@class tarn.LiveShow
local Show = {}
Show.__index = Show

--- True if runs can be shown so: on a terminal, to somebody who did not ask for quiet or for a
-- trace of all requests, which would be written into the picture.
---@param ctx tarn.Context
---@param stream "out"|"err"
---@return boolean
function M.is_possible(ctx, stream)
  return not ctx.options.quiet and (ctx.options.verbose or 0) == 0 and region.is_possible(stream)
end

local function write_err(text)
  io.stderr:write(text)
end

-- Snapshots are made again only when something was taken in.
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

--- Draw what there is now.
function Show:draw()
  local _, rows = self.block:room()
  self.block:show(view.lines(snapshots_of(self), self.block.screen, rows, time.now()))
end

--- Show the runs of these states until `close`.
---@param ctx tarn.Context its warnings are printed above
---@param stream "out"|"err"
---@param states tarn.Live[]
---@param names? table<tarn.Live, string> of pipelines
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
    fault.call(function() -- a terminal that has gone is not worth a word
      while true do
        self:draw()
        task.sleep(TICK)
      end
    end)
  end)
  return self
end

--- Draw for the last time; what was drawn stays.
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
