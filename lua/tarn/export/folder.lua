--- Write an export into a folder.

local export = require "tarn.export"
local fault = require "base.fault"
local fs = require "native.fs"
local layout = require "tarn.export.layout"
local specs = require "tarn.spec"

local M = {}

local OP <const> = "tarn export"

local PRIVATE <const> = tonumber("600", 8)
local PUBLIC <const> = tonumber("644", 8)

local FORMATS <const> = { json = "tarn.export.json", bundle = "tarn.export.bundle",
  terraform = "tarn.export.terraform" }

-- The folder, open; nil if it is not there yet.
local function find_folder(dir)
  local stat = fs.find_stat(dir)
  return stat and fs.folder(dir) or nil
end

-- Compare the files with the folder: entries { path, size, state } in the order of their paths.
local function compare(dir, files)
  local folder <close> = find_folder(dir)
  local list = {}
  for name, text in pairs(files) do
    local before = folder and folder:find_read(name)
    list[#list + 1] = { path = name, size = #text,
      state = not before and "new" or before == text and "same" or "changed" }
  end
  table.sort(list, function(a, b) return a.path < b.path end)
  return list
end

-- Existing files are replaced only with --force. An equal file is no reason to refuse, unless
-- sources would be written beside it.
local function refuse_to_replace(dir, list, with_sources)
  for _, entry in ipairs(list) do
    if entry.state == "changed" or with_sources and entry.state == "same" then
      fault.raise { kind = "conflict", op = OP, code = "ALREADY_EXISTS",
        message = ("%s/%s exists already"):format(dir, entry.path),
        hint = "--force replaces the files of an earlier export; or choose another --dir" }
    end
  end
end

local function write_all(dir, files, list, mode)
  fs.mkdir(dir, { parents = true })
  local folder <close> = fs.folder(dir)
  for _, entry in ipairs(list) do
    if entry.state ~= "same" then
      folder:write(entry.path, files[entry.path], { mode = mode })
    end
  end
end

-- Refuse to write one pipeline over a bundle or a Terraform module of many, which would then be
-- deployed under another name.
local function refuse_to_mix(dir, format)
  local manifests = require "tarn.export.manifest"
  if format ~= "json" and fs.find_stat(dir .. "/" .. manifests.FILE) then
    fault.raise { kind = "conflict", op = OP, code = "ALREADY_EXISTS",
      message = dir .. " holds an export of many pipelines",
      hint = "choose another --dir, or export all of them with a glob or --all" }
  end
end

-- Copy the sources into the folder. Returns their index.
local function export_sources(ws, item, dir, opts)
  local sources = require "tarn.sources"
  if opts.format == "json" then
    export.check_sources_folder(dir, OP)
    return sources.export(ws, item.spec, dir .. "/" .. export.SOURCES,
      { progress = opts.progress, force = opts.force })
  end
  return sources.export(ws, item.spec, dir, { place = layout.placer(layout.base(item.spec)),
    progress = opts.progress, force = opts.force })
end

local function append(list, more)
  table.move(more or {}, 1, #(more or {}), #list + 1, list)
end

---@class tarn.ExportReport
---@field pipeline_id string
---@field name string
---@field format string
---@field dir string
---@field files { path: string, size: integer, state: "new"|"same"|"changed" }[]
---@field sources? { objects: integer, left_out: table[] }
---@field dropped { path: string, reason: string }[] fields that the format does not have
---@field warnings string[]

--- Write a pipeline into a folder.
---@param ws tarn.WorkspaceClient
---@param name string id or name
---@param opts { format: string, dir: string, sources?: boolean, force?: boolean,
---  dry_run?: boolean, progress?: function }
---@return tarn.ExportReport
function M.write(ws, name, opts)
  local item = export.read(ws, name, { permissions = true })
  if opts.format ~= "json" then
    item.spec = specs.without_nulls(item.spec)
  end
  local obstacle = export.find_obstacle(item.spec)
  if obstacle and opts.format ~= "json" then
    fault.raise { kind = "conflict", op = OP, message = ("'%s' cannot be exported as %s: %s")
      :format(item.name, opts.format, obstacle), hint = "--format json exports it for reading" }
  end
  local render, dir = require(FORMATS[opts.format]), (opts.dir:gsub("(.)/+$", "%1"))
  refuse_to_mix(dir, opts.format)
  local files, dropped, warnings = render.files(item)
  local list = compare(dir, files)
  local index, source_warnings
  if not opts.dry_run then
    if not opts.force then
      refuse_to_replace(dir, list, opts.sources)
    end
    if opts.sources then
      index, source_warnings = export_sources(ws, item, dir, opts)
      files, dropped, warnings = render.files(item, index)
      list = compare(dir, files)
    end
    local has_secret = #export.secret_paths(item.spec) > 0
    write_all(dir, files, list, has_secret and PRIVATE or PUBLIC)
  end
  append(item.warnings, warnings)
  append(item.warnings, source_warnings)
  return {
    pipeline_id = item.pipeline_id, name = item.name, format = opts.format, dir = dir,
    files = list, dropped = dropped, warnings = item.warnings,
    sources = index and { objects = #index.objects, left_out = index.left_out } or nil,
  }
end

return M
