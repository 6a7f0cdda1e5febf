--- The arguments of the two clone commands, and their form in the journal and on a command line.

local fs = require "native.fs"
local json = require "native.json"
local quote = require "output.quote"
local secrets = require "base.secrets"
local spec = require "tarn.spec"

local M = {}

--- The schema of the data that both commands return.
M.returns = { pipeline_id = "string", source_pipeline_id = "string",
  source_pipeline_name = "string", source_workspace = "string", dest_workspace = "string",
  new_name = "string", ["catalog~"] = "string", ["target~"] = "string",
  libraries_count = "integer", clusters_count = "integer", continuous = "boolean",
  serverless = "boolean", ["dest_pipeline_id~"] = "string", ["new_pipeline_id?"] = "string",
  status = "string", dry_run = "boolean", action = "string",
  spec_preview = { ["catalog~"] = "string", ["target~"] = "string",
    libraries_count = "integer", clusters_count = "integer" },
  fields = { { path = "string", verdict = "string", ["reason?"] = "string" } },
  steps = { { kind = "string", what = "string" } }, warnings = { "string" },
  problems = "array", admin_commands = { "string" }, ["operation?"] = "string" }

local COMMON <const> = {
  { "pipeline", "pipeline", "Id, name, or unique beginning of the name.", optional = true,
    positional = true },
  { "name", "string", "Name of the copy; '*' stands for the source's name.", optional = true,
    alias = "new_name" },
  { "map", "path", "Map of names in the target: a Lua or JSON file.", optional = true,
    value = "FILE", inline = true },
  { "catalog", "catalog", "Catalog that the copy publishes to.", optional = true },
  { "schema", "string", "Schema that the copy publishes to.", optional = true },
  { "set", "list", "Set a field, PATH=VALUE (repeatable).", optional = true, value = "PATH=VALUE" },
  { "drop", "list", "Leave a field out (repeatable).", optional = true, value = "PATH" },
  { "path_map", "list", "Replace the prefix OLD of paths by NEW (repeatable).", optional = true,
    value = "OLD=NEW" },
  { "with_sources", "flag", "Copy the code too: notebooks, files, folders, init scripts." },
  { "overwrite", "flag", "With --with-sources: replace sources that are newer in the target." },
  { "rewrite_code", "flag",
    "With --with-sources: change the names of catalogs in the code by the map." },
  { "permissions", "flag", "Copy the access list." },
  { "with_jobs", "choice", "List the jobs that run the source, or copy them, paused, for the copy.",
    choices = { "report", "copy" }, optional = true },
  { "production", "flag", "The copy is not in development mode." },
  { "continuous", "flag", "Keep the continuous mode: such a copy starts at once." },
  { "placeholder", "choice", "Give a source without code a notebook, or refuse it.",
    choices = { "auto", "never" }, default = "auto" },
  { "update", "flag", "Treat a pipeline that has the copy's name as the copy." },
  { "start", "flag", "Start an update of the copy." },
  { "suggest_map", "flag", "Print a map to fill in, and change nothing." },
  { "dry_run", "flag", "Show what would be done, and change nothing." },
}

--- The arguments of one command: its own ones stand after the name of the copy.
---@param own table[]
---@return table[]
function M.all(own)
  local list = { COMMON[1], COMMON[2] }
  table.move(own, 1, #own, #list + 1, list)
  table.move(COMMON, 3, #COMMON, #list + 1, list)
  return list
end

local PASSED <const> = { "name", "map", "catalog", "schema", "set", "drop", "path_map",
  "with_sources", "overwrite", "rewrite_code", "permissions", "with_jobs", "production",
  "continuous", "placeholder", "start", "update" }

--- The options of tarn.clone.plan among the arguments of a command.
---@param arg table
---@return tarn.CloneOptions
function M.options(arg)
  local options = {}
  for _, name in ipairs(PASSED) do
    options[name] = arg[name]
  end
  return options
end

-- The journal does not keep values of --set that look like secrets.
local function mask_set(list)
  local masked = json.array {}
  for i, item in ipairs(list) do
    masked[i] = secrets.mask_setting(item)
  end
  return masked
end

--- The command line of this clone, for an admin to repeat. Values that look like secrets are
-- masked.
---@param arg table
---@param source_id string
---@param to? string profile of the target
---@return string
function M.command_line(arg, source_id, to)
  local words = { "tarn clone", source_id }
  local function add(option, value)
    words[#words + 1] = "--" .. option:gsub("_", "-")
    words[#words + 1] = value and quote.shell(value)
  end
  if to then
    add("to", to)
  end
  for _, name in ipairs(PASSED) do
    local value = arg[name]
    if value == true then
      add(name)
    elseif type(value) == "table" then
      for _, item in ipairs(name == "set" and mask_set(value) or value) do
        add(name, item)
      end
    elseif type(value) == "string" and not (name == "placeholder" and value == "auto") then
      add(name, value)
    end
  end
  return table.concat(words, " ")
end

local function absolute(path)
  return path ~= "-" and fs.find_stat(path) and fs.realpath(path) or path
end

--- The arguments as the journal keeps them: enough for --resume in any folder, without secrets.
---@param arg table
---@return table
function M.kept(arg)
  local kept = {}
  for name, value in pairs(arg) do
    if type(value) ~= "table" then
      kept[name] = value
    elseif getmetatable(value) == nil or json.is_array(value) then
      kept[name] = spec.copy(value)
    end
  end
  kept.set = arg.set and mask_set(arg.set)
  kept.map = type(arg.map) == "string" and absolute(arg.map) or nil
  kept.from_file = arg.from_file and absolute(arg.from_file)
  return kept
end

return M
