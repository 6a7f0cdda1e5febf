--- Texts kept in tests/golden. UPDATE_GOLDEN=1 writes them anew; the diff is for a reviewer.

local fs = require "native.fs"

local M = {}

--- Fails unless `text` is what tests/golden/`name` holds.
---@param t table the test
---@param name string
---@param text string
function M.check(t, name, text)
  local path = "tests/golden/" .. name
  if os.getenv "UPDATE_GOLDEN" then
    fs.mkdir((path:gsub("/[^/]*$", "")), { parents = true })
    fs.write(path, text)
    return
  end
  local want = fs.find_read(path)
  t.is_true(want, path .. " is missing: make it with UPDATE_GOLDEN=1")
  t.equal(text, want, path)
end

return M
