--- Show the update for which a command waits on the terminal.

local feed = require "tarn.live.feed"
local live = require "tarn.live"
local show = require "tarn.live.show"

local M = {}

---@class tarn.LiveWait
local Wait = {}
Wait.__index = Wait

--- Begin to show an update; nil if there is no terminal.
---@param ctx tarn.Context
---@param report table { pipeline_id, name, update_id }
---@return tarn.LiveWait?
function M.open(ctx, report)
  if not show.is_possible(ctx, "err") then
    return nil
  end
  local state = live.new()
  state:pin(report.update_id)
  return setmetatable({ ctx = ctx, id = report.pipeline_id, state = state,
    shown = show.start(ctx, "err", { state }, { [state] = report.name }) }, Wait)
end

--- The update, or its retry, has changed its state.
---@param update table UpdateInfo
function Wait:note(update)
  self.state:know(update)
  self.state:pin(update.update_id)
  if not self.feed then
    self.feed = feed.start(self.ctx.workspace, self.id, self.state, { update = update,
      problem = function(e) self.ctx.warn(e.message) end })
  end
end

--- The update has ended: show its end.
---@param update? table UpdateInfo
function Wait:finish(update)
  if update and self.feed then
    self.state:know(update)
    self.feed:catch_up(update.update_id)
  end
  self:close()
end

function Wait:close()
  if self.feed then
    self.feed:close()
  end
  self.shown:close()
end
Wait.__close = Wait.close

return M
