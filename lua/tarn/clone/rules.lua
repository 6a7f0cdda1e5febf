--- Rules for single fields of a clone: the ones that it drops, and the ones that it sets.

local mapping = require "tarn.mapping"

local M = {}

local function is_default_storage(value)
  return type(value) == "string" and value:find "^dbfs:/pipelines/%x+%-%x+%-%x+%-%x+%-%x+/?$" ~= nil
end

-- Fields that a copy never has. Each function returns the reason.
local never = {}

function never.id()
  return "the id of the source; the copy gets its own"
end

function never.deployment()
  return "the copy is not part of the bundle that manages the source"
end

function never.pipeline_type()
  return "set by the workspace, not a setting"
end
never.data_sampling = never.pipeline_type

function never.storage(run, value)
  if is_default_storage(value) then
    return "the default storage of the source; the copy gets its own"
  elseif run.map.catalog then
    return "the copy publishes to Unity Catalog, which has its own storage"
  elseif not run.same_workspace and not run.map:apply("storage", value, {}) then
    return "a location of the source's workspace", mapping.hint("storage", value)
  end
end

--- Why the copy cannot have a field of the source; nil if it can.
---@param run table the run of tarn.clone.verdicts
---@param keys any[]
---@param value any
---@return string? reason
---@return string? rule that would keep the field
function M.find_reason_to_drop(run, keys, value)
  if #keys == 1 and never[keys[1]] then
    return never[keys[1]](run, value)
  elseif #keys == 2 and keys[1] == "ingestion_definition" and keys[2] == "source_type" then
    return "set by the workspace, not a setting"
  end
end

-- Fields whose value the command decides. Each function returns the value and the reason, or nil
-- where the copy keeps the value of the source.
local force = {}

function force.name(run)
  return run.name, "the name of the copy"
end

function force.development(run, value)
  if run.production then
    return false, "--production"
  elseif value ~= true then
    return true, "a copy is in development mode unless --production"
  end
end

function force.continuous(run, value)
  if value == true and not run.continuous then
    return false, "a continuous copy would start at once: --continuous keeps the mode"
  end
end

--- The value that the command sets for a field, whatever the source has.
---@param run table the run of tarn.clone.verdicts
---@param keys any[]
---@param value any of the source
---@return any? value nil: keep the value of the source
---@return string? reason
function M.find_forced(run, keys, value)
  local f = #keys == 1 and force[keys[1]]
  if f then
    return f(run, value)
  end
end

return M
