--- The files of many pipelines in one folder: those of each pipeline, and those that they share.
--
-- json       a folder for each pipeline, as `tarn export` writes it for one
-- bundle     one bundle with a resource for each pipeline
-- terraform  one module with a file for each pipeline

local digest = require("native.server").digest
local export = require "tarn.export"
local fs = require "native.fs"

local M = {}

---@class tarn.ExportPart the files of one pipeline
---@field files table<string, string> path in the folder -> text
---@field dropped { path: string, reason: string }[]
---@field warnings string[]
---@field needs_cli? boolean

---@class tarn.ExportParts
---@field ids string[]         of all pipelines that are exported
---@field items table<string, tarn.ExportItem> by id
---@field names table<string, string>          folders by id
---@field index? tarn.SourceIndex              of the sources that all share
---@field paths? table<string, table<string, true>> the sources of each pipeline, by id
---@field bundle? string       the name of the bundle
---@field keep_cli? boolean    true: a file that is not written now needs a newer version

local formats = {}

--- The name of the bundle that this selection gets. Two selections have two names: a bundle deletes
-- what another one of its name has deployed.
---@param org_id? string
---@param asked string[] the words of the command line
---@return string
function M.bundle_name(org_id, asked)
  local words = table.move(asked, 1, #asked, 1, {})
  table.sort(words)
  local text = ("%s\n%s"):format(org_id or "", table.concat(words, "\n"))
  return "pipelines_" .. digest(text):sub(1, 8)
end

--- True if the bundle in a folder asks for a version that knows how some texts are written.
---@param dir string
---@return boolean
function M.needs_cli(dir)
  local text = fs.find_read(dir .. "/databricks.yml")
  return text ~= nil and text:find("databricks_cli_version", 1, true) ~= nil
end

function formats.json(set)
  local parts = {}
  for _, id in ipairs(set.ids) do
    local files = {}
    for name, text in pairs((export.own.files(set.items[id]))) do
      files[set.names[id] .. "/" .. name] = text
    end
    parts[id] = { files = files, dropped = {}, warnings = {} }
  end
  return parts, {}
end

-- The first lines of a file that pipelines share.
local function shared_head(set)
  local item = set.items[set.ids[1]]
  return item and ("# Pipelines of %s\n"):format(export.comment(item.origin or item.host)) or ""
end

function formats.bundle(set)
  local bundle = require "tarn.export.bundle"
  local parts, count, needs_cli = {}, {}, set.keep_cli or false
  for _, id in ipairs(set.ids) do
    local key = bundle.part(set.items[id]).key
    count[key] = (count[key] or 0) + 1
  end
  for _, id in ipairs(set.ids) do
    local part = bundle.part(set.items[id], set.index)
    if count[part.key] > 1 then
      part = bundle.part(set.items[id], set.index, true)
    end
    needs_cli = needs_cli or part.needs_cli
    parts[id] = { files = { [part.file] = part.text }, dropped = part.dropped,
      warnings = part.warnings }
  end
  local first = set.items[set.ids[1]]
  return parts, first and { ["databricks.yml"] = shared_head(set)
    .. bundle.main(set.bundle, first.host, needs_cli) } or {}
end

function formats.terraform(set)
  local terraform = require "tarn.export.terraform"
  local parts, addresses = {}, terraform.addresses(set.index)
  for _, id in ipairs(set.ids) do
    local text, dropped, warnings = terraform.part(set.items[id], addresses,
      set.paths and set.paths[id] or {})
    parts[id] = { files = { [terraform.resource_name(set.items[id]) .. ".tf"] = text },
      dropped = dropped, warnings = warnings }
  end
  return parts, set.ids[1] and terraform.shared(shared_head(set), set.index) or {}
end

--- The files of pipelines.
---@param format "json"|"bundle"|"terraform"
---@param set tarn.ExportParts
---@return table<string, tarn.ExportPart> parts by id
---@return table<string, string> shared
function M.of(format, set)
  return formats[format](set)
end

return M
