--- One client of the Model Context Protocol: answers its requests, and asks the person behind it.

local completions = require "server.mcp.completions"
local fault = require "base.fault"
local json = require "native.json"
local prompts = require "server.mcp.prompts"
local protocol = require "server.mcp.protocol"
local resources = require "server.mcp.resources"
local task = require "native.task"
local tools = require "server.mcp.tools"

local M = {}

local PROGRESS_PAUSE <const> = 0.1 -- seconds between two notes of progress
local ANSWER_TIME <const> = 600    -- seconds that a person has for a question

---@class tarn.McpCall a request that is being answered
---@field params table
---@field id string|integer
---@field is_stateless boolean
---@field version? string
---@field capabilities table  of the client
---@field progress fun(done: integer, total?: integer, what?: string)
---@field send fun(message: table) sends a message that belongs to the request

---@class tarn.McpPeer
local Peer = {}
Peer.__index = Peer

--- A client.
---@param host table the server: options, workspaces, allow, note
---@param asked? table the questions that were results, which several peers may share
---@return tarn.McpPeer
function M.new(host, asked)
  return setmetatable({ host = host, capabilities = {}, calls = {}, questions = {},
    asked = asked or {} }, Peer)
end

-- ---- questions to the person ----

local CONFIRM <const> = { type = "object", required = json.array { "confirm" }, properties = {
  confirm = { type = "boolean", title = "Do it",
    description = "Yes: what is named above is destroyed." } } }

local function is_yes(answer)
  return type(answer) == "table" and answer.action == "accept" and type(answer.content) == "table"
    and answer.content.confirm == true
end

local NOT_CONFIRMED <const> = "not confirmed: nothing was done"

local Call = {}
Call.__index = Call

-- What a call asks for, to be compared with the call that comes with the answer.
local function asked_for(params)
  return json.encode { params.name, params.arguments or {} }
end

-- Keep a question, and forget those that nobody will answer any more.
local function keep(asked, params)
  for state, one in pairs(asked) do
    if one.due < task.now() then
      asked[state] = nil
    end
  end
  local state = protocol.nonce()
  asked[state] = { call = asked_for(params), due = task.now() + ANSWER_TIME }
  return state
end

-- The person's answer to a question that was the result of an earlier request. Its state is good
-- once, and for the same call only.
local function find_answer(self)
  local params, asked = self.params, self.peer.asked
  local known = asked[params.requestState]
  asked[params.requestState] = nil
  if not known or known.due < task.now() or known.call ~= asked_for(params) then
    protocol.refuse(protocol.codes.params, "requestState is not that of this call")
  end
  local answers = params.inputResponses
  return is_yes(type(answers) == "table" and answers.confirm) or NOT_CONFIRMED
end

--- Ask the person whether something may be destroyed.
---@param message string
---@return true|string? answer true, or why not
---@return table? result to return in place of an answer: the client asks, and calls again
function Call:confirm(message)
  local question = { message = message, requestedSchema = CONFIRM }
  if type(self.capabilities.elicitation) ~= "table" then
    return "this client cannot ask a person, and what destroys needs a yes; nothing was done\n"
      .. "hint: dry_run=true shows what the tool would do"
  elseif self.is_stateless then
    if type(self.params.requestState) == "string" then
      return find_answer(self)
    end
    question.mode = "form"
    return nil, { resultType = "input_required",
      requestState = keep(self.peer.asked, self.params),
      inputRequests = { confirm = { method = "elicitation/create", params = question } } }
  end
  return is_yes(self.peer:ask(self.send, "elicitation/create", question)) or NOT_CONFIRMED
end

--- Send a request to the client, and wait for its answer.
---@param send fun(message: table)
---@param method string
---@param params table
---@return table? result nil if the client answers with an error, or not at all
function Peer:ask(send, method, params)
  local id, waiting = protocol.nonce(), { task = task.current() }
  self.questions[id] = waiting
  local _ <close> = setmetatable({}, { __close = function() self.questions[id] = nil end })
  send { jsonrpc = "2.0", id = id, method = method, params = params }
  local due = task.now() + ANSWER_TIME
  while not waiting.answer and task.now() < due do
    task.park(due - task.now())
  end
  return waiting.answer and waiting.answer.result
end

-- ---- requests ----

local handlers = {}

