--- The rows of an answer of the dashboard, those of all workspaces one after the other. Pure.

local collections = require "base.collections"
local json = require "native.json"

--- The pipelines; of several workspaces each has its `profile`. A workspace without an answer has
-- none.
---@param data table of `tarn.dashboard`
---@return tarn.PipelineRow[]
return function(data)
  if not data.workspaces then
    return data.pipelines
  end
  local list = json.array {}
  for _, one in ipairs(data.workspaces) do
    for _, row in ipairs(one.pipelines ~= json.null and one.pipelines or {}) do
      local copy = collections.copy(row)
      copy.profile = one.profile
      list[#list + 1] = copy
    end
  end
  return list
end
