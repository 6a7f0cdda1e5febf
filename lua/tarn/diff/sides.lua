--- Read the sides of a diff: pipelines, exported folders, snapshots of the journal.

local databricks = require "native.databricks"
local diff = require "tarn.diff"
local fault = require "base.fault"
local import = require "tarn.import"
local workspace = require "tarn.workspace"

local M = {}

local OP <const> = "tarn diff"

-- ---- pipelines ----

local function source_of(item, read)
  return { path = item.path, kind = item.kind, language = item.language, format = item.format,
    problem = item.verdict and item.reason, read = read }
end

local function sources_of(ws, spec)
  local sources = require "tarn.sources"
  return function()
    local list = {}
    for i, item in ipairs((sources.closure(ws, spec))) do
      list[i] = source_of(item, function() return sources.read(ws, item) end)
    end
    return list
  end
end

--- A pipeline as a side.
---@param ws tarn.WorkspaceClient
---@param name string or the id
---@param label string
---@return tarn.DiffSide
function M.of_pipeline(ws, name, label)
  local found = ws:pipeline(name)
  local spec = found.spec or {}
  return {
    kind = "pipeline", label = label, host = ws:host(), pipeline_id = found.pipeline_id,
    name = found.name or spec.name,
    settings = diff.settings_of { spec = spec, run_as = found.run_as,
      parameters = found.parameters },
    sources = sources_of(ws, spec),
  }
end

-- ---- folders ----

local function of_folder(path)
  local item = import.read(path)
  local dir = import.find_sources(path)
  local side = { kind = "folder", label = path, host = item.host, pipeline_id = item.pipeline_id,
    name = item.name, settings = diff.settings_of(item) }
  if not dir then
    side.why_no_sources = path .. " has no sources"
    return side
  end
  function side.sources()
    local sources, list = require "tarn.sources", {}
    for i, entry in ipairs((sources.folder_items(dir))) do
      list[i] = source_of(entry, function() return sources.read_file(dir, entry) end)
    end
    return list
  end
  return side
end

-- ---- snapshots ----

local function side_from(settings, id, name, operation)
  return { kind = "snapshot", label = "journal:" .. operation.id, host = operation.target.host,
    pipeline_id = id, name = name, at = operation.started, settings = settings,
    why_no_sources = "the journal keeps settings, but only sources that were overwritten" }
end

-- The settings that an operation has changed, as they were before; else those it has created.
local function of_snapshot(id)
  local journal = require "tarn.journal"
  local operation = journal.find(id)
  local created
  for _, step in ipairs(journal.steps(operation.id)) do
    local what = step.what or {}
    if step.has_before and (step.kind == "pipeline.edit" or step.kind == "pipeline.delete") then
      local before = journal.find_before(step)
      local settings = diff.settings_of { spec = before.spec, run_as = before.run_as,
        parameters = before.parameters }
      return side_from(settings, before.pipeline_id, before.name or what.name, operation)
    elseif step.kind == "pipeline.create" and type(what.spec) == "table" then
      created = created or side_from(diff.settings_of { spec = what.spec,
        run_as = what.spec.run_as, parameters = what.spec.parameters },
        step.result and step.result.pipeline_id, what.name, operation)
    end
  end
  if not created then
    fault.not_found(OP, ("operation %s has no settings of a pipeline"):format(operation.id),
      "`tarn journal` lists the operations; those of clone, import and delete have settings")
  end
  created.sources = nil
  return created
end

-- ---- names ----

local function is_profile(name)
  if workspace.is_embedded(name) then
    return true
  end
  for _, known in ipairs(fault.try(databricks.profiles) or {}) do
    if known.name == name then
      return true
    end
  end
  return false
end

--- The side that a text names: `journal:ID`, a folder (a path with "/" in it, or "."),
-- `profile:pipeline` with an existing profile, or a pipeline of the current workspace.
---@param text string
---@param ctx tarn.Context
---@param open fun(profile: string): tarn.WorkspaceClient
---@return tarn.DiffSide
function M.find(text, ctx, open)
  local prefix, rest = text:match "^([^:]+):(.+)$"
  if prefix == "journal" then
    return of_snapshot(rest)
  elseif not ctx.served and (text:find("/", 1, true) or text == ".")
    and import.is_export(text) then
    return of_folder(text)
  elseif not ctx.served and (text:find "^%.%.?/" or text == "." or text:sub(1, 1) == "/") then
    return of_folder(text) -- raises a fault that names the missing file
  elseif prefix and is_profile(prefix) then
    return M.of_pipeline(open(prefix), rest, text)
  end
  return M.of_pipeline(ctx.workspace, text, text)
end

---@class tarn.DiffWorkspace
---@field ws tarn.WorkspaceClient
---@field label string   as it was written
---@field profile? string
---@field pattern? string a glob for the names of pipelines; nil: all, or those of the other side

--- The pipelines that a text names, if these may be many: `profile:`, `profile:GLOB`, or a glob of
-- the current workspace, with "*" in it.
---@param text string
---@param ctx tarn.Context
---@param open fun(profile: string): tarn.WorkspaceClient
---@return tarn.DiffWorkspace?
function M.find_workspace(text, ctx, open)
  local prefix, rest = text:match "^([^:]+):(.*)$"
  if prefix and prefix ~= "journal" and (rest == "" or is_profile(prefix)) then
    if rest ~= "" and not rest:find("*", 1, true) then
      return nil
    end
    return { ws = open(prefix), label = text, profile = prefix,
      pattern = rest ~= "" and rest or nil }
  elseif text:find("*", 1, true) and not text:find "^%.?%.?/" then
    return { ws = ctx.workspace, label = text, profile = ctx.options.profile, pattern = text }
  end
end

return M
