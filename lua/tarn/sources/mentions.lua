--- Find objects that code needs: `%pip install` of a file, `%run` of a notebook. Pure.
--
-- These objects are not copied, since a plan would have to read all code to find them. The copy,
-- which reads the code anyway, warns of them.

local path = require("tarn.objects").path
local references = require "tarn.sources.references"

local M = {}

-- The arguments of `pip install`; an option and its value are one.
local function requirements_of(line)
  local list, words = {}, {}
  for word in line:gmatch "%S+" do
    words[#words + 1] = word
  end
  local i = 1
  while words[i] do
    local takes_value = words[i]:find "^%-%a$" or words[i] == "--requirement"
      or words[i] == "--constraint" or words[i] == "--editable"
    if takes_value and words[i + 1] then
      list[#list + 1] = words[i] .. " " .. words[i + 1]
      i = i + 1
    else
      list[#list + 1] = words[i]
    end
    i = i + 1
  end
  return list
end

local function unquoted(text)
  return (text:gsub("^[\"'](.*)[\"']$", "%1"))
end

--- The paths in the workspace that an object's code names, each once.
---@param bytes string
---@param object { path: string, kind: string }
---@return string[]
function M.of(bytes, object)
  local list, seen = {}, {}
  local function add(at)
    if at and path.in_tree(at) and not seen[at] then
      seen[at] = true
      list[#list + 1] = at
    end
  end
  if not bytes:find("%pip", 1, true) and not bytes:find("%run", 1, true) then
    return list
  end
  local folder = path.parent(object.path)
  -- lines of source code, or in quotes in a Jupyter document
  for line in bytes:gmatch "[^\r\n]+" do
    for packages in line:gmatch "%%pip%s+install%s+(.*)" do
      packages = packages:gsub('\\n.*$', ""):gsub('",?%s*$', "")
      for _, one in ipairs(requirements_of(packages)) do
        local found = references.find_requirement(unquoted(one), "", folder)
        add(found and found.path)
      end
    end
    local other = line:match "^#%s*MAGIC%s+%%run%s+(%S.-)%s*$"
      or line:match "^%-%-%s*MAGIC%s+%%run%s+(%S.-)%s*$"
      or line:match "^//%s*MAGIC%s+%%run%s+(%S.-)%s*$"
    if other then
      other = unquoted(other:match '^"[^"]*"' or other:match "^%S+")
      add(path.find_normal(other) or path.find_joined(folder, other))
    end
  end
  return list
end

return M
