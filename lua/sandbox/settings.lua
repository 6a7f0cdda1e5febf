--- What a workspace has of its own: /api/2.0/workspace-conf; and /telemetry-ext, which clients tell
--- what they do, and of which nothing is kept.

local errors = require "sandbox.http.errors"
local fields = require "sandbox.http.fields"
local reply = require "sandbox.http.reply"
local json = require "native.json"

local M = {}

M.schema = [[
CREATE TABLE IF NOT EXISTS conf(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
]]

-- The keys that exist, with the value that holds until one is set.
local KEYS <const> = {
  enableTokensConfig = "true", maxTokenLifetimeDays = "90", enableIpAccessLists = "false",
  enableDcs = "true", enableWebTerminal = "true", enableProjectTypeInWorkspace = "true",
  enableWorkspaceFilesystem = "true", enableResultsDownloading = "true", enableDbfsFileBrowser =
  "false", enableExportNotebook = "true", enableNotebookTableClipboard = "true",
  enableUploadDataUis = "true",
}

local function must_be_admin(principal)
  if not principal.admin then
    errors.denied "Only admins can access workspace configurations."
  end
end

local function check_key(key)
  if not KEYS[key] then
    errors.invalid("Invalid keys: [\"%s\"]", key)
  end
end

local function get(w, req)
  must_be_admin(req.principal)
  local conf = {}
  for key in fields.required(req.query, "keys"):gmatch "[^,%s]+" do
    check_key(key)
    local row = w.db:find_row("SELECT value FROM conf WHERE key = ?", { key })
    conf[key] = row and row.value or KEYS[key]
  end
  return conf
end

local function set(w, req)
  must_be_admin(req.principal)
  for key, value in pairs(req.body) do
    check_key(key)
    if type(value) ~= "string" then
      errors.malformed("Expected String value for field '%s'.", key)
    end
  end
  w:write(function()
    for key, value in pairs(req.body) do
      w.db:exec("INSERT OR REPLACE INTO conf VALUES (?, ?)", { key, value })
    end
  end)
  return reply.new { status = 204 }
end

local function telemetry(_, req)
  local logs = req.body.protoLogs or {}
  return { errors = json.array {}, numProtoSuccess = #logs }
end

M.routes = {
  { "GET", "/api/2.0/workspace-conf", get },
  { "PATCH", "/api/2.0/workspace-conf", set },
  { "POST", "/telemetry-ext", telemetry, { body = { protoLogs = { "string" } } } },
}

return M
