--- docs/guide/serving.md: each command in it runs; its servers listen, and end in order.

local program = require "testing.program"
local walkthrough = require "support.walkthrough"

-- A refusal of the server is a failure of the command.
local function strict(command)
  return (command:gsub("^curl", "curl -f"))
end

test("docs/guide/serving.md does what it says", function(t)
  if program.shell("command -v curl").status ~= 0 then
    return t.skip "curl is needed"
  end
  local walk = walkthrough.run(t, "docs/guide/serving.md", { change = strict })
  for _, words in ipairs { '"name":"sales_forecast"', '"status":"triggered"',
    '"new_name":"orders copy"', '"openapi":"3.1.0"' } do
    t.match(walk.all, words)
  end
end)

test("the link is printed once, if the token is in no file; a signal ends it", function(t)
  local dir <close> = program.dir()
  local r = program.shell([[
"$TARN" -p demo serve --port 0 2>log & pid=$!
until grep -q '^open ' log; do kill -0 $pid || exit 1; sleep 0.1; done
kill -TERM $pid; wait $pid; echo "status $?"; cat log]], { cwd = dir.path, home = dir.path,
    env = { XDG_STATE_HOME = dir.path } })
  t.match(r.stdout, "status 0")
  t.match(r.stdout, "listening on http://127%.0%.0%.1:%d+\nopen http://[%d.:]+/login%?token=%x+\n$",
    true)
end)
