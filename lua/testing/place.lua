--- Folders of test files.

local M = {}

--- The folder that a file is in.
---@param path string
---@return string
function M.folder(path)
  return path:match "^(.*)/[^/]*$" or "."
end

--- The folder that holds what all tests share: the nearest one named `tests` on the way up; where
-- there is none, the folder above.
---@param folder string
---@return string
function M.shared(folder)
  local at = folder
  while at:find "[^/.]" do
    if at:match "[^/]*$" == "tests" then
      return at
    end
    at = at:find "/" and M.folder(at) or "."
  end
  return folder == "." and ".." or M.folder(folder)
end

return M
