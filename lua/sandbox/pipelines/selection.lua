--- What an update refreshes: all, or the datasets that a request names, or those that the source
--- files at its paths define.

local tree = require "sandbox.files.tree"

local M = {}

--- Does a list of names have that dataset, by its full name or by a part of it?
---@param selection string[]
---@param dataset table
---@return boolean
function M.has(selection, dataset)
  for _, name in ipairs(selection) do
    name = name:lower()
    if name == dataset.full or name == dataset.table
      or name == dataset.schema .. "." .. dataset.table then
      return true
    end
  end
  return false
end

-- The full names of the datasets that the source files at these paths define.
local function defined_at(run, paths)
  local names, wanted = {}, {}
  for _, path in ipairs(paths or {}) do
    wanted[tree.path(path)] = true
  end
  for _, dataset in ipairs(run.datasets) do
    if wanted[dataset.path] then
      names[#names + 1] = dataset.full
    end
  end
  return names
end

--- Set what an update refreshes, by name: `selection` all of it, `reset` what it resets before.
---@param run table
function M.set(run)
  run.selection, run.reset = {}, {}
  local function add(list, into)
    table.move(list, 1, #list, #into + 1, into)
  end
  add(run.full_refresh_selection or {}, run.reset)
  add(defined_at(run, run.full_refresh_selection_by_path), run.reset)
  add(run.refresh_selection or {}, run.selection)
  add(defined_at(run, run.refresh_selection_by_path), run.selection)
  add(run.reset, run.selection)
end

return M
