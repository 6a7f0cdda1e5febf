--- `tarn dashboard`: one workspace or many, once or again and again.

local changes = require "tarn.dashboard.changes"
local dashboard = require "tarn.dashboard"
local either = require "tarn.backend"
local fault = require "base.fault"
local fleet = require "tarn.dashboard.fleet"
local formats = require "output.formats"
local notifying = require "tarn.notify"
local paint = require "output.region"

local M = {}

local DRAIN <const> = 30 -- seconds

-- How workspaces are read: each has a memory where looks are repeated, and what is seen is held
-- against the rules of the notifier, if there is one.
local function reader(say, arg, notifier)
  local memories = {}
  return function(ws, concurrent, profile)
    local opts = { concurrent = concurrent, source = arg.source, warehouse = arg.warehouse,
      warn = function(text) say(profile and profile .. ": " .. text or text) end }
    if arg.watch then
      memories[ws] = memories[ws] or dashboard.memory()
      opts.memory = memories[ws]
    end
    if notifier then
      opts.seen = function(row) notifier:row(ws, row) end
      opts.observe = notifier:wants_events() and function(event, row)
        notifier:event(ws, event, row.pipeline_id, row.name)
      end or nil
    end
    local data = dashboard.read(ws, opts)
    if notifier then
      notifier:pulse(ws)
    end
    return data
  end
end

-- A function that looks at the context's workspace.
local function one(ctx, read)
  local ws = ctx.workspace
  return function()
    local data = read(ws)
    data.workspace = ws:host()
    return data
  end
end

-- A function that looks at all of them.
local function many(ctx, arg, names, read)
  local list = fleet.open(names, ctx.open, ctx.warn)
  return dashboard.many(list, {
    seconds = arg.patience, keep_last = arg.watch,
    read = function(workspace, concurrent)
      return read(workspace.client, concurrent, workspace.profile)
    end,
  })
end

-- The answers of a watch as rows of changes; the watch itself is `watch`, for a terminal. What
-- is to be said meanwhile goes through `say`.
local Watched = {}
Watched.__index = Watched

function Watched:__call()
  while not self.rows or self.at >= #self.rows do
    local data, changed = self.watch()
    if not data then
      self:finish()
      return nil
    end
    self.rows, self.at = changed and changes.between(self.data, data) or {}, 0
    self.data = data
  end
  self.at = self.at + 1
  return self.rows[self.at]
end

-- Messages that are on their way get some time to arrive.
function Watched:finish()
  if self.notifier then
    self.notifier:drain(DRAIN)
  end
end

function Watched:__close()
  if self.notifier then
    self.notifier:close()
  end
end

-- What would be without effect is a mistake. Who calls from Lua, or asks a server, has a profile
-- by default.
local function check_fleet(ctx, arg)
  if not (arg.profiles or arg.all_profiles) then
    if arg.patience then
      fault.usage(ctx.op, "--patience goes with --profiles or --all-profiles")
    end
  elseif ctx.options.profile and not ctx.called and not ctx.served then
    fault.usage(ctx.op, ("--profile is one workspace, --%s are several: one or the other")
      :format(arg.profiles and "profiles" or "all-profiles"))
  end
end

local function check(ctx, arg)
  local format = formats.of(ctx.options)
  check_fleet(ctx, arg)
  either.check(ctx.op, arg)
  if not arg.watch then
    for _, name in ipairs { "interval", "refreshes" } do
      if arg[name] then
        fault.usage(ctx.op, ("--%s goes with --watch"):format(name))
      end
    end
  elseif not format.endless then
    fault.usage(ctx.op, ("--watch has no end, and -o %s needs one"):format(format.name),
      "-o jsonl gives a line for each change")
  end
end

--- What the command returns: the answer, or with --watch an iterator over rows of changes.
---@param ctx tarn.Context
---@param arg table
function M.run(ctx, arg)
  check(ctx, arg)
  local watched = setmetatable({ say = ctx.warn }, Watched)
  local function say(text)
    watched.say(text)
  end
  watched.notifier = notifying.open(ctx, arg, arg.watch, "--watch", say)
  local names = fleet.names(ctx.op, arg)
  local read = reader(say, arg, watched.notifier)
  local look = names and many(ctx, arg, names, read) or one(ctx, read)
  if arg.watch then
    watched.watch = dashboard.watch(look, { interval = arg.interval,
      refreshes = arg.refreshes })
    return watched
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
    return view.paint(data, screen)
  end
  return view.lines(data, screen)
end

return M
