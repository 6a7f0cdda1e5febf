--- A small bulk clone from demo to demo-dr, for tests that disturb it.
--
--     local world <close> = promotion.start()
--     local run = world:run(promotion.CLONE)
--     t.equal(world:target(), ...)
--
-- Three pipelines are new at the target: two share a notebook, one has no code and gets a
-- placeholder. The target has an older copy of the fourth pipeline and of its notebook.

local program = require "testing.program"
local grants = require "sandbox.identity.grants"
local json = require "native.json"
local tree = require "support.tree"
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

--- The words that resume it.
M.RESUME = { "clone", "--resume", "-o", "json" }

local World = {}
World.__index = World

-- ---- the workspaces before the clone ----

local function notebook(text)
  return tree.notebook("SQL", "-- Databricks notebook source\n" .. text)
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
  tree.plant(w, DR.token, {
    ["/Shared/kept/d"] = notebook "CREATE MATERIALIZED VIEW d AS SELECT 1 AS old;\n",
    ["/Shared/other/untouched"] = notebook "SELECT 1;\n",
  })
  pipeline(w, "etl_d", { lib "/Shared/kept/d" }, { configuration = { step = "old" } }, DR)
  pipeline(w, "other", { lib "/Shared/other/untouched" }, nil, DR)

  tree.plant(w, "demo-token", {
    ["/Shared/code/a"] = notebook "CREATE MATERIALIZED VIEW a AS SELECT 1;\n",
    ["/Shared/code/b/one.sql"] = tree.file "CREATE MATERIALIZED VIEW one AS SELECT 1;\n",
    ["/Shared/kept/d"] = notebook "CREATE MATERIALIZED VIEW d AS SELECT 2;\n",
  })
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
  dir.write(".databrickscfg", w:config { here = "demo-token", there = DR.token })
  return setmetatable({ w = w, dir = dir }, World)
end

function World:__close()
  self.w:__close()
  self.dir.close()
end

--- Run the program with these words and this home. Runs may overlap.
---@param words string[]
---@param opts? { first?: string } as for program.run
---@return { status: integer, stdout: string, stderr: string }
function World:run(words, opts)
  local all = { home = self.dir.path, env = { XDG_STATE_HOME = self.dir.path .. "/state" },
    first = opts and opts.first }
  if all.first then
    return program.run(words, all)
  end
  local running <close> = program.start(words, all)
  self.running = running
  return running:result()
end

--- True for a request that changes something.
---@param request table
function M.is_write(request)
  return request.method ~= "GET" and not request.body:find('"dry_run":true', 1, true)
end

--- Call `before` before each request and `after` once the request has taken effect, both with its
-- number and the request. A value that they return is the reply.
---@param hooks { before?: function, after?: function }
---@return fun(): integer how many requests there were
function World:watch(hooks)
  local n = 0
  self.w:intercept(function(request, answer)
    n = n + 1
    local number = n
    local reply = hooks.before and hooks.before(number, request)
    if reply then
      return reply
    end
    local own = answer()
    return hooks.after and hooks.after(number, request) or own
  end)
  return function() return n end
end

--- End what `watch` began.
function World:unwatch()
  self.w:intercept(nil)
end

--- Kill the program that `run` has started.
function World:kill()
  self.running:signal "KILL"
end

-- ---- the workspaces after the clone ----

-- Without the id, which is different each time.
local function settings_of(row)
  local spec = json.decode(row.spec)
  spec.id = nil
  return json.encode { spec = spec, run_as = row.run_as_name, kind = row.kind }
end

-- With the owner, which the workspace names where no grant does.
local function grants_of(w, row)
  local list = {}
  for i, grant in ipairs(grants.direct(w, "pipelines", row.id, row.creator)) do
    list[i] = ("%s %s %s"):format(grant.principal_kind, grant.principal, grant.level)
  end
  table.sort(list)
  return table.concat(list, ", ")
end

--- The whole target: its pipelines in the order of their names, and its tree.
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

--- The target after an undisturbed clone, made once for a file of tests.
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
