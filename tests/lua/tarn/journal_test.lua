-- The journal: a step is written before its request and its outcome after it, whatever ends the
-- program in between.

local directories = require "base.directories"
local program = require "testing.program"
local fault = require "base.fault"
local fs = require "native.fs"
local journal = require "tarn.journal"
local json = require "native.json"
local operation = require "tarn.journal.operation"
local pool = require "base.pool"
local show = require "tarn.journal.show"
local sqlite = require "native.sqlite"
local task = require "native.task"

local find_dir = directories.find_dir

-- A journal in a folder of its own, which is removed at the end of the block.
local function open_journal()
  local dir = program.dir()
  dir.state = dir.path .. "/state/tarn"
  dir.journal = dir.state .. "/journal.db"
  directories.find_dir = function() return dir.state end
  local remove = getmetatable(dir).__close
  getmetatable(dir).__close = function(...)
    journal.close()
    directories.find_dir = find_dir
    remove(...)
  end
  return dir
end

local function list(iterator)
  local all = {}
  for item in iterator do
    all[#all + 1] = item
  end
  return all
end

-- Run a chunk in another process, on the same journal.
local function script(dir, text, prefix)
  local path = dir.write("script.lua", 'local journal = require "tarn.journal"\n' .. text)
  return program.shell(("%s exec $TARN run %s"):format(prefix or "", path),
    { env = { XDG_STATE_HOME = dir.path .. "/state" } })
end

local SOURCE <const> = { host = "https://a", org_id = 6051921418418893, pipeline_id = "p1",
  name = "sales" }
local TARGET <const> = { host = "https://b", org_id = "77", profile = "prod", name = "copy" }

local function clone(name)
  return journal.begin { command = "clone", arg = { name = name or "copy" }, source = SOURCE,
    target = TARGET }
end

test("a step is on disk before its request is sent", function(t)
  local dir <close> = open_journal()
  local op = clone()
  local seen
  op:perform({ kind = "pipeline.create", request = "POST /x", what = { name = "copy" } }, function()
    local other = sqlite.open(dir.journal)
    seen = other:query "SELECT kind, status FROM steps"
    other:close()
    return { pipeline_id = "p2" }
  end)
  t.equal(seen, { { kind = "pipeline.create", status = "unknown" } })
  op:finish("done", { pipeline_id = "p2" })
  local step = journal.steps(op.id)[1]
  t.equal({ step.status, step.result.pipeline_id }, { "done", "p2" })
end)

test("the outcome of a step is what its fault says about it", function(t)
  local dir <close> = open_journal()
  local op = clone()
  local cases = {
    { "failed", { kind = "http", status = 409 }, why = "refused" },
    { "unknown", { kind = "network", ambiguous = true }, why = "the answer was lost" },
    { "failed", { kind = "network" }, why = "never arrived" },
    { "unknown", { kind = "cancelled" }, why = "Ctrl-C while it was under way" },
  }
  for i, case in ipairs(cases) do
    local fields = case[2]
    fields.op, fields.message = "databricks.request", "no"
    local raised = t.fault(op.perform, op, { kind = "x", what = {} }, fault.raise, fields)
    t.equal(raised.kind, fields.kind)
    local step = journal.steps(op.id)[i]
    t.equal(step.status, case[1], case.why)
    t.equal(step.fault.message, "no", case.why)
  end
  t.is_true(dir)
end)

test("ids are short, sort by time, and are found as people type them", function(t)
  local dir <close> = open_journal()
  local first, second = clone(), clone()
  t.match(first.id, "^%d%d%d%d%d%d%-[%da-z][%da-z][%da-z][%da-z]$", true)
  t.is_true(first.id < second.id, "in the order of time")
  t.equal(journal.find(second.id).id, second.id)
  t.equal(journal.find(second.id:upper()).id, second.id)
  t.equal(journal.find(second.id:sub(8)).id, second.id)
  t.equal(journal.find((second.id:gsub("1", "l"):gsub("0", "o"))).id, second.id)
  t.equal(journal.find "last".id, second.id)
  t.match(t.fault(journal.find, first.id:sub(1, 4)).message, "may be any of")
  local e = t.fault(journal.find, "999999-zzzz")
  t.equal({ e.kind, e.code }, { "usage", "NOT_FOUND" })
  t.is_true(dir)
end)

test("without a journal there is nothing to list, and no file is created", function(t)
  local dir <close> = open_journal()
  t.equal(list(journal.operations()), {})
  t.equal(journal.copies { org_id = 1, pipeline_id = "p" }, {})
  t.match(t.fault(journal.find, "last").message, "empty")
  t.is_nil(fs.find_stat(dir.state))
end)

test("operations are listed newest first, by command, outcome and time", function(t)
  local dir <close> = open_journal()
  local one, two = clone "a", journal.begin { command = "delete" }
  one:finish("unchanged")
  two:finish("failed", { fault = { message = "no" } })
  local ids = {}
  for i, record in ipairs(list(journal.operations())) do
    ids[i] = record.id
  end
  t.equal(ids, { two.id, one.id })
  t.equal(list(journal.operations { command = "clone" })[1].arg, { name = "a" })
  t.equal(list(journal.operations { status = "failed" })[1].id, two.id)
  t.equal(#list(journal.operations { limit = 1 }), 1)
  t.equal(#list(journal.operations { since = one.started or 4e15 // 1 | 0 }), 0)
  local begun = journal.find(two.id).started
  t.equal(#list(journal.operations { until_ms = begun }), 2)
  t.equal(#list(journal.operations { until_ms = journal.find(one.id).started - 1 }), 0)
  t.raises("unknown option", journal.operations, { comand = "x" })
  t.is_true(dir)
end)

test("a copy is found from its source, by workspace and name, until it is undone", function(t)
  local dir <close> = open_journal()
  local op = clone()
  t.equal(journal.copies(SOURCE), {}, "nothing was made yet")
  op:perform({ kind = "pipeline.create", what = { name = "copy" } },
    function() return { pipeline_id = "p2" } end)
  op:finish "done"
  local copy = journal.copies(SOURCE)[1]
  t.equal({ copy.org_id, copy.host, copy.pipeline_id, copy.name, copy.op },
    { "77", "https://b", "p2", "copy", op.id })
  local found = journal.find_copy { source = SOURCE, target_org_id = 77, name = "copy" }
  t.equal(found.pipeline_id, "p2")
  t.is_nil(journal.find_copy { source = SOURCE, target_org_id = 77, name = "other" })
  t.is_nil(journal.find_copy { source = SOURCE, target_org_id = 78 })
  journal.close_undone(op.id, "u")
  t.equal(journal.copies(SOURCE), {})
  t.is_true(dir)
end)

test("items of an operation have steps and ends of their own", function(t)
  local dir <close> = open_journal()
  local op = journal.begin { command = "clone" }
  for i = 1, 11 do
    local item = op:item { source = { pipeline_id = "p" .. i } }
    item:finish(i == 2 and "failed" or "done")
  end
  op:finish "partial"
  local items = journal.items(op.id)
  t.equal({ #items, items[2].id, items[2].status, items[11].source.pipeline_id },
    { 11, op.id .. ".2", "failed", "p11" })
  t.equal(#list(journal.operations()), 1, "the list shows the whole")
  t.equal(journal.find(op.id:sub(8)).id, op.id, "not one of its parts")
  t.equal(journal.find(op.id .. ".2").status, "failed")
  t.is_true(dir)
end)

test("a block that raises ends its operation", function(t)
  local dir <close> = open_journal()
  t.fault(function()
    local op <close> = clone()
    op:perform({ kind = "x", what = {} }, function() end)
    fault.raise { kind = "http", op = "o", message = "went wrong" }
  end)
  local record = journal.find "last"
  t.equal({ record.status, record.result.fault.message }, { "partial", "went wrong" })
  t.is_true(dir)
end)

test("the previous value of a step comes back byte for byte", function(t)
  local dir <close> = open_journal()
  local op = clone()
  local before = { bytes = "\0\1\xff\xc3 \r\n end", spec = json.decode
    '{"libraries":[],"configuration":{},"id":9007199254740993,"x":null,"f":1.0}' }
  local step = op:step { kind = "workspace.import", what = { path = "/a" }, before = before }
  step:done()
  local kept = journal.find_before(journal.steps(op.id)[1])
  t.equal(kept.bytes, before.bytes)
  t.equal(json.encode(kept.spec), json.encode(before.spec))
  t.is_nil(journal.find_before { op = op.id, n = 9 })
  t.is_true(dir)
end)

test("no secret is shown, and only its owner can read the file", function(t)
  local dir <close> = open_journal()
  local op = journal.begin { command = "clone", arg = { set = { "a=b" },
    configuration = { ["db.password"] = "hunter2" } } }
  op:perform({
    kind = "pipeline.edit", what = { pipeline_id = "p", spec = { name = "n", configuration = {
      ["db.password"] = "hunter3", size = "2" } } },
    before = { spec = { name = "n", configuration = { ["db.password"] = "hunter2", size = "1" } } },
  }, function() end)
  t.equal(journal.steps(op.id)[1].what.spec.configuration["db.password"], "***", "nor kept")
  local data = show.details(journal.find(op.id))
  t.no_match(json.encode(data), "hunter")
  t.equal(data.steps[1].changes, json.array {
    { path = "configuration.size", from = "1", to = "2" },
  })
  t.equal({ fs.find_stat(dir.state).mode, fs.find_stat(dir.journal).mode,
    fs.find_stat(dir.journal .. "-wal").mode }, { 448, 384, 384 })
end)

-- ---- trouble with the file ----

test("a journal that is no database is reported as damaged, with what to do", function(t)
  local dir <close> = open_journal()
  dir.write("state/tarn/journal.db", ("no database "):rep(100))
  local e = t.fault(clone)
  t.equal(e.kind, "io")
  t.match(e.message, "damaged")
  t.match(e.hint, dir.journal)
  t.match(t.fault(journal.operations).message, "damaged")
end)

test("a journal on a disk that is not writable can be read", function(t)
  local dir <close> = open_journal()
  local op = clone()
  journal.close()
  local r = require("testing.program").shell(("unshare -m sh -c 'mount --bind %s %s && "
    .. "mount -o remount,ro,bind %s && $TARN journal -o json; $TARN -p demo delete x --yes'")
    :format(dir.state, dir.state, dir.state), { env = { XDG_STATE_HOME = dir.path .. "/state" } })
  if r.stderr:find "unshare" or r.stderr:find "mount" then
    t.skip "no file system can be mounted here"
  end
  t.match(r.stdout, op.id)
end)

test("the fault of a damaged row has the journal's path", function(t)
  local dir <close> = open_journal()
  local op = clone()
  op:step { kind = "x", what = { a = 1 } }:done {}
  journal.close()
  local db <close> = require("native.sqlite").open(dir.journal)
  db:exec "UPDATE steps SET what = '{\"a\":1, oops'"
  local e = t.fault(journal.steps, op.id)
  t.equal({ e.kind, e.code }, { "parse", "DAMAGED" })
  t.match(e.message, dir.journal)
  t.match(e.hint, "the other operations can be read")
end)

test("a journal with overwritten pages is reported as damaged", function(t)
  local dir <close> = open_journal()
  local op = clone()
  for _ = 1, 50 do
    op:step { kind = "x", what = { text = ("x"):rep(500) } } :done()
  end
  journal.close()
  local bytes = fs.read(dir.journal)
  fs.write(dir.journal, bytes:sub(1, 4096) .. ("\xee"):rep(#bytes - 4096))
  local e = t.fault(clone)
  t.equal(e.kind, "io")
  t.match(e.message, "damaged")
end)

test("a journal of a newer version is not touched", function(t)
  local dir <close> = open_journal()
  clone():finish "done"
  journal.close()
  local db = sqlite.open(dir.journal)
  db:exec "PRAGMA user_version = 99"
  db:close()
  local e = t.fault(clone)
  t.equal({ e.kind, e.code }, { "io", "NEWER" })
  t.match(e.message, "newer version")
  t.match(e.hint, "XDG_STATE_HOME")
end)

test("without a home folder nothing can be begun, and the fault says what to do", function(t)
  local r = program.run({ "--profile", "demo", "delete", "x", "--yes" },
    { env = { XDG_STATE_HOME = false, HOME = false } })
  t.is_true(r.status ~= 0)
  local dir <close> = open_journal()
  directories.find_dir = function() end
  local e = t.fault(clone)
  t.match(e.hint, "XDG_STATE_HOME")
  t.equal(list(journal.operations()), {})
  t.is_true(dir)
end)

test("a folder that cannot be created is a fault", function(t)
  local dir <close> = open_journal()
  dir.write("state", "a file where the folder should be")
  local e = t.fault(clone)
  t.equal(e.kind, "io")
  t.match(e.message, "no place for the journal")
end)

-- ---- other processes ----

test("a killed operation is interrupted, and its step is unknown", function(t)
  local dir <close> = open_journal()
  local r = script(dir, [[
    local op = journal.begin { command = "clone", target = { name = "copy" } }
    op:step { kind = "pipeline.create", what = { name = "copy" } }
    require("native.process").run { "/bin/sh", "-c", "kill -9 $PPID" }
    print "still here"]])
  t.equal({ r.status, r.stdout }, { 137, "" })
  local record = journal.find "last"
  t.equal({ record.status, journal.steps(record.id)[1].status }, { "interrupted", "unknown" })
  t.equal(journal.unfinished { command = "clone" }[1].id, record.id)
  t.equal(#journal.unfinished { command = "delete" }, 0)
end)

test("an interrupted operation is continued by one process only", function(t)
  local dir <close> = open_journal()
  script(dir, [[
    local op = journal.begin { command = "clone" }
    op:item {}:step { kind = "x", what = {} }
    op:step { kind = "y", what = {} }
    os.exit(1)]])
  local id = journal.find "last".id
  local op = journal.adopt(id)
  t.equal(journal.find(id).status, "running")
  local r = script(dir, ("journal.adopt %q"):format(id))
  t.equal(r.status, 5)
  t.match(r.stderr, "still runs")
  t.equal(op:item().id, id .. ".2")
  op:step { kind = "z", what = {} } :done()
  t.equal(journal.steps(id)[2].kind, "z")
  op:finish "done"
  t.equal(journal.find(id).status, "done")
end)

test("several processes write at once without loss", function(t)
  local dir <close> = open_journal()
  dir.write("many.lua", [[
    local journal = require "tarn.journal"
    for i = 1, 25 do
      local op = journal.begin { command = "c" }
      op:perform({ kind = "x", what = { i = i } }, function() end)
      op:finish "done"
    end]])
  local r = program.shell("for i in 1 2 3 4; do $TARN run many.lua & done; wait",
    { cwd = dir.path, env = { XDG_STATE_HOME = dir.path .. "/state" } })
  t.equal({ r.status, r.stderr }, { 0, "" })
  local done, steps = 0, 0
  for record in journal.operations() do
    done = done + (record.status == "done" and 1 or 0)
    steps = steps + #journal.steps(record.id)
  end
  t.equal({ done, steps }, { 100, 100 })
end)

test("steps that begin at the same time wait for the disk once", function(t)
  local dir <close> = open_journal()
  local op = clone()
  local file = require "tarn.journal.file"
  local write, durable = file.write, 0
  file.write = function(is_durable, f)
    durable = durable + (is_durable and 1 or 0)
    return write(is_durable, f)
  end
  local numbers = {}
  for i = 1, 40 do
    numbers[i] = i
  end
  local ok, e = pcall(pool.each, numbers, function(i)
    op:step { kind = "x", what = { i = i } } :done()
  end, { limit = 40 })
  file.write = write
  t.equal({ ok, e, durable }, { true, nil, 1 })
  t.equal(#journal.steps(op.id), 40)
  for _, step in ipairs(journal.steps(op.id)) do
    t.equal(step.status, "done")
  end
  t.is_true(dir)
end)

test("a step whose task is cancelled does not harm others", function(t)
  local dir <close> = open_journal()
  local op = clone()
  local gone = task.spawn(function()
    op:step { kind = "gone", what = {} }
  end)
  local kept = task.spawn(function()
    op:step { kind = "kept", what = {} } :done()
  end)
  task.sleep(0)
  task.cancel(gone)
  while task.alive(kept) or task.alive(gone) do
    task.sleep(0.001)
  end
  local statuses = {}
  for _, step in ipairs(journal.steps(op.id)) do
    statuses[step.kind] = step.status
  end
  t.equal(statuses.kept, "done")
  t.is_true(statuses.gone ~= "done")
  t.is_true(dir)
end)

-- ---- a full disk ----

local FILL <const> = [[
  local fault = require "base.fault"
  local sent = 0
  local op = journal.begin { command = "clone", target = { name = "copy" } }
  local _, e = fault.try(function()
    while true do
      op:perform({ kind = "x", what = { text = ("x"):rep(2000) } }, function() sent = sent + 1 end)
    end
  end)
  print(sent, e.kind, e.message)
  print(e.hint)
  local _, late = fault.try(op.finish, op, "failed")
  print(late and late.message)]]

test("a full disk stops the command before the next request, and loses nothing", function(t)
  local dir <close> = open_journal()
  clone():finish "done"
  journal.close()
  local r = script(dir, FILL, "ulimit -f 2000;")
  local sent, kind, message = r.stdout:match "^(%d+)\t(%S+)\t([^\n]*)"
  t.equal({ r.stderr, kind }, { "", "io" })
  t.match(message, "the journal cannot be written")
  t.match(r.stdout, "make room")
  local record = journal.find "last"
  local steps = journal.steps(record.id)
  t.is_true(tonumber(sent) > 10, "some were sent")
  t.equal(#steps, tonumber(sent), "each that was sent is in the journal, and no other")
  t.equal(journal.steps(record.id)[1].status, "done")
end)

test("an outcome that cannot be written is written with the next write", function(t)
  local dir <close> = open_journal()
  local op = clone()
  local step = op:step { kind = "x", what = {} }
  local write = require("tarn.journal.file").write
  require("tarn.journal.file").write = function()
    fault.raise { kind = "io", op = "journal", message = "full", hint = "make room" }
  end
  step:done { n = 1 }
  t.match(t.fault(op.step, op, { kind = "y", what = {} }).message, "full")
  require("tarn.journal.file").write = write
  t.equal(journal.steps(op.id)[1].status, "unknown")
  op:finish "failed"
  local known = journal.steps(op.id)
  t.equal({ #known, known[1].status, known[1].result.n }, { 1, "done", 1 })
  t.is_true(dir and operation.SIDE)
end)

test("an end that cannot be written is a fault", function(t)
  local dir <close> = open_journal()
  local op = clone()
  local file = require "tarn.journal.file"
  local write = file.write
  file.write = function()
    fault.raise { kind = "io", op = "journal", message = "full", hint = "make room" }
  end
  local e = t.fault(op.finish, op, "done")
  file.write = write
  t.match(e.message, "not in the journal")
  t.match(e.hint, "make room")
  t.is_true(dir)
end)

-- A journal with one operation of one step, changed by hand behind our back.
local function damaged(dir, change)
  local op = clone()
  op:perform({ kind = "pipeline.create", request = "POST /x", what = { name = "copy" } },
    function() return { pipeline_id = "p2" } end)
  op:finish "done"
  journal.close()
  local db <close> = sqlite.open(dir.journal)
  db:exec(change)
  return op.id
end

test("a damaged row is reported, with its name and what to do", function(t)
  for change, place_of in pairs {
    ["UPDATE operations SET process = x'00', status = 'running', started = 'x'"] = "operation ",
    ["UPDATE operations SET arg = '{\"a'"] = "operation ",
    ["UPDATE operations SET arg = '1'"] = "operation ",
    ["UPDATE operations SET ended = 1.5"] = "operation ",
    ["UPDATE steps SET what = '{\"a\":'"] = "step 1 of operation ",
    ["UPDATE steps SET result = '[1'"] = "step 1 of operation ",
    ["UPDATE steps SET started = 'x'"] = "step 1 of operation ",
  } do
    local dir <close> = open_journal()
    local id = damaged(dir, change)
    local e = t.fault(function()
      list(journal.operations())
      journal.steps(id)
    end)
    t.equal({ e.kind, e.code }, { "parse", "DAMAGED" }, change)
    t.match(e.message, "is damaged: " .. place_of, change)
    t.match(e.hint, "the other operations can be read", change)
  end
end)

test("a missing table is reported as damage", function(t)
  for _, change in ipairs { "DROP TABLE steps", "PRAGMA user_version = 0",
    "ALTER TABLE steps RENAME COLUMN what TO that" } do
    local dir <close> = open_journal()
    local id = damaged(dir, change)
    local e = t.fault(function()
      journal.steps(id)
      journal.settings(id)
    end)
    t.match(e.message, "the journal is damaged", change)
    t.match(e.hint, "aside", change)
  end
end)
