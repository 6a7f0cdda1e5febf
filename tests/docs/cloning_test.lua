--- docs/guide/cloning.md: its commands, from top to bottom, with the maps that the page shows.

local walkthrough = require "support.walkthrough"

-- Runs a command until three parts of it are done, and kills it.
local KILLED <const> = [[
%s >killed.out 2>&1 &
child=$!
while kill -0 $child && ! tarn journal last | grep -q '[.]3  *done'; do sleep 0.05; done
kill -KILL $child
wait $child 2>killed.err; test $? = 137]]

local function kill_where_the_page_does(command)
  local line = command:match "^(.-)%s+# killed$"
  return line and KILLED:format(line) or command
end

test("docs/guide/cloning.md does what it says", function(t)
  local walk = walkthrough.run(t, "docs/guide/cloning.md", { change = kill_where_the_page_does,
    after = "tarn -p demo-dr list -o csv >left.csv", timeout = 200 })
  t.is_true(walk.count >= 24, walk.count)
  t.match(walk.left["left.csv"], "gl_close")
  t.no_match(walk.left["left.csv"], "_copy")
  for _, words in ipairs { "0 need attention", "%z%s*created  gl_close",
    "%z%s*unchanged  gl_close", "%z%s*updated  gl_close", "undone", "interrupted",
    "%d+ created, %d+ unchanged", "\n%d+ unchanged\n",
    "done +delete pipeline 'quickstart_copy'" } do
    t.match(walk.all, words, true)
  end
end)
