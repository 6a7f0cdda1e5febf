--- A workspace that gives a test's own answers, over real HTTP.
--
--     local ws <close> = fake.workspace { ["GET /api/2.0/pipelines"] = { statuses = {} } }
--
-- An answer is a table (sent as JSON), a reply ({ status =, body = } as native.server takes
-- them, marked by `reply`), or a function of the request that returns one of them. A request
-- without an answer gets 404. `ws.seen` lists the requests.

local databricks = require "native.databricks"
local json = require "native.json"
local lists = require "base.list"
local server = require "native.server"
local workspace = require "tarn.workspace"

local M = {}

local REPLY = {}

--- A reply as native.server takes it, in place of a JSON value.
---@param fields tarn.Reply
function M.reply(fields)
  return setmetatable(fields, REPLY)
end

--- An error as the API sends it.
---@param status integer
---@param code string
---@param message string
function M.refusal(status, code, message)
  return M.reply { status = status, body = json.encode { error_code = code, message = message } }
end

local function answer(answers, request)
  local found = answers
  if type(answers) == "table" then
    found = answers[request.method .. " " .. request.path]
  end
  if type(found) == "function" then
    found = found(request)
  end
  if found == nil then
    found = M.refusal(404, "ENDPOINT_NOT_FOUND", "the test has no answer: " .. request.path)
  end
  if getmetatable(found) ~= REPLY then
    found = { body = json.encode(found) }
  end
  found.headers = found.headers or {}
  found.headers["Content-Type"] = found.headers["Content-Type"] or "application/json"
  return found
end

