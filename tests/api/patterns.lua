-- What string.find, match, gmatch and gsub say, as one text, for test_stdlib_string.c: Tarn's own
-- must say what Lua's say. With a number patterns and subjects are by chance, without one they are
-- those at the edges.

local state = ...

local out = {}

local function say(ok, ...)
  local t = { tostring(ok) }
  for i = 1, select("#", ...) do
    t[#t + 1] = ("%q"):format((select(i, ...)))
  end
  out[#out + 1] = table.concat(t, "|")
end

local function all(s, p, from)
  local t = {}
  for a, b in string.gmatch(s, p, from) do
    t[#t + 1] = tostring(a) .. "," .. tostring(b)
  end
  return table.concat(t, ";")
end

local function head(s, p, from)
  out[#out + 1] = ("%q %q %s"):format(s, p, from)
end

local function search(s, p, from)
  say(pcall(string.find, s, p, from))
  say(pcall(string.find, s, p, from, true))
  say(pcall(string.match, s, p, from))
  say(pcall(all, s, p, from))
end

local function replace(s, p, by, most)
  say(pcall(string.gsub, s, p, by, most))
end

-- ---- by chance ----

local function below(n)
  state = state * 6364136223846793005 + 1442695040888963407
  return (state >> 33) % n
end

local function pick(list)
  return list[below(#list) + 1]
end

local BYTES <const> = { "a", "b", "c", "1", " ", ".", "-", "]", "[", "^", "%", "(", ")", "\0",
  "\xff", "$", "A" }
local SINGLES <const> = { "a", "b", ".", "%a", "%d", "%s", "%W", "%x", "%.", "%%", "[ab]",
  "[^a]", "[a-c]", "[]a]", "[^]]", "[%a_]", "[a-]", "[%d.-]", "[^%s]", "%z", "%]", "-", "^", "$",
  "]", "[%", "[a", "%", "\0", "[\0-b]", "%A", "[%a-z]", "[a%]", "[-a]", "[a-%%]", "[ -%%]" }
local OTHERS <const> = { "(", ")", "()", "%1", "%2", "%0", "%bab", "%b()", "%f[a]", "%f[^a]",
  "%f", "%ba", "(a)", "(.-)", "((.)b)", "$", "^" }
local QUANTIFIERS <const> = { "", "", "", "*", "+", "-", "?" }

local function subject()
  local t = {}
  for i = 1, below(12) do
    t[i] = pick(BYTES)
  end
  return table.concat(t)
end

local function pattern()
  local t = { below(4) == 0 and "^" or "" }
  for _ = 1, below(6) do
    t[#t + 1] = below(4) == 0 and pick(OTHERS) or pick(SINGLES) .. pick(QUANTIFIERS)
  end
  if below(6) == 0 then
    t[#t + 1] = "$"
  end
  return table.concat(t)
end

local function by_chance()
  for _ = 1, 3000 do
    local s, p = subject(), pattern()
    local from = below(3) == 0 and below(20) - 10 or nil
    head(s, p, from)
    search(s, p, from)
    replace(s, p, "<%0>")
    replace(s, p, "%1%2%%", below(3))
    replace(s, p, { a = "x", b = false, ["1"] = 2 })
    replace(s, p, function(a, b) return a ~= "" and tostring(a) .. tostring(b) end)
  end
end

-- ---- at the edges ----

local SUBJECTS <const> = { "", "a", "aa", "ab", "aaab", "abcabc", "(a(b)c)", "((", "\0", "a\0b",
  "\0\0", "hello world", " x ", "THE (quick) fox", "]", "-^$", "\xff\xfe", ("a"):rep(300),
  ("ab"):rep(40) }

local PATTERNS <const> = {
  "", "^", "^^", "$", "^$", "$$", "a$b", "^a*", "^a", "a*", "a+", "a-", "a?", ".-", ".-$", "^.-$",
  -- frontiers and balances, also where nothing is left of the pattern or of the subject
  "%f[%w]", "%f[^%w]", "%f[%z]", "%f[\0]", "a%f[%z]", "%f[%w]%w+", "%w+%f[%W]", "%f", "%f[",
  "%f[a", "%fa", "%f[]", "%f[%", "%f[a]*", "%b", "%bx", "%b()", "(%b())", "%bxx", "%baa",
  "%b\0\0", "%b()$", "%b()*", "%b)(",
  -- captures
  "()", "(a*)", "(a*)(b*)", "()a*()", "(()a)", "(a(b*))", "%1", "(a)%1", "(a*)%1", "(a%1)",
  "(a)%2", "()%1", "%0", "%9", "(", ")", "(a", "a)", "((a)", "(a))", "()*", "(a*)*", "(a)?",
  ("()"):rep(32), ("()"):rep(33), ("(a)"):rep(32), ("(a)"):rep(33), ("("):rep(40),
  -- sets
  "[", "[]", "[]]", "[^]", "[^]]", "[a", "[%", "[%]", "[%a", "[a-", "[a-]", "[-a]", "[a-%a]",
  "[%a-z]", "[]-a]", "[^^]", "[^%a%s]", "[\0]", "[%z]", "[\0-\xff]", "[^\0]", "[b-a]", "[a-a]*",
  "[%%]", "[.]", "[$]", "[" .. ("a"):rep(1000) .. "]",
  -- what may have no quantifier, zero bytes, ends in the middle
  "*", "+", "?", "-", "**", "a**", "a+-", "%", "a%", "%\0", "\0", "\0*", "a\0b", "a\0", "%z",
  "%q", "%Q", "%.", "%g+", "%p", "%C*", "%U",
  -- long ones
  ("a"):rep(300), ("a"):rep(301), ("x?"):rep(150), ("x*"):rep(150), ("."):rep(40) .. "$",
}

local FROM <const> = { 0, 1, 2, 3, 4, 100, -1, -2, -3, -100, math.maxinteger, math.mininteger }

local REPLACEMENTS <const> = { "", "-", "%0", "%1", "%2", "%9", "%", "%%", "x%", "%a", "\0",
  "%0%0", 7, 1.5, {}, { a = "x", [""] = "e", b = false, [1] = "one" }, { a = {} },
  function() end, function(a) return a end, function() return false end,
  function() return 1, 2 end, function() return {} end,
  function(...) return select("#", ...) end }

local function at_the_edges()
  for _, s in ipairs(SUBJECTS) do
    for _, p in ipairs(PATTERNS) do
      head(s, p)
      search(s, p)
      for _, from in ipairs(FROM) do
        head(s, p, from)
        search(s, p, from)
      end
      for i, by in ipairs(REPLACEMENTS) do
        head(s, p, "replacement " .. i)
        replace(s, p, by)
      end
      for _, most in ipairs { -1, 0, 1, 2, math.maxinteger, math.mininteger } do
        head(s, p, "most " .. most)
        replace(s, p, "<%0>", most)
      end
    end
  end
end

if state then
  by_chance()
else
  at_the_edges()
end
return table.concat(out, "\n")
