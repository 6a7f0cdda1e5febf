--- Files that were ejected: from which version, and whether the built-in one has changed since.
--
-- The last line of such a file says so, so that its other lines have the numbers of the
-- original: `-- ejected from tarn 0.2.0, 9ae16a3b2f90404f`. The digest is that of the original.

local bundle = require "native.bundle"

local M = {}

local MARK <const> = "%-%- ejected from tarn ([^%s,]+),? ?(%x*)%s*$"
local TAIL <const> = 80 -- bytes, more than such a line has

-- FNV-1a: tells texts apart, and is no secret's guard.
local function digest(text)
  local hash = 0xcbf29ce484222325
  for i = 1, #text do
    hash = (hash ~ text:byte(i)) * 0x100000001b3
  end
  return ("%016x"):format(hash)
end

local function find_mark(text)
  return (text or ""):sub(-TAIL):match(MARK)
end

--- The text of a bundled file, as it is written out.
---@param text string
---@return string
function M.mark(text)
  return ("%s\n-- ejected from tarn %s, %s\n"):format(text:gsub("\n$", ""), bundle.version,
    digest(text))
end

--- The version that the text was ejected from; nil if it was not.
---@param text? string
---@return string?
function M.find_version(text)
  return (find_mark(text))
end

--- True if the text was ejected, and what is built in under that name is not what it was.
---@param file string "scripts/list.lua"
---@param text? string
---@return boolean
function M.is_outdated(file, text)
  local version, kept = find_mark(text)
  if not version then
    return false
  end
  local original = bundle.read(file)
  if kept == "" or not original then -- from before there were digests; or it is gone
    return version ~= bundle.version or not original
  end
  return digest(original) ~= kept
end

return M
