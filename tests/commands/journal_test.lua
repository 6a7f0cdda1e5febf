-- tarn journal: the list of operations, and one operation.

local program = require "testing.program"
local journal = require "tarn.journal"
local journaled = require "support.journaled"
local json = require "native.json"

local function edited()
  local j = journaled.start()
  local op = journal.begin { command = "clone", arg = { name = "copy", production = false },
    source = { name = "sales", profile = "dev", pipeline_id = "p1", org_id = 1 },
    target = { name = "copy", profile = "there", org_id = 2 } }
  op:perform({ kind = "workspace.import", what = { path = "/a" },
    before = { bytes = "token = dapi0123456789abcdef", format = "RAW" } }, function() end)
  op:perform({
    kind = "pipeline.edit", request = "PUT /api/2.0/pipelines/p2",
    before = { spec = { id = "p2", catalog = "dev", configuration = { password = "hunter2" } } },
    what = { pipeline_id = "p2", name = "copy", spec = { catalog = "prod",
      configuration = { password = "***", new = "1" } } },
  }, function() return { pipeline_id = "p2" } end)
  op:finish "done"
  return j, op.id
end

test("the list has a row for each operation, newest first", function(t)
  local j <close>, id = edited()
  journal.begin { command = "delete", target = { name = "x" } } :finish "failed"
  local rows = j:data { "journal" }
  t.equal({ #rows, rows[1].command, rows[1].status, rows[2].id }, { 2, "delete", "failed", id })
  t.equal({ rows[2].source, rows[2].target, rows[2].workspace }, { "sales", "copy", "there" })
  t.equal(#j:data { "journal", "--command", "clone" }, 1)
  t.equal(#j:data { "journal", "--status", "failed" }, 1)
  t.equal(#j:data { "journal", "--limit", "1" }, 1)
  t.equal(#j:data { "journal", "--since", "1h" }, 2)
  t.equal(#j:data { "journal", "--since", "2999-01-01" }, 0)
  t.equal(j:run { "journal", "--since", "soon" }.status, 2)
end)

test("an operation is shown with its steps and the changed fields", function(t)
  local j <close>, id = edited()
  local data = j:data { "journal", id:sub(8) }
  t.equal(data.id, id)
  t.equal(data.steps[2].changes, json.array {
    { path = "catalog", from = "dev", to = "prod" },
    { path = "configuration.new", to = "1" },
  })
  t.equal(data.steps[1].before, { format = "RAW", size = 28 })
  local text = j:run { "journal", "last" }.stdout
  t.match(text, "catalog: dev -> prod")
  t.match(text, "sales in dev")
  t.match(text, "workspace.import  /a")
  t.no_match(text .. json.encode(data), "hunter2")
  t.no_match(text .. json.encode(data), "dapi0123")
end)

test("a change by tarn api is in the journal, without its body and its answer", function(t)
  local j <close> = journaled.start()
  j:data { "--profile", "there", "api", "GET", "/api/2.0/pipelines" }
  t.is_nil(journal.operations()(), "reading is not")
  j:data { "--profile", "there", "api", "POST", "/api/2.0/workspace/mkdirs?x=1", "--body",
    '{"path": "/Shared/dapi0123456789"}' }
  t.is_true(j:run({ "--profile", "there", "api", "DELETE", "/api/2.0/pipelines/x" }).status > 0)
  local failed, done = j:data { "journal", "last" }, j:data({ "journal" })[2]
  t.equal({ failed.status, failed.steps[1].status }, { "failed", "failed" })
  t.equal({ done.command, done.status, done.target },
    { "api", "done", "POST /api/2.0/workspace/mkdirs" })
  t.no_match(json.encode(j:data { "journal", done.id }), "dapi")
  local r = j:run { "undo", done.id, "--yes" }
  t.equal(r.status, 5)
  t.match(r.stderr, "this version cannot undo it")
end)

test("an empty journal is an empty list, and an unknown operation is not found", function(t)
  local j <close> = journaled.start()
  t.equal(#j:data { "journal" }, 0)
  t.equal(j:run { "journal", "last" }.status, 3)
  t.equal(j:run { "journal", "zzzz" }.status, 3)
end)

test("without a home directory the list is empty, which is not a fault", function(t)
  local r = program.run({ "journal", "-ojson" }, { env = { XDG_STATE_HOME = false, HOME = false } })
  t.equal({ r.status, r.stdout }, { 0, "[]\n" })
end)
