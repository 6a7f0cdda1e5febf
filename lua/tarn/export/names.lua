--- Names of folders for pipelines, in an export of many.
--
-- Pure. A folder has the name of its pipeline, if every common file system accepts that name and no
-- other pipeline has one that differs only in case or in the way its letters are written. All other
-- folders have the beginning of the pipeline's id behind the name. So the names depend on the
-- pipelines of the workspace alone: not on their order, nor on which of them are exported.

local files = require "base.files"
local strings = require "base.strings"
local text = require "native.text"

local M = {}

-- The form in which two names are compared: some file systems do not tell them apart otherwise.
local function key_of(name)
  return strings.fold(utf8.len(name) and text.composed(name) or name)
end

local function plain(name)
  return files.portable((name:gsub("/", "_"):gsub("^%.+", "_")))
end

-- A name with a part of the id that no other folder has.
local function with_id(name, id, taken)
  id = plain(id)
  local candidate, n = ("%s~%s"):format(name, id:match "^[^-]*"), 0
  while taken[key_of(candidate)] do
    n = n + 1
    candidate = ("%s~%s%s"):format(name, id, n > 1 and "~" .. n or "")
  end
  return candidate
end

--- The names of the folders of pipelines.
---@param list { pipeline_id: string, name?: string }[] all pipelines of the workspace
---@return table<string, string> names by id
function M.of(list)
  local names, count, rest, taken = {}, {}, {}, {}
  for _, item in ipairs(list) do
    local name = item.name or ""
    if plain(name) == name then
      count[key_of(name)] = (count[key_of(name)] or 0) + 1
    end
  end
  for _, item in ipairs(list) do
    local name = item.name or ""
    if plain(name) == name and count[key_of(name)] == 1 then
      names[item.pipeline_id], taken[key_of(name)] = name, true
    else
      rest[#rest + 1] = item
    end
  end
  table.sort(rest, function(a, b) return a.pipeline_id < b.pipeline_id end)
  for _, item in ipairs(rest) do
    local name = with_id(plain(item.name or ""), item.pipeline_id, taken)
    names[item.pipeline_id], taken[key_of(name)] = name, true
  end
  return names
end

return M
