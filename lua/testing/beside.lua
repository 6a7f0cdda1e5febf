--- Scripts that lie beside the tests which run, or in the folder above: they can be called by
-- their names, as commands can.

local M = {}

--- The folders of the tests; the runner sets them.
---@type string[]
M.folders = {}

--- The file of a script beside the tests; nil if there is none.
---@param name string
---@return tarn.Source?
function M.find(name)
  for _, folder in ipairs(name:find "^[%w_-]+$" and M.folders or {}) do
    local path = ("%s/%s.lua"):format(folder, name):gsub("^%./", "")
    local file <close> = io.open(path, "rb")
    if file then
      return { name = path, origin = folder, path = path, text = file:read "a" }
    end
  end
end

--- The test of a script that lies beside it: "stale_test.lua" for "stale.lua". Nil without one.
---@param path string
---@return string?
function M.find_test(path)
  local stem = not path:find "_test%.lua$" and path:match "^(.*)%.lua$"
  local test = stem and stem .. "_test.lua"
  local file <close> = test and io.open(test, "rb") or nil
  return file and test or nil
end

return M
