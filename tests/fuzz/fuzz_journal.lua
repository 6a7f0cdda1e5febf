-- journal.db with some of its bytes changed: what can be read is read, and everything else is
-- refused in words; reading never makes things worse. The input is edits: two bytes for the place,
-- one for what is put there.

local fs = require "native.fs"
local journal = require "tarn.journal"
local show = require "tarn.journal.show"

local path = os.getenv "XDG_STATE_HOME" .. "/tarn/journal.db"

-- A journal with an operation that is done, one with parts, and one that was given up.
local function template()
  local side = { host = "https://example.org", org_id = 1, pipeline_id = "p1", name = "sales" }
  local op = journal.begin { command = "clone", arg = { name = "copy" }, source = side,
    target = side }
  local item = op:item { source = side, target = side, arg = { name = "part" } }
  item:perform({ kind = "pipeline.create", request = "POST /api/2.0/pipelines",
    what = { name = "copy", spec = { name = "copy" } } }, function()
    return { pipeline_id = "p2" }
  end)
  item:finish("done", { pipeline_id = "p2" })
  op:finish("done", { count = 1 })
  journal.begin { command = "delete", arg = {}, target = side }
  journal.close()
  return fs.read(path)
end

local good = template()

local function edited(bytes)
  local pieces, at = {}, {}
  for i = 1, #bytes - 2, 3 do
    local place = ((bytes:byte(i) << 8 | bytes:byte(i + 1)) % #good) + 1
    at[place] = bytes:sub(i + 2, i + 2)
  end
  local places = {}
  for place in pairs(at) do
    places[#places + 1] = place
  end
  table.sort(places)
  local from = 1
  for _, place in ipairs(places) do
    pieces[#pieces + 1] = good:sub(from, place - 1)
    pieces[#pieces + 1] = at[place]
    from = place + 1
  end
  pieces[#pieces + 1] = good:sub(from)
  return table.concat(pieces)
end

-- Everything that reads the journal.
local function read_all()
  for record in journal.operations {} do
    show.row(record)
    for _, item in ipairs(journal.items(record.id)) do
      show.row(item)
    end
    journal.steps(record.id)
    journal.find(record.id)
  end
  journal.copies { org_id = 1, pipeline_id = "p1" }
  journal.origins { org_id = 1, pipeline_id = "p2" }
end

return function(bytes)
  local damaged = edited(bytes)
  fs.write(path, damaged)
  fs.remove(path .. "-wal")
  fs.remove(path .. "-shm")
  local ok, e = pcall(read_all)
  journal.close()
  assert(ok or type(e) == "table" and (e.kind == "io" or e.kind == "parse") and e.hint,
    tostring(e))
end
