--- The workspaces of several profiles: named ones or all, each workspace once.

local auth = require "tarn.auth"
local fault = require "base.fault"
local pool = require "base.pool"

local M = {}

local AT_ONCE <const> = 16  -- workspaces that are asked at once
local PATIENCE <const> = 60 -- seconds for the answer of a workspace

-- The names in the values of a repeated option, separated by commas or blanks, each name once.
local function split(texts)
  local names, known = {}, {}
  for _, text in ipairs(texts) do
    for name in text:gmatch "[^,%s]+" do
      if not known[name] then
        known[name] = true
        names[#names + 1] = name
      end
    end
  end
  return names
end

--- The arguments with which a command asks several workspaces.
---@return tarn.ArgSpec[]
function M.args()
  return {
    { "profiles", "list", "Show the workspaces of these profiles, separated by commas.",
      optional = true, value = "A,B" },
    { "all_profiles", "flag", "Show the workspaces of all profiles in the config file.",
      served = false },
    { "patience", "number", "Seconds to wait for each of several workspaces (default 60).",
      optional = true, min = 0.1, value = "S" },
  }
end

--- Options without effect are an error. A call from Lua or through the server always has a profile,
-- so a profile is an error on the command line only.
---@param ctx tarn.Context
---@param arg table
function M.check(ctx, arg)
  if not (arg.profiles or arg.all_profiles) then
    if arg.patience then
      fault.usage(ctx.op, "--patience goes with --profiles or --all-profiles")
    end
  elseif ctx.options.profile and not ctx.called and not ctx.served then
    fault.usage(ctx.op, ("--profile and --%s exclude each other")
      :format(arg.profiles and "profiles" or "all-profiles"))
  end
end

--- The profiles that the arguments name; nil for the one workspace of the context.
---@param op string
---@param arg { profiles?: string[], all_profiles?: boolean }
---@return string[]?
function M.names(op, arg)
  if arg.profiles and arg.all_profiles then
    fault.usage(op, "--profiles and --all-profiles exclude each other")
  elseif arg.profiles then
    local names = split(arg.profiles)
    return names[1] and names or fault.usage(op, "--profiles names no profile")
  elseif not arg.all_profiles then
    return nil
  end
  local list, path = auth.profiles()
  local names = {}
  for i, profile in ipairs(list) do
    names[i] = profile.name
  end
  return names[1] and names or fault.usage(op, ("--all-profiles: %s has no profile"):format(
    path or "the configuration file"), "--profiles demo,demo-dr shows the embedded workspaces")
end

---@class tarn.FleetWorkspace
---@field profile string
---@field key? string  identifies the workspace
---@field workspace? string its host
---@field client? tarn.WorkspaceClient nil if it cannot be opened
---@field fault? tarn.Fault why it cannot be opened

--- Open the workspaces of profiles, without sending a request. If two profiles name the same
-- workspace, the second one is left out with a warning, so that nothing is counted twice.
---@param names string[]
---@param open fun(profile: string): tarn.WorkspaceClient
---@param warn fun(text: string)
---@return tarn.FleetWorkspace[]
function M.open(names, open, warn)
  local list, known = {}, {}
  for _, name in ipairs(names) do
    local client, e = fault.try(open, name)
    local key = client and client:key()
    if not key or not known[key] then
      known[key or {}] = name
      list[#list + 1] = { profile = name, key = key, client = client, fault = e,
        workspace = client and client:host() }
    else
      warn(("%s is the same workspace as %s and is left out"):format(name, known[key]))
    end
  end
  return list
end

--- Call `f(...)`, which asks a workspace, for at most so many seconds.
---@param op string
---@param seconds? number default 60
---@param f function
---@return any ...
function M.within(op, seconds, f, ...)
  seconds = seconds or PATIENCE
  local results = table.pack(fault.try(pool.timeout, seconds, f, ...))
  local e = results[2]
  if results[1] == nil and fault.is(e) then
    if e.op == "tarn.timeout" then
      fault.raise { kind = "timeout", op = op, retryable = true,
        message = ("no answer in %g seconds"):format(seconds) }
    end
    fault.raise(e)
  end
  return table.unpack(results, 1, results.n)
end

--- Raise the fault that no workspace has answered, with the reason of each.
---@param op string
---@param list { profile: string }[]
---@param faults tarn.Fault[]
function M.raise_none(op, list, faults)
  local words = {}
  for i, one in ipairs(list) do
    words[i] = one.profile .. ": " .. faults[i].message
  end
  local first = faults[1]
  fault.raise { kind = first.kind, op = op, status = first.status, code = first.code, cause = first,
    retryable = first.retryable, hint = first.hint,
    message = ("none of %d workspaces answered: %s"):format(#list, table.concat(words, "; ")) }
end

--- Ask several workspaces at once. Raises a fault only if none answers.
---@param op string
---@param list tarn.FleetWorkspace[]
---@param ask fun(one: tarn.FleetWorkspace): any
---@param seconds? number for each workspace (default 60)
---@return table<integer, any> answers by the number of the workspace
---@return table<integer, tarn.Fault> faults of those that did not answer
function M.ask(op, list, ask, seconds)
  local answers, faults, failed = {}, {}, 0
  pool.each(list, function(one, i)
    local answer, e = nil, one.fault
    if not e then
      answer, e = fault.try(M.within, op, seconds, ask, one)
    end
    if fault.is(e, "cancelled") then
      fault.raise(e)
    end
    answers[i], faults[i] = answer, e
    failed = failed + (e and 1 or 0)
  end, { limit = AT_ONCE })
  if failed == #list and failed > 0 then
    M.raise_none(op, list, faults)
  end
  return answers, faults
end

return M
