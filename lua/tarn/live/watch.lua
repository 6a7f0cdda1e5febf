--- `tarn events --follow --live`: the newest run of each pipeline, until Ctrl-C.

local fault = require "base.fault"
local feeds = require "tarn.live.feed"
local live = require "tarn.live"
local pool = require "base.pool"
local show = require "tarn.live.show"
local stop = require "tarn.stop"
local task = require "native.task"

local M = {}

--- True if the command's own output is text on a terminal.
---@param ctx tarn.Context
---@return boolean
function M.is_possible(ctx)
  return (ctx.options.output or "text") == "text" and show.is_possible(ctx, "out")
end

-- The UpdateInfo of a named update.
local function find_update(ws, id, wanted)
  local found = ws:pipeline(id)
  local active, over = stop.find_update(ws, found, wanted)
  return ws.native:update_get(id, (active or over).update_id)
end

-- A failed poll that is repeated is a warning. A pipeline that cannot be read at all is a fault, as
-- without --live.
local function problem_of(ctx, failed)
  return function(e, id, pause)
    if pause then
      ctx.warn(("%s: %s; trying again in %g s"):format(id, e.message, pause))
    elseif e.status == 404 then
      ctx.warn(("%s: %s; Tarn stops following it"):format(id, e.message))
    else
      failed[1] = e
    end
  end
end

local function is_over(all)
  for _, feed in ipairs(all) do
    if not feed.over then
      return false
    end
  end
  return true
end

--- Show the newest runs of these pipelines.
---@param ctx tarn.Context
---@param ids string[]
---@param arg { update?: string, once?: boolean, interval?: number }
function M.run(ctx, ids, arg)
  local ws, states, all, failed = ctx.workspace, {}, {}, {}
  local _ <close> = setmetatable({}, { __close = function()
    for _, feed in ipairs(all) do
      feed:close()
    end
  end })
  local names = {}
  local known = pool.map(ids, function(id)
    return { found = ws:pipeline(id), update = arg.update and find_update(ws, id, arg.update) }
  end)
  for i, one in ipairs(known) do
    states[i] = live.new()
    states[i]:pin(one.update and one.update.update_id)
    names[states[i]] = one.found.name
  end
  local _ <close> = show.start(ctx, "out", states, names)
  for i, id in ipairs(ids) do
    all[i] = feeds.start(ws, id, states[i], { update = known[i].update, once = arg.once,
      interval = arg.interval, problem = problem_of(ctx, failed) })
  end
  while not is_over(all) and not failed[1] do
    task.park()
  end
  if failed[1] then
    fault.raise(failed[1])
  end
end

return M
