--- Addresses of a workspace's pages, for a browser.

local http = require "native.http"

local M = {}

-- For each workspace whose number is known, what stands before and after the path. Lists have an
-- address in each row.
local known = setmetatable({}, { __mode = "k" })

-- The parts of an address around its path. The number of the workspace is one if it is known: some
-- hosts serve several workspaces.
local function parts_of(ws)
  local parts = known[ws]
  if not parts then
    local info = ws.native:info()
    parts = { info.host, info.org_id and "?o=" .. http.escape(tostring(info.org_id)) or "" }
    known[ws] = info.org_id and parts or nil
  end
  return parts
end

local function page(ws, path, fragment)
  local parts = parts_of(ws)
  return parts[1] .. path .. parts[2] .. (fragment or "")
end

local function escape_path(path)
  return (path:gsub("[^/]+", http.escape))
end

--- The page of a pipeline.
---@param ws tarn.WorkspaceClient
---@param id string
---@return string
function M.pipeline(ws, id)
  return page(ws, "/pipelines/" .. http.escape(id))
end

--- The page of an update.
---@param ws tarn.WorkspaceClient
---@param id string of the pipeline
---@param update_id string
---@return string
function M.update(ws, id, update_id)
  return page(ws, ("/pipelines/%s/updates/%s"):format(http.escape(id), http.escape(update_id)))
end

--- The page of a table in the catalog explorer.
---@param ws tarn.WorkspaceClient
---@param catalog string
---@param schema string
---@param name string
---@return string
function M.table(ws, catalog, schema, name)
  return page(ws, ("/explore/data/%s/%s/%s"):format(http.escape(catalog), http.escape(schema),
    http.escape(name)))
end

--- The page of a notebook, file or folder.
---@param ws tarn.WorkspaceClient
---@param path string
---@return string
function M.object(ws, path)
  return page(ws, "/", "#workspace" .. escape_path((path:gsub("^/Workspace/", "/"))))
end

--- The page of a job.
---@param ws tarn.WorkspaceClient
---@param job_id integer
---@return string
function M.job(ws, job_id)
  return page(ws, ("/jobs/%d"):format(job_id))
end

return M
