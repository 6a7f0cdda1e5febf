--- Secrets in a spec: references to secret scopes, and values that look like secrets.
--
-- What looks like a secret is shown nowhere: plans, reports, the journal's pages and
-- faults all mask it by the one rule of this module.

local http = require "native.http"
local json = require "native.json"

local M = {}

M.MASK = "***"

--- The references in a text: `{{secrets/scope/key}}`, as often as they occur.
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

-- Words in the name of a setting that say its value is secret.
local NAMES <const> = {
  "password", "passwd", "passphrase", "secret", "token", "credential", "api[_.-]?key",
  "access[_.-]?key", "account[_.-]?key", "private[_.-]?key", "primary[_.-]?key$", "shared[_.-]?key",
  "[_.-]pwd$", "^pwd$", "[_.-]sas$", "connection[_.-]?string",
}

-- Names that hold such a word and say where the secret is, or how it is used.
local HARMLESS <const> = {
  "scope$", "path$", "file$", "name$", "url$", "uri$", "endpoint$", "enabled$", "seconds$",
  "ttl$", "type$", "provider$", "provider%.type$", "version$", "[_.-]id$", "expiry$",
}

-- Forms that tokens and keys have, whatever they are called.
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

--- True if a value written in plain text looks like a secret. A value that is nothing but
-- references to secret scopes is none.
---@param name any the last part of its path
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

--- The value, or the mask in its place. In a text that holds a token, or a secret that this
-- process has sent, the mask stands in the place of that alone.
---@param name any
---@param value any
---@return any
function M.mask(name, value)
  if M.is_secret(name, value) then
    return M.MASK
  end
  return type(value) == "string" and http.blank(value) or value
end

--- True for a value of which a part is masked, or all: nobody knows what it was.
---@param value any
---@return boolean
function M.is_masked(value)
  return type(value) == "string" and value:find(M.MASK, 1, true) ~= nil
end

--- PATH=VALUE with the value masked if it looks like a secret; other texts as they are.
---@param text string
---@return string
function M.mask_setting(text)
  local path, value = text:match '^([^="]*%[".-"%][^=]*=)(.*)$'
  if not path then
    path, value = text:match "^([^=]*=)(.*)$"
  end
  return path and path .. M.mask(path:match '([%w_.-]+)"?%]?=$', value) or text
end

--- A copy of a value of any depth in which what looks like a secret is masked.
---@param value any
---@param name? any the name that the value has in what holds it
---@return any
function M.masked(value, name)
  if type(value) ~= "table" then
    return M.mask(name, value)
  elseif getmetatable(value) ~= nil and not json.is_array(value) then
    return value -- a number that keeps its text
  end
  local copy = {}
  for key, item in pairs(value) do
    copy[key] = M.masked(item, type(key) == "string" and key or name)
  end
  return json.is_array(value) and json.array(copy) or copy
end

return M
