-- tarn rename: another name for the same pipeline.

local journaled = require "support.journaled"
local json = require "native.json"

test("the pipeline has the new name, and undo gives the old one back", function(t)
  local j <close> = journaled.start()
  local id = j.w:pipeline { name = "old" }
  local data = j:data { "-p", "there", "rename", "old", "new name" }
  t.equal({ data.status, data.name, data.pipeline_id }, { "changed", "new name", id })
  t.equal(j.w:ok("GET", "/api/2.0/pipelines/" .. id).name, "new name")
  t.match(j:run { "journal" }.stdout, "rename")
  j:data { "undo", "last", "--yes" }
  t.equal(j.w:ok("GET", "/api/2.0/pipelines/" .. id).name, "old")
end)

test("a name that is taken is refused, in a dry run too", function(t)
  local j <close> = journaled.start()
  j.w:pipeline { name = "a" }
  j.w:pipeline { name = "b" }
  for _, more in ipairs { {}, { "--dry-run" } } do
    local r = j:run { "-p", "there", "rename", "a", "b", table.unpack(more) }
    t.equal(r.status, 5, r.stderr)
    t.match(r.stderr, "b")
  end
  local free = j:run { "-p", "there", "rename", "a", "c", "--dry-run", "-ojson" }
  t.equal(json.decode(free.stdout).status, "would be changed")
  t.equal(j:run({ "-p", "there", "rename", "a", "" }).status, 2)
end)
