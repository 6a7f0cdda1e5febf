--- Scripts that try to change something although --read-only is set. None may succeed.

local program = require "testing.program"
local workspace = require "testing.workspace"

-- An embedded workspace with one pipeline, and the list of its requests that change something.
local function start()
  local w = workspace.start()
  local id = w:pipeline { name = "victim" }
  local writes = {}
  w:intercept(function(request, answer)
    if request.method ~= "GET" and not request.path:find "/cancel$" then
      writes[#writes + 1] = request.method .. " " .. request.path
    end
    return answer()
  end)
  return w, id, writes
end

local function run(w, words, opts)
  return program.run(words, { env = w:env { TARN_READ_ONLY = opts and opts.env or false } })
end

-- Whole scripts. Each gets the id of a pipeline; it prints "through" if its write succeeds.
local ATTEMPTS <const> = {
  { "through the library", [[
    local ws = require("tarn").workspace()
    ws:request("DELETE", "/api/2.0/pipelines/" .. ...) ]] },
  { "through the primitive", [[
    local ws = require("tarn").workspace().native
    ws:stop(...) ]] },
  { "through a method of the class", [[
    local native = require("tarn").workspace().native
    getmetatable(native).__index.pipeline_delete(native, ...) ]] },
  { "in a coroutine", [[
    local id = ...
    local ws = require("tarn").workspace()
    local ok, e = coroutine.resume(coroutine.create(function()
      ws.native:update_start(id, {})
    end))
    if not ok then error(e, 0) end ]] },
  { "in a task", [[
    local id = ...
    local ws = require("tarn").workspace()
    require("tarn").map({ 1 }, function() ws.native:stop(id) end) ]] },
  { "through a command", [[ require("tarn").trigger { pipeline = ... } ]] },
  { "with the switch's module thrown away", [[
    local id = ...
    package.loaded["native.guard"] = { set_read_only = print, is_read_only = function()
      return false end }
    package.loaded["main"] = nil
    require("tarn").workspace().native:stop(id) ]] },
  { "with a second connection", [[
    local databricks = require "native.databricks"
    local ws = databricks.connect { alone = false }
    ws:stop(...) ]] },
  { "with the method in small letters", [[
    require("tarn").workspace():request("delete", "/api/2.0/pipelines/" .. ...) ]] },
  { "with two slashes", [[
    require("tarn").workspace():request("POST", "//api/2.0/pipelines",
      { body = { name = "x", dry_run = true } }) ]] },
  { "with dots", [[
    require("tarn").workspace():request("POST",
      "/api/2.0/pipelines/../pipelines/" .. ... .. "/stop", { body = { dry_run = true } }) ]] },
  { "with escapes", [[
    require("tarn").workspace():request("POST", "/api/2.0/pipeline%73",
      { body = { name = "x", dry_run = true } }) ]] },
  { "with a query that takes it back", [[
    require("tarn").workspace():request("POST", "/api/2.0/pipelines",
      { query = { dry_run = false }, body = { name = "x", dry_run = true } }) ]] },
  { "with two answers to one question", [[
    require("tarn").workspace():request("POST", "/api/2.0/pipelines",
      { body = '{"name":"x","catalog":"main","schema":"s","serverless":true,'
        .. '"dry_run":true,"dry_run":false}' }) ]] },
  { "with a form", [[
    require("tarn").workspace():request("POST", "/api/2.0/workspace/import", {
      headers = { ["Content-Type"] = "multipart/form-data; boundary=x" },
      body = '--x\r\nContent-Disposition: form-data; name="path"\r\n\r\n/Shared/x\r\n'
        .. '--x--\r\n' }) ]] },
  { "with a header", [[
    require("tarn").workspace():request("GET", "/api/2.0/pipelines/" .. ...,
      { headers = { ["X-HTTP-Method-Override"] = "DELETE" } }) ]] },
  { "as if it were a webhook", [[
    local http = require "native.http"
    http.request("DELETE", os.getenv "DATABRICKS_HOST" .. "/api/2.0/pipelines/" .. ...,
      { headers = { Authorization = "Bearer demo-token" } }) ]] },
  { "with SQL that only begins as a query", [[
    require("tarn").workspace():sql("SELECT 1; DROP TABLE main.s.gold")() ]] },
  { "with a program", [[ os.execute("curl -X DELETE http://127.0.0.1/") ]] },
  { "with a pipe", [[ io.popen("curl http://127.0.0.1/"):close() ]] },
  { "with a process", [[ require("native.process").run { "curl", "http://127.0.0.1/" } ]] },
}

test("no script changes anything", function(t)
  local w <close>, id, writes = start()
  local dir <close> = program.dir()
  for i, attempt in ipairs(ATTEMPTS) do
    local path = dir.write(("attempt%d.lua"):format(i), attempt[2] .. "\nprint 'through'\n")
    local r = run(w, { "run", path, id, "--read-only" })
    t.is_true(r.status ~= 0, attempt[1])
    t.no_match(r.stdout, "through")
    t.equal(table.concat(writes, "\n"), "", attempt[1])
    if not attempt[1]:find "small letters" then
      t.match(r.stderr, "read-only: ")
    end
  end
end)

test("without --read-only such a script changes something", function(t)
  local w <close>, id, writes = start()
  local dir <close> = program.dir()
  local path = dir.write("one.lua", ATTEMPTS[2][2])
  t.equal(run(w, { "run", path, id }).status, 0)
  t.equal(writes, { "POST /api/2.0/pipelines/" .. id .. "/stop" })
end)

test("the environment sets it, and no option overrides that", function(t)
  local w <close>, id, writes = start()
  for _, words in ipairs { { "stop", id }, { "--no-read-only", "stop", id },
    { "stop", id, "--read-only=false" } } do
    local r = run(w, words, { env = "1" })
    t.equal(r.status, 2)
    t.match(r.stderr, "read-only: POST /api/2.0/pipelines/" .. id .. "/stop was refused")
  end
  t.equal(writes, {})
  t.equal(run(w, { "stop", id }, { env = "0" }).status, 0)
end)

test("it holds before the first line of a script runs", function(t)
  local w <close>, id, writes = start()
  local dir <close> = program.dir()
  dir.write("scripts/early.lua", ([[
    require("tarn").workspace().native:stop "%s"
    return {} ]]):format(id))
  local r = run(w, { "--path", dir.path, "early", "--read-only" })
  t.equal(r.status, 2)
  t.match(r.stderr, "read-only: ")
  t.equal(writes, {})
end)

test("commands that read still work", function(t)
  local w <close>, id, writes = start()
  local list = run(w, { "--read-only", "list", "-o", "json" })
  t.equal(list.status, 0)
  t.match(list.stdout, id)
  t.equal(run(w, { "--read-only", "get", "victim" }).status, 0)
  t.equal(run(w, { "--read-only", "sql", "SELECT 1 AS n", "-o", "json" }).stdout:match "%d", "1")
  local plan = run(w, { "--read-only", "clone", "victim", "--name", "copy", "--dry-run" })
  t.equal(plan.status, 0, plan.stderr)
  t.equal(run(w, { "--read-only", "trigger", "victim", "--dry-run" }).status, 0)
  for _, write in ipairs(writes) do
    t.is_true(write == "POST /api/2.0/pipelines" or write == "POST /api/2.0/sql/statements", write)
  end
end)

test("a command that changes something is refused before its first change", function(t)
  local w <close>, _, writes = start()
  for _, words in ipairs {
    { "clone", "victim", "--name", "copy" }, { "trigger", "victim" }, { "stop", "victim" },
    { "delete", "victim", "--yes" },
  } do
    local r = run(w, { "--read-only", table.unpack(words) })
    t.equal(r.status, 2, words[1])
    t.match(r.stderr, "read-only: ")
  end
  for _, write in ipairs(writes) do
    t.equal(write, "POST /api/2.0/pipelines") -- the dry run of the clone
  end
  t.equal(#w:ok("GET", "/api/2.0/pipelines").statuses, 1)
end)

test("the REPL cannot switch it off either", function(t)
  local w <close>, id, writes = start()
  local r = run(w, { "--read-only", "repl", "-e",
    'require("native.guard").read_only = false; tarn.stop { pipeline = "' .. id .. '" }' })
  t.match(r.stdout .. r.stderr, "read-only: ")
  t.equal(writes, {})
end)
