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

test("case and characters are those of Unicode", function(t)
  local cases = {
    { "über*", "ÜBERSICHT", true },
    { "ÜBERSICHT", "übersicht", true },
    { "İST*", "İstanbul", true },
    { "?stanbul", "İstanbul", true },
    { "i̇stanbul", "İSTANBUL", true },
    { "ΣΊΣ*", "ΣΊΣΥΦΟΣ", true },
    { "σίσυφος", "ΣΊΣΥΦΟΣ", true },
    { "σίσυφοσ", "ΣΊΣΥΦΟΣ", true },
    { "ΣΊΣΥΦΟΣ*", "σίσυφος 2", true },
    { "STRAẞE", "straße", true },
    { "stra?e", "straße", true },
    { "stra??e", "straße", false },
    { "стол ?", "СТОЛ Ж", true },
    { "日?語", "日本語", true },
    { "a\xff?", "A\xffü", true },
  }
  for _, case in ipairs(cases) do
    t.equal(glob.matcher(case[1])(case[2]), case[3], case[1])
  end
  t.equal(glob.matcher("Ü?", true) "Üß", true)
  t.equal(glob.matcher("Ü?", true) "üß", false)
end)

test("captures are what the wildcards stand for, in their case if that fits", function(t)
  for _, case in ipairs {
    { "dev_*", "dev_sales", "sales" }, { "*_v?", "a_b_v1", "a_b\0001" }, { "a**b", "aXb", "X" },
    { "?", "ü", "ü" }, { "DEV_*", "dev_Sales", "sales" }, { "x", "x", "" }, { "*", "", "" },
    { "a.*", "abc", nil },
  } do
    t.equal(glob.find_captures(case[1])(case[2]), case[3], case[1])
  end
  t.is_nil(glob.find_captures(("*a"):rep(40)))
  t.equal({ glob.wildcards "a**b?*", glob.wildcards "abc" }, { "*?*", "" })
end)
