local glob = require "base.glob"

test("a glob matches the whole text, and nothing in it is a Lua pattern", function(t)
  local cases = {
    { "sales*", "Sales daily", true },
    { "*daily", "Sales daily", true },
    { "daily", "Sales daily", false },
    { "s?les", "sales", true },
    { "a.b", "axb", false },
    { "100%", "100%", true },
    { "[dev] *", "[dev ana] x", false },
    { "[dev ana]*", "[dev ana] x", true },
    { "a-b", "a-b", true },
    { "", "", true },
    { "**", "anything", true },
  }
  for _, case in ipairs(cases) do
    t.equal(glob.matcher(case[1])(case[2]), case[3], case[1])
  end
end)

test("case counts when asked", function(t)
  t.equal(glob.matcher("Sales*", true) "sales", false)
  t.equal(glob.matcher("Sales*", true) "Sales x", true)
end)
