--- `tarn dashboard`: one workspace or many, once or as a watch.

local backend = require "tarn.backend"
local changes = require "tarn.dashboard.changes"
local collections = require "base.collections"
local dashboard = require "tarn.dashboard"
local fault = require "base.fault"
local fleet = require("tarn.workspace").fleet
local formats = require "output.formats"
local json = require "native.json"
local notify = require "tarn.notify"
local region = require "output.region"

local M = {}

local DRAIN <const> = 30 -- seconds

-- A function that reads a workspace. In a watch each workspace has a memory, and the notifier, if
-- there is one, gets the rows and events.
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

-- A function that reads the context's workspace.
local function one(ctx, read)
  local ws = ctx.workspace
  return function()
    local data = read(ws)
    data.workspace = ws:host()
    return data
  end
end

-- A function that reads all named workspaces.
local function many(ctx, arg, names, read)
  local list = fleet.open(names, ctx.open, ctx.warn)
  return dashboard.many(list, {
    seconds = arg.patience, keep_last = arg.watch,
    read = function(workspace, concurrent)
      return read(workspace.client, concurrent, workspace.profile)
    end,
  })
end

-- An iterator over the changes of a watch. Its field `watch` iterates over the answers, for a
-- terminal; warnings go to its field `say`.
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

-- Wait for messages that are still being sent.
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

local function check(ctx, arg)
  local format = formats.of(ctx.options)
  fleet.check(ctx, arg)
  backend.check(ctx.op, arg)
  if not arg.watch then
    for _, name in ipairs { "interval", "refreshes" } do
      if arg[name] then
        fault.usage(ctx.op, ("--%s goes with --watch"):format(name))
      end
    end
  elseif not format.endless then
    fault.usage(ctx.op, ("--watch cannot write -o %s, since it has no end"):format(format.name),
      "-o jsonl writes a line for each change")
  end
end

-- True if --columns names numbers of the whole, such as summary.total.
local function is_of_the_whole(data, columns)
  for _, name in ipairs(collections.words(columns or "")) do
    local value = data[name:match "^[^.]*"]
    if value == nil or json.is_array(value) then
      return false
    end
  end
  return columns ~= nil
end

-- What a form of output with rows gets: the pipelines.
local function shaped(ctx, data)
  if not formats.of(ctx.options).rows or is_of_the_whole(data, ctx.options.columns) then
    return data
  end
  return require "tarn.dashboard.rows"(data)
end

--- Run the command. Returns the answer, or with --watch an iterator over the changes.
---@param ctx tarn.Context
---@param arg table
function M.run(ctx, arg)
  check(ctx, arg)
  local watched = setmetatable({ say = ctx.warn }, Watched)
  local function say(text)
    watched.say(text)
  end
  watched.notifier = notify.open(ctx, arg, arg.watch, "--watch", say)
  local names = fleet.names(ctx.op, arg)
  local read = reader(say, arg, watched.notifier)
  local poll = names and many(ctx, arg, names, read) or one(ctx, read)
  if arg.watch then
    watched.watch = dashboard.watch(poll, { interval = arg.interval,
      refreshes = arg.refreshes })
    return watched
  end
  local data = poll()
  for _, workspace in ipairs(data.workspaces or {}) do
    if workspace.answer == "unknown" then
      ctx.warn(("%s: %s; the totals do not include it"):format(workspace.profile,
        workspace.problems[1].message))
    end
  end
  return shaped(ctx, data)
end

--- Show the result of `run` as text.
---@param data any
---@param screen tarn.Screen
function M.show(data, screen)
  if getmetatable(data) ~= Watched then
    return require("tarn.dashboard.show").on(screen, data)
  end
  local screens = require "tarn.dashboard.screen"
  if screen.terminal and region.is_possible "out" then
    return screens.paint(data, screen)
  end
  return screens.lines(data, screen)
end

return M
