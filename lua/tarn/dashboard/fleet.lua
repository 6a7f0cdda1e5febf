--- Which workspaces: profiles by name, or all that the config file has, each workspace once.

local auth = require "tarn.auth"
local fault = require "base.fault"

local M = {}

-- "a,b" and "a b" of a repeated option, each name once.
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

--- The profiles that are meant; nil if it is the one workspace of the context.
---@param op string
---@param arg { profiles?: string[], all_profiles?: boolean }
---@return string[]?
function M.names(op, arg)
  if arg.profiles and arg.all_profiles then
    fault.usage(op, "--profiles and --all-profiles: one or the other")
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
    path or "the config file"), "--profiles demo,demo-dr shows the embedded workspaces")
end

---@class tarn.FleetWorkspace
---@field profile string
---@field key? string  what makes it a workspace of its own
---@field workspace? string its host
---@field client? tarn.WorkspaceClient nil if it cannot be opened
---@field fault? tarn.Fault then: why

--- Open them; sends nothing yet. A profile of a workspace that is there already is left out,
-- and told to `warn`: nothing is counted twice.
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
      warn(("%s is the same workspace as %s, and is left out"):format(name, known[key]))
    end
  end
  return list
end

return M
