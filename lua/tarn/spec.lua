--- The fields of a pipeline's settings, by their paths.
--
--     local spec = require "tarn.spec"
--     local settings = ws:pipeline("sales_orders_etl").spec
--     spec.set(settings, spec.parse "configuration.region", "eu")
--     spec.each(settings, function(keys, value)
--       print(spec.path(keys), value, spec.find_bound(keys, value))
--     end)
--
-- Nothing here talks to a workspace. A path is a list of keys: names of fields, and positions in
-- lists, which count from 1. As text a path is `clusters[0].node_type_id` or
-- `configuration["mqtt.password"]`: positions count from 0, as in the API's messages, and names
-- with other signs than letters, digits, `_` and `-` are quoted.

local bound = require "tarn.spec.bound"
local fault = require "base.fault"
local json = require "native.json"

local M = {}

-- Fields whose keys are free: `configuration.mqtt.password` has two parts, not three.
local MAPS <const> = {
  configuration = true, tags = true, parameters = true, spark_conf = true, spark_env_vars = true,
  custom_tags = true, table_properties = true, client_config = true, format_options = true,
  configs = true, options = true,
}

--- True if the value is a leaf of the settings: an empty table, or no table at all.
---@param value any
---@return boolean
function M.is_leaf(value)
  return type(value) ~= "table" or next(value) == nil
    or getmetatable(value) ~= nil and not json.is_array(value)
end

--- A copy without the fields and elements that are null: for what only reads the settings, or
-- writes them in a form that has no null. A copy in a workspace keeps them.
---@param settings table
---@return table
function M.without_nulls(settings)
  return json.decode(json.encode(settings), { nulls = false })
end

local function is_list(value)
  return type(value) == "table" and json.is_array(value)
end
M.is_list = is_list

local function key_text(key, first)
  if type(key) == "number" then
    return ("[%d]"):format(key - 1)
  elseif key:find "^[%a_][%w_-]*$" then
    return first and key or "." .. key
  end
  return ('["%s"]'):format(key:gsub('[\\"]', "\\%0"))
end

