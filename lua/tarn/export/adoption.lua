--- What happens to a pipeline that a bundle or Terraform adopts, instead of making another one.
--
-- Pure. Both replace all settings of an adopted pipeline at their first deployment. So settings
-- that are not in the files are removed then.

local export = require "tarn.export"

local M = {}

-- Settings that are not in the files and that stay all the same: the server sets them.
local KEPT <const> = { id = true, pipeline_type = true, data_sampling = true,
  storage = true, ["ingestion_definition.source_type"] = true, permissions = true }

---@class tarn.Adoption
---@field command string      adopts the pipeline
---@field deployment string   the step that replaces its settings
---@field stays? table<string, boolean> paths of other settings that this tool keeps

--- The lines of a file's comment, and a warning if the deployment removes settings.
---@param item tarn.ExportItem
---@param dropped { path: string }[] what is not in the files
---@param how tarn.Adoption
---@return string comment
---@return string? warning
function M.describe(item, dropped, how)
  if not item.pipeline_id then
    return ""
  end
  local lost = {}
  for _, one in ipairs(dropped) do
    local stays = KEPT[one.path] or how.stays and how.stays[one.path]
    if not stays then
      lost[#lost + 1] = one.path
    end
  end
  local lines = { "# To adopt the existing pipeline instead of creating a second one:",
    "#   " .. export.comment(how.command) }
  if #lost == 0 then
    return table.concat(lines, "\n") .. "\n"
  end
  table.sort(lost)
  lines[#lines + 1] = ("# The first %s then removes its settings that are not in this file:")
    :format(how.deployment)
  for _, path in ipairs(lost) do
    lines[#lines + 1] = "#   " .. export.comment(path)
  end
  return table.concat(lines, "\n") .. "\n", ("an adopted pipeline loses, at the first %s, its "
    .. "settings that are not in the files: %s"):format(how.deployment, table.concat(lost, ", "))
end

return M
