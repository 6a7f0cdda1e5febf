--- Open workspaces, and ask them with iterators instead of pages.
--
--     local workspace = require "tarn.workspace"
--     local dr <close> = workspace.open("demo-dr", { timeout = 30 })
--     for row in dr:pipelines { filter = "name LIKE 'sales%'" } do print(row.name, row.state) end
--     print(dr:me().userName, dr:host())
--
-- `tarn.workspace` opens a workspace with the options of the command line. The primitives are in
-- `ws.native` (docs/reference/native/databricks.lua).

local collections = require "base.collections"
local databricks = require "native.databricks"
local list = require "base.list"
local options = require "base.options"

local M = {}

---@class tarn.WorkspaceClient
---@field native tarn.Workspace
---@field profile? string
local Client = {}
Client.__index = Client

-- Every command is a method too: `ws:trigger { "orders", wait = true }` is `tarn.trigger` in this
-- workspace.
setmetatable(Client, { __index = function(_, name)
  if type(name) ~= "string" or name == "profile" or name:find "^__" then
    return nil
  end
  local known = require("engine.script").find_named(name)
  return known and function(ws, given)
    local args = collections.copy(type(given) == "string" and { given } or given or {})
    args.profile = ws
    return require("engine.command").call(known, args)
  end
end })

Client.__name = "tarn.workspace"

-- The embedded workspaces: profile -> token, which tells the server which one is meant.
local EMBEDDED = { demo = "demo-token", ["demo-dr"] = "demo-dr-token" }

local embedded_server -- of this process, started when it is first needed

-- A profile of that name in the user's file hides the embedded workspace.
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

-- A profile that is missing may be a misspelt name of an embedded workspace.
local function connect_configured(profile, named, opts)
  local fault = require "base.fault"
  local native, e = fault.try(databricks.connect,
    { profile = profile, jobs = opts.jobs, rate = opts.rate, timeout = opts.timeout })
  if native then
    return native
  end
  local similar = e.kind == "auth" and named and not is_configured(named)
    and require("base.suggestion").find(named, { "demo", "demo-dr" })
  if similar then
    local hint = ("did you mean '%s', the embedded workspace?"):format(similar)
    e = fault.new { kind = e.kind, op = e.op, code = e.code, message = e.message,
      hint = e.hint and e.hint:find "^profiles there" and hint .. " " .. e.hint or hint }
  end
  error(e, 0)
end

--- True if a profile is an embedded workspace.
---@param profile? string
---@return boolean
function M.is_embedded(profile)
  return EMBEDDED[profile] ~= nil and not is_configured(profile)
end

--- Open a workspace. No request is sent yet. Without a profile the workspace is found as all
-- Databricks tools find it: by DATABRICKS_CONFIG_PROFILE, the credentials of the environment, the
-- default profile of the file.
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
    native = connect_configured(profile, named, opts)
  end
  return M.wrap(native, named)
end

--- A client for a handle of native.databricks, for example one with explicit credentials.
---@param native tarn.Workspace
---@param profile? string
---@return tarn.WorkspaceClient
function M.wrap(native, profile)
  return setmetatable({ native = native, profile = profile }, Client)
end

--- Call the REST API. A field of the answer that is null is as absent, unless `nulls` is true. The
-- answer of an endpoint that the library reads itself must have the form that it relies on.
---@param method string
---@param path string
---@param opts? tarn.RequestOptions
---@return any body, tarn.ResponseInfo response
function Client:request(method, path, opts)
  local all = collections.copy(opts or {})
  if not all.raw and not all.nulls and all.shape == nil then
    all.shape = require("tarn.workspace.shapes").find(method, path)
  end
  return self.native:request(method, path, all)
end

--- The pipelines that the user may see, as rows of `tarn list`. A filter is a glob of names, as
-- for `tarn list`, or a filter of the API: "name LIKE 'sales%'".
---@param opts? tarn.ListOptions
---@return tarn.List of tarn.PipelineRow
function Client:pipelines(opts)
  options.check(opts, { "filter", "order_by", "max", "ahead" })
  local glob = opts and opts.filter and not opts.filter:find "[%s=]" and opts.filter
  local asked = collections.copy(opts or {})
  if glob then
    asked.filter, asked.max = nil, nil
  end
  local next_row = require("tarn.pipelines").rows(self, asked)
  local matches = glob and require("base.glob").matcher(glob)
  local left = opts and opts.max or math.huge
  return list.new(not matches and next_row or function()
    for row in left > 0 and next_row or function() end do
      if matches(row.name) then
        left = left - 1
        return row
      end
    end
  end)
