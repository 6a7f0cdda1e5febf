--- The settings of a pipeline as a text in YAML that a person edits.
--
-- Values that look like secrets are not in the text: a placeholder stands for each, so that no
-- secret lies in a temporary file.

local export = require "tarn.export"
local fault = require "base.fault"
local json = require "native.json"
local secrets = require "base.secrets"
local specs = require "tarn.spec"
local yaml = require "native.yaml"

local M = {}

local OP <const> = "tarn edit"

-- What stands above a field.
local NOTES <const> = {
  name = "no other pipeline of the workspace may have it",
  catalog = "where tables are published; a pipeline cannot move to or from the Hive metastore",
  storage = "cannot be changed",
  development = "true: compute is kept for reuse, and failures are not retried",
  continuous = "true: an update starts at once, and goes on until it is stopped",
  serverless = "true: without clusters",
  libraries = "the code: notebook, file or glob, each by its path in the workspace",
  clusters = "exactly one has the label default",
  configuration = "values are texts", tags = "values are texts", parameters = "values are texts",
  run_as = "can be changed, and not removed",
  edition = "CORE, PRO or ADVANCED", channel = "CURRENT or PREVIEW",
  deployment = "belongs to the bundle that manages this pipeline",
}

local HIDDEN <const> = { id = true, pipeline_type = true, data_sampling = true }

-- A copy in which a placeholder stands for each secret; `kept` gets the secrets by placeholder.
local function hide(value, name, kept)
  if type(value) ~= "table" then
    if secrets.mask(name, value) == value then
      return value
    end
    kept.n = kept.n + 1
    local placeholder = ("<secret %d: leave this text to keep it>"):format(kept.n)
    kept[placeholder] = value
    return placeholder
  elseif specs.is_leaf(value) then
    return value
  end
  local copy = specs.is_list(value) and json.array {} or {}
  for _, key in ipairs(specs.sorted_keys(value)) do
    copy[key] = hide(value[key], type(key) == "string" and key or name, kept)
  end
  return copy
end

-- Put the secrets back, in place.
local function reveal(value, kept, keys)
  for key, item in pairs(value) do
    keys[#keys + 1] = key
    if type(item) == "table" and not (specs.is_leaf(item) and next(item) ~= nil) then
      reveal(item, kept, keys)
    elseif kept[item] and key ~= "n" then
      value[key] = kept[item]
    elseif type(item) == "string" and item:find "^<secret %d+: leave" then
      fault.raise { kind = "parse", op = OP,
        message = ("%s stands for a secret that this pipeline does not have"):format(
          specs.path(keys)) }
    end
    keys[#keys] = nil
  end
end

---@class tarn.EditText
---@field text string
---@field secrets table placeholder -> value

--- The settings as a text, with comments on what can be changed.
---@param settings table see tarn.spec.settings
---@param about string who and where, for the first line
---@return tarn.EditText
function M.text(settings, about)
  local kept = { n = 0 }
  local shown = hide(settings, nil, kept)
  local lines = {
    "# " .. export.comment(about),
    "# Save and leave the editor: the changes are shown, and sent when you agree.",
    "# A file without changes sends nothing. A field that is removed gets its default value.", "",
  }
  for _, key in ipairs(specs.sorted_keys(shown, true)) do
    if not HIDDEN[key] then
      lines[#lines + 1] = NOTES[key] and ("# %s: %s"):format(key, NOTES[key]) or nil
      lines[#lines + 1] = (yaml.encode({ [key] = shown[key] }):gsub("\n$", ""))
    end
  end
  local unset = {}
  for _, name in ipairs(export.known_fields()) do
    unset[#unset + 1] = shown[name] == nil and not HIDDEN[name] and name or nil
  end
  lines[#lines + 1] = ""
  lines[#lines + 1] = "# Not set:"
  local line = "#"
  for i, name in ipairs(unset) do
    if #line + #name > 96 then
      lines[#lines + 1], line = line, "#"
    end
    line = line .. " " .. name .. (i < #unset and "," or "")
  end
  lines[#lines + 1] = line .. "\n"
  return { text = table.concat(lines, "\n"), secrets = kept }
end

--- The settings in an edited text. Raises a fault of kind `parse` that names the position.
---@param text string
---@param made tarn.EditText what the text began as
---@param settings table the settings that it was made of
---@return table
function M.parse(text, made, settings)
  local ok, value = fault.call(yaml.decode, text)
  if not ok and value.kind ~= "parse" then
    error(value, 0)
  elseif not ok then
    fault.raise { kind = "parse", op = OP, message = value.message }
  elseif type(value) ~= "table" or json.is_array(value) then
    fault.raise { kind = "parse", op = OP, message = "the text holds no settings" }
  end
  reveal(value, made.secrets, {})
  for name in pairs(HIDDEN) do
    value[name] = settings[name]
  end
  return value
end

return M
