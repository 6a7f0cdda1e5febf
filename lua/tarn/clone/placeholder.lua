--- A notebook that does nothing, for the copy of a pipeline that has no code: the workspace
-- refuses to create a pipeline without any.

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

-- What a path of the workspace may hold, in any shell and any tool.
local function safe(name)
  local text = name:gsub("[^%w_-]+", "_"):gsub("^_+", ""):gsub("_+$", "")
  return text ~= "" and text:sub(1, 100) or "pipeline"
end

--- The placeholder that a plan needs, or nil. Puts it into the settings and the fields.
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
      message = ("'%s' has no libraries, and a pipeline cannot be created without any")
        :format(plan.source.name or plan.source.pipeline_id),
      hint = "--placeholder auto gives the copy a notebook that does nothing" }
  end
  local path = ("%s/dlt_placeholder_%s"):format(FOLDER, safe(plan.name))
  body.libraries = json.array { { notebook = { path = path } } }
  for i = #plan.fields, 1, -1 do
    if plan.fields[i].path == "libraries" then
      table.remove(plan.fields, i) -- the empty list
    end
  end
  plan.fields[#plan.fields + 1] = { path = "libraries[0].notebook.path", verdict = "set", to = path,
    reason = "the source has no code: a placeholder stands for it",
    rule = "--placeholder never refuses instead" }
  return { path = path, folder = FOLDER }
end

--- See whether it is there already.
---@param placeholder table
---@param probe tarn.Probe
function M.look(placeholder, probe)
  placeholder.exists = probe:has("path", placeholder.path) == "yes"
  placeholder.has_folder = placeholder.exists or probe:has("path", placeholder.folder) == "yes"
end

--- Make it, and its folder. True if it was not there before.
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

--- Take it away again: the create failed. That this fails too is told by the journal.
---@param placeholder table
---@param ws tarn.WorkspaceClient
---@param op tarn.Operation
function M.remove(placeholder, ws, op)
  fault.try(op.perform, op, { kind = "workspace.delete",
    request = "POST /api/2.0/workspace/delete", what = { path = placeholder.path } },
    ws.request, ws, "POST", "/api/2.0/workspace/delete", { body = { path = placeholder.path } })
end

return M
