-- tarn import under faults: it creates one pipeline or none, never two, and the journal has it.

local faults = require "sandbox.http.faults"
local journal = require "tarn.journal"
local journaled = require "support.journaled"
local json = require "native.json"

local SPEC <const> = { name = "p", catalog = "main", schema = "s", serverless = true,
  configuration = { a = "1" } }

-- A folder with the export of a pipeline that is then deleted.
local function exported(j)
  local id = j.w:pipeline(SPEC)
  local dir = j.dir.path .. "/export"
  j:data { "--profile", "there", "export", id, "--dir", dir, "--with-sources" }
  j.w:ok("DELETE", "/api/2.0/pipelines/" .. id)
  j:forget()
  return dir
end

local function pipelines_of(j)
  return j.w:ok("GET", "/api/2.0/pipelines").statuses or {}
end

local function import(j, dir, ...)
  return j:run { "--profile", "there", "import", dir, "-o", "json", ... }
end

test("an import creates one pipeline in one request, and the journal has it", function(t)
  local j <close> = journaled.start()
  local dir = exported(j)
  local r = import(j, dir)
  t.equal(r.status, 0, r.stderr)
  local report = json.decode(r.stdout)
  t.equal(j:changes(), { "POST /api/2.0/pipelines" })
  local operation = journal.find(report.op)
  t.equal({ operation.command, operation.status, operation.target.pipeline_id,
    operation.target.name }, { "import", "done", report.pipeline_id, "p" })
  t.equal(report.source_counts, { same = 1 })
end)

test("after any fault of the create there is one pipeline, or none and a fault",
  function(t)
    for _, action in ipairs { "429", "503", "500", "reset_before", "reset_after", "truncate",
      "not_json", "504" } do
      local j <close> = journaled.start()
      local dir = exported(j)
      j.w.server.faults = faults.new { { action = action, method = "POST",
        path = "/api/2.0/pipelines", count = 1,
        retry_after = (action == "429" or action == "503") and 0 or nil } }
      local r = import(j, dir)
      j.w.server.faults = faults.new {}
      if r.status ~= 0 then
        t.equal(#pipelines_of(j), 0, action .. ": " .. r.stderr)
        r = import(j, dir)
      end
      t.equal(r.status, 0, action .. ": " .. r.stderr)
      t.equal(#pipelines_of(j), 1, action)
      t.equal(pipelines_of(j)[1].pipeline_id, json.decode(r.stdout).pipeline_id, action)
    end
  end)

test("an import that is killed at the create can be undone and repeated", function(t)
  for _, when in ipairs { "before", "after" } do
    local j <close> = journaled.start()
    local dir = exported(j)
    local function is_create(request)
      return request.method == "POST" and request.path == "/api/2.0/pipelines"
    end
    j:run_and_kill({ "--profile", "there", "import", dir }, is_create, when)
    t.equal(#pipelines_of(j), when == "after" and 1 or 0, when)
    local left = journal.unfinished { command = "import" }
    t.equal(#left, 1, when)
    local r = j:run { "undo", left[1].id, "--yes" }
    t.equal(r.status, 0, r.stderr)
    t.equal(#pipelines_of(j), 0, when)
    t.equal(import(j, dir).status, 0, when)
    t.equal(#pipelines_of(j), 1, when)
  end
end)

test("sources that differ are replaced only with --overwrite, and undo restores them",
  function(t)
    local j <close> = journaled.start()
    local dir = exported(j)
    local function content()
      return j.w:ok("GET", "/api/2.0/workspace/export?path=/Shared/etl&format=SOURCE").content
    end
    local before = content()
    local http = require "native.http"
    local changed = http.base64_encode "-- Databricks notebook source\nSELECT 2"
    j.w:ok("POST", "/api/2.0/workspace/import", { path = "/Shared/etl", format = "SOURCE",
      language = "SQL", overwrite = true, content = changed })
    local there = content()
    local r = import(j, dir, "--name", "one")
    t.equal(r.status, 0, r.stderr)
    t.equal(json.decode(r.stdout).source_counts.newer, 1)
    t.equal(content(), there)
    r = import(j, dir, "--name", "two", "--overwrite")
    t.equal(r.status, 0, r.stderr)
    t.equal(content(), before)
    r = j:run { "undo", json.decode(r.stdout).op, "--yes" }
    t.equal(r.status, 0, r.stderr)
    t.equal(content(), there)
  end)

test("a refusal of the workspace is shown, and nothing is created", function(t)
  local j <close> = journaled.start()
  local dir = exported(j)
  local path = dir .. "/pipeline.json"
  local fs = require "native.fs"
  local text = fs.read(path):gsub('"serverless": true', '"serverless": true, "target": "t"')
  fs.write(path, text)
  for _, dry in ipairs { "--dry-run", "--no-dry-run" } do
    local r = import(j, dir, dry)
    t.equal(r.status, 1, r.stderr)
    t.match(r.stderr, "Only one of 'target' and 'schema'")
  end
  t.equal(#pipelines_of(j), 0)
  t.equal(journal.find("last").status, "failed")
end)
