--- The pages of the documentation, which are in the program: `tarn help scripting`.
--
-- A page has the name of its file, with or without its folder: "guide/looking", "looking". The
-- reference pages are made when they are asked for.

local bundle = require "native.bundle"
local reference = require "engine.reference"

local M = {}

local GUIDES <const> = { "guide/", "scripting/", "develop/", "changes/", "reference/" }

-- "docs/guide/looking.md" -> "guide/looking"; a README has the name of its folder.
local function name_of(file)
  local name = file:match "^docs/(.*)%.md$"
  return name == "README" and "index" or name:gsub("/README$", "")
end

-- The names of all pages -> their files; false for a page of the reference.
local function all()
  local files = {}
  for _, file in ipairs(bundle.list "docs/") do
    if file:find "%.md$" then
      files[name_of(file)] = file
    end
  end
  for _, part in ipairs(reference.parts) do
    files["reference/" .. part] = false
  end
  return files
end

--- The names of all pages, sorted.
---@return string[]
function M.names()
  return require("base.collections").keys(all())
end

--- The name of a page, by its name with or without its folder; nil if there is none.
---@param name string
---@return string?
function M.find_name(name)
  local files = all()
  name = name:gsub("%.md$", ""):gsub("^docs/", "")
  if files[name] ~= nil then
    return name
  end
  for _, folder in ipairs(GUIDES) do
    if files[folder .. name] ~= nil then
      return folder .. name
    end
  end
  for known in pairs(files) do
    if known:match "[^/]+$" == name then
      return known
    end
  end
end

--- A page as Markdown; nil if there is none.
---@param name string
---@return string? text
---@return string? name with its folder
function M.find(name)
  local known = M.find_name(name)
  if not known then
    return nil
  end
  local file = all()[known]
  local text = file and bundle.read(file)
    or reference.markdown(reference.read(), known:match "[^/]+$")
  return text, known
end

--- The first sentence of a page: what one can do after reading it.
---@param name string with its folder
---@return string
function M.summary(name)
  local file = all()[name]
  local text = file and bundle.read(file) or ""
  local line = text:match "\n\n([%w\"`][^\n]*%S)" or ""
  local more = text:match("\n\n" .. line:gsub("%p", "%%%0") .. "\n([^\n]+)") or ""
  local sentence = require("engine.help.layout").sentence(line .. " " .. more)
  return (sentence:gsub("^After this page you can ", ""):gsub("^After this page you ", "")
    :gsub("%s+$", ""))
end

--- The scripts of the cookbook, by their names.
---@return string[]
function M.cookbook()
  local names = {}
  for _, file in ipairs(bundle.list "docs/scripting/cookbook/") do
    names[#names + 1] = file:match "([%w_-]+)%.lua$"
  end
  return names
end

--- A script of the cookbook as a source for `engine.find`; nil if there is none.
---@param name string
---@return tarn.Source?
function M.find_recipe(name)
  local file = "docs/scripting/cookbook/" .. name .. ".lua"
  local text = name:find "^[%w_-]+$" and bundle.read(file)
  return text and { name = file, origin = "bundle", text = text } or nil
end

return M
