--- Random settings of pipelines: every field of the wire model, unknown fields, empty lists and
--- maps, numbers at the ends of 64 bits, and texts of all kinds.

local fs = require "native.fs"
local json = require "native.json"

local M = {}

local MODEL <const> = "tests/support/wire_model.txt"

local model -- { types = { name -> { { field, type } } }, enums = { name -> words } }

local function read_model()
  local types, enums = {}, {}
  for line in fs.read(MODEL):gmatch "[^\n]+" do
    local enum, words = line:match "^enum (%w+) = (.*)$"
    local name, body = line:match "^(%w+) {(.*)}$"
    if enum then
      enums[enum] = {}
      for word in words:gmatch "%S+" do
        if word ~= "|" then
          table.insert(enums[enum], word)
        end
      end
    elseif name then
      types[name] = {}
      for field, kind in body:gmatch "([%w_]+)%*?:([^,%s]+)" do
        table.insert(types[name], { field, kind })
      end
    end
  end
  return { types = types, enums = enums }
end

local TEXTS <const> = {
  "", "a", "x y", "naïve café", "日本語", "🚀 rocket", "quote\"back\\slash", "tab\tnew\nline",
  "{{secrets/scope/key}}", "%d%%", "\u{7f}\u{80}\u{2028}", "0", "true", "null", "a.b[0]",
  "/Workspace/Users/a@x.io/b", "dbfs:/x", ("long "):rep(200),
}
local INTEGERS <const> = { 0, 1, -1, 42, 9007199254740993, math.maxinteger, math.mininteger }
local DOUBLES <const> = { 0.0, -1.5, 0.1, 1e300, 5e-324, 123456789.0 }

-- Random numbers that depend on nothing but the seed.
local Chance = {}
Chance.__index = Chance

function Chance:below(n)
  self.state = (self.state * 6364136223846793005 + 1442695040888963407)
  return (self.state >> 33) % n
end

function Chance:pick(list)
  return list[self:below(#list) + 1]
end

local make

local function make_object(chance, kind, depth)
  local object = {}
  for _, field in ipairs(model.types[kind]) do
    if depth < 2 or chance:below(3) > 0 then
      object[field[1]] = make(chance, field[2], depth + 1)
    end
  end
  if chance:below(4) == 0 then
    object["x_unknown_" .. chance:below(9)] = make(chance, chance:pick { "str", "i64", "[str]",
      "map<str>", "f64", "null", "big" }, depth + 1)
  end
  return object
end

function make(chance, kind, depth)
  local item = kind:match "^%[(.*)%]$"
  if item then
    local list = json.array {}
    for i = 1, chance:below(3) do
      list[i] = make(chance, item, depth + 1)
    end
    return list
  elseif kind == "map<str>" then
    local map = {}
    for i = 1, chance:below(3) do
      map["key." .. chance:pick(TEXTS):sub(1, 30) .. i] = chance:pick(TEXTS)
    end
    return map
  elseif kind == "str" then
    return chance:pick(TEXTS)
  elseif kind == "i64" or kind == "int" then
    return chance:pick(INTEGERS)
  elseif kind == "f64" then
    return chance:pick(DOUBLES)
  elseif kind == "bool" then
    return chance:below(2) == 0
  elseif kind == "null" then
    return json.null
  elseif kind == "big" then
    return json.number "123456789012345678901234567890.125"
  elseif model.enums[kind] then
    return chance:pick(model.enums[kind])
  end
  return make_object(chance, kind, depth)
end

-- Removes fields that the workspace refuses together.
local function make_valid(spec, chance, name)
  spec.name, spec.catalog, spec.storage, spec.id = name, "main", nil, nil
  spec.trigger, spec.parent_path = nil, "/Shared"
  if chance:below(2) == 0 then
    spec.schema, spec.target = "s" .. chance:below(9), nil
  else
    spec.schema, spec.target = nil, "t" .. chance:below(9)
  end
  spec.serverless = chance:below(2) == 0
  for i, cluster in ipairs(spec.clusters) do
    cluster.autoscale = i % 2 == 0 and { min_workers = 1, max_workers = 3 } or nil
    cluster.num_workers = i % 2 == 1 and 0 or nil
    cluster.apply_policy_default_values = nil
    cluster.label = i == 1 and "default" or "maintenance"
  end
  if spec.serverless then
    spec.clusters = json.array {}
  end
  spec.gateway_definition = nil
  if chance:below(2) == 0 then
    spec.libraries = json.array {}
    spec.ingestion_definition.ingestion_gateway_id = nil
  else
    spec.ingestion_definition = nil
    local globs = chance:below(2) == 0
    local libraries = json.array { globs and { glob = { include = "/Shared/π/**" } }
      or { notebook = { path = "/Shared/a b" } } }
    for _, library in ipairs(spec.libraries) do
      if not globs and library.maven then
        libraries[#libraries + 1] = { maven = library.maven }
      end
    end
    spec.libraries = libraries
  end
end

--- Settings that the workspace accepts; the same for the same seed.
---@param seed integer
---@param name string
---@return table spec
function M.make(seed, name)
  model = model or read_model()
  local chance = setmetatable({ state = seed * 2654435761 + 1 }, Chance)
  local spec = make_object(chance, "PipelineSpec", 0)
  make_valid(spec, chance, name)
  spec.pipeline_type, spec.data_sampling = "WORKSPACE", false
  spec.x_never_seen = { deep = json.array { json.array {}, {}, json.null, 9223372036854775807 } }
  return spec
end

local function collect(list, type_name, path, open)
  for _, field in ipairs(model.types[type_name]) do
    local keys = { table.unpack(path) }
    keys[#keys + 1] = field[1]
    local kind, item = field[2], field[2]:match "^%[(.*)%]$"
    if item then
      kind, keys[#keys + 1] = item, 1
    elseif kind == "map<str>" then
      kind, keys[#keys + 1] = "str", "key"
    end
    if model.types[kind] and not open[kind] then
      open[kind] = true
      collect(list, kind, keys, open)
      open[kind] = nil
    elseif not model.types[kind] then
      list[#list + 1] = { keys = keys, owner = type_name .. "." .. field[1],
        kind = model.enums[kind] and "enum" or kind }
    end
  end
  return list
end

--- The leaves of a type in the model, with a path to each place where it occurs.
---@param type_name string
---@return { keys: (string|integer)[], owner: string, kind: string }[] owner: "Type.field"
function M.leaves(type_name)
  model = model or read_model()
  return collect({}, type_name, {}, {})
end

--- The words of an enum in the model.
---@param name string
---@return string[]
function M.words(name)
  model = model or read_model()
  return model.enums[name]
end

--- All fields of the settings in the model.
---@return string[]
function M.names()
  model = model or read_model()
  local names = {}
  for i, field in ipairs(model.types.PipelineSpec) do
    names[i] = field[1]
  end
  return names
end

return M
