-- tarn clone --with-sources: code that names the old catalog is listed, and rewritten on request.

local http = require "native.http"
local journaled = require "support.journaled"
local json = require "native.json"
local workspace = require "testing.workspace"

local CODE <const> = [[
-- Databricks notebook source
CREATE OR REFRESH STREAMING TABLE bronze AS SELECT * FROM STREAM read_files('/Volumes/main/a/b');
CREATE MATERIALIZED VIEW gold AS SELECT * FROM main.ref.countries;
]]

local function start()
  local j = journaled.start()
  j.w:pipeline()
  j.w:ok("POST", "/api/2.0/workspace/import", { path = "/Shared/etl", format = "SOURCE",
    language = "SQL", overwrite = true, content = http.base64_encode(CODE) })
  return j
end

local function clone(j, ...)
  local r = j:run { "-p", "there", "-ojson", "clone", "p", "--to", "dr", "--catalog", "main_dr",
    "--with-sources", ... }
  return json.decode(r.stdout), r
end

-- The code in the workspace of a token.
local function code_in(j, token)
  local ws <close> = workspace.client(j.w, nil, token)
  local answer = ws:request("GET", "/api/2.0/workspace/export",
    { query = { path = "/Shared/etl", format = "SOURCE" } })
  return http.base64_decode(answer.content)
end

test("the plan lists the lines, and the code is copied as it is", function(t)
  local j <close> = start()
  local data = clone(j, "--dry-run")
  t.equal(data.code_names, {
    { path = "/Shared/etl", line = 2, from = CODE:match "\n(CREATE OR[^\n]+)",
      to = CODE:match "\n(CREATE OR[^\n]+)":gsub("/main/", "/main_dr/") },
    { path = "/Shared/etl", line = 3, from = CODE:match "\n(CREATE MAT[^\n]+)",
      to = CODE:match "\n(CREATE MAT[^\n]+)":gsub("main%.", "main_dr.") } })
  t.match(table.concat(data.warnings, "\n"), "--rewrite-code changes them")
  clone(j)
  t.equal(code_in(j, "demo-dr-token"), code_in(j, "demo-token"))
end)

test("--rewrite-code changes the copy and not the source, and a second run changes nothing",
  function(t)
    local j <close> = start()
    local plan = clone(j, "--rewrite-code", "--dry-run")
    t.equal({ #plan.code_names, plan.rewrite_code }, { 2, true })
    local data, r = clone(j, "--rewrite-code")
    t.equal(r.status, 0, r.stderr)
    t.match(code_in(j, "demo-dr-token"), "FROM main_dr.ref.countries")
    t.match(code_in(j, "demo-dr-token"), "'/Volumes/main_dr/a/b'")
    t.match(code_in(j, "demo-token"), "FROM main.ref.countries")
    local again = clone(j, "--rewrite-code")
    t.equal({ again.status, again.sources[1].verdict }, { "unchanged", "same" })
    j:data { "undo", data.operation, "--yes" }
  end)

test("the text shows the lines before and after", function(t)
  local j <close> = start()
  local out = j:run({ "-p", "there", "clone", "p", "--to", "dr", "--catalog", "main_dr",
    "--with-sources", "--dry-run" }).stdout
  t.match(out, "/Shared/etl:3\n  - CREATE MATERIALIZED VIEW gold AS SELECT * FROM main.ref")
  t.match(out, "\n  + CREATE MATERIALIZED VIEW gold AS SELECT * FROM main_dr.ref")
end)
