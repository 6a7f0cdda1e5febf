--- Read and check files of maps, in Lua or JSON.

local fault = require "base.fault"
local fs = require "native.fs"
local json = require "native.json"

local M = {}

local OP <const> = "tarn clone"

--- Kind of value -> name of the section.
M.sections = {
  catalog = "catalogs", schema = "schemas", path = "paths", volume = "locations",
  location = "locations", storage = "storage", principal = "principals",
  node_type = "node_types", policy = "policies", budget_policy = "policies", pool = "pools",
  reservation = "pools",
  instance_profile = "instance_profiles", service_account = "service_accounts", zone = "zones",
  secret = "secret_scopes", address = "addresses", connection = "connections",
  connection_id = "connections", gateway = "gateways", event_log = "event_logs",
  serverless_compute = "serverless_compute",
}

--- The other fields of a map and their types.
M.others = { set = "table", drop = "table", spec = "function" }

local function wrong(file, message)
  fault.usage(OP, ("%s: %s"):format(file, message),
    "`tarn clone PIPELINE --suggest-map` prints a map to fill in")
end

local function check_section(file, name, section)
  if type(section) == "function" then
    return
  elseif type(section) ~= "table" then
    wrong(file, ("'%s' is neither a table nor a function"):format(name))
  end
  for old, new in pairs(section) do
    if type(old) ~= "string" or new ~= false and type(new) ~= "string"
      and type(new) ~= "function" then
      wrong(file, ("%s: the new name of '%s' is neither a text nor false"):format(name,
        tostring(old)))
    end
  end
end

local function check_known(file, name)
  local names = { "set", "drop", "spec" }
  for _, section in pairs(M.sections) do
    names[#names + 1] = section
    if section == name then
      return
    end
  end
  local hint = require("base.suggestion").hint(tostring(name), names)
  wrong(file, ("there is no section '%s'%s"):format(tostring(name), hint and ": " .. hint or ""))
end

-- A map may have pure functions: they cannot read files or the environment.
local SANDBOX <const> = { string = string, table = table, math = math, utf8 = utf8,
  ipairs = ipairs, pairs = pairs, next = next, select = select, type = type, error = error,
  assert = assert, tostring = tostring, tonumber = tonumber }

local function read_lua(file, text)
  local env = setmetatable({ null = json.null, list = json.array }, { __index = SANDBOX })
  local chunk, why = load(text, "@" .. file, "t", env)
  if not chunk then
    wrong(file, why)
  end
  local ok, value = pcall(chunk)
  if not ok then
    wrong(file, tostring(value))
  end
  return value
end

--- Check a map. Raises a fault of kind `usage` if it is wrong. A function stands for a map with the
-- field `spec`.
---@param file string its name, for messages
---@param value any
---@return table
function M.check(file, value)
  if type(value) == "function" then
    value = { spec = value }
  elseif type(value) ~= "table" then
    wrong(file, "the map is neither a table nor a function")
  end
  for name, section in pairs(value) do
    if not M.others[name] then
      check_known(file, name)
      check_section(file, name, section)
    elseif type(section) ~= M.others[name] then
      wrong(file, ("'%s' is not a %s"):format(name, M.others[name]))
    end
  end
  return value
end

--- Read a file. Raises a fault of kind `usage` if it is wrong.
---@param file string
---@return table
function M.read(file)
  local text = fs.find_read(file)
  if not text then
    fault.usage(OP, ("there is no file '%s'"):format(file))
  end
  local value
  if file:find "%.json$" or text:find "^%s*{" then
    local ok, decoded = pcall(json.decode, text)
    if not ok and not fault.is(decoded) then
      error(decoded, 0)
    end
    value = ok and decoded or wrong(file, "the file is not JSON: " .. tostring(decoded.message))
  else
    value = read_lua(file, text)
  end
  return M.check(file, value)
end

return M