end

--- A pipeline with its settings, by id, name, or the beginning of a name if it is unique.
---@param id_or_name string
---@return table GetPipelineResponse
function Client:pipeline(id_or_name)
  return require("tarn.pipelines").find(self, id_or_name)
end

-- The words of `tarn events` that choose events.
local CRITERIA <const> = { "level", "type", "update", "since", "until", "dataset", "grep" }

--- The events of a pipeline, newest first. Pages are read as needed. What chooses events has the
-- words of `tarn events`; or `filter` and `order_by` are those of the API.
--
--     for event in ws:events("sales_orders_etl", { level = "error", since = "7d", max = 20 }) do
--       print(event.timestamp, event.message)
--     end
---@param id_or_name string
---@param opts? { level?: string, type?: string, update?: string, since?: string, until?: string,
--- dataset?: string, grep?: string, max?: integer, filter?: string, order_by?: string }
---@return tarn.List
function Client:events(id_or_name, opts)
  local wanted, any, known = {}, false, { "max", "filter", "order_by" }
  for i, name in ipairs(CRITERIA) do
    known[3 + i] = name
    wanted[name] = opts and opts[name]
    any = any or wanted[name] ~= nil
  end
  options.check(opts, known)
  if any and opts.filter then
    require("base.fault").usage("events", "a filter of the API does not go with the words of "
      .. "`tarn events`")
  end
  local id = require("tarn.pipelines").find_id(self, id_or_name)
  if not any then
    return list.new(require("tarn.pipelines").events(self, id, opts))
  end
  local events = require "tarn.events"
  return list.new(events.list(self, id, { max = opts.max, order_by = opts.order_by,
    criteria = events.criteria("events", wanted) }))
end

--- The updates of a pipeline, newest first, as the API returns them; `tarn.updates` adds their
-- durations and errors. Pages are read as needed.
---@param id_or_name string
---@param opts? { max?: integer, until_update_id?: string }
---@return tarn.List
function Client:updates(id_or_name, opts)
  options.check(opts, { "max", "until_update_id" })
  local id = require("tarn.pipelines").find_id(self, id_or_name)
  return list.new(require("tarn.pipelines").updates(self, id, opts))
end

--- Run an SQL statement with bound parameters: `ws:sql("... WHERE n > :n", { n = 3 })`.
---@param text string
---@param params? table<string, any>
---@param opts? tarn.SqlOptions
---@return tarn.Rows
function Client:sql(text, params, opts)
  return require("tarn.sql").run(self, text, params, opts)
end

--- The user whose credentials are used.
---@return table user { userName, displayName, ... }
function Client:me()
  return (self:request("GET", "/api/2.0/preview/scim/v2/Me"))
end

--- The host's URL.
---@return string
function Client:host()
  return self.native:info().host
end

--- A key of this workspace for files that later runs read: its host, or the profile of an embedded
-- workspace, whose port differs between runs.
---@return string
function Client:key()
  return M.is_embedded(self.profile) and self.profile or self:host()
end

--- The workspace's number, from the headers of its answers. System tables have the rows of many
-- workspaces.
---@return string
function Client:org_id()
  local id = self.native:info().org_id
  if not id then
    self:me()
    id = self.native:info().org_id
  end
  return id or require("base.fault").raise { kind = "http", op = "workspace.org_id",
    message = "the workspace's answers lack its number (X-Databricks-Org-Id)", retryable = false,
    hint = "a proxy may have removed the header; --source rest does not need the number" }
end

function Client:__tostring()
  return "workspace " .. (self.profile or self:host())
end

function Client:close()
  self.native:close()
end
Client.__close = Client.close

-- Parts that other subjects use.
return require("base.lazy").fields(M, {
  browser = "tarn.workspace.browser",
  candidates = "tarn.workspace.candidates:all",
  fleet = "tarn.workspace.fleet",
  names = "tarn.workspace.names:all",
  url = "tarn.workspace.url",
})
