local collections = require "base.collections"

test("keys are sorted", function(t)
  t.equal(collections.keys { b = 1, a = 2, c = false }, { "a", "b", "c" })
  t.equal(collections.keys { [404] = 1, [200] = 1 }, { 200, 404 })
  t.equal(#collections.keys {}, 0)
end)

test("a column is one field of each item", function(t)
  t.equal(collections.column({ { name = "x" }, { name = "y" } }, "name"), { "x", "y" })
  t.equal(collections.column({ { "a", 1 }, { "b", 2 } }, 1), { "a", "b" })
end)

test("names with a rank come first, the others by the alphabet", function(t)
  local names = { "b", "name", "a", "id" }
  collections.sort_by_rank(names, { id = 1, name = 2 })
  t.equal(names, { "id", "name", "a", "b" })
end)

test("words are separated by commas and blanks", function(t)
  t.equal(collections.words "a,b  c , d,", { "a", "b", "c", "d" })
  t.equal(#collections.words "", 0)
  t.equal(#collections.words(nil), 0)
end)

test("a set has the values of a list, or the words between blanks", function(t)
  t.equal(collections.set { "a", 2, "a" }, { a = true, [2] = true })
  t.equal(collections.word_set "<= >=\n  ,", { ["<="] = true, [">="] = true, [","] = true })
end)

test("a copy has the same values, and is another table", function(t)
  local inner = {}
  local map = { a = 1, b = inner }
  local copy = collections.copy(map)
  t.equal(copy, map)
  t.is_true(copy ~= map and copy.b == inner)
end)
