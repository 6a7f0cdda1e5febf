--- Golden texts, which are kept beside the tests. `tarn test --update`, or UPDATE_GOLDEN=1, writes
-- them anew; a reviewer reads the diff.

local fs = require "native.fs"
local folders = require "testing.folders"

local M = {}

--- True: write the texts instead of comparing them.
M.update = os.getenv "UPDATE_GOLDEN" ~= nil

local function is_folder(path)
  local stat = fs.find_stat(path)
  return stat ~= nil and stat.type == "directory"
end

--- The folder of golden texts for a test's file: `golden` beside the file, or the one in the folder
-- that all tests share.
---@param file string
---@return string
function M.folder(file)
  local own = folders.of(file)
  local above = folders.shared(own)
  if not is_folder(own .. "/golden") and is_folder(above .. "/golden") then
    return above .. "/golden"
  end
  return own .. "/golden"
end

--- Fails unless `text` is the content of the golden file `name`.
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
