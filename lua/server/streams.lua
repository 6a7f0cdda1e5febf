--- The event streams (text/event-stream): the progress of a command, the dashboard, the state of a
-- run, and an event log.

local errors = require "server.errors"
local events = require "tarn.events"
local fault = require "base.fault"
local follow = require "tarn.follow"
local json = require "native.json"
local pipelines = require "tarn.pipelines"
local task = require "native.task"
local time = require "base.time"

local M = {}

local HEARTBEAT <const> = 15   -- seconds without an event until a comment keeps the stream open
local READY <const> = 60       -- seconds in which a source must have polled once
local KEPT <const> = 2000      -- events of a log that a slow client may fall behind
local LAST <const> = 10        -- past events that a new stream begins with
local MOST_LAST <const> = 1000
local RESUMED <const> = 5000   -- missed events that a resumed stream sends at most
local SAME_MS <const> = 50     -- ids in a cursor, of events of the same millisecond
local LIVE_PAUSE <const> = 0.4 -- seconds between two snapshots of a run
local LIVE_UNKNOWN <const> = 2 -- seconds until an unknown run is sent as such
local DASHBOARD_PAUSE <const> = 5 -- seconds between two polls of the dashboard
local SHARE <const> = 10       -- the pause is at least ten times as long as the poll before it

--- The text of one event.
---@param name string
---@param data any JSON as a string, or a value, which is encoded
---@param id? string
---@return string
function M.event(name, data, id)
  return ("%sevent: %s\ndata: %s\n\n"):format(id and "id: " .. id .. "\n" or "", name,
    type(data) == "string" and data or json.encode(data))
end

--- The headers of a stream. X-Accel-Buffering makes a proxy pass on each event at once.
M.headers = { ["Content-Type"] = "text/event-stream", ["Cache-Control"] = "no-store",
  ["X-Accel-Buffering"] = "no" }

--- True if the client asks for a stream.
---@param request tarn.Request
---@return boolean
function M.wanted(request)
  local accept = request.headers.accept
  return accept ~= nil and accept ~= "*/*"
    and accept:lower():find("text/event-stream", 1, true) ~= nil
end

-- A reply whose body `f(write)` writes. A fault of `f` becomes the last event.
local function reply(self, request, f)
  if self.broadcast.listeners >= self.max_streams then
    errors.refuse(503, "TOO_MANY_STREAMS",
      ("this server has %d open streams, the most it allows"):format(self.broadcast.listeners), nil,
      { headers = { ["Retry-After"] = "30" } })
  end
  return { headers = M.headers, stream = function(write)
    local ok, e = fault.call(f, write)
    if ok or e.kind == "cancelled" then
      return
    end
    self.note(e, request)
    write(M.event("error", errors.body(e, request.id).error))
  end }
end

local LOST <const> = "the client reads too slowly and has missed events; "
  .. "reconnect with the id of the last event"

-- Pass on the items of a listener until it ends.
local function forward(listener, write, give)
  while true do
    local item, why = listener:next(HEARTBEAT)
    if item ~= nil then
      give(item)
    elseif why == "idle" then
      write ": still here\n\n"
    elseif why == "lost" then
      write(M.event("lost", { message = LOST }))
      return
    else
      return
    end
  end
end

-- ---- a command ----

--- The stream of a command: its progress and warnings as they come, then its result.
---@param self table the server
---@param request tarn.Request
---@param run fun(listener: table): tarn.Served runs the command
---@return tarn.Reply
function M.command(self, request, run)
  return reply(self, request, function(write)
    local result = run {
      progress = function(done, total, what)
        write(M.event("progress", { done = done, total = total, what = what }))
      end,
      warning = function(text) write(M.event("warning", { message = text })) end,
    }
    write(M.event("result", result.data))
  end)
end

-- ---- the dashboard ----

-- The data as JSON without the time of the poll, to tell whether anything else has changed.
local function without_time(data)
  local as_of = data.as_of
  data.as_of = nil
  local text = json.encode(data)
  data.as_of = as_of
  return text
end

--- GET /api/dlt/dashboard/stream
---@param self table the server
---@param request tarn.Request
---@param profile? string
---@param read fun(): table reads the dashboard
---@return tarn.Reply
function M.dashboard(self, request, profile, read)
  return reply(self, request, function(write)
    local key = "dashboard " .. (profile or "")
    local listener <close> = self.broadcast:listen(key, 1, function(topic)
      local before
      while true do
        local began = task.now()
        local data = read()
        local text = without_time(data)
        if text ~= before then
          before = text
          topic:publish(M.event("dashboard", data))
        end
        task.sleep(math.max(DASHBOARD_PAUSE, (task.now() - began) * SHARE))
      end
    end)
    forward(listener, write, write)
  end)
