--- The Model Context Protocol: its revisions, its error codes, and the form of its messages.
--
-- A client of a revision until 2025-11-25 begins with `initialize`, and what was agreed holds for
-- the connection. Since 2026-07-28 there is no handshake: each request names its revision and the
-- abilities of the client in `_meta`, and a question to the person is a result ("input_required"),
-- after which the client sends the request again.

local bundle = require "native.bundle"
local collections = require "base.collections"
local fault = require "base.fault"
local json = require "native.json"

local M = {}

--- The revisions that begin with `initialize`, the newest last.
---@type string[]
M.HANDSHAKE = { "2025-06-18", "2025-11-25" }

--- The revisions without a handshake.
---@type string[]
M.STATELESS = { "2026-07-28" }

--- The error codes of JSON-RPC and of the protocol.
M.codes = { parse = -32700, request = -32600, method = -32601, params = -32602, internal = -32603,
  no_resource = -32002, header = -32020, version = -32022 }

local META <const> = "io.modelcontextprotocol/"

--- Refuse a request: the client gets an error with this code.
---@param code integer one of `codes`
---@param message string
---@param data? table further facts
function M.refuse(code, message, data)
  fault.raise { kind = "usage", op = "mcp", message = message, rpc = { code = code, data = data } }
end

--- The error that a client gets for a fault that is no answer of a tool.
---@param f tarn.Fault
---@return table { code, message, data }
function M.error_of(f)
  local rpc = f.rpc or {}
  local message = f.kind == "bug" and "the server has a bug; its log has the traceback" or f.message
  return { code = rpc.code or M.codes.internal, message = message, data = rpc.data }
end

--- How this server names itself.
---@return table
function M.server_info()
  return { name = "tarn", title = "Tarn", version = bundle.version }
end

--- What this server can do.
---@return table
function M.capabilities()
  return { tools = {}, resources = {}, prompts = {}, completions = {} }
end

--- What an assistant should know before it calls a tool.
M.INSTRUCTIONS = [[
Databricks pipelines (Delta Live Tables, Lakeflow Spark Declarative Pipelines). A pipeline is named
by its id, its name, or the beginning of its name. Begin with `dashboard` or `list`. For a failed
run: `updates`, then `events` with level=ERROR. Tools that change something take dry_run=true, which
shows what they would do.]]

--- The revisions that this server speaks, the newest last.
---@return string[]
function M.versions()
  return json.array(table.move(M.STATELESS, 1, #M.STATELESS, #M.HANDSHAKE + 1,
    collections.copy(M.HANDSHAKE)))
end

--- The `_meta` of a message; empty if it has none.
---@param message table
---@return table
function M.meta(message)
  local params = type(message.params) == "table" and message.params or {}
  return type(params._meta) == "table" and params._meta or {}
end

--- The revision that a message names itself; nil if it names none.
---@param message table
---@return any
function M.find_version(message)
  return M.meta(message)[META .. "protocolVersion"]
end

--- A text that nobody can guess.
---@return string
function M.nonce()
  return ("%016x%016x"):format(math.random(0), math.random(0))
end

--- The revision and the abilities that a request names itself; nil for one that relies on a
-- handshake. Refuses a revision that the server does not speak.
---@param message table the request
---@return { version: string, capabilities: table }?
function M.find_envelope(message)
  local version = M.find_version(message)
  local capabilities = M.meta(message)[META .. "clientCapabilities"]
  if version == nil and message.method ~= "server/discover" then
    return nil
  elseif type(version) ~= "string" or type(capabilities) ~= "table" then
    M.refuse(M.codes.params, ("params._meta must have %sprotocolVersion, a string, and "
      .. "%sclientCapabilities, an object"):format(META, META))
  elseif not collections.set(M.STATELESS)[version] then
    M.refuse(M.codes.version, ("this server does not speak the revision %s"):format(version),
      { supported = M.versions(), requested = version })
  end
  return { version = version, capabilities = capabilities }
end

--- Complete a result of a request without a handshake.
---@param result table
---@param is_list boolean true: it says how long the client may keep it
---@return table
function M.complete(result, is_list)
  result.resultType = result.resultType or "complete"
  result._meta = result._meta or {}
  result._meta[META .. "serverInfo"] = M.server_info()
  if is_list then
    result.ttlMs, result.cacheScope = result.ttlMs or 0, "private"
  end
  return result
end

return M
