--- Ejected files: the version they come from, and whether the built-in file has changed since.
--
-- The last line of an ejected file has the version and the digest of the original:
-- `-- ejected from tarn 0.2.0, 9ae16a3b2f90404f`. As the last line, it keeps all line numbers.

local bundle = require "native.bundle"

local M = {}

local MARK <const> = "%-%- ejected from tarn ([^%s,]+),? ?(%x*)%s*$"
local TAIL <const> = 80 -- bytes; such a line is shorter

-- FNV-1a, which is enough to notice a change.
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

--- The text of a bundled file with the last line that marks it as ejected.
---@param text string
---@return string
function M.mark(text)
  return ("%s\n-- ejected from tarn %s, %s\n"):format(text:gsub("\n$", ""), bundle.version,
    digest(text))
end

--- The version that a text was ejected from; nil if it was not ejected.
---@param text? string
---@return string?
function M.find_version(text)
  return (find_mark(text))
end

--- True if the text was ejected and the built-in file has changed since.
---@param file string "scripts/list.lua"
---@param text? string
---@return boolean
function M.is_outdated(file, text)
  local version, kept = find_mark(text)
  if not version then
    return false
  end
  local original = bundle.read(file)
  if kept == "" or not original then -- an old mark without a digest; or no such file
    return version ~= bundle.version or not original
  end
  return digest(original) ~= kept
end

return M
