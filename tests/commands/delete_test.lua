-- tarn delete: deletes the named pipeline and nothing else, and its tables only on request.

local program = require "testing.program"
local journal = require "tarn.journal"
local journaled = require "support.journaled"
local json = require "native.json"

local PATH <const> = "/api/2.0/pipelines/"

local function delete(j, ...)
  return j:data { "--profile", "there", "delete", ... }
end

test("a pipeline is deleted by its whole name, and its tables are kept", function(t)
  local j <close> = journaled.start()
  local id = j.w:pipeline { name = "sales daily" }
  j:forget()
  local data = delete(j, "sales daily", "--yes")
  t.equal({ data.pipeline_id, data.name, data.status, data.tables },
    { id, "sales daily", "deleted", "kept" })
  t.equal(j:changes(), { "DELETE " .. PATH .. id .. "?cascade=false" })
  t.equal(j.w:call("GET", PATH .. id), 404)
  local record = journal.find(data.operation)
  t.equal({ record.command, record.status, record.target.pipeline_id, record.target.profile },
    { "delete", "done", id, "there" })
end)

test("the beginning of a name is not enough", function(t)
  local j <close> = journaled.start()
  j.w:pipeline { name = "sales daily" }
  j:forget()
  local r = j:run { "--profile", "there", "delete", "sales", "--yes" }
  t.equal(r.status, 2)
  t.match(r.stderr, "did you mean 'sales daily'")
  t.equal(j:changes(), {})
end)

test("--tables and --force are in the request", function(t)
  local j <close> = journaled.start()
  local id = j.w:pipeline { name = "p" }
  j:forget()
  t.equal(delete(j, id, "--tables", "--force", "--yes").tables, "deleted")
  t.equal(j:changes(), { "DELETE " .. PATH .. id .. "?cascade=true&force=true" })
end)

test("tables of the Hive metastore are kept, and the request does not name them", function(t)
  local j <close> = journaled.start()
  local id = j.w:ok("POST", "/api/2.0/pipelines", { name = "old", storage = "dbfs:/old",
    target = "t", libraries = { { notebook = { path = "/Shared/x" } } } }).pipeline_id
  j:forget()
  local r = j:run { "--profile", "there", "delete", "old", "--tables", "--yes", "-ojson" }
  t.equal({ r.status, json.decode(r.stdout).tables }, { 0, "stay" })
  t.match(r.stderr, "--tables has no effect")
  t.equal(j:changes(), { "DELETE " .. PATH .. id })
end)

test("the dry run deletes nothing, and writes nothing", function(t)
  local j <close> = journaled.start()
  j.w:pipeline { name = "p" }
  j:forget()
  local data = delete(j, "p", "--dry-run")
  t.equal({ data.status, data.tables, data.dry_run }, { "would be deleted", "kept", true })
  t.equal(j:changes(), {})
  t.is_nil(journal.operations()())
end)

test("without a terminal it needs --yes", function(t)
  local j <close> = journaled.start()
  j.w:pipeline { name = "p" }
  j:forget()
  t.equal(j:run({ "--profile", "there", "delete", "p" }).status, 2)
  t.equal(j:changes(), {})
end)

test("the question names the pipeline, and whether its tables are deleted", function(t)
  local j <close> = journaled.start()
  local id = j.w:pipeline { name = "p" }
  local script = require("engine.script").load "@delete"
  local ctx = require("engine.context").new("tarn delete", {})
  rawset(ctx, "workspace", j.ws)
  local question = script.question(ctx, { pipeline = "p" })
  t.match(question, id)
  t.match(question, "its tables are kept")
  t.match(script.question(ctx, { pipeline = "p", tables = true }), "and its tables")
end)

test("it waits until the pipeline is deleted", function(t)
  local j <close> = journaled.start()
  local id = j.w:pipeline { name = "slow", configuration = { ["sandbox.delete_ms"] = "900" } }
  t.equal(delete(j, "slow", "--yes").status, "deleted")
  t.equal(j.w:call("GET", PATH .. id), 404)
end)

test("a pipeline that a bundle manages is deleted with a warning", function(t)
  local j <close> = journaled.start()
  j.w:pipeline { name = "b", deployment = { kind = "BUNDLE", metadata_file_path = "/x" } }
  local r = j:run { "--profile", "there", "delete", "b", "--yes" }
  t.equal(r.status, 0)
  t.match(r.stderr, "a bundle manages this pipeline")
end)

test("a refusal sets the status, and the journal has it", function(t)
  local j <close> = journaled.start()
  j.w:pipeline { name = "p" }
  j.on_request = function(request, answer)
    if request.method == "DELETE" then
      return { status = 403, headers = {}, body = json.encode { error_code = "PERMISSION_DENIED",
        message = "not yours" } }
    end
    return answer()
  end
  local r = j:run { "--profile", "there", "delete", "p", "--yes" }
  t.equal(r.status, 4)
  t.match(r.stderr, "not yours")
  local record = journal.find "last"
  t.equal({ record.status, journal.steps(record.id)[1].status }, { "failed", "failed" })
end)

test("nothing is deleted if the journal cannot be written", function(t)
  local j <close> = journaled.start()
  j.w:pipeline { name = "p" }
  j:forget()
  j.dir.write("state/tarn", "a file where the folder should be")
  local r = j:run { "--profile", "there", "delete", "p", "--yes" }
  t.equal(r.status, 1)
  t.match(r.stderr, "no place for the journal")
  t.match(r.stderr, "XDG_STATE_HOME")
  t.equal(j:changes(), {})
end)

test("nothing is deleted if the disk is full", function(t)
  local j <close> = journaled.start()
  j.w:pipeline { name = "p" }
  journal.begin { command = "x" } :finish "done"
  journal.close()
  j:forget()
  for _, blocks in ipairs { 0, 8, 64 } do
    local opts = j:options()
    opts.first = ("ulimit -f %d"):format(blocks)
    local r = program.run({ "--profile", "there", "delete", "p", "--yes" }, opts)
    t.equal({ r.status, r.stdout }, { 1, "" }, blocks .. " blocks")
    t.match(r.stderr, "the journal cannot be")
    t.match(r.stderr, "hint:")
    t.equal(j:changes(), {})
  end
end)
