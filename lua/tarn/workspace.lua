--- A workspace as scripts see it: iterators instead of pages, names instead of ids.
--
-- The primitives themselves are `ws.native` (docs/reference/native/databricks.lua).

local databricks = require "native.databricks"
local mark = require("output.render.rows").mark

local M = {}

---@class tarn.WorkspaceClient
---@field native tarn.Workspace
---@field profile? string
local Client = {}
Client.__index = Client
Client.__name = "tarn.workspace"

-- The embedded workspaces: profile -> the token that chooses it.
local EMBEDDED = { demo = "demo-token", ["demo-dr"] = "demo-dr-token" }

local embedded_server -- one for each process, started by its first use

-- A profile of that name in the user's own file wins over the embedded workspace.
local function is_configured(profile)
  local fault = require "base.fault"
  for _, known in ipairs(fault.try(databricks.profiles) or {}) do
    if known.name == profile then
      return true
    end
  end
  return false
end

local function connect_embedded(profile, opts)
  local server = require "sandbox.server"
  embedded_server = embedded_server or server.start {}
  return databricks.connect {
    host = "http://127.0.0.1:" .. embedded_server.port,
    credential = databricks.credential { token = EMBEDDED[profile] },
    jobs = opts.jobs, rate = opts.rate, timeout = opts.timeout,
  }
end

--- True if that profile means an embedded workspace.
---@param profile? string
---@return boolean
function M.is_embedded(profile)
  return EMBEDDED[profile] ~= nil and not is_configured(profile)
end

--- Open a workspace; sends nothing yet. Without a profile: DATABRICKS_CONFIG_PROFILE, the
-- environment's credentials, the file's default, in the order of all Databricks tools.
---@param profile? string
---@param opts? { jobs?: integer, rate?: number, timeout?: number }
---@return tarn.WorkspaceClient
function M.open(profile, opts)
  opts = opts or {}
  local named = profile or os.getenv "DATABRICKS_CONFIG_PROFILE"
  local native
  if M.is_embedded(named) then
    native = connect_embedded(named, opts)
  else
    native = databricks.connect {
      profile = profile, jobs = opts.jobs, rate = opts.rate, timeout = opts.timeout,
    }
  end
  return M.wrap(native, named)
end

--- The client around a handle, for handles that are made elsewhere (explicit credentials, tests).
---@param native tarn.Workspace
---@param profile? string
---@return tarn.WorkspaceClient
function M.wrap(native, profile)
  return setmetatable({ native = native, profile = profile }, Client)
end

--- Any REST call.
---@param method string
---@param path string
---@param opts? tarn.RequestOptions
---@return any body, tarn.ResponseInfo response
function Client:request(method, path, opts)
  return self.native:request(method, path, opts)
end

--- All pipelines the caller may see: rows as `tarn list` prints them.
---@param opts? { filter?: string, order_by?: string }
---@return fun(): tarn.PipelineRow?
function Client:pipelines(opts)
  return mark(require("tarn.pipelines").rows(self, opts))
end

--- One pipeline with its whole spec, by id, exact name, or unique prefix of the name.
---@param id_or_name string
---@return table GetPipelineResponse
function Client:pipeline(id_or_name)
  return require("tarn.pipelines").find(self, id_or_name)
end

--- Events of a pipeline, newest first, page by page as they are asked for.
---@param id string
---@param opts? { filter?: string, order_by?: string, max?: integer }
---@return fun(): table?
function Client:events(id, opts)
  return mark(require("tarn.pipelines").events(self, id, opts))
end

--- Updates of a pipeline, newest first, page by page as they are asked for.
---@param id string
---@param opts? { max?: integer, until_update_id?: string }
---@return fun(): table?
function Client:updates(id, opts)
  return mark(require("tarn.pipelines").updates(self, id, opts))
end

--- Run an SQL statement with bound parameters: `ws:sql("... WHERE n > :n", { n = 3 })`.
---@param text string
---@param params? table<string, any>
---@param opts? tarn.SqlOptions
---@return tarn.Rows
function Client:sql(text, params, opts)
  return require("tarn.sql").run(self, text, params, opts)
end

--- Who the workspace takes us for.
---@return table user { userName, displayName, ... }
function Client:me()
  return (self.native:request("GET", "/api/2.0/preview/scim/v2/Me"))
end

--- The host, for links and messages.
---@return string
function Client:host()
  return self.native:info().host
end

--- What names this workspace from one run to the next: its host; the profile of an embedded
-- one, whose port is another each time.
---@return string
function Client:key()
  return M.is_embedded(self.profile) and self.profile or self:host()
end

--- The workspace's own number, as its answers tell it. System tables are of many workspaces.
---@return string
function Client:org_id()
  local id = self.native:info().org_id
  if not id then
    self:me()
    id = self.native:info().org_id
  end
  return id or require("base.fault").raise { kind = "http", op = "workspace.org_id",
    message = "the workspace does not say its number (X-Databricks-Org-Id)", retryable = false,
    hint = "a proxy may have removed the header; --source rest needs no number" }
end

function Client:__tostring()
  return "workspace " .. (self.profile or self:host())
end

function Client:close()
  self.native:close()
end
Client.__close = Client.close

-- What other subjects use of the parts.
return require("base.lazy").fields(M, {
  candidates = "tarn.workspace.candidates:all",
  names = "tarn.workspace.names:all",
})
