--- Decide for each field of a pipeline whether its clone keeps, sets, maps or drops it.
--
-- Pure: sends no request. Rows whose value names an object of a workspace are returned as pending,
-- and the caller checks them against the target.

local json = require "native.json"
local rules = require "tarn.clone.rules"
local runas = require "tarn.clone.runas"
local secrets = require "base.secrets"
local spec = require "tarn.spec"

local M = {}

---@class tarn.FieldRow
---@field path string
---@field verdict "kept"|"set"|"mapped"|"dropped"|"attention"
---@field from any      masked if it looks like a secret; nil if the source has no such field
---@field to any        nil if the copy has no such field
---@field reason? string
---@field rule? string  the rule that has decided, or for "attention" the one that would help
---@field bound? string the kind of object that the value names

local Run = {}
Run.__index = Run

local function copy_keys(keys)
  return { table.unpack(keys) }
end

-- The row of a field, with a new verdict. `at` is the place in the copy's settings, where positions
-- in lists may differ from the source's; default: where the walk is.
function Run:row(keys, verdict, to, reason, rule, at)
  local name = keys[#keys]
  if type(name) == "number" then
    name = keys[#keys - 1]
  end
  local from = spec.find(self.original, keys)
  if from ~= nil and not spec.is_leaf(from) then
    from = nil
  end
  local path = spec.path(keys)
  local row = self.seen[path]
  if not row then
    row = { path = path, from = secrets.mask(name, from) }
    self.rows[#self.rows + 1], self.seen[path] = row, row
  end
  row.verdict, row.reason, row.rule = verdict, reason, rule
  row.to = secrets.mask(name, to)
  self.placed[row] = to ~= nil and { value = to, at = at or copy_keys(self.at) } or nil
  return row
end

function Run:drop_all(keys, value, reason, rule)
  spec.each(value, function(at)
    self:row(at, "dropped", nil, reason, rule)
  end, keys)
end

-- ---- one value ----

-- Field with the name of a schema -> the field beside it with the schema's catalog.
local IN_CATALOG <const> = { destination_schema = "destination_catalog",
  schema_name = "catalog_name", gateway_storage_schema = "gateway_storage_catalog" }

local function catalog_for(body, keys)
  local field = IN_CATALOG[keys[#keys]]
  if field or keys[1] == "event_log" then
    local at = copy_keys(keys)
    at[#at] = field or "catalog"
    local found = spec.find(body, at)
    return type(found) == "string" and found or body.catalog
  end
  return type(body.catalog) == "string" and body.catalog or nil
end

function Run:map_value(kind, value, keys)
  if keys[1] == "environment" and keys[2] == "dependencies" then
    return self.map:apply_dependency(kind, value)
  end
  return self.map:apply(kind, value, { catalog = catalog_for(self.body, keys),
    default_catalog = self.default_catalog, default_schema = self.default_schema })
end

function Run:bound(keys, value, kind)
  local new, rule = self:map_value(kind, value, keys)
  if new == false then
    self:row(keys, "dropped", nil, "the map drops it", rule).bound = kind
    return nil
  end
  local result = new or value
  local changed = result ~= value
  local row = self:row(keys, changed and "mapped" or "kept", result, nil, rule)
  row.bound = kind
  if changed or not rule then -- a rule that maps a name to itself says that the name is right
    self.pending[#self.pending + 1] = { row = row, kind = kind, value = result,
      keys = copy_keys(keys), mapped = changed }
  else
    row.reason = "the map says that the target has it too"
  end
  self.suggestions[#self.suggestions + 1] = { kind = kind, value = value, path = row.path }
  return result
end

function Run:leaf(keys, value)
  local new, why = rules.find_forced(self, keys, value)
  if new ~= nil and new ~= value then
    self:row(keys, "set", new, why)
    return new
  end
  local kind = spec.find_bound(keys, value)
  if kind then
    return self:bound(keys, value, kind)
  end
  local before = spec.find(self.original, keys)
  local same = before ~= nil and spec.is_leaf(before)
    and json.encode(before) == json.encode(value)
  self:row(keys, same and "kept" or "mapped", value, nil, not same and self.function_rule or nil)
  return value
end

-- ---- the walk ----

function Run:walk(value, keys)
  local path = #keys > 0 and spec.path(keys) or ""
  local drop, set = self.map.drops[path], self.sets[path]
  if drop then
    self.map:use("drop", path)
    self:drop_all(keys, value, "as requested", drop.rule)
    return nil
  elseif set then
    set.used = true
    return self:set(set, self.at, value)
  end
  local why, rule = rules.find_reason_to_drop(self, keys, value)
  if why then
    self:drop_all(keys, value, why, rule)
    return nil
  elseif spec.is_leaf(value) then
    return self:leaf(keys, value)
  end
  local is_list = spec.is_list(value)
  local result = is_list and json.array {} or {}
  for _, key in ipairs(spec.sorted_keys(value, #keys == 0)) do
    local new_key = is_list and #result + 1 or key
    keys[#keys + 1], self.at[#self.at + 1] = key, new_key
    local new = self:walk(value[key], keys)
    keys[#keys], self.at[#self.at] = nil, nil
    if new ~= nil then
      result[new_key] = new
    end
  end
  return result
end

-- The value that a rule sets at `at`, instead of the source's value `old`, if there is one.
function Run:set(set, at, old)
  if set.value == json.null then
    self:row(set.keys, "dropped", nil, "as requested", set.rule)
    return nil
  end
  spec.each(set.value, function(keys, value)
    local place = copy_keys(at)
    table.move(keys, #set.keys + 1, #keys, #at + 1, place)
    self:row(keys, "set", value, nil, set.rule, place)
  end, set.keys)
  if old ~= nil then
    spec.each(old, function(keys)
      if not self.seen[spec.path(keys)] then
        self:row(keys, "dropped", nil, "the new value has no such field", set.rule)
      end
    end, set.keys)
  end
  return spec.copy(set.value)
end

-- Correct the rows of values that a later rule has replaced.
function Run:correct_rows(result)
  for row, placed in pairs(self.placed) do
    local found = spec.find(result, placed.at)
    if found == nil or not spec.is_leaf(found)
      or json.encode(found) ~= json.encode(placed.value) then
      row.verdict, row.to, row.reason = "dropped", nil, "another rule replaces it"
    end
  end
end

-- Add fields that the source does not have.
function Run:add_missing(result)
  for _, set in ipairs(self.map.sets) do
    if not set.used and set.value ~= json.null and not self.map.drops[set.path] then
      spec.set(result, set.keys, self:set(set, set.keys))
    end
    set.used = nil -- the map may serve other pipelines too
  end
  self.at = {}
  local function add(name, value, reason, rule)
    result[name] = value
    self:row({ name }, "set", value, reason, rule, { name })
  end
  if result.development == nil and not self.production and not self.seen.development then
    add("development", true, "a copy is in development mode unless --production")
  end
  if result.name == nil then
    add("name", self.name, "the name of the copy")
  end
  local definition = result.ingestion_definition or result.gateway_definition
  if self.map.catalog and result.catalog == nil and not definition then
    add("catalog", self.map.catalog, nil, "--catalog")
  end
  if self.map.schema and result.schema == nil and result.target == nil and not definition then
    add("schema", self.map.schema, nil, "--schema")
  end
end

-- Add a row for each field that the map's function has removed.
function Run:add_removed()
  spec.each(self.original, function(keys)
    if not self.seen[spec.path(keys)] and spec.find(self.body, keys) == nil then
      self:row(keys, "dropped", nil, "the map's function drops it", self.function_rule)
    end
  end)
end

-- Drop an event log table that source and copy would share.
local function separate_event_log(run, result)
  local old, new = run.original.event_log, result.event_log
  if type(old) ~= "table" or type(new) ~= "table" or run.same_metastore == false then
    return
  end
  local function full(log, body)
    return ("%s.%s.%s"):format(log.catalog or body.catalog or "",
      log.schema or body.schema or body.target or "", log.name or ""):lower()
  end
  if full(old, run.original) ~= full(new, result) then
    return
  end
  result.event_log = nil
  for _, row in ipairs(run.rows) do
    if row.path == "event_log" or row.path:find "^event_log[.%[]" then
      row.verdict, row.to = "dropped", nil
      row.rule = "--set event_log.name=NEW, or --map: event_logs"
      row.reason = "two pipelines cannot write one event log"
    end
  end
  for i = #run.pending, 1, -1 do
    if run.pending[i].row.verdict == "dropped" then
      table.remove(run.pending, i)
    end
  end
end

-- The catalog and schema in which names without them are looked up.
local function default_schema(body)
  local ingestion, gateway = body.ingestion_definition, body.gateway_definition
  local object = type(ingestion) == "table" and type(ingestion.objects) == "table"
    and ingestion.objects[1]
  local _, first = next(type(object) == "table" and object or {})
  first = type(first) == "table" and first or {}
  gateway = type(gateway) == "table" and gateway or {}
  return body.catalog or first.destination_catalog or gateway.gateway_storage_catalog,
    body.schema or body.target or first.destination_schema or gateway.gateway_storage_schema
end

---@class tarn.VerdictOptions
---@field map tarn.Map
---@field name string
---@field production? boolean
---@field continuous? boolean
---@field same_workspace boolean
---@field same_metastore? boolean nil: not known

--- Decide on all fields. Returns the settings of the copy, a row for each field, and the pending
-- values, which must be checked against the target: { row, kind, value, keys, mapped, catalog }.
---@param pipeline table GetPipelineResponse
---@param options tarn.VerdictOptions
---@return { body: table, rows: tarn.FieldRow[], pending: table[], suggestions: table[] }
function M.decide(pipeline, options)
  local run = setmetatable({ rows = {}, pending = {}, suggestions = {}, seen = {}, sets = {},
    at = {}, placed = {} }, Run)
  for key, value in pairs(options) do
    run[key] = value
  end
  run.original = spec.settings(pipeline)
  run.body = run.original
  if options.map.transform then
    local body = spec.copy(run.original)
    run.body = options.map.transform(body) or body
    run.function_rule = ("the function in %s"):format(options.map.file or "the map")
  end
  for _, set in ipairs(options.map.sets) do
    run.sets[set.path] = set
  end
  run.default_catalog, run.default_schema = default_schema(run.body)
  local result = run:walk(run.body, {})
  run:add_missing(result)
  if run.function_rule then
    run:add_removed()
  end
  run:correct_rows(result)
  separate_event_log(run, result)
  runas.settle(run.rows, result)
  for _, item in ipairs(run.pending) do
    item.catalog = catalog_for(result, item.keys)
  end
  return { body = result, rows = run.rows, pending = run.pending, suggestions = run.suggestions }
end

return M
