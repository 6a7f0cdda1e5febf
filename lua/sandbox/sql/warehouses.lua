--- /api/2.0/sql/warehouses: list, get, create, edit, delete, start, stop (api D.5).
--
-- A row holds whether the warehouse is to run, and since when; its present state follows from the
-- clock. `settings` is what create or edit set besides, as JSON.

local json = require "native.json"
local errors = require "sandbox.http.errors"
local fields = require "sandbox.http.fields"
local grants = require "sandbox.identity.grants"
local paging = require "sandbox.http.paging"
local tables = require "sandbox.tables"

local M = {}

M.schema = [[
CREATE TABLE IF NOT EXISTS warehouses(
  id TEXT PRIMARY KEY, name TEXT NOT NULL, serverless INTEGER NOT NULL, size TEXT NOT NULL,
  running INTEGER NOT NULL, changed INTEGER NOT NULL, creator TEXT NOT NULL,
  preferred INTEGER NOT NULL, settings TEXT) WITHOUT ROWID;
]]

local START_MS <const> = { [0] = 3000, [1] = 400 } -- classic, serverless
local STOP_MS <const> = 500

--- The state of a warehouse, and the time at which a start or a stop is done.
---@param w table
---@param row table
---@return string state, integer ready ms
function M.state(w, row)
  local running = row.running ~= 0
  local ready = row.changed + (running and START_MS[row.serverless] or STOP_MS)
  if w.clock:now() >= ready then
    return running and "RUNNING" or "STOPPED", ready
  end
  return running and "STARTING" or "STOPPING", ready
end

---@return table? row
function M.find(w, id)
  return w.db:find_row("SELECT * FROM warehouses WHERE id = ?", { id })
end

-- Starting a warehouse that runs, or stopping one that is stopped, changes nothing.
local function set(w, row, running)
  if (row.running ~= 0) ~= running then
    w:write(function()
      w.db:exec("UPDATE warehouses SET running = ?, changed = ? WHERE id = ?",
        { running and 1 or 0, w.clock:now(), row.id })
    end)
  end
end

--- Start a warehouse unless it runs; the time from which it takes statements.
---@return integer ms
function M.wake(w, row)
  set(w, row, true)
  local _, ready = M.state(w, M.find(w, row.id))
  return ready
end

local function info(w, row, req)
  local state = M.state(w, row)
  local host = (req.headers.host or "127.0.0.1"):match "^[^:]+"
  local path = "/sql/1.0/warehouses/" .. row.id
  return tables.merged({
    id = row.id,
    name = row.name,
    state = state,
    warehouse_type = "PRO",
    enable_serverless_compute = row.serverless ~= 0,
    enable_photon = true,
    cluster_size = row.size,
    min_num_clusters = 1,
    max_num_clusters = 1,
    num_clusters = state == "RUNNING" and 1 or 0,
    num_active_sessions = 0,
    auto_stop_mins = row.serverless ~= 0 and 10 or 45,
    spot_instance_policy = "COST_OPTIMIZED",
    channel = { name = "CHANNEL_NAME_CURRENT" },
    creator_name = row.creator,
    creator_id = 0,
    jdbc_url = ("jdbc:spark://%s:443/default;transportMode=http;ssl=1;AuthMech=3;httpPath=%s;")
      :format(host, path),
    odbc_params = { hostname = host, path = path, port = 443, protocol = "https" },
    tags = {},
    health = { status = "HEALTHY" },
  }, row.settings and json.decode(row.settings))
end

local function row_of(w, req)
  local id = req.params.id
  return M.find(w, id) or errors.missing("SQL warehouse %s does not exist.", id)
end

