--- Files that Tarn writes: their names, and how they get into a folder.

local fs = require "native.fs"
local json = require "native.json"
local term = require "native.term"

local M = {}

--- Write files below a folder. Missing folders are created, existing files are replaced.
---@param dir string
---@param files table<string, string> path below the folder -> text
---@param dry_run? boolean only return the paths
---@return string[] paths sorted
function M.write(dir, files, dry_run)
  local paths = json.array {}
  for name, text in pairs(files) do
    local path = dir .. "/" .. name
    paths[#paths + 1] = path
    if not dry_run then
      fs.mkdir(path:match "^(.*)/", { parents = true })
      fs.write(path, text)
    end
  end
  table.sort(paths)
  return paths
end

local LONGEST <const> = 200 -- bytes of a name; file systems take 255

-- Names that Windows reserves for devices, with any extension.
local DEVICES <const> = { con = true, prn = true, aux = true, nul = true, ["conin$"] = true,
  ["conout$"] = true }

local function is_device(name)
  local stem = name:lower():match "^[^.]*"
  return DEVICES[stem] or stem:find "^com%d$" ~= nil or stem:find "^lpt%d$" ~= nil
end

--- A name that every common file system accepts and that `ls` can show: not too long, not reserved,
-- without control characters and those that some systems refuse, and without a blank or a dot at
-- its end, which Windows drops. A slash stays.
---@param name string
---@return string
function M.portable(name)
  name = term.clean(name):gsub('[<>:"\\|?*]', "_"):gsub("\u{FFFD}", "_")
  if #name > LONGEST then
    local cut = LONGEST
    while cut > 0 and name:byte(cut + 1) & 0xC0 == 0x80 do -- not inside of a character
      cut = cut - 1
    end
    name = name:sub(1, cut)
  end
  name = name:gsub("^ +", "_"):gsub("[ .]+$", "_")
  if name == "" then
    return "_"
  end
  return is_device(name) and "_" .. name or name
end

return M