--- A server that gives these answers: { url, seen, close() }, to be closed with `<close>`.
---@param answers table<string, any>|fun(request: table): any by method and path, or for all
---@return { url: string, seen: table[] }
function M.server(answers)
  local seen = {}
  local listener = server.listen({}, function(request)
    seen[#seen + 1] = request
    return answer(answers, request)
  end)
  local function close()
    listener:close()
  end
  return setmetatable({ url = "http://127.0.0.1:" .. listener.port, seen = seen, close = close },
    { __close = close })
end

--- A client of a server that gives these answers.
---@param answers table<string, any>|fun(request: table): any by method and path, or for all
---@param opts? table options of native.databricks.connect
---@return tarn.WorkspaceClient
function M.workspace(answers, opts)
  local fake = M.server(answers)
  local connect = { host = fake.url,
    credential = databricks.credential { token = "secret-of-the-test" } }
  for key, value in pairs(opts or {}) do
    connect[key] = value
  end
  local ws = workspace.wrap(databricks.connect(connect), "fake")
  ws.seen = fake.seen
  return setmetatable(ws, {
    __index = getmetatable(ws).__index,
    __close = function(self)
      self.native:close()
      fake.close()
    end,
  })
end

-- ---- updates with a clock of the test ----

--- All states of an update (reference A.13), each with the outcome of a wait; nil: the update goes
-- on.
M.UPDATE_STATES = {
  { "CREATED" }, { "QUEUED" }, { "WAITING_FOR_RESOURCES" }, { "INITIALIZING" }, { "RESETTING" },
  { "SETTING_UP_TABLES" }, { "RUNNING" }, { "STOPPING" },
  { "COMPLETED", "completed" }, { "FAILED", "failed" }, { "CANCELED", "canceled" },
}

-- The state of the pipeline by that of its newest update; STARTING for all others.
local PIPELINE_STATES <const> = { COMPLETED = "IDLE", FAILED = "IDLE", CANCELED = "IDLE",
  RUNNING = "RUNNING", SETTING_UP_TABLES = "RUNNING", RESETTING = "RESETTING",
  STOPPING = "STOPPING" }

-- The state of an update at `now`; nil before it begins.
local function state_at(update, now)
  local state
  for _, step in ipairs(update.states) do
    if now >= step[2] then
      state = step[1]
    end
  end
  return state
end

local function info_of(update, now)
  return { update_id = update.id, state = state_at(update, now), cause = update.cause or "API_CALL",
    creation_time = math.floor(update.states[1][2] * 1000), mode = update.mode or "DEFAULT",
    validate_only = update.validate_only, config = update.config or { development = false } }
end

-- The updates that have begun, newest first, up to `until_id`.
local function begun(updates, now, until_id)
  local list, over = json.array {}, false
  for i = #updates, 1, -1 do
    if not over and state_at(updates[i], now) then
      list[#list + 1] = info_of(updates[i], now)
      over = updates[i].id == until_id
    end
  end
  return list
end

local function first_event(updates, now, id)
  local events = json.array {}
  for _, update in ipairs(updates) do
    if update.id == id and state_at(update, now) and update.request ~= false then
      events[1] = { id = "e", timestamp = "1970-01-01T00:00:00.000Z", level = "ERROR",
        event_type = "update_progress", error = update.fatal and { fatal = true } or nil,
        origin = { update_id = id, request_id = update.request or "r" } }
    end
  end
  return { events = events }
end

--- Answers for one pipeline with the test's own updates, and the clock that they follow. An update
-- is { id =, states = { { "QUEUED", 0 }, { "RUNNING", 5 } }, cause =, request =, config =, mode =,
-- fatal = }, with seconds of that clock; `request = false`: no event has its request id.
-- `clock.pauses` are the seconds of each sleep.
---@param id string
---@param updates table[] oldest first
---@param pipeline? string the pipeline's state whatever its updates do
---@return table answers
---@return table clock
function M.life(id, updates, pipeline)
  local clock = { at = 0, pauses = {} }
  function clock.now() return clock.at end
  function clock.sleep(seconds)
    clock.at = clock.at + seconds
    table.insert(clock.pauses, seconds)
  end
  local base = "GET /api/2.0/pipelines/" .. id
  local answers = {
    [base] = function()
      local list = begun(updates, clock.at)
      local newest = list[1] and list[1].state
      return { pipeline_id = id, name = "p", latest_updates = list,
        state = pipeline or newest and (PIPELINE_STATES[newest] or "STARTING") or "IDLE" }
    end,
    [base .. "/updates"] = function(request)
      return { updates = begun(updates, clock.at, request.query:match "until_update_id=([^&]+)") }
    end,
    [base .. "/events"] = function(request)
      local wanted = request.query:match "update_id.-%%27([%w-]+)%%27"
      return first_event(updates, clock.at, wanted)
    end,
  }
  for _, update in ipairs(updates) do
    answers[base .. "/updates/" .. update.id] = function()
      return { update = info_of(update, clock.at) }
    end
  end
  return answers, clock
end

-- The script of a command, or of a file beside the tests. Of a plain file, which has no header, nil
-- and what it returns for these words.
local function load_script(name, words)
  local scripts, header = require "engine.script", require "engine.header"
  local source = not scripts.exists(name) and require("testing.beside").find(name)
  if not source then
    return (scripts.load(name))
  end
  local value = require("engine.find").compile(source)(table.unpack(words))
  if not header.looks_like_script(value) then
    return nil, value
  end
  header.check(value, source.path)
  return value
end

-- The data of a run for a test: iterators as lists.
local function settled(data)
  if type(data) == "function" or lists.is(data) then
    return lists.all(data)
  end
  return data
end

--- Run a command, or a script beside the tests, against a workspace; returns its data, iterators
-- as lists, and its exit status.
---@param name string
---@param arg table
---@param ws tarn.WorkspaceClient
---@param options? table options that every command takes
function M.run(name, arg, ws, options)
  local script, value = load_script(name, arg)
  if not script then
    return settled(value), 0
  end
  local values = require("engine.args").from_table("tarn " .. name, script.args, arg)
  local ctx = require("engine.context").new("tarn " .. name, options or { quiet = true })
  rawset(ctx, "workspace", ws)
  require("engine.context").open_workspaces(ctx, script.args, values)
  local data = script.run(ctx, values)
  local status = require("engine.report").statuses[ctx.outcome]
  return settled(data), status
end

return M
