--- The workspaces that the server serves, by the names of their profiles. Each is opened once.

local databricks = require "native.databricks"
local errors = require "server.errors"
local fault = require "base.fault"
local workspace = require "tarn.workspace"

local M = {}

---@class tarn.ServedWorkspaces
local Workspaces = {}
Workspaces.__index = Workspaces

local EMBEDDED <const> = { "demo", "demo-dr" }

---@class tarn.ServedWorkspacesOptions
---@field default? string    the profile of requests that name none; nil: as the environment says
---@field profiles? string[] further profiles that requests may name
---@field all? boolean       requests may name any profile
---@field options table      the options that every command takes: jobs, rate, timeout are used

---@param opts tarn.ServedWorkspacesOptions
---@return tarn.ServedWorkspaces
function M.new(opts)
  local connect = { jobs = opts.options.jobs, rate = opts.options.rate,
    timeout = opts.options.timeout }
  local self = setmetatable({ default = opts.default or os.getenv "DATABRICKS_CONFIG_PROFILE",
    all = opts.all, connect = connect, opened = {}, allowed = {} }, Workspaces)
  for _, name in ipairs(opts.profiles or {}) do
    self.allowed[name] = true
  end
  return self
end

-- The key under which a workspace without a profile is kept: no profile has this name.
local ENVIRONMENT <const> = "\0"

function Workspaces:is_allowed(profile)
  return self.all or self.allowed[profile] or profile == self.default
end

--- The workspace of a profile, opened at its first use. Refuses a profile that is not served.
---@param profile? string default: the server's default workspace
---@return tarn.WorkspaceClient
function Workspaces:get(profile)
  profile = profile or self.default
  if profile and not self:is_allowed(profile) then
    errors.refuse(403, "PROFILE_NOT_SERVED",
      ("this server does not serve the profile '%s'"):format(profile),
      "`tarn serve --profiles` and --all-profiles choose the profiles")
  end
  local key = profile or ENVIRONMENT
  self.opened[key] = self.opened[key] or workspace.open(profile, self.connect)
  return self.opened[key]
end

--- True if the workspace of a profile has been opened.
---@param profile? string
---@return boolean
function Workspaces:is_open(profile)
  return self.opened[profile or ENVIRONMENT] ~= nil
end

-- The profiles of the config file and the embedded ones: by name, and their names in order.
local function configured()
  local known, names = {}, {}
  for _, one in ipairs(fault.try(databricks.profiles) or {}) do
    known[one.name] = one
    names[#names + 1] = one.name
  end
  for _, name in ipairs(EMBEDDED) do
    if not known[name] then
      known[name] = { name = name, embedded = true }
      names[#names + 1] = name
    end
  end
  return known, names
end

-- The host of a workspace, as far as it is known without a request.
local function host_of(self, key, one)
  local open = self.opened[key]
  return open and open:host() or one and one.host
end

--- The workspaces that a request may name, the default one first.
---@return { profile?: string, host?: string, default: boolean, embedded: boolean }[]
function Workspaces:list()
  local known, names = configured()
  local list, seen = {}, {}
  local function add(name)
    if not seen[name] and self:is_allowed(name) then
      seen[name] = true
      list[#list + 1] = { profile = name, host = host_of(self, name, known[name]),
        default = name == self.default, embedded = workspace.is_embedded(name) }
    end
  end
  if self.default then
    add(self.default)
  else
    local ws = fault.try(self.get, self)
    list[1] = { host = ws and ws:host(), default = true, embedded = false }
  end
  for _, name in ipairs(names) do
    add(name)
  end
  return list
end

return M
