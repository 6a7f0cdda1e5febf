local suggestion = require "base.suggestion"

test("the most similar word is found if it is similar enough", function(t)
  local words = { "list", "get", "dashboard", "clone", "clone-to-workspace" }
  for _, case in ipairs {
    { "lsit", "list", "neighbours swapped" },
    { "lst", "list", "one left out" },
    { "clones", "clone", "one too many" },
    { "dash", "dashboard", "a prefix" },
    { "DASHBOARD", "dashboard", "case does not count" },
    { "xyz", nil, "nothing is similar" },
  } do
    t.equal(suggestion.find(case[1], words), case[2], case[3])
  end
end)

test("patterns that match no known word are told, with the word that is meant", function(t)
  local known = { "RUNNING", "FAILED", "failed" }
  t.is_nil(suggestion.find_unknown({ "fail*", "running", "*" }, known, "state"))
  t.is_nil(suggestion.find_unknown({}, known, "state"))
  t.equal(suggestion.find_unknown({ "running", "faild" }, known, "state"),
    "'faild' is no known state; did you mean 'FAILED'?")
  t.equal(suggestion.find_unknown({ "zz*" }, known, "state"),
    "'zz*' is no known state; known are RUNNING, FAILED, failed")
end)

test("a hint suggests the most similar word", function(t)
  t.equal(suggestion.hint("lsit", { "list" }), "did you mean 'list'?")
  t.equal(suggestion.hint("stat", { "state" }, "--"), "did you mean '--state'?")
  t.is_nil(suggestion.hint("zzz", { "list" }))
end)
