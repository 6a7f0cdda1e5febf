--- Folders of test files.

local M = {}

--- The folder of a file.
---@param path string
---@return string
function M.of(path)
  return path:match "^(.*)/[^/]*$" or "."
end

--- The folder of what all tests share: the nearest folder named `tests` on the way up, or where
-- there is none, the folder above.
---@param folder string
---@return string
function M.shared(folder)
  local at = folder
  while at:find "[^/.]" do
    if at:match "[^/]*$" == "tests" then
      return at
    end
    at = at:find "/" and M.of(at) or "."
  end
  return folder == "." and ".." or M.of(folder)
end

return M
