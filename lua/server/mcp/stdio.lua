--- The Model Context Protocol over standard input and output: a message on each line.

local answers = require "server.answers"
local fault = require "base.fault"
local guard = require "native.guard"
local json = require "native.json"
local peers = require "server.mcp.peer"
local protocol = require "server.mcp.protocol"
local reload = require "engine.reload"
local task = require "native.task"
local term = require "native.term"
local workspaces = require "server.workspaces"

local M = {}

local MAX_DEPTH <const> = 64 -- levels of a message
local GRACE <const> = 10     -- seconds for what runs when the client has closed the input

local function warn(text)
  io.stderr:write("tarn: ", text, "\n")
end

-- Standard output belongs to the protocol: what a script prints goes to standard error.
local function keep_output_clean()
  rawset(_G, "print", function(...)
    local words = table.pack(...)
    for i = 1, words.n do
      words[i] = tostring(words[i])
    end
    io.stderr:write(table.concat(words, "\t"), "\n")
  end)
end

local function send(message)
  term.write("out", json.encode(message) .. "\n")
end

-- Take one line. A request is answered in a task of its own, so that others go on meanwhile.
local function take(peer, line)
  local message, e = fault.try(json.decode, line, { max_depth = MAX_DEPTH })
  if e then
    send { jsonrpc = "2.0", id = json.null, error = { code = protocol.codes.parse,
      message = "this line is not JSON" } }
    return
  end
  local problem = peers.find_problem(message)
  if problem then
    send(problem)
  elseif not peers.is_request(message) then
    peer:take(message)
  elseif peer.calls[message.id] then
    send { jsonrpc = "2.0", id = message.id, error = { code = protocol.codes.request,
      message = "a request with this id is being answered" } }
  else
    peer.calls[message.id] = task.spawn(function()
      local answer = peer:answer(message, send)
      if answer then
        send(answer)
      end
    end)
  end
end

-- Let what runs come to its end: a copy that is half made is worse than a late end.
local function finish(peer)
  local due = task.now() + GRACE
  while next(peer.calls) and task.now() < due do
    task.sleep(0.01)
  end
end

--- Serve one client, until it closes the input.
---@param options table the options that every command takes
---@param allow "read"|"write"|"destroy" what tools may do
function M.serve(options, allow)
  keep_output_clean()
  if allow == "read" then
    guard.set_read_only()
  end
  reload.install(warn)
  local host = { options = options, allow = allow, allow_private_hosts = false,
    note = answers.note,
    workspaces = workspaces.new { default = options.profile, all = true, options = options } }
  local peer = peers.new(host)
  for line in function() return (term.read_line()) end do
    if line:find "%S" then
      take(peer, line)
    end
  end
  finish(peer)
end

return M
