--- Values for the arguments of prompts and of the addresses of resources, for completion.

local json = require "native.json"
local prompts = require "server.mcp.prompts"
local protocol = require "server.mcp.protocol"
local workspace = require "tarn.workspace"

local M = {}

local MOST <const> = 100 -- the most values that the protocol allows

-- The kind of names that an argument takes; nil if none is known.
local KINDS <const> = { pipeline = "pipeline", update = "update" }

local function profiles(host)
  local words = {}
  for _, one in ipairs(host.workspaces:list()) do
    words[#words + 1] = one.profile and { one.profile } or nil
  end
  return words
end

local function words_of(host, argument, context)
  if argument == "to" then
    return profiles(host)
  elseif not KINDS[argument] or argument == "update" and not context.pipeline then
    return {}
  end
  return workspace.candidates(KINDS[argument],
    { profile = host.workspaces.default, pipeline = context.pipeline })
end

local function check(params)
  local ref, argument = params.ref, params.argument
  if type(ref) ~= "table" or type(argument) ~= "table" or type(argument.name) ~= "string"
    or type(argument.value) ~= "string" then
    protocol.refuse(protocol.codes.params, "'ref' and 'argument' say what is to be completed")
  elseif ref.type == "ref/prompt" and not prompts.find_arguments(ref.name) then
    protocol.refuse(protocol.codes.params, ("there is no prompt '%s'"):format(tostring(ref.name)))
  end
  return argument
end

--- Complete an argument.
---@param host table
---@param params table { ref, argument = { name, value }, context? }
---@return table result
function M.complete(host, params)
  local argument = check(params)
  local context = type(params.context) == "table" and params.context.arguments or {}
  local values, total = json.array {}, 0
  context = type(context) == "table" and context or {}
  for _, word in ipairs(words_of(host, argument.name, context)) do
    if word[1]:sub(1, #argument.value) == argument.value then
      total = total + 1
      values[#values + 1] = total <= MOST and word[1] or nil
    end
  end
  return { completion = { values = values, total = total, hasMore = total > MOST } }
end

return M
