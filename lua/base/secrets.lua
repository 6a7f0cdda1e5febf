--- Find and mask values in a spec that look like secrets.
--
--     local secrets = tarn.secrets
--     print(secrets.mask("db.password", "hunter2"), secrets.mask("region", "eu"))
--     for _, ref in ipairs(secrets.references "jdbc:{{secrets/prod/db}}") do
--       print(ref.scope, ref.key)
--     end
--     local shown = secrets.masked(ws:pipeline("sales_orders_etl").spec)
--
-- Plans, reports, the journal's pages and faults all mask secrets with this module. References to
-- secret scopes (`{{secrets/scope/key}}`) are no secrets and stay readable.

local http = require "native.http"
local json = require "native.json"

local M = {}

M.MASK = "***"

--- The references to secret scopes in a text, `{{secrets/scope/key}}`, repeated ones included.
---@param text any
---@return { scope: string, key: string }[]
function M.references(text)
  local found = {}
  if type(text) == "string" then
    for scope, key in text:gmatch "{{%s*secrets/([^/{}]+)/([^/{}]-)%s*}}" do
      found[#found + 1] = { scope = scope, key = key }
    end
  end
  return found
end

-- A setting whose name matches one of these patterns holds a secret.
local NAMES <const> = {
  "password", "passwd", "passphrase", "secret", "token", "credential", "api[_.-]?key",
  "access[_.-]?key", "account[_.-]?key", "private[_.-]?key", "primary[_.-]?key$", "shared[_.-]?key",
  "[_.-]pwd$", "^pwd$", "[_.-]sas$", "connection[_.-]?string",
}

-- Names that match NAMES but end like this say where the secret is or how it is used.
local HARMLESS <const> = {
  "scope$", "path$", "file$", "name$", "url$", "uri$", "endpoint$", "enabled$", "seconds$",
  "ttl$", "type$", "provider$", "provider%.type$", "version$", "[_.-]id$", "expiry$",
}

-- Values that match one of these patterns are tokens or keys, whatever their setting is called.
local FORMS <const> = {
  "^dapi%x%x%x%x%x%x%x%x", "^dkea%x%x%x%x%x%x%x%x", "^dose%x%x%x%x%x%x%x%x", "^AKIA[%u%d]+$",
  "^ASIA[%u%d]+$", "^gh[pousr]_%w+$", "^xox[abp]%-", "^eyJ[%w_-]+%.[%w_-]+%.", "^sk%-%w+",
  "%-%-%-%-%-BEGIN [%u ]*PRIVATE KEY", "AccountKey=", "[?&]sig=", "://[^/%s:@]+:[^/%s@]+@",
  "[Pp]assword=%S",
}

local function any(text, patterns)
  for _, pattern in ipairs(patterns) do
    if text:find(pattern) then
      return true
    end
  end
  return false
end

--- True if a value looks like a secret in plain text. A value that consists only of references to
-- secret scopes does not.
---@param name any the name of the setting: the last part of its path
---@param value any
---@return boolean
function M.is_secret(name, value)
  if type(value) ~= "string" or value == "" or value == M.MASK then
    return false
  end
  local plain = value:gsub("{{%s*secrets/[^{}]*}}", "")
  if plain == "" then
    return false
  elseif any(plain, FORMS) then
    return true
  end
  local word = type(name) == "string" and name:lower() or ""
  return plain == value and any(word, NAMES) and not any(word, HARMLESS)
    and not value:find "^%d+$" and value ~= "true" and value ~= "false"
end

--- The value, or `MASK` if it looks like a secret. In other texts `MASK` replaces tokens, and the
-- secrets that this process has sent.
---@param name any
---@param value any
---@return any
function M.mask(name, value)
  if M.is_secret(name, value) then
    return M.MASK
  end
  return type(value) == "string" and http.blank(value) or value
end

--- True if a value, or a part of it, is masked.
---@param value any
---@return boolean
function M.is_masked(value)
  return type(value) == "string" and value:find(M.MASK, 1, true) ~= nil
end

--- Like `mask`, for a setting that is named by its whole path.
---@param path string 'tags.team' or 'configuration["db.password"]'
---@param value any
---@return any
function M.mask_at(path, value)
  return M.mask(path:match '%["(.-)"%]$' or path:match "[%w_-]+$", value)
end

--- A text PATH=VALUE with the value masked if it looks like a secret; other texts unchanged.
---@param text string
---@return string
function M.mask_setting(text)
  local path, value = text:match '^([^="]*%[".-"%][^=]*=)(.*)$'
  if not path then
    path, value = text:match "^([^=]*=)(.*)$"
  end
  return path and path .. M.mask(path:match '([%w_.-]+)"?%]?=$', value) or text
end

--- A deep copy of a value in which every value that looks like a secret is masked.
---@param value any
---@param name? any the name of the setting that holds the value
---@return any
function M.masked(value, name)
  if type(value) ~= "table" then
    return M.mask(name, value)
  elseif getmetatable(value) ~= nil and not json.is_array(value) then
    return value -- an exact number, see native.json
  end
  local copy = {}
  for key, item in pairs(value) do
    copy[key] = M.masked(item, type(key) == "string" and key or name)
  end
  return json.is_array(value) and json.array(copy) or copy
end

return M
