local similar = require "base.suggestion"

test("the nearest word is found if it is near enough", function(t)
  local words = { "list", "get", "dashboard", "clone", "clone-to-workspace" }
  for _, case in ipairs {
    { "lsit", "list", "neighbours swapped" },
    { "lst", "list", "one left out" },
    { "clones", "clone", "one too many" },
    { "dash", "dashboard", "a beginning" },
    { "DASHBOARD", "dashboard", "case does not count" },
    { "xyz", nil, "nothing is near" },
  } do
    t.equal(similar.find(case[1], words), case[2], case[3])
  end
end)

test("a hint says what may have been meant", function(t)
  t.equal(similar.hint("lsit", { "list" }), "did you mean 'list'?")
  t.equal(similar.hint("stat", { "state" }, "--"), "did you mean '--state'?")
  t.is_nil(similar.hint("zzz", { "list" }))
end)