local function list(w, req)
  local size = fields.integer(req.query, "page_size", nil, 0)
  local page, more = paging.page(req.query, "warehouses",
    w.db:query "SELECT * FROM warehouses ORDER BY name, id", size ~= 0 and size or nil, "id")
  local found = {}
  for i, row in ipairs(page) do
    found[i] = info(w, row, req)
  end
  return { warehouses = #found > 0 and found or nil, next_page_token = more }
end

local function get(w, req)
  return info(w, row_of(w, req), req)
end

-- Databricks is rolling this route out: not every workspace has it.
local function default(w, req)
  local row = w.db:find_row "SELECT * FROM warehouses WHERE preferred"
  if not row then
    errors.raise(404, "ENDPOINT_NOT_FOUND", "No API found for 'GET /sql/warehouses/default'")
  end
  return info(w, row, req)
end

local function start(w, req)
  M.wake(w, row_of(w, req))
  return {}
end

local function stop(w, req)
  set(w, row_of(w, req), false)
  return {}
end

-- Settings that change nothing but what is shown.
local KEPT <const> = {
  "auto_stop_mins", "enable_photon", "max_num_clusters", "min_num_clusters",
  "spot_instance_policy", "tags", "channel", "warehouse_type",
}

local SIZES <const> = {
  ["2X-Small"] = true, ["X-Small"] = true, Small = true, Medium = true, Large = true,
  ["X-Large"] = true, ["2X-Large"] = true, ["3X-Large"] = true, ["4X-Large"] = true,
}

-- The name, size and kind of compute from a body, and its other settings as JSON; those of `row`
-- where it has none.
local function settings_of(w, body, row)
  local name = body.name or row and row.name or fields.required(body, "name")
  local size = body.cluster_size or row and row.size or "Small"
  if not SIZES[size] then
    errors.invalid("'%s' is not a cluster_size.", size)
  elseif w.db:find_row("SELECT 1 AS yes FROM warehouses WHERE name = ? AND id <> ?",
    { name, row and row.id or "" }) then
    errors.invalid("SQL warehouse with name `%s` already exists", name)
  end
  local serverless = body.enable_serverless_compute
  if serverless == nil then
    serverless = row ~= nil and row.serverless ~= 0
  end
  local others = row and row.settings and json.decode(row.settings) or {}
  for _, field in ipairs(KEPT) do
    if body[field] ~= nil then
      others[field] = body[field]
    end
  end
  return name, size, serverless and 1 or 0, json.encode(others)
end

local function check_manage(w, req, row)
  if not (row and grants.allows(w, req.principal, "warehouses", row.id, row.creator, "CAN_MANAGE")
    or req.principal.admin) then
    errors.denied(("%s is not authorized to create or edit SQL warehouses."):format(
      req.principal.user_name))
  end
end

-- A new warehouse starts.
local function create(w, req)
  check_manage(w, req)
  local name, size, serverless, others = settings_of(w, req.body)
  local id = ("%016x"):format(math.random(0))
  w:write(function()
    w.db:exec("INSERT INTO warehouses VALUES (?, ?, ?, ?, 1, ?, ?, 0, ?)",
      { id, name, serverless, size, w.clock:now(), req.principal.user_name, others })
  end)
  return { id = id }
end

local function edit(w, req)
  local row = row_of(w, req)
  check_manage(w, req, row)
  local name, size, serverless, others = settings_of(w, req.body, row)
  w:write(function()
    w.db:exec("UPDATE warehouses SET name = ?, size = ?, serverless = ?, settings = ? WHERE id = ?",
      { name, size, serverless, others, row.id })
  end)
  return {}
end

local function delete(w, req)
  local row = row_of(w, req)
  check_manage(w, req, row)
  w:write(function()
    w.db:exec("DELETE FROM warehouses WHERE id = ?", { row.id })
  end)
  return {}
end

local FORM <const> = { body = {
  name = "string", cluster_size = "string", enable_serverless_compute = "boolean",
  warehouse_type = "string", min_num_clusters = "integer", max_num_clusters = "integer",
  auto_stop_mins = "integer", enable_photon = "boolean", spot_instance_policy = "string",
  channel = "object", tags = "object", creator_name = "string",
} }

M.routes = {
  { "POST", "/api/2.0/sql/warehouses", create, FORM },
  { "POST", "/api/2.0/sql/warehouses/{id}/edit", edit, FORM },
  { "DELETE", "/api/2.0/sql/warehouses/{id}", delete },
  { "GET", "/api/2.0/sql/warehouses", list },
  { "GET", "/api/2.0/sql/warehouses/default", default },
  { "GET", "/api/2.0/sql/warehouses/{id}", get },
  { "POST", "/api/2.0/sql/warehouses/{id}/start", start },
  { "POST", "/api/2.0/sql/warehouses/{id}/stop", stop },
}

local INSERT <const> = "INSERT OR IGNORE INTO warehouses VALUES (?, ?, ?, ?, ?, 0, ?, ?, NULL)"

--- Create two warehouses in the first workspace, of which one runs, and a stopped one in the other.
function M.seed(w)
  local creator = w.principal.user_name
  if w.name == "demo" then
    w.db:exec(INSERT, { "475b94ddc7cd5211", "Serverless Starter Warehouse", 1, "Small", 1,
      creator, 1 })
    w.db:exec(INSERT, { "b9513a26e5c04d7f", "Finance (classic)", 0, "Medium", 0, creator, 0 })
  else
    w.db:exec(INSERT, { "1c7e33a90fd2846b", "Recovery", 1, "2X-Small", 0, creator, 0 })
  end
end

return M
