--- The workspaces of a dashboard: named profiles or all profiles, each workspace once.

local auth = require "tarn.auth"
local fault = require "base.fault"

local M = {}

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

return M