end

-- ---- a run ----

--- GET /api/dlt/pipelines/{pipeline}/live: each item is the whole state of the newest update.
---@param self table the server
---@param request tarn.Request
---@param ws tarn.WorkspaceClient
---@param name string the pipeline's id or name
---@return tarn.Reply
function M.live(self, request, ws, name)
  local id = pipelines.find_id(ws, name)
  return reply(self, request, function(write)
    local key = "live " .. ws:key() .. " " .. id
    local listener <close> = self.broadcast:listen(key, 1, function(topic)
      local state, seen, began = require("tarn.live").new(), nil, task.now()
      local feed <close> = require("tarn.live").follow(ws, id, state,
        { problem = function(e) topic.problem = e end })
      while not feed.over do
        local known = state.changes > 0 or task.now() > began + LIVE_UNKNOWN
        if state.changes ~= seen and known then
          seen = state.changes
          topic:publish(M.event("snapshot", state:snapshot()))
        end
        task.sleep(LIVE_PAUSE)
      end
      fault.raise(topic.problem or fault.new { kind = "network", op = "live",
        message = "the stream has ended, although the run may go on" })
    end)
    forward(listener, write, write)
  end)
end

-- ---- an event log ----

-- The position of a stream: the time of the newest event sent, and the ids of the sent events that
-- have that time.
local Cursor = {}
Cursor.__index = Cursor

local function new_cursor(text)
  local self = setmetatable({ at = 0, ids = {}, list = {} }, Cursor)
  local at, ids = (text or ""):match "^([%d:.TZ-]+)/([%w,-]*)$"
  self.at = at and time.find_iso(at) or 0
  for id in (ids or ""):gmatch "[^,]+" do
    self.ids[id] = true
    self.list[#self.list + 1] = id
  end
  return self
end

-- Move the cursor past an event. Returns the cursor as text, for the field `id:`.
function Cursor:take(event)
  local ms = events.at(event) or self.at
  if ms > self.at then
    self.at, self.ids, self.list = ms, {}, {}
  end
  if ms == self.at and event.id and not self.ids[event.id] and #self.list < SAME_MS then
    self.ids[event.id] = true
    self.list[#self.list + 1] = event.id
  end
  return ("%s/%s"):format(time.iso(self.at), table.concat(self.list, ","))
end

-- The past events that a new or resumed stream sends first, oldest first.
local function past_events(ws, id, criteria, cursor, last)
  local options = { criteria = criteria, max = last }
  if cursor.at > 0 then
    options.max = RESUMED
  end
  local list = {}
  for event in events.list(ws, id, options) do
    local ms = events.at(event) or 0
    if ms < cursor.at then
      break -- the list is newest first, so all others are older
    elseif ms > cursor.at or not cursor.ids[event.id] then
      table.insert(list, 1, event)
    end
  end
  return list
end

local function log_topic(ws, id)
  return function(topic)
    local follower <close> = follow.start(ws, { id }, { last = 0, interval = 2,
      settled = function() topic:settle() end })
    for event in follower do
      topic:publish(event)
    end
  end
end

--- GET /api/dlt/pipelines/{pipeline}/events/stream
---@param self table the server
---@param request tarn.Request
---@param ws tarn.WorkspaceClient
---@param name string the pipeline's id or name
---@param query table level, type, update, dataset, grep, last, cursor
---@return tarn.Reply
function M.events(self, request, ws, name, query)
  local criteria = events.criteria("serve", query)
  local last = math.tointeger(tonumber(query.last or LAST))
  if not last or last < 0 or last > MOST_LAST then
    errors.refuse(400, "INVALID_PARAMETER_VALUE", "'last' is not an integer from 0 to 1000")
  end
  local id = pipelines.find_id(ws, name)
  local cursor = new_cursor(request.headers["last-event-id"] or query.cursor)
  return reply(self, request, function(write)
    local listener <close> = self.broadcast:listen("events " .. ws:key() .. " " .. id, KEPT,
      log_topic(ws, id))
    listener.at = listener.topic.last
    listener:wait_ready(READY)
    local sent = {}
    local function send(event)
      write(M.event("event", events.row(event, id), cursor:take(event)))
    end
    if last > 0 or cursor.at > 0 then
      for _, event in ipairs(past_events(ws, id, criteria, cursor, last)) do
        sent[event.id or event] = true
        send(event)
      end
    end
    forward(listener, write, function(event)
      if not sent[event.id or event] and criteria.matches(event) then
        send(event)
      end
    end)
  end)
end

return M
