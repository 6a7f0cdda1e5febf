--- Read the spec, owner, parameters and permissions of a pipeline.
--
--     local export = require "tarn.export"
--     local item = export.read(ws, "sales_orders_etl", { permissions = true })
--     print(item.name, item.spec.catalog, #item.permissions)
--     for _, warning in ipairs(item.warnings) do print(warning) end

local fault = require "base.fault"
local fs = require "native.fs"
local json = require "native.json"
local permissions = require "tarn.permissions"
local secrets = require "base.secrets"
local specs = require "tarn.spec"

local M = {}

--- The name of the folder with the sources, in an export in Tarn's own format.
M.SOURCES = "sources"

---@class tarn.ExportItem
---@field host string
---@field origin? string         the same in all runs: the host, or the profile if it is embedded
---@field org_id? string
---@field pipeline_id string
---@field name string
---@field last_modified? integer
---@field spec table             as the API gives it
---@field run_as? table          if it was set explicitly
---@field parameters? table
---@field permissions? tarn.Grant[] direct grants; nil if they cannot be read
---@field warnings string[]

---@class tarn.Grant
---@field kind "user_name"|"group_name"|"service_principal_name"
---@field name string
---@field level string

local KINDS <const> = { "user_name", "group_name", "service_principal_name" }

local function direct_level(entry)
  for _, permission in ipairs(entry.all_permissions or {}) do
    if not permission.inherited then
      return permission.permission_level
    end
  end
end

-- The grants on the pipeline itself, without inherited grants and those of the admins.
local function grants_of(answer)
  local grants = {}
  for _, entry in ipairs(answer.access_control_list or {}) do
    local level = direct_level(entry)
    for _, kind in ipairs(KINDS) do
      local name = entry[kind]
      if level and type(name) == "string" and not (kind == "group_name" and name == "admins") then
        grants[#grants + 1] = { kind = kind, name = name, level = level }
      end
    end
  end
  return grants
end

local function read_grants(ws, id, warnings)
  local answer, e = fault.try(ws.request, ws, "GET", permissions.path(id))
  if answer then
    return grants_of(answer)
  elseif e.kind == "cancelled" then
    error(e, 0)
  end
  warnings[#warnings + 1] = "permissions are not exported: " .. e.message
end

local function has(value)
  return value ~= nil and value ~= json.null and (type(value) ~= "table" or next(value) ~= nil)
end

--- The fields whose values look like secrets in plain text.
---@param spec table
---@return string[] paths
function M.secret_paths(spec)
  local paths = {}
  specs.each(spec, function(keys, value)
    if secrets.is_secret(keys[#keys], value) then
      paths[#paths + 1] = specs.path(keys)
    end
  end)
  return paths
end

--- Read a pipeline, by id or name.
---@param ws tarn.WorkspaceClient
---@param id_or_name string
---@param opts? { permissions?: boolean }
---@return tarn.ExportItem
function M.read(ws, id_or_name, opts)
  local found = ws:pipeline(id_or_name)
  local info, warnings = ws.native:info(), {}
  local item = {
    host = info.host, origin = ws:key(), org_id = info.org_id, pipeline_id = found.pipeline_id,
    name = found.name or found.spec.name, last_modified = found.last_modified,
    spec = found.spec or {}, warnings = warnings,
    run_as = has(found.run_as) and found.run_as or nil,
    parameters = has(found.parameters) and found.parameters or nil,
  }
  if opts and opts.permissions then
    item.permissions = read_grants(ws, item.pipeline_id, warnings)
  end
  for _, path in ipairs(M.secret_paths(item.spec)) do
    warnings[#warnings + 1] = path .. " looks like a secret, and the files hold it in plain text"
  end
  return item
end

--- The reason why a pipeline cannot be created from files, or nil.
---@param spec table
---@return string?
function M.find_obstacle(spec)
  if spec.pipeline_type == "DBSQL" then
    return "it belongs to a materialized view or streaming table of Databricks SQL, "
      .. "and is created by CREATE, not from a spec"
  elseif not has(spec.libraries) and not has(spec.ingestion_definition)
    and not has(spec.gateway_definition) then
    return "it has no code: neither libraries nor an ingestion or gateway definition"
  end
end

--- True for the storage location that the server gives to a pipeline by default.
---@param storage any
---@return boolean
function M.is_default_storage(storage)
  return type(storage) == "string" and storage:find "^dbfs:/pipelines/%x+%-[%x-]+$" ~= nil
end

--- Remove the storage location from a spec if it is the default one.
---@param spec table
---@param drop fun(keys: string[], value: any, reason: string) is called for what is removed
function M.drop_default_storage(spec, drop)
  if M.is_default_storage(spec.storage) then
    drop({ "storage" }, nil, "it is the default location, which contains this pipeline's id")
    spec.storage = nil
  end
end

--- A text without control characters and line separators, for a comment in a file.
---@param text string
---@return string
function M.comment(text)
  return (tostring(text):gsub("%c", " "):gsub("\xc2[\x80-\x9f]", " ")
    :gsub("\xe2\x80[\xa8\xa9]", " "))
end

local LONGEST <const> = 100 -- bytes

--- The beginning of a name that becomes part of a file's name, in whole characters.
---@param name string
---@return string
function M.short(name)
  if #name <= LONGEST then
    return name
  end
  local last = LONGEST
  while last > 0 and name:byte(last + 1) & 0xc0 == 0x80 do
    last = last - 1
  end
  return (name:sub(1, last):gsub("_+$", ""))
end

--- Refuse a folder whose sources' folder is a link, which may lead anywhere.
---@param dir string an exported folder
---@param op string
function M.check_sources_folder(dir, op)
  if not fs.find_stat(dir) then
    return
  end
  local folder <close> = fs.folder(dir)
  local stat = folder:find_stat(M.SOURCES)
  if stat and stat.type == "link" then
    fault.raise { kind = "conflict", op = op, code = "ELOOP",
      message = ("%s/%s is a link, which is not followed"):format(dir, M.SOURCES),
      hint = "remove the link, or replace it by its target" }
  end
end

--- True if a field has a value: not null, and not an empty table.
M.has = has

-- Parts that other subjects use.
return require("base.lazy").fields(M, {
  layout = "tarn.export.layout",
  own = "tarn.export.json",
  known_fields = "tarn.export.known:names",
  fields_below = "tarn.export.known:below",
  unknown_fields = "tarn.export.known:unknown",
})
