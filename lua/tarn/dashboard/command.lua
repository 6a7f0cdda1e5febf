--- `tarn dashboard`: one workspace or many, once or again and again.

local changes = require "tarn.dashboard.changes"
local dashboard = require "tarn.dashboard"
local fault = require "tarn.fault"
local fleet = require "tarn.dashboard.fleet"
local paint = require "tarn.paint"

local M = {}

-- A function that looks at the context's workspace.
local function one(ctx, memory)
  local ws = ctx.workspace
  return function()
    local data = dashboard.read(ws, { memory = memory and memory(ws) })
    data.workspace = ws:host()
    return data
  end
end

-- A function that looks at all of them.
local function many(ctx, arg, names, memory)
  local list = fleet.open(names, ctx.open, ctx.warn)
  return dashboard.many(list, {
    seconds = arg.patience, keep_last = memory ~= nil,
    read = function(workspace, concurrent)
      return dashboard.read(workspace.client, { concurrent = concurrent,
        memory = memory and memory(workspace.client) })
    end,
  })
end

-- A memory for each workspace, where looks are repeated.
local function memories()
  local all = {}
  return function(ws)
    all[ws] = all[ws] or dashboard.memory()
    return all[ws]
  end
end

-- The answers of a watch as rows of changes; the watch itself is `watch`, for a terminal.
local Watched = {}
Watched.__index = Watched

function Watched:__call()
  while not self.rows or self.at >= #self.rows do
    local data, changed = self.watch()
    if not data then
      return nil
    end
    self.rows, self.at = changed and changes.between(self.data, data) or {}, 0
    self.data = data
  end
  self.at = self.at + 1
  return self.rows[self.at]
end

local function check(ctx, arg)
  local output = ctx.options.output
  if not arg.watch then
    for _, name in ipairs { "interval", "refreshes" } do
      if arg[name] then
        fault.usage(ctx.op, ("--%s goes with --watch"):format(name))
      end
    end
  elseif output == "json" or output == "csv" then
    fault.usage(ctx.op, ("--watch has no end, and -o %s needs one"):format(output),
      "-o jsonl gives a line for each change")
  end
end

--- What the command returns: the answer, or with --watch an iterator over rows of changes.
---@param ctx tarn.Context
---@param arg table
function M.run(ctx, arg)
  check(ctx, arg)
  local names = fleet.names(ctx.op, arg)
  local memory = arg.watch and memories() or nil
  local look = names and many(ctx, arg, names, memory) or one(ctx, memory)
  if arg.watch then
    return setmetatable({ watch = dashboard.watch(look, { interval = arg.interval,
      refreshes = arg.refreshes }) }, Watched)
  end
  local data = look()
  for _, workspace in ipairs(data.workspaces or {}) do
    if workspace.answer == "unknown" then
      ctx.warn(("%s: %s; the totals are without it"):format(workspace.profile,
        workspace.problems[1].message))
    end
  end
  return data
end

--- The text form of what `run` returned.
---@param data any
---@param screen tarn.Screen
function M.show(data, screen)
  if getmetatable(data) ~= Watched then
    return require("tarn.dashboard.show")(data, screen)
  end
  local view = require "tarn.dashboard.screen"
  if screen.terminal and paint.is_possible "out" then
    return view.paint(data.watch, screen)
  end
  return view.lines(data, screen)
end

return M
