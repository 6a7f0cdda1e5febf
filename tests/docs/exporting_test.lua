-- The commands of docs/guide/exporting.md, from top to bottom.

local cli = require "testing.program"
local fs = require "native.fs"

test("the commands on the page do what the page says", function(t)
  local dir <close> = cli.dir()
  local n = 0
  for line in fs.read("docs/guide/exporting.md"):gmatch "\n    %$ ([^\n]+)" do
    local command, status = line:match "^(.-)%s+# status (%d+)$"
    command = command or line
    t.match(command, "^tarn ", true)
    local r = cli.shell((command:gsub("^tarn", "$TARN", 1)),
      { cwd = dir.path, env = { XDG_STATE_HOME = dir.path .. "/state" } })
    t.equal(r.status, math.tointeger(tonumber(status or "0")), line .. "\n" .. r.stderr)
    n = n + 1
  end
  t.is_true(n >= 9, n)
end)
