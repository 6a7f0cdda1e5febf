--- A bulk clone from demo to demo-dr in small, for tests that disturb it.
--
--     local world <close> = promotion.start()
--     local run = world:run(promotion.CLONE)
--     t.equal(world:target(), ...)
--
-- Three pipelines are new at the target: two share a notebook, one has no code and gets a
-- placeholder. Of the fourth, a copy and its notebook are there and older.

local program = require "testing.program"
local grants = require "sandbox.identity.grants"
local http = require "native.http"
local json = require "native.json"
local process = require "native.process"
local workspace = require "testing.workspace"

local M = {}

local DR <const> = { token = "demo-dr-token" }

--- The words of the bulk clone.
M.CLONE = { "clone", "-p", "here", "--to", "there", "--match", "etl_*", "-o", "json",
  "--with-sources", "--permissions", "--update" }

--- The bulk clone with more words.
---@param ... string
---@return string[]
function M.with(...)
  local words = table.move(M.CLONE, 1, #M.CLONE, 1, {})
  return table.move({ ... }, 1, select("#", ...), #words + 1, words)
end

--- The words that take it up again.
M.RESUME = { "clone", "--resume", "-o", "json" }

local World = {}
World.__index = World

-- ---- what is there at first ----

local function notebook(w, path, text, opts)
  w:ok("POST", "/api/2.0/workspace/mkdirs", { path = path:match "^(.*)/" }, opts)
  w:ok("POST", "/api/2.0/workspace/import", { path = path, format = "SOURCE", language = "SQL",
    overwrite = true, content = http.base64_encode("-- Databricks notebook source\n" .. text) },
    opts)
end

local function file(w, path, text, opts)
  w:ok("POST", "/api/2.0/workspace/mkdirs", { path = path:match "^(.*)/" }, opts)
  w:ok("POST", "/api/2.0/workspace/import", { path = path, format = "AUTO", overwrite = true,
    content = http.base64_encode(text) }, opts)
end

local function pipeline(w, name, libraries, extra, opts)
  local body = { name = name, catalog = "main", schema = name, serverless = true,
    development = true, libraries = json.array(libraries) }
  for key, value in pairs(extra or {}) do
    body[key] = value
  end
  return w:ok("POST", "/api/2.0/pipelines", body, opts).pipeline_id
end

local function lib(path)
  return { notebook = { path = path } }
end

local function fill(w)
  local old = "CREATE MATERIALIZED VIEW d AS SELECT 1 AS old;\n"
  notebook(w, "/Shared/kept/d", old, DR)
  pipeline(w, "etl_d", { lib "/Shared/kept/d" }, { configuration = { step = "old" } }, DR)
  notebook(w, "/Shared/other/untouched", "SELECT 1;\n", DR)
  pipeline(w, "other", { lib "/Shared/other/untouched" }, nil, DR)

  notebook(w, "/Shared/code/a", "CREATE MATERIALIZED VIEW a AS SELECT 1;\n")
  file(w, "/Shared/code/b/one.sql", "CREATE MATERIALIZED VIEW one AS SELECT 1;\n")
  notebook(w, "/Shared/kept/d", "CREATE MATERIALIZED VIEW d AS SELECT 2;\n")
  local a = pipeline(w, "etl_a", { lib "/Shared/code/a" })
  pipeline(w, "etl_b", { lib "/Shared/code/a",
    { file = { path = "/Workspace/Shared/code/b/one.sql" } } })
  local c = pipeline(w, "etl_c", { lib "/Shared/code/a" })
  w.w.db:exec("UPDATE pipelines SET spec = json_remove(spec, '$.libraries') WHERE id = ?", { c })
  pipeline(w, "etl_d", { lib "/Shared/kept/d" }, { configuration = { step = "new" } })
  w:ok("PATCH", "/api/2.0/permissions/pipelines/" .. a, { access_control_list = {
    { group_name = "users", permission_level = "CAN_VIEW" } } })
end

-- ---- a world ----

--- Start both workspaces, with an empty journal. `opts` are options of the embedded workspace.
---@param opts? table
function M.start(opts)
  local w = workspace.start(opts)
  fill(w)
  local dir = program.dir()
  dir.write(".databrickscfg", ("[here]\nhost = %s\ntoken = demo-token\n\n"
    .. "[there]\nhost = %s\ntoken = demo-dr-token\n"):format(w.url, w.url))
  local self = setmetatable({ w = w, dir = dir, pid_file = dir.path .. "/pid" }, World)
  self.plain = w.server.answer
  return self
end

function World:__close()
  self.w:__close()
  getmetatable(self.dir).__close(self.dir)
end

local START <const> = 'echo $$ > "$0"; %s exec "$@"'

--- Run the program with these words, all else being its own.
---@param words string[]
---@param opts? { first?: string } shell to run first
---@return { status: integer, stdout: string, stderr: string }
function World:run(words, opts)
  local env = { HOME = self.dir.path, XDG_CONFIG_HOME = false, LC_ALL = "C.UTF-8",
    XDG_STATE_HOME = self.dir.path .. "/state" }
  for _, name in ipairs { "TARN_PATH", "DATABRICKS_HOST", "DATABRICKS_TOKEN",
    "DATABRICKS_CONFIG_PROFILE", "DATABRICKS_CONFIG_FILE" } do
    env[name] = false
  end
  local start = START:format(opts and opts.first or "")
  return process.run({ "/bin/sh", "-c", start, self.pid_file, program.path, table.unpack(words) },
    { env = env, stdin = "", timeout = 30 })
end

--- True for a request that changes something.
---@param request table
function M.is_write(request)
  return request.method ~= "GET" and not request.body:find('"dry_run":true', 1, true)
end

--- Before each request, and once it has taken effect, call `before` and `after` with its
-- number and with the request. What they return, if anything, is the reply.
---@param hooks { before?: function, after?: function }
---@return fun(): integer how many requests there were
function World:watch(hooks)
  local n, plain = 0, self.plain
  self.w.server.answer = function(server, request)
    n = n + 1
    local mine = n
    local reply = hooks.before and hooks.before(mine, request)
    if reply then
      return reply
    end
    local answer = plain(server, request)
    return hooks.after and hooks.after(mine, request) or answer
  end
  return function() return n end
end

--- Answer as before.
function World:unwatch()
  self.w.server.answer = nil
end

--- End the program that `run` has started, at once.
function World:kill()
  local pid = self.dir.read "pid":match "%d+"
  process.run { "/bin/kill", "-9", pid }
end

-- ---- what is there now ----

-- Without what the workspace makes up, which is different each time.
local function settings_of(row)
  local spec = json.decode(row.spec)
  spec.id = nil
  return json.encode { spec = spec, run_as = row.run_as_name, kind = row.kind }
end

-- Who owns it when nobody is named as the owner is the workspace's to say.
local function grants_of(w, row)
  local list = {}
  for i, grant in ipairs(grants.direct(w, "pipelines", row.id, row.creator)) do
    list[i] = ("%s %s %s"):format(grant.principal_kind, grant.principal, grant.level)
  end
  table.sort(list)
  return table.concat(list, ", ")
end

--- All of the target: its pipelines in the order of their names, and its tree.
---@return string[]
function World:target()
  local w, lines = self.w.dr, {}
  for _, row in ipairs(w.db:query "SELECT * FROM pipelines WHERE deleted IS NULL ORDER BY name") do
    lines[#lines + 1] = ("%s %s [%s]"):format(row.name, settings_of(row), grants_of(w, row))
  end
  for _, row in ipairs(w.db:query "SELECT * FROM tree ORDER BY path") do
    lines[#lines + 1] = ("%s %s %s %s"):format(row.path, row.type, row.language or "",
      row.content or "")
  end
  return lines
end

local reference

--- The target after a clone that nobody disturbed, made once for a file of tests.
---@return string[]
function M.undisturbed(t)
  if not reference then
    local world <close> = M.start()
    local run = world:run(M.CLONE)
    t.equal(run.status, 0, run.stderr)
    reference = world:target()
  end
  return reference
end

return M
