--- How a name finds its pipeline.

local fake = require "testing.fake"
local pipelines = require "tarn.pipelines"

local function row(n, name)
  return { pipeline_id = ("%08x-0000-4000-8000-000000000000"):format(n), name = name }
end

-- A workspace whose filter knows LIKE with % at the end.
local function workspace(...)
  local all = { ... }
  return fake.workspace {
    ["GET /api/2.0/pipelines"] = function(request)
      local like = request.query:match "filter=name%%20LIKE%%20%%27(.-)%%25%%27"
      local list = {}
      for _, item in ipairs(all) do
        if not like or item.name:sub(1, #like) == like then
          list[#list + 1] = item
        end
      end
      return { statuses = list }
    end,
  }
end

test("an exact name wins over a prefix of others", function(t)
  local ws <close> = workspace(row(1, "sales"), row(2, "sales2"))
  t.equal(pipelines.find_id(ws, "sales"), row(1).pipeline_id)
end)

test("a unique prefix is enough", function(t)
  local ws <close> = workspace(row(1, "sales"), row(2, "stock"))
  t.equal(pipelines.find_id(ws, "st"), row(2).pipeline_id)
end)

test("an ambiguous prefix lists its candidates", function(t)
  local ws <close> = workspace(row(1, "sales"), row(2, "stock"))
  local e = t.fault(pipelines.find_id, ws, "s")
  t.equal(e.kind, "usage")
  t.match(e.message, "sales (00000001")
  t.match(e.message, "stock (00000002")
end)

test("two pipelines of the same name need the id", function(t)
  local ws <close> = workspace(row(1, "twin"), row(2, "twin"))
  t.equal(t.fault(pipelines.find_id, ws, "twin").kind, "usage")
end)

test("an unknown name is not found, and similar names are suggested", function(t)
  local ws <close> = workspace(row(1, "Sales daily"))
  local e = t.fault(pipelines.find_id, ws, "sales")
  t.equal({ e.status, e.code }, { 404, "RESOURCE_DOES_NOT_EXIST" })
  t.match(e.hint, "Sales daily")
end)

test("an id is used as it is, without a request", function(t)
  local ws <close> = workspace()
  t.equal(pipelines.find_id(ws, "6D1F0000-0000-4000-8000-000000000000"),
    "6d1f0000-0000-4000-8000-000000000000")
  t.equal(#ws.seen, 0)
end)
