--- Send messages about pipelines to a webhook, a program or a function.
--
--     local notify = require "tarn.notify"
--     local n <close> = notify.new { rules = { "failed", "silent=24h" },
--       call = function(message) print(message.text) end }
--     for row in ws:pipelines() do n:row(ws, row) end
--     n:drain(30)
--
-- Delivery never delays the caller: a failed message is repeated in the background, with growing
-- pauses. Messages that are not delivered when the program ends are delivered by its next run. A
-- message is delivered twice only if the program is killed between the delivery and the note of it.
-- If a rule finds many pipelines at once, they are in one message.

local digest = require "tarn.notify.digest"
local fault = require "base.fault"
local ledger = require "tarn.notify.ledger"
local options = require "base.options"
local queues = require "tarn.notify.queue"
local rules = require "tarn.notify.rules"
local targets = require "tarn.notify.target"
local task = require "native.task"
local time = require "base.time"

local M = {}

---@class tarn.NotifyOptions
---@field rules? string[]        failed, stuck=15m, silent=24h, breach='failed <= 1%'
---@field webhook? string        a URL that is not secret
---@field webhook_env? string    environment variable that holds a URL
---@field webhook_file? string   file that holds a URL
---@field run? string            a program, which gets the message as JSON on its standard input
---@field script? string         NAME of notify/NAME.lua, which returns a function(message)
---@field call? fun(message: table)
---@field warn? fun(text: string) is told about failed deliveries
---@field state? string          file of delivered messages; default below $XDG_STATE_HOME/tarn
---@field op? string             for faults

---@class tarn.Notifier
local Notifier = {}
Notifier.__index = Notifier

local function targets_of(op, opts)
  local list = {}
  list[#list + 1] = opts.webhook and targets.webhook_of(op, opts.webhook)
  list[#list + 1] = opts.webhook_env and targets.secret_webhook { token_env = opts.webhook_env }
  list[#list + 1] = opts.webhook_file
    and targets.secret_webhook { token_file = opts.webhook_file }
  list[#list + 1] = opts.run and targets.program(opts.run)
  list[#list + 1] = opts.script and targets.script(op, opts.script)
  list[#list + 1] = opts.call and { name = "function", send = opts.call }
  return list
end

-- ---- delivery ----

-- A message with all its fields.
local function complete(note)
  local screen = require "output.screen"
  local full = { version = 1, at = time.iso(time.now()) }
  for name, value in pairs(note) do
    full[name] = value
  end
  full.message = screen.clean(note.message)
  full.subject = screen.clean(note.pipeline_name or note.key)
  full.text = digest.text(full)
  return full
end

--- Send a message, unless one with the same key was sent before. Findings of rules are sent this
-- way.
---@param note table with `key`, `message` and any other fields
function Notifier:send(note)
  if type(note.key) ~= "string" or type(note.message) ~= "string" then
    error("a message has a key and a message", 2)
  end
  local full
  for _, queue in ipairs(self.queues) do
    local name = queue.target.name
    if not self.ledger:knows(note.key, name) then
      full = full or complete(note)
      if self.ledger:claim(note.key, name, full) then
        queue:push { key = note.key, group = digest.group(full) }
      end
    end
  end
end

--- The number of messages that are not delivered.
---@return integer
function Notifier:open()
  local n = 0
  for _, queue in ipairs(self.queues) do
    n = n + queue.open
  end
  return n
end

--- Wait until all messages are delivered.
---@param seconds number the longest time to wait
---@return boolean delivered
function Notifier:drain(seconds)
  local due = task.now() + seconds
  self.drainer = task.current()
  for _, queue in ipairs(self.queues) do
    queue:hurry()
  end
  while self:open() > 0 and task.now() < due do
    task.park(due - task.now())
  end
  self.drainer = nil
  return self:open() == 0
end

-- ---- rules ----

local function workspace_of(ws)
  return { key = ws:key(), host = ws:host(), profile = ws.profile }
end

function Notifier:workspace(ws)
  self.workspaces[ws] = self.workspaces[ws] or workspace_of(ws)
  return self.workspaces[ws]
end

--- Test a row of the list of pipelines against the rules.
---@param ws tarn.WorkspaceClient
---@param row tarn.PipelineRow
function Notifier:row(ws, row)
  self.watch:row(self:workspace(ws), row, time.now())
end

--- Test an event of a pipeline against the rules.
---@param ws tarn.WorkspaceClient
---@param event table
---@param id string of the pipeline
---@param name? string of the pipeline
function Notifier:event(ws, event, id, name)
  self.watch:event(self:workspace(ws), event, id, name)
end

--- Test durations against the rules; to be called after rows and events.
---@param ws tarn.WorkspaceClient
function Notifier:pulse(ws)
  self.watch:pulse(self:workspace(ws), time.now())
end

--- True if a rule needs events.
---@return boolean
function Notifier:wants_events()
  return self.watch:has("breach", "stuck")
end

--- Poll these pipelines in the background, for rules about missing events: silent, stuck.
---@param ws tarn.WorkspaceClient
---@param ids string[]
function Notifier:poll(ws, ids)
  if not self.watch:has("silent", "stuck") then
    return
  end
  local pause = 60
  for _, rule in ipairs(self.watch.rules) do
    pause = rule.limit and math.min(pause, math.max(0.2, rule.limit / 4000)) or pause
  end
  local pipelines = require "tarn.pipelines"
  local me
  me = task.spawn(function()
    fault.call(function()
      while true do
        for _, id in ipairs(ids) do
          local ok, item = fault.call(ws.native.pipeline_get, ws.native, id)
          if ok then
            self:row(ws, pipelines.row(item))
          elseif item.kind == "cancelled" then
            return
          end -- other faults are reported by the command that follows the events
        end
        task.sleep(pause)
      end
    end)
    self.tasks[me] = nil
  end)
  self.tasks[me] = true
end

--- Close the notifier. Its next run delivers the remaining messages.
function Notifier:close()
  if self.closed then
    return
  end
  self.closed = true
  for one in pairs(self.tasks) do
    task.cancel(one)
  end
  for _, queue in ipairs(self.queues) do
    queue:close()
  end
  self.ledger:close()
end
Notifier.__close = Notifier.close

local NAMES <const> = { "rules", "webhook", "webhook_env", "webhook_file", "run", "script",
  "call", "warn", "state", "op" }

--- A notifier: `local n <close> = notify.new { ... }`.
---@param opts tarn.NotifyOptions
---@return tarn.Notifier
function M.new(opts)
  options.check(opts, NAMES)
  local op = opts.op or "notify"
  local parsed = {}
  for i, text in ipairs(opts.rules or {}) do
    parsed[i] = rules.parse(op, text)
  end
  local list = targets_of(op, opts)
  if #list == 0 then
    fault.usage(op, "there is no target for notifications",
      "use --notify-webhook, --notify-run or --notify-script")
  end
  local self = setmetatable({ queues = {}, workspaces = {}, tasks = {},
    ledger = ledger.open(opts.state) }, Notifier)
  self.watch = rules.watch(parsed, function(finding) self:send(finding) end)
  local function changed()
    if self.drainer then
      task.wake(self.drainer)
    end
  end
  for i, target in ipairs(list) do
    self.queues[i] = queues.new(target, self.ledger, { changed = changed,
      warn = opts.warn or function() end })
    for _, note in ipairs(self.ledger:adopt(target.name)) do
      self.queues[i]:push { key = note.key, group = digest.group(note) }
    end
  end
  return self
end

-- Parts that other subjects use.
return require("base.lazy").fields(M, {
  args = "tarn.notify.options:args",
  open = "tarn.notify.options:open",
})