function handlers.initialize(peer, call)
  local wanted, versions = call.params.protocolVersion, protocol.HANDSHAKE
  if type(wanted) ~= "string" then
    protocol.refuse(protocol.codes.params, "'protocolVersion' is not a string")
  end
  peer.version = versions[#versions]
  for _, version in ipairs(versions) do
    peer.version = version == wanted and wanted or peer.version
  end
  peer.capabilities = type(call.params.capabilities) == "table" and call.params.capabilities or {}
  return { protocolVersion = peer.version, capabilities = protocol.capabilities(),
    serverInfo = protocol.server_info(), instructions = protocol.INSTRUCTIONS }
end

function handlers.ping()
  return {}
end

handlers["server/discover"] = function()
  return { supportedVersions = protocol.versions(), capabilities = protocol.capabilities(),
    instructions = protocol.INSTRUCTIONS }
end

handlers["tools/list"] = function(peer)
  return { tools = tools.list(peer.host) }
end

handlers["tools/call"] = function(peer, call)
  return tools.call(peer.host, call)
end

handlers["resources/list"] = function()
  return { resources = resources.list() }
end

handlers["resources/templates/list"] = function()
  return { resourceTemplates = resources.templates() }
end

handlers["resources/read"] = function(peer, call)
  return resources.read(peer.host, call)
end

handlers["prompts/list"] = function()
  return { prompts = prompts.list() }
end

handlers["prompts/get"] = function(_, call)
  return prompts.get(call.params)
end

handlers["completion/complete"] = function(peer, call)
  return completions.complete(peer.host, call.params)
end

-- Methods of one kind of revision only, and those whose results say how long they may be kept.
local HANDSHAKE_ONLY <const> = { initialize = true, ping = true }
local STATELESS_ONLY <const> = { ["server/discover"] = true }
local KEPT <const> = { ["server/discover"] = true, ["tools/list"] = true, ["prompts/list"] = true,
  ["resources/list"] = true, ["resources/templates/list"] = true, ["resources/read"] = true }

-- A function that sends notes of progress, each further than the one before.
local function reporter(meta, send)
  local token, last, sent = meta.progressToken, -1, 0
  return function(done, total, what)
    local now = task.now()
    if token == nil or done <= last or now < sent + PROGRESS_PAUSE then
      return
    end
    last, sent = done, now
    send { jsonrpc = "2.0", method = "notifications/progress", params = { progressToken = token,
      progress = done, total = total, message = what } }
  end
end

local function new_call(peer, message, send)
  local params = message.params == nil and {} or message.params
  if type(params) ~= "table" then
    protocol.refuse(protocol.codes.params, "'params' is not an object")
  end
  local envelope = protocol.find_envelope(message)
  return setmetatable({ peer = peer, id = message.id, params = params, send = send,
    is_stateless = envelope ~= nil, version = envelope and envelope.version or peer.version,
    capabilities = envelope and envelope.capabilities or peer.capabilities,
    progress = reporter(protocol.meta(message), send) }, Call)
end

local function result_of(peer, message, send)
  local call = new_call(peer, message, send)
  local handler = handlers[message.method]
  local wrong = call.is_stateless and HANDSHAKE_ONLY or STATELESS_ONLY
  if not handler or wrong[message.method] then
    protocol.refuse(protocol.codes.method, ("there is no method '%s'"):format(message.method))
  end
  local result = handler(peer, call)
  return call.is_stateless and protocol.complete(result, KEPT[message.method]) or result
end

--- The answer to a request; nil if the client has cancelled it.
---@param message table
---@param send fun(message: table) sends messages that belong to the request, before its answer
---@return table? answer
function Peer:answer(message, send)
  local id = message.id
  local _ <close> = setmetatable({}, { __close = function() self.calls[id] = nil end })
  self.calls[id] = task.current()
  local ok, result = fault.call(result_of, self, message, send)
  if ok then
    return { jsonrpc = "2.0", id = id, result = result }
  elseif result.kind == "cancelled" then
    return nil
  elseif not result.rpc then
    self.host.note(result, message)
  end
  return { jsonrpc = "2.0", id = id, error = protocol.error_of(result) }
end

-- ---- what is no request ----

local notifications = {}

notifications["notifications/cancelled"] = function(peer, params)
  local running = peer.calls[params.requestId or false]
  if running then
    task.cancel(running)
  end
end

--- Take a message that wants no answer: a notification, or the answer to a question.
---@param message table
function Peer:take(message)
  local waiting = message.method == nil and self.questions[message.id or false]
  if waiting then
    waiting.answer = message
    task.wake(waiting.task)
  elseif notifications[message.method or ""] then
    notifications[message.method](self, type(message.params) == "table" and message.params or {})
  end
end

--- The error of a message that is none of the protocol; nil for a good one.
---@param message any
---@return table? answer
function M.find_problem(message)
  local id = type(message) == "table" and message.id
  local has_id = type(id) == "string" or math.type(id) == "integer"
  local is_good = type(message) == "table" and message.jsonrpc == "2.0"
    and (id == nil or id == false or has_id)
    and (type(message.method) == "string" or has_id and (message.result or message.error))
  if is_good then
    return nil
  end
  return { jsonrpc = "2.0", id = has_id and id or json.null, error = {
    code = protocol.codes.request, message = "this is not one message of JSON-RPC 2.0" } }
end

--- True if a message wants an answer.
---@param message table
---@return boolean
function M.is_request(message)
  return message.method ~= nil and message.id ~= nil
end

return M
