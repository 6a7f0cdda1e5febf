-- Folders of an export of many: each name fits every common file system, and tells its pipeline.

local names = require "tarn.export.names"
local strings = require "base.strings"
local text = require "native.text"

local function id(n)
  return ("%08x-0000-4000-8000-000000000000"):format(n)
end

-- Pipelines with these names, and the names of their folders, in this order.
local function folders(...)
  local list = {}
  for i, name in ipairs { ... } do
    list[i] = { pipeline_id = id(i), name = name }
  end
  local found, all = names.of(list), {}
  for i, item in ipairs(list) do
    all[i] = found[item.pipeline_id]
  end
  return all, list
end

test("a name that every file system accepts stays", function(t)
  t.equal(folders("sales", "売上", "a b", "[dev ada] x", "marketing 100%_final", "x~1"),
    { "sales", "売上", "a b", "[dev ada] x", "marketing 100%_final", "x~1" })
end)

test("names that lead elsewhere or cannot be written are changed, with the id", function(t)
  t.equal(folders("a/b", "..", ".", ".git", "../../etc/passwd", "nul", "COM1.txt", "x:y", "",
    "end. ", "line\nend"), { "a_b~00000001", "_~00000002", "_~00000003", "_git~00000004",
    "__.._etc_passwd~00000005", "_nul~00000006", "_COM1.txt~00000007", "x_y~00000008",
    "_~00000009", "end_~0000000a", "line end~0000000b" })
end)

test("names that differ only in case or in the form of letters all have the id", function(t)
  t.equal(folders("Sales", "sales", "caf\u{e9}", "cafe\u{301}", "other"), { "Sales~00000001",
    "sales~00000002", "caf\u{e9}~00000003", "cafe\u{301}~00000004", "other" })
  t.equal(folders("twice", "twice"), { "twice~00000001", "twice~00000002" })
end)

test("a name that looks like the folder of another one keeps it", function(t)
  t.equal(folders("a/b", "a_b", "a_b~00000001"),
    { "a_b~" .. id(1), "a_b", "a_b~00000001" })
  t.equal(folders("a/b", "a_b~00000001", "a_b~" .. id(1))[1], "a_b~" .. id(1) .. "~2")
end)

test("the order of the list does not matter", function(t)
  local all, list = folders("x/y", "X_y", "x_y", "con", "Con", "a", "A", "b")
  local turned = {}
  for i = #list, 1, -1 do
    turned[#turned + 1] = list[i]
  end
  local found = names.of(turned)
  for i, item in ipairs(list) do
    t.equal(found[item.pipeline_id], all[i])
  end
end)

test("no two folders of random names are the same to any file system", function(t)
  local parts = { "a", "A", "/", ".", "~", "_", "e\u{301}", "\u{e9}", "nul", "00000001", " ", "\\" }
  for round = 1, 50 do
    local given = {}
    for i = 1, 40 do
      local name = ""
      for _ = 1, math.random(0, 3) do
        name = name .. parts[math.random(#parts)]
      end
      given[i] = name
    end
    local seen = {}
    for _, folder in ipairs(folders(table.unpack(given))) do
      local key = strings.fold(text.composed(folder))
      t.is_nil(seen[key], ("round %d: %s"):format(round, folder))
      t.is_nil(folder:find "/", folder)
      t.is_true(folder ~= "" and folder:sub(1, 1) ~= ".", folder)
      seen[key] = true
    end
  end
end)
