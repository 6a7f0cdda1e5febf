--- The arguments of the two clone commands: which there are, the options of a plan among them, and
-- what the journal keeps of them.

local spec = require "tarn.spec"
local fs = require "native.fs"
local json = require "native.json"
local quote = require "output.quote"
local secrets = require "base.secrets"

local M = {}

local COMMON <const> = {
  { "pipeline", "pipeline", "Id, name, or unique beginning of the name.", optional = true,
    positional = true },
  { "name", "string", "Name of the copy; '*' stands for the source's name.", optional = true,
    alias = "new_name" },
  { "map", "path", "What is called differently there: a Lua or JSON file.", optional = true,
    value = "FILE", inline = true },
  { "catalog", "catalog", "Catalog that the copy publishes to.", optional = true },
  { "schema", "string", "Schema that the copy publishes to.", optional = true },
  { "set", "list", "Set a field, PATH=VALUE (repeatable).", optional = true, value = "PATH=VALUE" },
  { "drop", "list", "Leave a field out (repeatable).", optional = true, value = "PATH" },
  { "path_map", "list", "Paths that begin with OLD begin with NEW (repeatable).", optional = true,
    value = "OLD=NEW" },
  { "with_sources", "flag", "Copy the code too: notebooks, files, folders, init scripts." },
  { "overwrite", "flag", "With --with-sources: replace sources that are newer there." },
  { "permissions", "flag", "Copy the access list." },
  { "production", "flag", "The copy is not in development mode." },
  { "continuous", "flag", "A continuous source gives a continuous copy, which starts at once." },
  { "placeholder", "choice", "A notebook for a source without code, or a refusal.",
    choices = { "auto", "never" }, default = "auto" },
  { "update", "flag", "A pipeline of that name is the copy, whoever made it." },
  { "start", "flag", "Start an update of the copy." },
  { "suggest_map", "flag", "Print a map to fill in, and change nothing." },
  { "dry_run", "flag", "Show what would be done, and change nothing." },
}

--- The arguments: the common ones, with those of one command after the name of the copy.
---@param own table[]
---@return table[]
function M.all(own)
  local list = { COMMON[1], COMMON[2] }
  table.move(own, 1, #own, #list + 1, list)
  table.move(COMMON, 3, #COMMON, #list + 1, list)
  return list
end

local PASSED <const> = { "name", "map", "catalog", "schema", "set", "drop", "path_map",
  "with_sources", "overwrite", "permissions", "production", "continuous", "placeholder", "start",
  "update" }

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

-- A value of --set that looks like a secret is not kept.
local function mask_set(list)
  local masked = json.array {}
  for i, item in ipairs(list) do
    masked[i] = secrets.mask_setting(item)
  end
  return masked
end

--- The command line that would do this clone, for an admin to repeat. Holds no secret: values
-- that look like one are masked.
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

--- What the journal keeps of the arguments: enough for --resume, from any folder, and no secret.
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
