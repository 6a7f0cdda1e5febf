--- How a name finds its pipeline.

local fake = require "testing.fake"
local json = require "native.json"
local names = require "tarn.workspace.names"
local pipelines = require "tarn.pipelines"
local querystring = require "base.querystring"

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

-- As `workspace`, with a filter that takes names as they are, apostrophes doubled and all.
local function raw_workspace(...)
  local all = { ... }
  return fake.workspace {
    ["GET /api/2.0/pipelines"] = function(request)
      local like = querystring.parse(request.query or "").filter
      like = like and like:match "^name LIKE '(.*)%%'$"
      local list = json.array {}
      for _, item in ipairs(all) do
        if not like or item.name:sub(1, #like) == like then
          list[#list + 1] = item
        end
      end
      return { statuses = list }
    end,
  }
end

-- What is asked, and the names of the workspace; the first one is meant.
local NAMES <const> = {
  { "it's mine", "it's mine", "it is mine" },
  { "100%_\\done", "100%_\\done", "100%_\\done too" },
  { "Übersicht", "U\u{308}bersicht", "Ubersicht" },
  { "e\u{301}te\u{301}", "été", "ete" },
  { "été", "e\u{301}te\u{301}", "été 2" },
  { "padded", " padded ", "unpadded" },
  { " padded", " padded", "padded" },
  { "a\u{a0}b", "a\u{a0}b", "a b" },
  { "日本", "日本", "日本 2" },
  { "6d1f0000-0000-4000-8000", "6d1f0000-0000-4000-8000", "6d1f0000-0000-4000-8001" },
  { "6D1F0000-0000-4000-8000-00000000000g", "6D1F0000-0000-4000-8000-00000000000g", "6D1F" },
}

test("a name is found exactly, whatever the server's filter makes of its signs", function(t)
  for _, case in ipairs(NAMES) do
    for _, make in ipairs { workspace, raw_workspace } do
      local ws <close> = make(row(2, case[3]), row(1, case[2]))
      t.equal(pipelines.find_id(ws, case[1]), row(1).pipeline_id, case[1])
    end
  end
end)

test("a name that is there in these bytes wins over one that only looks the same", function(t)
  local ws <close> = raw_workspace(row(1, "e\u{301}"), row(2, "é"))
  t.equal(pipelines.find_id(ws, "é"), row(2).pipeline_id)
  t.equal(pipelines.find_id(ws, "e\u{301}"), row(1).pipeline_id)
  t.equal(pipelines.ids_of(ws, "é"), { row(2).pipeline_id })
end)

test("two of one name are told apart by who made them and their newest run", function(t)
  local one, other = row(1, "twin"), row(2, "twin")
  one.creator_user_name = "ada@example.com"
  one.latest_updates = { { update_id = "u", state = "FAILED",
    creation_time = "2026-11-30T07:10:01Z" } }
  local ws <close> = workspace(one, other, row(3, "twins"))
  local e = t.fault(pipelines.find_id, ws, "twin")
  t.match(e.message, "by ada@example.com, FAILED 2026-11-30T07:10:01Z")
  t.match(e.message, "by an unknown user, never run")
  t.equal(e.hint, "give the id, since they have the same name")
  local words = {}
  for _, name in ipairs(names.all(ws, "pipeline")) do
    words[name[1]] = name[2]
  end
  t.match(words[row(1).pipeline_id], "twin, by ada@example.com")
  t.match(words[row(2).pipeline_id], "twin, by an unknown user")
  t.equal(words[row(3).pipeline_id], nil)
end)