--- True for a key of a map whose keys are free, such as `configuration.mqtt.password`.
---@param keys (string|integer)[]
---@return boolean
function M.is_in_map(keys)
  return MAPS[keys[#keys - 1]] or false
end

--- A path as text.
---@param keys (string|integer)[]
---@return string
function M.path(keys)
  local parts = {}
  for i, key in ipairs(keys) do
    parts[i] = key_text(key, i == 1)
  end
  return table.concat(parts)
end

local function quoted(text, at)
  local key, i = {}, at
  while i <= #text do
    local c = text:sub(i, i)
    if c == "\\" then
      i = i + 1
      key[#key + 1] = text:sub(i, i)
    elseif c == '"' then
      return text:sub(i + 1, i + 1) == "]" and table.concat(key) or nil, i + 2
    else
      key[#key + 1] = c
    end
    i = i + 1
  end
end

--- The keys of a path that is given as text. Raises a fault of kind `usage` if it is not a path.
---@param text string
---@return (string|integer)[]
function M.parse(text)
  local keys, at = {}, 1
  local function wrong()
    fault.usage("spec.parse", ("'%s' is not the path of a field"):format(text),
      'paths look like clusters[0].node_type_id or configuration["a.b"]')
  end
  while at <= #text do
    local last = keys[#keys]
    local dot, name, after = text:match("^(%.?)([^.%[%]\"]+)()", at)
    local index, after_index = text:match("^%[(%d+)%]()", at)
    if MAPS[last] and text:sub(at, at) == "." then
      keys[#keys + 1], at = text:sub(at + 1), #text + 1
    elseif text:sub(at, at + 1) == '["' then
      local key, next_at = quoted(text, at + 2)
      keys[#keys + 1], at = key or wrong(), next_at
    elseif index then
      keys[#keys + 1], at = math.tointeger(index) + 1, after_index
    elseif name and (dot == ".") == (#keys > 0) then
      keys[#keys + 1], at = name, after
    else
      wrong()
    end
  end
  if #keys == 0 or keys[#keys] == "" or type(keys[1]) == "number" then
    wrong()
  end
  return keys
end

--- The value at a path, or nil.
---@param value any
---@param keys (string|integer)[]
---@return any
function M.find(value, keys)
  for _, key in ipairs(keys) do
    if type(value) ~= "table" then
      return nil
    end
    value = value[key]
  end
  return value
end

--- Set the value at a path; missing tables on the way are created. The position after the last
-- element of a list adds an element. Raises a fault of kind `usage` for a position beyond that, and
-- for a name in a list.
---@param value table
---@param keys (string|integer)[]
---@param new any
function M.set(value, keys, new)
  for i = 1, #keys do
    local key = keys[i]
    local is_position = type(key) == "number"
    local has_positions = is_list(value) and #value > 0
    if is_position ~= (is_list(value) or is_position and next(value) == nil)
      or is_position and key > #value + 1 or not is_position and has_positions then
      fault.usage("spec.set", ("'%s' cannot be set: the settings have no such place")
        :format(M.path(keys)))
    end
    if i == #keys then
      value[key] = new
      return
    end
    if type(value[key]) ~= "table" or M.is_leaf(value[key]) and not is_list(value[key])
      and next(value[key]) ~= nil then
      value[key] = type(keys[i + 1]) == "number" and json.array {} or {}
    elseif next(value[key]) == nil and type(keys[i + 1]) == "number" then
      value[key] = json.array {}
    end
    value = value[key]
  end
end

--- A copy of a value of any depth; lists stay lists.
---@param value any
---@return any
function M.copy(value)
  if type(value) ~= "table" or getmetatable(value) ~= nil and not is_list(value) then
    return value
  end
  local copy = {}
  for key, item in pairs(value) do
    copy[key] = M.copy(item)
  end
  return is_list(value) and json.array(copy) or copy
end

-- Fields that are shown first; all others follow in alphabetical order.
local FIRST <const> = {
  name = 1, pipeline_type = 2, catalog = 3, schema = 4, target = 5, storage = 6, development = 7,
  continuous = 8, serverless = 9, root_path = 10, libraries = 11, run_as = 13, parameters = 14,
}

--- The keys of a table in the order in which they are shown.
---@param value table
---@param top? boolean `value` is the settings as a whole, whose main fields come first
---@return (string|integer)[]
function M.sorted_keys(value, top)
  local keys = {}
  for key in pairs(value) do
    keys[#keys + 1] = key
  end
  table.sort(keys, function(a, b)
    if type(a) ~= type(b) then
      return type(a) == "number"
    end
    local x, y = top and FIRST[a] or 99, top and FIRST[b] or 99
    if x ~= y then
      return x < y
    end
    return a < b
  end)
  return keys
end

local function walk(value, keys, visit)
  if M.is_leaf(value) then
    return visit(keys, value)
  end
  for _, key in ipairs(M.sorted_keys(value, #keys == 0)) do
    keys[#keys + 1] = key
    walk(value[key], keys, visit)
    keys[#keys] = nil
  end
end

--- Call `visit(keys, value)` for each leaf, in the order in which fields are shown. `keys` changes
-- after the call; copy it to keep it.
---@param value table
---@param visit fun(keys: (string|integer)[], value: any)
---@param keys? (string|integer)[] the path of `value` itself
function M.each(value, visit, keys)
  walk(value, { table.unpack(keys or {}) }, visit)
end

--- What a value names in one workspace, by the form of its text: a secret, a volume, a path of the
-- workspace, a location in cloud storage. Nil for other values.
---@param value any
---@return "secret"|"volume"|"path"|"location"|nil
function M.find_form(value)
  return bound.find_form(value)
end

--- What the field at a path, with that value, names in one workspace: "catalog", "path",
-- "node_type" and so on. Nil if the value is valid in every workspace.
---@param keys (string|integer)[]
---@param value any
---@return string?
function M.find_bound(keys, value)
  return bound.find_kind(keys, value)
end

--- The settings of a pipeline together with `run_as` and `parameters`, which the answer of GET has
-- beside them: a body for the create of a pipeline.
---@param pipeline table GetPipelineResponse
---@return table
function M.settings(pipeline)
  local body = M.copy(pipeline.spec or {})
  if body.name == nil then
    body.name = pipeline.name
  end
  body.run_as, body.parameters = M.copy(pipeline.run_as), M.copy(pipeline.parameters)
  return body
end

-- Parts that other subjects use.
return require("base.lazy").fields(M, {
  parse_setting = "tarn.spec.setting:parse",
  split_setting = "tarn.spec.setting:split",
})
