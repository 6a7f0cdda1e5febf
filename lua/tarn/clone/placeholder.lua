--- A placeholder notebook for the copy of a pipeline without code.
--
-- The workspace refuses to create a pipeline that has no libraries.

local fault = require "base.fault"
local json = require "native.json"

local M = {}

local FOLDER <const> = "/Shared/tarn"
local CONTENT <const> = "-- Databricks notebook source\n"
  .. "-- This pipeline was cloned from one without code. Put its code here, or name it in the\n"
  .. "-- pipeline's settings: until then its updates fail.\n"

local function has_code(body)
  return type(body.libraries) == "table" and next(body.libraries) ~= nil
    or body.ingestion_definition ~= nil or body.gateway_definition ~= nil
end

-- A name for a file that needs no quoting in any shell or tool.
local function safe(name)
  local text = name:gsub("[^%w_-]+", "_"):gsub("^_+", ""):gsub("_+$", "")
  return text ~= "" and text:sub(1, 100) or "pipeline"
end

--- The placeholder that a plan needs, or nil. Adds it to the settings and to the plan's fields.
---@param plan table
---@param body table
---@param mode "auto"|"never"
---@return { path: string, folder: string, exists?: boolean, has_folder?: boolean }?
function M.plan(plan, body, mode)
  if has_code(body) then
    return nil
  end
  if mode == "never" then
    fault.raise { kind = "usage", op = "tarn clone", code = "NO_CODE",
      message = ("'%s' has no libraries, and a workspace creates no pipeline without libraries")
        :format(plan.source.name or plan.source.pipeline_id),
      hint = "--placeholder auto gives the copy an empty notebook" }
  end
  local path = ("%s/dlt_placeholder_%s"):format(FOLDER, safe(plan.name))
  body.libraries = json.array { { notebook = { path = path } } }
  for i = #plan.fields, 1, -1 do
    if plan.fields[i].path == "libraries" then
      table.remove(plan.fields, i) -- the empty list
    end
  end
  plan.fields[#plan.fields + 1] = { path = "libraries[0].notebook.path", verdict = "set", to = path,
    reason = "the source has no code: the copy gets a placeholder",
    rule = "--placeholder never refuses instead" }
  return { path = path, folder = FOLDER }
end

--- Check whether the placeholder and its folder exist in the target.
---@param placeholder table
---@param probe tarn.Probe
function M.check(placeholder, probe)
  placeholder.exists = probe:has("path", placeholder.path) == "yes"
  placeholder.has_folder = placeholder.exists or probe:has("path", placeholder.folder) == "yes"
end

--- Create the placeholder and its folder. False if the placeholder existed.
---@param placeholder table
---@param ws tarn.WorkspaceClient
---@param op tarn.Operation
---@return boolean
function M.make(placeholder, ws, op)
  if placeholder.exists then
    return false
  end
  if not placeholder.has_folder then
    op:perform({ kind = "workspace.mkdirs", request = "POST /api/2.0/workspace/mkdirs",
      what = { path = placeholder.folder, missing = { placeholder.folder } } },
      ws.native.workspace_mkdirs, ws.native, placeholder.folder)
  end
  local function import()
    local _, e = fault.try(ws.native.workspace_import, ws.native, placeholder.path, CONTENT,
      { format = "SOURCE", language = "SQL" })
    if e and e.code ~= "RESOURCE_ALREADY_EXISTS" then
      fault.raise(e)
    end
    return { path = placeholder.path, existed = e ~= nil }
  end
  local made = op:perform({ kind = "workspace.import", request = "POST /api/2.0/workspace/import",
    what = { path = placeholder.path, kind = "NOTEBOOK" } }, import)
  return not made.existed
end

--- Delete the placeholder after a failed create. If this fails too, only the journal says so.
---@param placeholder table
---@param ws tarn.WorkspaceClient
---@param op tarn.Operation
function M.remove(placeholder, ws, op)
  fault.try(op.perform, op, { kind = "workspace.delete",
    request = "POST /api/2.0/workspace/delete", what = { path = placeholder.path } },
    ws.request, ws, "POST", "/api/2.0/workspace/delete", { body = { path = placeholder.path } })
end

return M
