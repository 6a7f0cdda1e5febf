--- Texts that are kept beside the tests. `tarn test --update`, or UPDATE_GOLDEN=1, writes them
-- anew; the diff is for a reviewer.

local fs = require "native.fs"
local place = require "testing.place"

local M = {}

--- True: write instead of comparing.
M.update = os.getenv "UPDATE_GOLDEN" ~= nil

local function is_folder(path)
  local stat = fs.find_stat(path)
  return stat ~= nil and stat.type == "directory"
end

--- The folder of golden texts for a test's file: `golden` beside it; or, if it is there, the one
-- in the nearest folder `tests` above, or in the folder above.
---@param file string
---@return string
function M.folder(file)
  local own = place.folder(file)
  local above = place.shared(own)
  if not is_folder(own .. "/golden") and is_folder(above .. "/golden") then
    return above .. "/golden"
  end
  return own .. "/golden"
end

--- Fails unless `text` is what the golden file `name` holds.
---@param t tarn.Test
---@param name string
---@param text string
function M.check(t, name, text)
  local path = M.folder(t.file) .. "/" .. name
  if M.update then
    fs.mkdir((path:gsub("/[^/]*$", "")), { parents = true })
    fs.write(path, text)
    return
  end
  local want = fs.find_read(path)
  t.is_true(want, path .. " is missing: make it with `tarn test --update`")
  t.equal(text, want, path)
end

return M
