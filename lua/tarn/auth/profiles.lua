--- The profiles of the config file: what is in one, whether its workspace accepts it, and which is
--- the default.

local databricks = require "native.databricks"
local fault = require "base.fault"
local json = require "native.json"
local pool = require "base.pool"
local workspace = require "tarn.workspace"

local M = {}

local TIMEOUT <const> = 15 -- seconds for the answer of one workspace
local AT_ONCE <const> = 8

--- The parts of an address, as a person pastes it: the host itself, and what its query names.
---@param text string
---@return { host: string, workspace_id?: string, account_id?: string }
function M.parts(text)
  return databricks.parse_host(text)
end

--- The host of an address in its normal form.
---@param text string
---@return string
function M.address(text)
  return M.parts(text).host
end

--- True if a host is that of an account, and not of a workspace.
---@param host string
---@return boolean
function M.is_account(host)
  return host:find "^https://accounts%." ~= nil or host:find "^https://accounts%-dod%." ~= nil
end

--- A name for the profile of a host: its first part, or that of the account.
---@param host string
---@param account_id? string
---@return string
function M.name_of(host, account_id)
  local parts = M.parts(host)
  account_id = account_id or parts.account_id
  if account_id and M.is_account(parts.host) then
    return "ACCOUNT-" .. account_id
  end
  local name, port = parts.host:match "^%w+://([^:/]+):?(%d*)"
  return name:find "^[%d.]+$" and name .. (port ~= "" and "-" .. port or "")
    or name:match "^[^.]+"
end

--- What a profile says, by the names of its keys, without secrets; nil if there is none.
---@param name string
---@return table<string, string>?
function M.settings(name)
  for _, profile in ipairs((databricks.profiles())) do
    if profile.name == name then
      local found = { host = profile.host }
      local native = fault.try(databricks.connect, { profile = name, alone = true })
      for _, attribute in ipairs(native and native:info().attributes or {}) do
        found[attribute.name] = attribute.value
      end
      if native then
        native:close()
      end
      return found
    end
  end
end

-- Ask a workspace who we are.
local function check(row)
  local opened <close> = workspace.open(row.name, { timeout = TIMEOUT })
  local me, e = fault.try(opened.me, opened)
  if e and e.kind == "cancelled" then
    fault.raise(e)
  end
  row.valid, row.user = me ~= nil, me and me.userName or nil
  row.problem = e and e.message or row.problem
end

--- The profiles of the configuration file, each with the settings that Tarn would use, and whether
-- its workspace accepts them.
---@param opts? { offline?: boolean } offline: ask no workspace
---@return tarn.ProfileInfo[] profiles
---@return string? path of the file
function M.list(opts)
  local list, path = databricks.profiles()
  if not (opts and opts.offline) then
    local asked = {}
    for _, row in ipairs(list) do
      if row.auth_type and row.host and not M.is_account(row.host) then
        asked[#asked + 1] = row
      elseif row.problem then
        row.valid = false
      end
    end
    pool.map(asked, check, { limit = AT_ONCE })
  end
  return json.array(list), path
end

--- Make a profile the default one.
---@param name string
---@return { profile: string, default: true, path: string }
function M.choose(name)
  databricks.choose_profile(name)
  local _, path = databricks.profiles()
  return { profile = name, default = true, path = path }
end

return M
