--- Look up values in the sections of a map.

local files = require "tarn.mapping.file"
local strings = require "base.strings"

local M = {}

-- The new name of `old` in a section, and the rule; nil if the section has none.
local function look_up(map, section, old)
  local list = map.sections[section]
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
  map:use(section, key)
  if new == "" then
    return nil -- written by --suggest-map and not filled in
  end
  return new, map:rule_text(section, key)
end

--- A path without /Workspace.
---@param path string
---@return string
function M.plain_path(path)
  return (path:gsub("^/Workspace/", "/"))
end

--- Replace the longest prefix of a path that a section has.
---@param map tarn.Map
---@param section string
---@param value string
---@return string|false|nil new
---@return string? rule
function M.by_prefix(map, section, value)
  local list = map.sections[section]
  if type(list) ~= "table" then
    return look_up(map, section, value)
  end
  local best
  local bare = M.plain_path(value)
  for old, new in pairs(list) do
    local prefix = M.plain_path(old):gsub("/+$", "")
    local fits = bare == prefix or bare:sub(1, #prefix + 1) == prefix .. "/"
    if fits and new ~= "" and (not best or #prefix > #best.prefix) then
      best = { prefix = prefix, old = old, new = new }
    elseif fits then
      map:use(section, old)
    end
  end
  if not best then
    return nil
  end
  map:use(section, best.old)
  local rule, new = map:rule_text(section, best.old), best.new
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

-- /Volumes/catalog/schema/...: rules for catalogs and schemas hold here, too.
local function find_volume(map, value)
  local new, rule = M.by_prefix(map, "locations", value)
  if new ~= nil then
    return new, rule
  end
  local head, catalog, schema, rest = value:match "^(.-/Volumes/)([^/]+)/([^/]+)(.*)$"
  if not head then
    return nil
  end
  local new_catalog, catalog_rule = look_up(map, "catalogs", catalog)
  local new_schema, schema_rule = look_up(map, "schemas", catalog .. "." .. schema)
  if new_schema == nil then
    new_schema, schema_rule = look_up(map, "schemas", schema)
  end
  if not new_catalog and not new_schema then
    return nil
  end
  return ("%s%s/%s%s"):format(head, new_catalog or catalog, new_schema or schema, rest),
    catalog_rule or schema_rule
end

local function find_secret(map, value)
  local rule, changed
  local function replace(open, scope, key, close)
    local whole, r = look_up(map, "secret_scopes", scope .. "/" .. key)
    if not whole then
      whole, r = look_up(map, "secret_scopes", scope)
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

--- The new value of a field; see `apply` of tarn.mapping.
---@param map tarn.Map
---@param kind string
---@param value string
---@param where { catalog?: string, default_catalog?: string, default_schema?: string }
---@return string|false|nil new
---@return string? rule
function M.value(map, kind, value, where)
  if type(value) ~= "string" then
    return nil
  end
  if kind == "catalog" and map.catalog
    and value:lower() == (where.default_catalog or ""):lower() then
    return map.catalog, "--catalog"
  elseif kind == "schema" then
    if map.schema and value == where.default_schema then
      return map.schema, "--schema"
    end
    local catalog = strings.non_empty(where.catalog) or ""
    local new, rule = look_up(map, "schemas", catalog .. "." .. value)
    if new == nil then
      new, rule = look_up(map, "schemas", value)
    end
    return new, rule
  elseif kind == "secret" then
    return find_secret(map, value)
  elseif kind == "volume" then
    return find_volume(map, value)
  elseif kind == "path" or kind == "location" or kind == "storage" then
    return M.by_prefix(map, files.sections[kind], value)
  elseif kind == "address" then
    local new, rule = look_up(map, "addresses", value)
    if new == nil then
      return look_up(map, "principals", value)
    end
    return new, rule
  end
  return look_up(map, files.sections[kind], value)
end

return M
