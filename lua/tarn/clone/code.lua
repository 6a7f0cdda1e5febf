--- The sources that a clone copies: notebooks, files and folders of its pipeline.

local names = require "tarn.clone.code.names"
local sources = require "tarn.sources"
local warnings = require "tarn.clone.warnings"

local M = {}

--- Plan the copy of the sources. Sets `sources` of the plan, and `sources_cover`, a function that
-- tells whether a path of the target will be there after the copy.
---@param plan tarn.ClonePlan
---@param source tarn.WorkspaceClient
---@param target tarn.WorkspaceClient
---@param spec table the settings of the source
---@param session tarn.CloneSession
---@param options tarn.CloneOptions
function M.plan(plan, source, target, spec, session, options)
  local map = session.map
  local rules = names.rules(map, spec, plan.body)
  plan.sources = sources.plan(source, target, spec, {
    path_map = function(path) return map:path(path) end, overwrite = options.overwrite,
    memo = session.memo, edit = options.rewrite_code and #rules > 0
      and function(item, bytes) return (names.rewrite(item, bytes, rules)) end or nil })
  plan.code_names = names.find(source, plan.sources.items, rules)
  plan.rewrites = options.rewrite_code
  if #plan.code_names > 0 and not options.rewrite_code then
    warnings.add(plan, "%d line%s of the code name%s a catalog of the source: see the list; "
      .. "--rewrite-code changes them", #plan.code_names, #plan.code_names == 1 and "" or "s",
      #plan.code_names == 1 and "s" or "")
  end
  local covered = {}
  for _, item in ipairs(plan.sources.items) do
    if item.verdict == "copy" or item.verdict == "same" or item.verdict == "newer" then
      covered[item.target] = true
    end
  end
  for _, text in ipairs(plan.sources.warnings or {}) do
    warnings.add(plan, "%s", text)
  end
  function plan.sources_cover(path)
    path = path:gsub("^/Workspace/", "/"):gsub("/%*%*$", ""):gsub("/+$", "")
    if covered[path] or covered["/Workspace" .. path] then
      return true
    end
    for known in pairs(covered) do
      if known:gsub("^/Workspace/", "/"):sub(1, #path + 1) == path .. "/" then
        return true
      end
    end
    return false
  end
end

return M
