-- A clone with its sources, killed at every request that changes something. When it is run again,
-- its result is that of an undisturbed clone; when it is undone, nothing of it is left.

local journal = require "tarn.journal"
local journaled = require "support.journaled"
local tree = require "support.tree"

local DEMO <const>, DR <const> = "demo-token", "demo-dr-token"
local WORDS <const> = { "clone", "source", "-p", "there", "--to", "dr", "--name", "copy",
  "--with-sources", "--yes" }

local NEW <const> = {
  ["/Shared/p/nb"] = tree.notebook("SQL", "-- Databricks notebook source\nSELECT 2"),
  ["/Shared/p/sub/headed.py"] = tree.file "# Databricks notebook source\nx = '\0\255'",
  ["/Shared/p/empty"] = tree.folder,
}

-- The older content of the target.
local OLD <const> = {
  ["/Shared/p/nb"] = tree.notebook("PYTHON", "# Databricks notebook source\nx = 1"),
  ["/Shared/p/other"] = tree.file "stays",
}

local function start()
  local j = journaled.start()
  j.w.clock:advance(-60000)
  tree.plant(j.w, DR, OLD)
  j.w.clock:advance(60000) -- the program's time again: undo compares both
  tree.plant(j.w, DEMO, NEW)
  j.w:ok("POST", "/api/2.0/pipelines", { name = "source", catalog = "main", schema = "s",
    serverless = true, libraries = { { glob = { include = "/Shared/p/**" } } } })
  return j
end

local function union(a, b)
  local all = {}
  for _, map in ipairs { a, b } do
    for key, value in pairs(map) do
      all[key] = value
    end
  end
  return all
end

local function copies(j)
  local n = 0
  for _, row in ipairs(j.w:ok("GET", "/api/2.0/pipelines", nil, { token = DR }).statuses or {}) do
    n = n + (row.name == "copy" and 1 or 0)
  end
  return n
end

local function is_change(request)
  return request.method ~= "GET" and not request.path:find("scim", 1, true)
end

-- Run the clone and kill it at the nth change; true if it made that many changes.
local function run_killed(j, nth, when)
  local n, hit = 0, false
  local r = j:run_and_kill(WORDS, function(request)
    n = n + (is_change(request) and 1 or 0)
    hit = hit or n == nth
    return n == nth
  end, when)
  return hit, r
end

local function undo_all(t, j, why)
  for record in journal.operations { command = "clone" } do
    local r = j:run { "undo", record.id, "--yes", "-p", "dr" }
    t.is_true(r.status == 0 or r.status == 5, why .. ": " .. r.stderr)
  end
end

for _, when in ipairs { "before", "after" } do
  test(("a clone killed %s any request is complete when run again, and can be undone"):format(when),
    function(t)
      local nth, hit = 0, true
      while hit do
        nth = nth + 1
        local j <close> = start()
        local why = ("%s change %d"):format(when, nth)
        hit = run_killed(j, nth, when)
        local r = j:run(WORDS)
        t.equal(r.status, 0, why .. ": " .. r.stderr)
        t.equal(tree.read(j.w, DR, "/Shared/p"), union(OLD, NEW), why)
        t.equal(copies(j), 1, why)
        undo_all(t, j, why)
        t.equal(tree.read(j.w, DR, "/Shared/p"), OLD, why)
        t.equal(copies(j), 0, why)
      end
      t.is_true(nth >= 6, "folders, objects and the pipeline: " .. nth)
    end)
end
