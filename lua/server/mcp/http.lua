--- The Model Context Protocol over HTTP, at /mcp of `tarn serve`, behind its token.
--
-- Each message is a POST. The answer is JSON, or a stream of events where notes of progress, or a
-- question to the person, come before it. A client of an older revision has a session, because what
-- it can do is said only once; one of a newer revision has none.

local auth = require "server.auth"
local errors = require "server.errors"
local fault = require "base.fault"
local http = require "native.http"
local json = require "native.json"
local peers = require "server.mcp.peer"
local protocol = require "server.mcp.protocol"
local streams = require "server.streams"
local task = require "native.task"

local M = {}

local MAX_DEPTH <const> = 64     -- levels of a message
local MAX_SESSIONS <const> = 200 -- of which the one that was used longest ago is forgotten
local codes <const> = protocol.codes

-- The parameter that the header Mcp-Name repeats.
local NAMED <const> = { ["tools/call"] = "name", ["prompts/get"] = "name",
  ["resources/read"] = "uri" }

local STATUSES <const> = { [codes.method] = 404, [codes.internal] = 200 }

local function as_json(message, status, session)
  return { status = status or 200, body = json.encode(message), headers = {
    ["Content-Type"] = "application/json", ["Cache-Control"] = "no-store",
    ["Mcp-Session-Id"] = session } }
end

-- The refusal of a message before it was looked at.
local function refused(message, code, text)
  local id = type(message) == "table" and message.id
  return as_json({ jsonrpc = "2.0", id = id or json.null,
    error = { code = code, message = text } }, 400)
end

-- ---- sessions of older revisions ----

local function host_of(self)
  if not self.mcp then
    self.mcp = { sessions = {}, asked = {}, count = 0, host = setmetatable(
      { allow = self.mcp_allow or "read" }, { __index = self }) }
  end
  return self.mcp
end

local function forget_oldest(mcp)
  local oldest
  for id, one in pairs(mcp.sessions) do
    oldest = (not oldest or one.used < mcp.sessions[oldest].used) and id or oldest
  end
  mcp.sessions[oldest], mcp.count = nil, mcp.count - 1
end

local function new_session(mcp)
  if mcp.count >= MAX_SESSIONS then
    forget_oldest(mcp)
  end
  local id = protocol.nonce()
  mcp.sessions[id] = { peer = peers.new(mcp.host), used = task.now() }
  mcp.count = mcp.count + 1
  return mcp.sessions[id].peer, id
end

local function session_of(mcp, request)
  local id = request.headers["mcp-session-id"]
  if not id then
    errors.refuse(400, "MCP_SESSION_MISSING", "the header Mcp-Session-Id is missing",
      "the answer to `initialize` has it")
  elseif not mcp.sessions[id] then
    errors.refuse(404, "MCP_SESSION_UNKNOWN", "this server has no such session: it has ended",
      "send `initialize` again")
  end
  mcp.sessions[id].used = task.now()
  return mcp.sessions[id].peer
end

-- ---- requests ----

-- The value of a header: what is not printable ASCII comes as =?base64?...?=.
local function decoded(value)
  local packed = value and value:match "^=%?base64%?(.*)%?=$"
  return packed and fault.try(http.base64_decode, packed) or value
end

-- What is wrong with the headers of a request that names its revision; nil if nothing is.
local function header_problem(request, message)
  local headers, named = request.headers, NAMED[message.method]
  if headers["mcp-protocol-version"] ~= protocol.find_version(message) then
    return "the header MCP-Protocol-Version is not the revision in params._meta"
  elseif headers["mcp-method"] ~= message.method then
    return "the header Mcp-Method is not the method of the message"
  elseif named and type(message.params[named]) == "string"
    and decoded(headers["mcp-name"]) ~= message.params[named] then
    return ("the header Mcp-Name is not params.%s"):format(named)
  end
end

local function is_stateless(message)
  return protocol.find_version(message) ~= nil
end

-- True if something may come before the answer.
local function wants_stream(request, message, peer)
  return streams.wanted(request) and (protocol.meta(message).progressToken ~= nil
    or message.method == "tools/call" and peer.capabilities.elicitation ~= nil)
end

local function stream(peer, message)
  return { headers = streams.headers, stream = function(write)
    local function send(one)
      write(streams.event("message", one))
    end
    local answer = peer:answer(message, send)
    if answer then
      send(answer)
    end
  end }
end

local function answer(request, message, peer, session)
  if wants_stream(request, message, peer) then
    return stream(peer, message)
  end
  local reply = peer:answer(message, function() end)
  if not reply then
    return { status = 202, headers = {}, body = "" } -- cancelled: nobody waits
  end
  local status = is_stateless(message) and reply.error
    and (STATUSES[reply.error.code] or 400) or 200
  return as_json(reply, status, session)
end

--- POST /mcp
---@param self table the server
---@param request tarn.Request
---@return tarn.Reply
function M.post(self, request)
  auth.check_type(request)
  local message, e = fault.try(json.decode, request.body, { max_depth = MAX_DEPTH })
  if e or request.malformed then
    return refused(nil, codes.parse, "the body is not JSON, or is nested too deep")
  end
  local problem = peers.find_problem(message)
  if problem then
    return as_json(problem, 400)
  end
  local mcp = host_of(self)
  if is_stateless(message) then
    local wrong = header_problem(request, message)
    if wrong then
      return refused(message, codes.header, wrong)
    elseif not peers.is_request(message) then
      return { status = 202, headers = {}, body = "" }
    end
    return answer(request, message, peers.new(mcp.host, mcp.asked))
  elseif message.method == "initialize" and peers.is_request(message) then
    local peer, id = new_session(mcp)
    return answer(request, message, peer, id)
  elseif message.method == "server/discover" then
    return refused(message, codes.params, "params._meta does not name a revision")
  end
  local peer = session_of(mcp, request)
  if peers.is_request(message) then
    return answer(request, message, peer)
  end
  peer:take(message)
  return { status = 202, headers = {}, body = "" }
end

--- DELETE /mcp: the client ends its session.
---@param self table the server
---@param request tarn.Request
---@return tarn.Reply
function M.delete(self, request)
  local mcp = host_of(self)
  session_of(mcp, request)
  mcp.sessions[request.headers["mcp-session-id"]], mcp.count = nil, mcp.count - 1
  return { status = 204, headers = {}, body = "" }
end

return M
