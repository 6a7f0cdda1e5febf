--- Map the names in a pipeline's settings to those of another workspace.
--
--     local mapping = require "tarn.mapping"
--     local map = mapping.new { map = { catalogs = { sales = "sales_dr" } }, path_map = {
--       "/Users/a@x.io=/Shared/a" } }
--     print(map:apply("catalog", "sales", {}), map:path "/Users/a@x.io/etl")
--     for _, rule in ipairs(map:unused()) do print(rule) end
--
-- A map has a section for each kind of value that names an object of a workspace. A section is a
-- table from old to new names, or a function of the old name. The new name `false` drops the field;
-- an empty one counts as not filled in yet. A map remembers which of its rules were used.

local fault = require "base.fault"
local files = require "tarn.mapping.file"
local lookup = require "tarn.mapping.lookup"
local secrets = require "base.secrets"
local spec = require "tarn.spec"

local M = {}

local OP <const> = "tarn clone"

---@class tarn.Map
---@field sections table<string, table|function>
---@field sets { path: string, keys: table, value: any, rule: string }[]
---@field drops table<string, { keys: table, rule: string }>
---@field transform? fun(spec: table): table?
---@field file? string
local Map = {}
Map.__index = Map

-- ---- short forms ----

local function split(option, text)
  local old, new = spec.split_setting(text)
  if not old then
    fault.usage(OP, ("%s: '%s' is not OLD=NEW"):format(option, text))
  end
  return old, new
end

function Map:add_setting(keys, value, rule)
  self.sets[#self.sets + 1] = { path = spec.path(keys), keys = keys, value = value, rule = rule }
end

function Map:add_set(text_path, value, rule)
  self:add_setting(spec.parse(text_path), value, rule)
end

function Map:add_drop(text_path, rule)
  local keys = spec.parse(text_path)
  self.drops[spec.path(keys)] = { keys = keys, rule = rule }
end

function Map:add(section, old, new, rule)
  self.sections[section] = self.sections[section] or {}
  if type(self.sections[section]) ~= "table" then
    fault.usage(OP, ("%s cannot be added to a map whose '%s' is a function"):format(rule, section))
  end
  self.sections[section][old] = new
  self.rules[section .. "\0" .. old] = rule
end

local function add_file(map, file)
  local value
  if type(file) == "table" then
    file, value = "the map", files.check("the map", file)
  else
    value = files.read(file)
  end
  map.file = file
  for name, section in pairs(value) do
    if not files.others[name] then
      map.sections[name] = section
    end
  end
  for _, path in ipairs(spec.sorted_keys(value.set or {})) do
    map:add_set(tostring(path), value.set[path], ("set in %s"):format(file))
  end
  for _, path in ipairs(value.drop or {}) do
    map:add_drop(path, ("drop in %s"):format(file))
  end
  map.transform = value.spec
end

---@class tarn.MapOptions
---@field map? string|table  path of a Lua or JSON file; or its content
---@field catalog? string
---@field schema? string
---@field set? string[]      PATH=VALUE
---@field drop? string[]     PATH
---@field path_map? string[] OLD=NEW

--- A map from options. Reads the file. Raises a fault of kind `usage` if the file or an option is
-- wrong.
---@param opts tarn.MapOptions
---@return tarn.Map
function M.new(opts)
  local map = setmetatable({ sections = {}, sets = {}, drops = {}, rules = {}, used = {} }, Map)
  if opts.map then
    add_file(map, opts.map)
  end
  for _, text in ipairs(opts.path_map or {}) do
    local old, new = split("--path-map", text)
    map:add("paths", old, new, "--path-map " .. text)
  end
  for _, text in ipairs(opts.set or {}) do
    local keys, value, path = spec.parse_setting(text, OP)
    map:add_setting(keys, value, "--set " .. path)
  end
  for _, path in ipairs(opts.drop or {}) do
    map:add_drop(path, "--drop " .. path)
  end
  map.catalog, map.schema = opts.catalog, opts.schema
  return map
end

-- ---- use ----

function Map:use(section, key)
  self.used[section .. "\0" .. key] = true
end

function Map:rule_text(section, key)
  return self.rules[section .. "\0" .. key]
    or ("%s in %s"):format(section, self.file or "the map")
end

--- The new value of a field that names an object of a workspace.
---@param kind string of the value, as tarn.spec's find_bound says
---@param value string
---@param where { catalog?: string, default_catalog?: string, default_schema?: string } the catalog
--- of the value; the catalog and schema to which the pipeline publishes
---@return string|false|nil new nil: no rule matches; false: drop the field
---@return string? rule
function Map:apply(kind, value, where)
  return lookup.value(self, kind, value, where)
end

--- Like `apply`, for a line of a requirements file, which may have a path after an option.
---@param kind string of the value: see tarn.spec
---@param value string
---@return any mapped nil if no rule fits
---@return string? rule
function Map:apply_dependency(kind, value)
  local option, path = value:match "^(%-%-?[%w-]+[ =]%s*)(/.*)$"
  local new, rule = self:apply(kind, path or value, {})
  return new and (option or "") .. new or new, rule
end

--- The path in the target for a path of the source.
---@param path string
---@return string
function Map:path(path)
  local new = lookup.by_prefix(self, "paths", path)
  return new or path
end

--- The rules that have matched nothing, as sentences.
---@return string[]
function Map:unused()
  local list = {}
  for name, section in pairs(self.sections) do
    for old, new in pairs(type(section) == "table" and section or {}) do
      if new ~= "" and not self.used[name .. "\0" .. old] then
        list[#list + 1] = ("%s: '%s' does not occur in the source"):format(
          self.rules[name .. "\0" .. old] or self:rule_text(name, old), old)
      end
    end
  end
  for path, drop in pairs(self.drops) do
    if not self.used["drop\0" .. path] then
      list[#list + 1] = ("%s: the source has no such field"):format(drop.rule)
    end
  end
  table.sort(list)
  return list
end

--- The option that would map a value.
---@param kind string
---@param value string
---@return string
function M.hint(kind, value)
  if kind == "path" then
    local folder = lookup.plain_path(value):match "^/[^/]+/[^/]+"
    return ("--path-map %s=NEW, or --with-sources"):format(folder or value)
  elseif kind == "secret" then
    local first = secrets.references(value)[1]
    value = first and first.scope or value
  elseif kind == "volume" then
    value = value:match "^.*/Volumes/[^/]+/[^/]+/[^/]+" or value
  end
  return ("--map: %s = { [%q] = ... }"):format(files.sections[kind] or kind, value)
end

-- Parts that other subjects use.
return require("base.lazy").fields(M, {
  suggest = "tarn.mapping.suggest",
})
