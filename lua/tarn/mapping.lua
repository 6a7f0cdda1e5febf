--- What is called differently where a pipeline is cloned to.
--
-- A map has sections, one for each kind of value that is bound to a workspace. A section is a
-- table of old names and new ones, or a function of the old name. `false` as the new name
-- leaves the field out; an empty one has not been filled in yet, and counts as none. A map
-- remembers which of its rules were used, so that those that match nothing can be told.

local fault = require "base.fault"
local files = require "tarn.mapping.file"
local json = require "native.json"
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

-- The path and the text of PATH=VALUE; a quoted name in the path may hold "=".
local function split(option, text)
  local path, value = text:match '^([^="]*%[".-"%][^=]*)=(.*)$'
  if not path then
    path, value = text:match "^([^=]*)=(.*)$"
  end
  if not path or path == "" then
    fault.usage(OP, ("%s: '%s' is not OLD=NEW or PATH=VALUE"):format(option, text))
  end
  return path, value
end

-- Settings by any name hold texts; elsewhere `true`, `3` and `[...]` are what they are in JSON.
local TEXT_ONLY <const> = { configuration = true, tags = true, parameters = true, run_as = true,
  catalog = true, schema = true, target = true, name = true, storage = true, root_path = true }

local function value_of(keys, text)
  local parent = keys[#keys - 1]
  if TEXT_ONLY[keys[1]] and not (#keys == 1 and text:find "^%s*[{%[]") or parent == "spark_conf"
    or parent == "spark_env_vars" or parent == "custom_tags" then
    return text
  end
  local ok, value = pcall(json.decode, text)
  if ok then
    return value
  end
  return text
end

function Map:add_set(text_path, value, rule)
  local keys = spec.parse(text_path)
  self.sets[#self.sets + 1] = { path = spec.path(keys), keys = keys, value = value, rule = rule }
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
---@field map? string|table  a file, Lua or JSON; or what would be in it
---@field catalog? string
---@field schema? string
---@field set? string[]      PATH=VALUE
---@field drop? string[]     PATH
---@field path_map? string[] OLD=NEW

--- The map that these options make. Reads the file; raises a fault of kind `usage` if it, or
-- an option, is no map.
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
    local path, value = split("--set", text)
    map:add_set(path, value_of(spec.parse(path), value), "--set " .. path)
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

-- The new name of `old` by a section: nil if it has none; then the rule.
function Map:look_up(section, old)
  local list = self.sections[section]
  local new, key
  if type(list) == "function" then
    new, key = list(old), "(function)"
  elseif list then
    new, key = list[old], old
    if type(new) == "function" then
      new = new(old)
    end
  end
  if new == nil then
    return nil
  end
  self:use(section, key)
  if new == "" then
    return nil -- written by --suggest-map, and not filled in
  end
  return new, self:rule_text(section, key)
end

local function plain_path(path)
  return (path:gsub("^/Workspace/", "/"))
end

-- `value` with the longest of the prefixes that it begins with replaced.
function Map:by_prefix(section, value)
  local list = self.sections[section]
  if type(list) ~= "table" then
    return self:look_up(section, value)
  end
  local best
  local bare = plain_path(value)
  for old, new in pairs(list) do
    local prefix = plain_path(old):gsub("/+$", "")
    local fits = bare == prefix or bare:sub(1, #prefix + 1) == prefix .. "/"
    if fits and new ~= "" and (not best or #prefix > #best.prefix) then
      best = { prefix = prefix, old = old, new = new }
    elseif fits then
      self:use(section, old)
    end
  end
  if not best then
    return nil
  end
  self:use(section, best.old)
  local rule, new = self:rule_text(section, best.old), best.new
  if type(new) == "function" then
    new = new(value)
  elseif new then
    new = new:gsub("/+$", "") .. bare:sub(#best.prefix + 1)
    if value:find "^/Workspace/" and not new:find "^/Workspace/" then
      new = "/Workspace" .. new
    end
  end
  return new, rule
end

-- /Volumes/catalog/schema/...: what maps catalogs and schemas maps them here too.
function Map:volume(value)
  local new, rule = self:by_prefix("locations", value)
  if new ~= nil then
    return new, rule
  end
  local head, catalog, schema, rest = value:match "^(.-/Volumes/)([^/]+)/([^/]+)(.*)$"
  if not head then
    return nil
  end
  local new_catalog, catalog_rule = self:look_up("catalogs", catalog)
  local new_schema, schema_rule = self:look_up("schemas", catalog .. "." .. schema)
  if new_schema == nil then
    new_schema, schema_rule = self:look_up("schemas", schema)
  end
  if not new_catalog and not new_schema then
    return nil
  end
  return ("%s%s/%s%s"):format(head, new_catalog or catalog, new_schema or schema, rest),
    catalog_rule or schema_rule
end

function Map:secret(value)
  local rule, changed
  local function replace(open, scope, key, close)
    local whole, r = self:look_up("secret_scopes", scope .. "/" .. key)
    if not whole then
      whole, r = self:look_up("secret_scopes", scope)
      whole = whole and whole .. "/" .. key
    end
    rule, changed = rule or r, changed or whole
    return whole and open .. whole .. close or nil
  end
  local new = value:gsub("({{%s*secrets/)([^/{}]+)/([^/{}]-)(%s*}})", replace)
  if changed then
    return new, rule
  end
end

--- The new value of a field that is bound to a workspace: nil where no rule says anything,
-- false where one says to leave it out; and the rule.
---@param kind string as fields.find_bound gives it
---@param value string
---@param where { catalog?: string, default_catalog?: string, default_schema?: string } the
--- catalog that the value is in, and what the pipeline itself publishes to
---@return string|false|nil new
---@return string? rule
function Map:apply(kind, value, where)
  if kind == "catalog" and self.catalog
    and value:lower() == (where.default_catalog or ""):lower() then
    return self.catalog, "--catalog"
  elseif kind == "schema" then
    if self.schema and value == where.default_schema then
      return self.schema, "--schema"
    end
    local new, rule = self:look_up("schemas", (where.catalog or "") .. "." .. value)
    if new == nil then
      new, rule = self:look_up("schemas", value)
    end
    return new, rule
  elseif kind == "secret" then
    return self:secret(value)
  elseif kind == "volume" then
    return self:volume(value)
  elseif kind == "path" or kind == "location" or kind == "storage" then
    return self:by_prefix(files.sections[kind], value)
  elseif kind == "address" then
    local new, rule = self:look_up("addresses", value)
    if new == nil then
      return self:look_up("principals", value)
    end
    return new, rule
  end
  return self:look_up(files.sections[kind], value)
end

--- As `apply`, for a line of a requirements file, which may hold a path behind an option.
---@param kind string of the value: see tarn.spec
---@param value string
---@return any mapped nil if no rule fits
---@return string? rule
function Map:apply_dependency(kind, value)
  local option, path = value:match "^(%-%-?[%w-]+[ =]%s*)(/.*)$"
  local new, rule = self:apply(kind, path or value, {})
  return new and (option or "") .. new or new, rule
end

--- Where the sources of a path go.
---@param path string
---@return string
function Map:path(path)
  local new = self:by_prefix("paths", path)
  return new or path
end

--- The rules that matched nothing, as a person reads them.
---@return string[]
function Map:unused()
  local list = {}
  for name, section in pairs(self.sections) do
    for old, new in pairs(type(section) == "table" and section or {}) do
      if new ~= "" and not self.used[name .. "\0" .. old] then
        list[#list + 1] = ("%s: '%s' is nowhere in the source"):format(
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

--- What one would write to settle a value of that kind.
---@param kind string
---@param value string
---@return string
function M.hint(kind, value)
  if kind == "path" then
    return ("--path-map %s=NEW, or --with-sources"):format(plain_path(value):match "^/[^/]+/[^/]+"
      or value)
  elseif kind == "secret" then
    local first = secrets.references(value)[1]
    value = first and first.scope or value
  elseif kind == "volume" then
    value = value:match "^.*/Volumes/[^/]+/[^/]+/[^/]+" or value
  end
  return ("--map: %s = { [%q] = ... }"):format(files.sections[kind] or kind, value)
end

-- What other subjects use of the parts.
return require("base.lazy").fields(M, {
  suggest = "tarn.mapping.suggest",
})
