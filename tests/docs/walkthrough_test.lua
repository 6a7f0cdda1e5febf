--- tests/support/walkthrough.lua: a page that does not say what happens fails.

local program = require "testing.program"
local walkthrough = require "support.walkthrough"

-- Runs a page with one block. Returns what it left, or nil and why it failed.
local function walk(t, language, text)
  local dir <close> = program.dir()
  local page = dir.write("page.md", ("# A page\n\n```%s\n%s\n```\n"):format(language, text))
  local ok, left = pcall(walkthrough.run, t, page)
  return ok and left or nil, not ok and left.assertion or ""
end

local function fails(t, language, text, words)
  local left, why = walk(t, language, text)
  t.is_nil(left, text)
  t.match(why, words)
end

test("what a page shows is held against what is printed", function(t)
  t.is_true(walk(t, "console", "$ printf 'a 1\\nb\\nc\\n'\na 2\n..."))
  fails(t, "console", "$ printf 'a 1\\nb\\n'\na 2", "in place of")
  fails(t, "console", "$ echo a\n...\nb", "in place of")
  fails(t, "console", "$ echo a >&2", "in place of")
end)

test("numbers, ids and times are those of the run", function(t)
  local id = "65b01cbd-3e86-45e1-a9f6-da962201c743"
  t.is_true(walk(t, "console", ("$ echo 'at 2026-11-30T10:41:18Z %s took 4 min 2.0 s'\n"
    .. "at 2020-01-01T00:00:00.123Z %s took 61 ms"):format(id, id:gsub("%d", "7"))))
end)

test("a command ends as the page says", function(t)
  t.is_true(walk(t, "sh", "sh -c 'exit 5'  # exit status 5"))
  fails(t, "sh", "sh -c 'exit 5'", "got 5")
  fails(t, "sh", "true  # exit status 9", "got 0")
end)

test("files, variables and servers live from one command to the next", function(t)
  local left = walk(t, "lua", "-- x.lua\nreturn ...\n```\n\n```sh\nword=two\n"
    .. "tarn run x.lua \\\n  $word\n(echo 'listening on x'; sleep 9) 2>log >&2 &")
  t.match(left.all, "two")
  t.equal(left.count, 3)
end)
